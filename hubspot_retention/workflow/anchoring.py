"""Anchoring: show the outside what the log is, and dispose of nothing while the log is not what the outside saw.

What can go wrong: a backup is restored, a second instance runs from a copy, the wrong volume is mounted; each has a
log that verifies, and each has forgotten holds. So before anything is disposed of the anchors are read, and the log
must extend what they saw. Then they are shown a new entry at once: of two copies of one log the second to come is
behind. An anchor that cannot be read closes the gate at the start; later, only when it was not reached for too long.
Those who are told only (`telling`) are told of the same entries, and have no say.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from hubspot_retention.core.audit.anchor import Anchored, AnchorError, Doubt, Grows, Reading, doubts
from hubspot_retention.core.audit.checkpoint import Checkpoint, Signs, sign
from hubspot_retention.core.audit.cut import Cut, checkpoint_of
from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.whole import StoredCheckpoint
from hubspot_retention.errors import BlockedError
from hubspot_retention.workflow.log_tree import LogTree
from hubspot_retention.workflow.ports import Store
from hubspot_retention.workflow.telling import Telling, Told

_log = structlog.get_logger("hubspot_retention.anchors")

_WORDS: Final[Mapping[Doubt, str]] = {
    Doubt.BEHIND: "the audit log is shorter than its anchor saw it: an old backup, another database, or a second "
    "instance of the service",
    Doubt.FORKED: "the audit log is not the one that its anchor saw: a restored backup that went on, or a second "
    "instance of the service",
    Doubt.LOST: "an anchor has lost what it was shown: the wrong volume, or a witness that was set up anew",
    Doubt.UNREADABLE: "no anchor can be read, so nobody knows whether the audit log is the newest",
    Doubt.OLD: "no anchor could be shown the audit log for too long",
}
FOR_A_PERSON: Final = frozenset((Doubt.BEHIND, Doubt.FORKED, Doubt.LOST))
"""What only a person can settle, with `audit recover`; the others are over once an anchor is reached."""


class Anchor(Protocol):
    """Somebody outside who keeps what the log was: three signed lines, nothing of what is in it."""

    @property
    def name(self) -> str:
        """A code that tells it from the others."""

    def latest(self) -> Checkpoint | None:
        """What it last saw of this log, `None` for nothing. Raises AnchorError."""

    def show(self, note: str, log: Grows) -> str:
        """Have it keep a newer checkpoint, if the log extends what it saw; answers the signature lines that it gave
        for it, if it gives any. Raises AnchorError."""

    def show_anew(self, note: str) -> None:
        """Have it keep a checkpoint in place of what it saw, after a person decided so. Raises AnchorError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorPlan:
    """Who is shown the log, by whose key, and how old the newest anchor may be before disposals stop. `told`: who is
    told of it and never asked. `former`: keys that sign as well, for those who do not know the present one yet.
    `instance`: a code that no other process has, without which two copies of a log could grow alike."""

    anchors: Sequence[Anchor]
    told: Sequence[Told] = ()
    key: Signs
    former: Sequence[Signs] = ()
    origin: str
    stop_after: timedelta
    instance: str


