"""In which order the items of a plan go, and how many of them together."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from hubspot_retention.core.plan.model import Action, PlanItem
from hubspot_retention.core.record import ObjectType

BATCH = 100
"""Records at most that are read afresh together, and archived together: HubSpot's limit for both."""

TOGETHER = {Action.ARCHIVE: BATCH, Action.ERASE: 50, Action.END_MARKETING: 10}
"""How many of a kind are read together: no more than the portal's usual limit lets go while what was read is fresh."""


def in_batches(items: Iterable[PlanItem], size: int) -> Iterator[list[PlanItem]]:
    """The earliest deadline first, and people who are archived after all others: in the bin nobody could see any more
    which letters of the others they need. Within each hundred, those of one kind together."""
    for hundred in _sliced(sorted(items, key=_is_archived_person), size):
        for (_, _, action, _), group in groupby(sorted(hundred, key=_kind_of), key=_kind_of):
            yield from _sliced(list(group), TOGETHER[action])


def _is_archived_person(item: PlanItem) -> bool:
    return item.action is Action.ARCHIVE and item.record.object_type is ObjectType.CONTACT


def _kind_of(item: PlanItem) -> tuple[bool, bool, Action, ObjectType]:
    """Marketing last: a scope that only it needs, where it is missing, stands in the way of nothing before it."""
    return item.action is Action.END_MARKETING, _is_archived_person(item), item.action, item.record.object_type


def _sliced(items: Sequence[PlanItem], size: int) -> Iterator[list[PlanItem]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
