"""Observations as bytes and back, for the spool.

A run does it some hundred thousand times, so what is wholly known, as nearly everything is, goes as msgpack, which
is three times as fast as pickle. It has no word for what is unknown: a row with that in it is pickled, as plain
tuples. The first byte tells the two apart. What comes back equals what went in.
"""

import pickle
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec

from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered
from hubspot_retention.core.facts.company import CompanyFacts, Latest
from hubspot_retention.core.facts.deal import ContactEnd
from hubspot_retention.core.facts.observation import CompanyLink, CompanyObservation, DealObservation
from hubspot_retention.core.facts.values import ONGOING, UNKNOWN, Unknown
from hubspot_retention.core.hold import Causes, HoldCause, HoldKind
from hubspot_retention.core.record import ObjectType
from hubspot_retention.core.view import CompanyView, ContactTrace

_PICKLED: Final = 0x80
"""What a pickle begins with; in msgpack it would be an empty map, which no row is."""

_loads = pickle.loads
_encode = msgspec.msgpack.Encoder().encode
_Day = date | None
_At = datetime | None
_Ids = tuple[int, ...]
_decode_deal = msgspec.msgpack.Decoder(
    tuple[int, bool, bool, _At, _At, _At, _Day, _Day, bool, bool, _Ids, tuple[CompanyLink, ...], _Ids]
).decode
_decode_company = msgspec.msgpack.Decoder(tuple[int, str | None, str | None, _Day, bool, _Ids]).decode
_decode_view = msgspec.msgpack.Decoder(tuple[tuple[int, bool, bool, _Day, _Day, Latest], tuple[HoldCause, ...]]).decode
_decode_trace = msgspec.msgpack.Decoder(tuple[bool | date | None, bool | None, tuple[HoldCause, ...]]).decode


def _dumps(*values: object) -> bytes:
    return pickle.dumps(values, protocol=5)


def pack_deal(deal: DealObservation) -> bytes:
    """A deal."""
    if UNKNOWN not in deal:
        return _encode(deal)
    *plain, companies, merged = deal
    return _dumps(*plain, companies if isinstance(companies, Unknown) else [tuple(link) for link in companies], merged)


def unpack_deal(packed: bytes) -> DealObservation:
    """A deal."""
    if packed[0] != _PICKLED:
        return DealObservation._make(_decode_deal(packed))
    *plain, companies, merged = _loads(packed)
    links = companies if isinstance(companies, Unknown) else tuple([CompanyLink(*link) for link in companies])
    return DealObservation._make((*plain, links, merged))


def pack_company(company: CompanyObservation) -> bytes:
    """A company as it was seen."""
    return _dumps(*company) if UNKNOWN in company else _encode(company)


def unpack_company(packed: bytes) -> CompanyObservation:
    """A company as it was seen."""
    return CompanyObservation._make(_loads(packed) if packed[0] == _PICKLED else _decode_company(packed))


def pack_company_view(view: CompanyView) -> bytes:
    """A company as it was judged."""
    if UNKNOWN not in view.facts:
        return _encode(view)
    *plain, won_dates = view.facts
    return _dumps(plain, tuple(won_dates), _plain(view.causes))


def unpack_company_view(packed: bytes) -> CompanyView:
    """A company as it was judged."""
    if packed[0] != _PICKLED:
        facts, known_causes = _decode_view(packed)
        return CompanyView(CompanyFacts._make(facts), known_causes)
    plain, won_dates, causes = _loads(packed)
    return CompanyView(CompanyFacts._make((*plain, Latest(*won_dates))), _causes(causes))


def pack_trace(trace: ContactTrace) -> bytes:
    """What the deals of a contact need to know of it. An end that nobody has set is true, an unknown one false."""
    end, contradicted = trace.end
    if isinstance(end, datetime):
        return _dumps(end, contradicted, _plain(trace.causes))
    word = end is ONGOING if end is ONGOING or end is UNKNOWN else end
    return _encode((word, None if contradicted is UNKNOWN else contradicted, trace.causes))


def unpack_trace(packed: bytes) -> ContactTrace:
    """What the deals of a contact need to know of it."""
    if packed[0] == _PICKLED:
        end, contradicted, causes = _loads(packed)
        return ContactTrace(ContactEnd(end, contradicted), _causes(causes))
    word, sure, known_causes = _decode_trace(packed)
    until = (ONGOING if word else UNKNOWN) if isinstance(word, bool) else word
    return ContactTrace(ContactEnd(until, UNKNOWN if sure is None else sure), known_causes)


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
