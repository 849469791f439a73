"""Observations as bytes and back, for the spool.

Pickled as plain tuples: pickling named tuples of named tuples costs three times as much, and a run does it some
hundred thousand times. What comes back equals what went in.
"""

import pickle
from collections.abc import Sequence
from typing import Any

from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered
from hubspot_retention.core.facts.company import CompanyFacts, Latest
from hubspot_retention.core.facts.deal import ContactEnd
from hubspot_retention.core.facts.observation import CompanyLink, CompanyObservation, DealObservation
from hubspot_retention.core.facts.values import ONGOING, Unknown
from hubspot_retention.core.hold import Causes, HoldCause, HoldKind
from hubspot_retention.core.record import ObjectType
from hubspot_retention.core.view import CompanyView, ContactTrace

_loads = pickle.loads
_ONGOING = b"ongoing"


def _dumps(*values: object) -> bytes:
    return pickle.dumps(values, protocol=5)


def pack_deal(deal: DealObservation) -> bytes:
    """A deal."""
    *plain, companies, merged = deal
    return _dumps(*plain, companies if isinstance(companies, Unknown) else [tuple(link) for link in companies], merged)


def unpack_deal(packed: bytes) -> DealObservation:
    """A deal."""
    *plain, companies, merged = _loads(packed)
    links = companies if isinstance(companies, Unknown) else tuple([CompanyLink(*link) for link in companies])
    return DealObservation._make((*plain, links, merged))


def pack_company(company: CompanyObservation) -> bytes:
    """A company as it was seen."""
    return _dumps(*company)


def unpack_company(packed: bytes) -> CompanyObservation:
    """A company as it was seen."""
    return CompanyObservation(*_loads(packed))


def pack_company_view(view: CompanyView) -> bytes:
    """A company as it was judged."""
    *plain, won_dates = view.facts
    return _dumps(plain, tuple(won_dates), _plain(view.causes))


def unpack_company_view(packed: bytes) -> CompanyView:
    """A company as it was judged."""
    plain, won_dates, causes = _loads(packed)
    return CompanyView(CompanyFacts._make((*plain, Latest(*won_dates))), _causes(causes))


def pack_trace(trace: ContactTrace) -> bytes:
    """What the deals of a contact need to know of it."""
    end = trace.end.end
    return _dumps(_ONGOING if end is ONGOING else end, trace.end.contradicted, _plain(trace.causes))


def unpack_trace(packed: bytes) -> ContactTrace:
    """What the deals of a contact need to know of it."""
    end, contradicted, causes = _loads(packed)
    return ContactTrace(ContactEnd(ONGOING if end == _ONGOING else end, contradicted), _causes(causes))


def pack_memory(before: Remembered, after: Remembered) -> bytes | None:
    """What was remembered and shall be, but for the new starts, which stand beside it; nothing if that is all."""
    if before == NOTHING_REMEMBERED and after[1:] == NOTHING_REMEMBERED[1:]:
        return None
    return _dumps(tuple(before), after[1:])


def unpack_memory(starts: str, packed: bytes | None) -> tuple[Remembered, Remembered]:
    """What was remembered and shall be."""
    if packed is None:
        return NOTHING_REMEMBERED, Remembered(starts)
    before, rest = _loads(packed)
    return Remembered(*before), Remembered(starts, *rest)


def _plain(causes: Causes) -> list[tuple[Any, ...]]:
    return [(cause.kind.value, cause.object_type.value, cause.record_id, cause.matter) for cause in causes]


def _causes(plain: Sequence[tuple[Any, ...]]) -> Causes:
    return tuple([HoldCause(HoldKind(kind), ObjectType(of), *rest) for kind, of, *rest in plain])
