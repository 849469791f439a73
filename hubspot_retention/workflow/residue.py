"""The residue sweep: find correspondence that hangs on nothing any more. It is told of, and nothing is done to it.

What can go wrong: a piece is called left over that hangs on something. It may hang on what is not asked for here (a
lead, an object of the portal's own), or on a contact in the bin that a person restores tomorrow. So a person decides.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Protocol

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.record import ENGAGEMENT_TYPES, ObjectType, PortalId
from hubspot_retention.core.residue import Letter, Residue, residue_of
from hubspot_retention.errors import RangesDisagreeError
from hubspot_retention.workflow.ports import Store

Progress = Callable[[str, int, int | None], None]


class LetterSource(Protocol):
    """What the sweep needs of the portal."""

    def letters(self, object_type: ObjectType) -> Iterator[Sequence[Letter]]:
        """Every piece of one kind of correspondence once, in pages. Raises RangesDisagreeError."""

    def use_one_cursor(self) -> None:
        """From now on read each list with one cursor."""


class ResidueSweep:
    """A named person looks for what is left over."""

    def __init__(self, source: LetterSource, store: Store, actor: str) -> None:
        self._source = source
        self._store = store
        self._actor = actor

    def run(self, portal: PortalId, now: Callable[[], datetime], progress: Progress) -> Sequence[Residue]:
        """Read all correspondence of the portal, kind by kind, and write down how much was found."""
        found = [self._of_kind(kind, progress) for kind in ENGAGEMENT_TYPES]
        facts = [(f"loose_{each.kind.value}", len(each.loose)) for each in found]
        entry = Entry(
            subject=Subject.RESIDUE,
            verb=Verb.REPORTED,
            at=now(),
            portal_id=portal,
            actor=self._actor,
            facts=(
                ("read", sum(each.read for each in found)),
                ("unknown", sum(each.unknown for each in found)),
                *facts,
            ),
        )
        with self._store.transaction() as tx:
            tx.audit(entry)
        return found

    def _of_kind(self, kind: ObjectType, progress: Progress) -> Residue:
        try:
            return self._read(kind, progress)
        except RangesDisagreeError:
            self._source.use_one_cursor()
            return self._read(kind, progress)

    def _read(self, kind: ObjectType, progress: Progress) -> Residue:
        def told(page: Sequence[Letter]) -> Sequence[Letter]:
            progress(f"reading {kind.value}", len(page), None)
            return page

        return residue_of(kind, chain.from_iterable(map(told, self._source.letters(kind))))