class Anchoring:
    """Keeps the anchors of one log. The verdict of the last look is kept in memory; the thread that works looks.

    Where nobody is asked, only told, nothing is ever doubted."""

    def __init__(self, store: Store, plan: AnchorPlan, now: Callable[[], datetime]) -> None:
        self._store = store
        self._plan = plan
        self._now = now
        self._tree = LogTree(store)
        self._telling = Telling(plan.told)
        self._doubts: tuple[Doubt, ...] = (Doubt.UNREADABLE,) if plan.anchors else ()
        self._is_known = False
        self._anchored_at: datetime | None = None

    def names(self) -> tuple[str, ...]:
        """The anchors that are asked what they saw."""
        return tuple(anchor.name for anchor in self._plan.anchors)

    def look(self) -> tuple[Doubt, ...]:
        """Read the anchors; answers what is doubtful about the log now."""
        known = self._known()
        readings = [self._read(anchor, known.get(anchor.name)) for anchor in self._plan.anchors]
        found = doubts(readings, self._tree.end().size, self._tree.root_at)
        if not (self._is_known and found == (Doubt.UNREADABLE,)):
            self._doubts = found
            self._is_known = found != (Doubt.UNREADABLE,)
        return self.doubts()

    def doubts(self) -> tuple[Doubt, ...]:
        """What was doubtful at the last look, and whether that anybody was reached is too long ago by now."""
        age = self.age()
        is_old = self._is_known and age is not None and age > self._plan.stop_after
        return (*self._doubts, *([Doubt.OLD] if is_old else []))

    def age(self) -> timedelta | None:
        """How long ago an anchor was last shown the log; `None`: never, as far as the database knows."""
        return None if self._anchored_at is None else self._now() - self._anchored_at

    def stands(self) -> bool:
        """Whether records may be disposed of, as far as this process knows."""
        return not self.doubts() and self._was_shown()

    def require(self) -> None:
        """Look, and show the anchors where the log stands. Raises BlockedError if the log is doubtful."""
        self.look()
        self.mark()
        found = self.doubts() or (() if self._was_shown() else (Doubt.UNREADABLE,))
        if found:
            raise BlockedError(in_words(found))

    def mark(self) -> None:
        """Show every anchor a new entry of the log, and tell those whose time has come, unless the log is doubtful;
        what came of it is stored."""
        known, now = self._known(), self._now()
        due = self._telling.due(known, now)
        if self._doubts or not (self._plan.anchors or due):
            return
        facts = (("instance", self._plan.instance),)
        entry = Entry(subject=Subject.ANCHOR, verb=Verb.SENT, at=now, actor="service", facts=facts)
        shown, signed = self._shown(self.sign(entry), known)
        told, tokens = ([], []) if self._doubts else self._telling.tell(due, signed.note, known, now)
        with self._store.transaction() as tx:
            tx.save_anchored([*shown, *told])
            tx.save_checkpoint(signed)
            tx.keep_tokens(tokens)
        self._known()

    def announce(self, entry: Entry, extension: tuple[str, ...] = ()) -> Mapping[str, str]:
        """Append an entry, sign the log with it, saying more, and show that to every anchor; answers who would not take
        it, and the code of why. Raises BlockedError if the log is doubtful."""
        if not FOR_A_PERSON.isdisjoint(found := self.look()):
            raise BlockedError(in_words(found))
        shown, signed = self._shown(self.sign(entry, extension), self._known())
        with self._store.transaction() as tx:
            tx.save_anchored(shown)
            tx.save_checkpoint(signed)
        return {row.name: row.error for row in shown if row.error}

    def _shown(
        self, signed: StoredCheckpoint, known: Mapping[str, Anchored]
    ) -> tuple[list[Anchored], StoredCheckpoint]:
        """What each anchor was shown, to be stored, and the checkpoint with the signatures that they gave."""
        shown = [self._show(anchor, signed, known.get(anchor.name)) for anchor in self._plan.anchors]
        return [row for row, _ in shown], replace(signed, note=signed.note + "".join(lines for _, lines in shown))

    def _show(self, anchor: Anchor, signed: StoredCheckpoint, known: Anchored | None) -> tuple[Anchored, str]:
        """What the anchor was shown, to be stored, and the signature lines that it gave."""
        try:
            lines = anchor.show(signed.note, self._tree)
        except AnchorError as error:
            _log.warning("anchor.failed", anchor=anchor.name, code=error.doubt.value, why=str(error))
            if error.doubt is not Doubt.UNREADABLE:
                self._doubts = (*self._doubts, error.doubt)
            return replace(known or Anchored(name=anchor.name), error=error.doubt.value), ""
        return Anchored(name=anchor.name, size=signed.size, root=signed.root, at=signed.at), lines

    def sign(self, entry: Entry, extension: tuple[str, ...] = ()) -> StoredCheckpoint:
        """Append an entry, and sign what the log is with it, saying more; what was signed is stored."""
        with self._store.transaction() as tx:
            tx.audit(entry)
        return self.sign_end(entry.at, extension)

    def sign_end(self, at: datetime, extension: tuple[str, ...] = ()) -> StoredCheckpoint:
        """Sign what the log is now, saying more; what was signed is stored."""
        edge = self._tree.end()
        text = Checkpoint(self._plan.origin, edge.size, edge.root(), extension)
        note = sign(text, [self._plan.key, *self._plan.former])
        signed = StoredCheckpoint(size=edge.size, edge=edge.encoded(), note=note, at=at)
        with self._store.transaction() as tx:
            tx.save_checkpoint(signed)
        return signed

    def sign_cut(self, cut: Cut, at: datetime) -> StoredCheckpoint:
        """What is signed of a cut, to be stored with it."""
        note = sign(checkpoint_of(cut, self._plan.origin), [self._plan.key, *self._plan.former])
        return StoredCheckpoint(size=cut.size, edge=cut.edge, note=note, at=at)

    def least_shown(self) -> int | None:
        """How much of the log every anchor that is asked has been shown; `None` if there is none."""
        known = self._known()
        return min((known[name].size if name in known else 0 for name in self.names()), default=None)

    def show_anew(self, signed: StoredCheckpoint) -> Mapping[str, str]:
        """Have every anchor begin anew with a log that a person brought back; answers who would not, and why."""
        refused: dict[str, str] = {}
        for anchor in self._plan.anchors:
            row = Anchored(name=anchor.name, size=signed.size, root=signed.root, at=self._now())
            try:
                anchor.show_anew(signed.note)
            except AnchorError as error:
                refused[anchor.name] = str(error)
            else:
                with self._store.transaction() as tx:
                    tx.save_anchored([row])
        return refused

    def _was_shown(self) -> bool:
        return self._anchored_at is not None or not self._plan.anchors

    def _known(self) -> Mapping[str, Anchored]:
        """What the database says that the present ones were shown and told, and when the newest anchor was."""
        names = {anchor.name for anchor in self._plan.anchors}
        with self._store.transaction() as tx:
            rows = {row.name: row for row in tx.anchored() if row.name in names | self._telling.names}
        now = self._now()
        shown = [at for name, row in rows.items() if name in names and (at := row.known_at(now)) is not None]
        self._anchored_at = max(shown, default=None)
        return rows

    def _read(self, anchor: Anchor, known: Anchored | None) -> Reading:
        try:
            seen = anchor.latest()
        except AnchorError as error:
            _log.warning("anchor.unreadable", anchor=anchor.name, why=str(error))
            return Reading(name=anchor.name, is_unreadable=True)
        return Reading(name=anchor.name, checkpoint=seen, is_known=known is not None and known.at is not None)


def in_words(found: Sequence[Doubt]) -> str:
    """Why nothing is disposed of, and what to do."""
    what = (
        "If this database is to go on, a named person brings it back: `audit recover` with every hold that it may lack."
        if not FOR_A_PERSON.isdisjoint(found)
        else "Let an anchor be reached again."
    )
    return f"nothing is disposed of: {'; '.join(_WORDS[doubt] for doubt in found)}. {what}"
