"""Telling: those who are told what the log is, and are never asked: a time-stamping authority, a mailbox, a chat.

What can go wrong: they are taken for anchors. A restored backup brings its own time-stamps along, and nobody reads a
mailbox by program; so whatever they answer opens and closes nothing. And somebody who is written to after every run
stops reading: each is told at most once in its own interval, and one that cannot be reached is left alone for a while.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from hubspot_retention.core.audit.anchor import Anchored, AnchorError, Token
from hubspot_retention.core.audit.checkpoint import read_note

_log = structlog.get_logger("hubspot_retention.anchors")

_AGAIN: Final = timedelta(hours=1)
"""How long one that could not be told is left alone."""


class Told(Protocol):
    """Somebody outside who is told three signed lines, nothing of what is in the log."""

    @property
    def name(self) -> str:
        """A code that tells it from the others."""

    @property
    def every(self) -> timedelta:
        """How much time lies between two tellings, at least."""

    def tell(self, note: str) -> bytes:
        """Tell; answers the proof that is to be kept with us, empty if there is none. Raises AnchorError."""


class Telling:
    """Tells them in time. What they were told is in the store; whom it could not tell lately it knows itself."""

    def __init__(self, told: Sequence[Told]) -> None:
        self._told = told
        self._failed_at: dict[str, datetime] = {}

    @property
    def names(self) -> frozenset[str]:
        """Who they are."""
        return frozenset(each.name for each in self._told)

    def due(self, known: Mapping[str, Anchored], now: datetime) -> tuple[Told, ...]:
        """Who is to be told now."""
        return tuple(each for each in self._told if self._is_due(each, known.get(each.name), now))

    def tell(
        self, due: Sequence[Told], note: str, known: Mapping[str, Anchored], now: datetime
    ) -> tuple[list[Anchored], list[Token]]:
        """Tell them; answers what is to be stored: what each was told, and the proofs."""
        rows, tokens, checkpoint = [], [], read_note(note)[0]
        for each in due:
            try:
                answer = each.tell(note)
            except AnchorError as error:
                _log.warning("anchor.failed", anchor=each.name, code=error.doubt.value, why=str(error))
                self._failed_at[each.name] = now
                rows.append(replace(known.get(each.name, Anchored(name=each.name)), error=error.doubt.value))
            else:
                self._failed_at.pop(each.name, None)
                rows.append(Anchored(name=each.name, size=checkpoint.size, root=checkpoint.root, at=now))
                tokens.extend([Token(note=note, answer=answer, at=now)] if answer else [])
        return rows, tokens

    def _is_due(self, each: Told, known: Anchored | None, now: datetime) -> bool:
        failed_at = self._failed_at.get(each.name)
        if failed_at is not None and _is_within(_AGAIN, failed_at, now):
            return False
        return known is None or known.at is None or not _is_within(each.every, known.at, now)


def _is_within(span: timedelta, since: datetime, now: datetime) -> bool:
    """Whether a span has not passed. What is yet to come was noted by a clock that was wrong: nobody waits for it."""
    return timedelta() <= now - since < span
