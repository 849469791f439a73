"""Read the correspondence of what is to be planned, before it is planned: what cannot be read keeps nobody else out."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.plan.model import Action
from hubspot_retention.core.portal import Correspondence, Engagement
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.errors import PortalDeniedError, PortalPausedError
from hubspot_retention.workflow.due_reading import BATCH, POISON, Candidate
from hubspot_retention.workflow.ports import RecordSource

_TAKES_LETTERS: Final = {ObjectType.CONTACT: (Action.ERASE,), ObjectType.DEAL: (Action.ARCHIVE,)}


@dataclass(slots=True)
class Letters:
    """The correspondence that was read, and the records whose correspondence could not be."""

    found: dict[ObjectType, dict[RecordId, tuple[Engagement, ...] | Unknown]] = field(default_factory=dict)
    unreadable: set[RecordRef] = field(default_factory=set)

    def correspondence(self, owner: ObjectType, ids: Sequence[RecordId]) -> Correspondence:
        """What was read of records: what a lister asks a source for."""
        known = self.found.get(owner, {})
        return {record_id: known[record_id] for record_id in ids if record_id in known}

    @property
    def source(self) -> RecordSource:
        """As a lister wants it."""
        return cast(RecordSource, self)


def read_letters(source: RecordSource, candidates: Sequence[Candidate]) -> Letters:
    """Read it a hundred at a time; what cannot be read is halved until it stands alone, after all others. Raises
    PortalError where HubSpot itself is the trouble."""
    letters = Letters()
    batches = deque(_batches(candidates))
    while batches:
        kind, ids = batches.popleft()
        try:
            found = source.correspondence(kind, ids)
        except (PortalPausedError, PortalDeniedError):
            raise
        except POISON:
            source.identity()
            half = len(ids) // 2
            if half:
                batches.extend(((kind, ids[:half]), (kind, ids[half:])))
            else:
                letters.unreadable.add(RecordRef(kind, ids[0]))
        else:
            letters.found.setdefault(kind, {}).update(found)
    return letters


def _batches(candidates: Sequence[Candidate]) -> list[tuple[ObjectType, list[RecordId]]]:
    ids: dict[ObjectType, list[RecordId]] = {}
    for candidate in candidates:
        record = candidate.item.record
        if candidate.item.action in _TAKES_LETTERS.get(record.object_type, ()):
            ids.setdefault(record.object_type, []).append(record.record_id)
    return [(kind, found[at : at + BATCH]) for kind, found in ids.items() for at in range(0, len(found), BATCH)]
