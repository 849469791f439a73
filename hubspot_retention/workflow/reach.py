"""Whom a change reaches: the records whose holds and facts hang on a contact, a company or a deal (semantics 3).

A hold of a company reaches its contacts, its deals, and their contacts; one of a deal also those of its companies; a
contact's reaches its deals. Facts go no further. A change need not be understood here: whoever it may reach and is
under an obligation is looked at again, by id. Nobody else is: a hold never makes anybody due.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby, islice
from typing import Final, Protocol

from hubspot_retention.core.facts.observation import CompanyObservation, ContactObservation, DealObservation
from hubspot_retention.core.facts.values import Instant, Unknown
from hubspot_retention.core.portal import Gone, MergedInto, PortalDetails
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.errors import PortalTemporaryError
from hubspot_retention.workflow.ports import Transaction

LEDGER_TYPES: Final = (ObjectType.CONTACT, ObjectType.DEAL)
"""The classes that obligations are about."""
OUR_TYPES: Final = (*LEDGER_TYPES, ObjectType.COMPANY)
"""The classes whose changes matter."""

_CONTACT, _DEAL, _COMPANY = ObjectType.CONTACT, ObjectType.DEAL, ObjectType.COMPANY
_PATHS: Final[Mapping[ObjectType, tuple[tuple[ObjectType, ...], ...]]] = {
    _CONTACT: ((_DEAL,),),
    _COMPANY: ((_CONTACT,), (_DEAL,), (_DEAL, _CONTACT)),
    _DEAL: ((_CONTACT,), (_COMPANY, _CONTACT), (_COMPANY, _DEAL), (_COMPANY, _DEAL, _CONTACT)),
}
_MOST_AT_ONCE: Final = 1_000

Observed = ContactObservation | DealObservation | CompanyObservation
Whereabouts = Mapping[RecordRef, bool | Gone | MergedInto]


class ReachUnknownError(PortalTemporaryError):
    """An association could not be read: nobody can say whom a change reaches."""


class Surroundings(Protocol):
    """What noticing changes needs of the portal, beside `RecordSource`."""

    def identity(self) -> PortalDetails:
        """Who the token belongs to, read now."""

    def changed(self, object_type: ObjectType, since: datetime) -> Iterator[Sequence[RecordId] | Unknown]:
        """Records changed since an instant that are worth a look, in pages; `UNKNOWN`: the answer is not whole."""

    def touched(
        self, object_type: ObjectType, ids: Sequence[RecordId]
    ) -> Mapping[RecordId, datetime | Unknown | Gone | MergedInto]:
        """When records were last changed, read by id; every asked id has an answer."""

    def linked(
        self, object_type: ObjectType, other: ObjectType, ids: Sequence[RecordId]
    ) -> Mapping[RecordId, tuple[RecordId, ...] | Unknown]:
        """The records of another type that each of some records is associated with."""

    def presence(self, object_type: ObjectType, ids: Sequence[RecordId]) -> Mapping[RecordId, bool | Gone | MergedInto]:
        """Whether records are in view (`True`), read by id."""

    def read_archived(self, record: RecordRef) -> tuple[Observed, Instant] | Gone:
        """A contact, company or deal that lies in the bin, and since when."""


def by_type(records: Iterable[RecordRef]) -> Iterator[tuple[ObjectType, list[RecordId]]]:
    """The ids of records, class by class, at most a thousand at a time."""
    for kind, group in groupby(sorted(set(records)), key=lambda record: record.object_type):
        while some := [record.record_id for record in islice(group, _MOST_AT_ONCE)]:
            yield kind, some


def reached(source: Surroundings, records: Iterable[RecordRef]) -> frozenset[RecordRef]:
    """The contacts and deals that changes of some records reach. Raises ReachUnknownError."""
    found: set[RecordRef] = set()
    for kind, ids in by_type(records):
        ends: dict[tuple[ObjectType, ...], list[RecordId]] = {(): ids}
        for path in _PATHS[kind]:
            for length in range(1, len(path) + 1):
                if path[:length] not in ends:
                    here = (kind, *path)[length - 1]
                    ends[path[:length]] = _step(source, here, path[length - 1], ends[path[: length - 1]])
            found.update(RecordRef(path[-1], each) for each in ends[path])
    return frozenset(found)


def _step(source: Surroundings, here: ObjectType, there: ObjectType, ids: Sequence[RecordId]) -> list[RecordId]:
    if not ids:
        return []
    found: set[RecordId] = set()
    for links in source.linked(here, there, ids).values():
        if isinstance(links, Unknown):
            raise ReachUnknownError(f"The {there.value} of some {here.value} could not be read")
        found.update(links)
    return sorted(found)


def under_obligation(tx: Transaction, records: Iterable[RecordRef]) -> list[RecordRef]:
    """Those of some records that the ledger has a live obligation of."""
    return [
        RecordRef(kind, record_id)
        for kind, ids in by_type(records)
        for record_id, known in tx.obligations_of(kind, ids).items()
        if known.is_live
    ]


def whereabouts(source: Surroundings, records: Iterable[RecordRef]) -> Whereabouts:
    """Which of some records are in view, gone, or merged into another, read by id."""
    return {
        RecordRef(kind, record_id): where
        for kind, ids in by_type(records)
        for record_id, where in source.presence(kind, ids).items()
    }


def disposed_of(tx: Transaction, records: Iterable[RecordRef]) -> frozenset[RecordRef]:
    """Those of some records that this service archived or erased."""
    return frozenset(
        RecordRef(kind, record_id) for kind, ids in by_type(records) for record_id in tx.disposed(kind, ids)
    )
