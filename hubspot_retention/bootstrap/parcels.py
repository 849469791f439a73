"""Dockets and findings as bytes, on their way to another process and back.

To pickle them as they are takes a sixth of what deciding them does, on either side: each named tuple and each
dataclass asks its class how it is taken apart. So that is said here once, and what is bulky and plain, a thousand
contacts that nobody has read and what is remembered of them, goes as msgpack. What comes out equals what went in.
"""

import copyreg
import io
import pickle
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec

from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.decision.model import Decision, Reason
from hubspot_retention.core.facts.deal import ContactEnd
from hubspot_retention.core.facts.observation import CompanyLink, OptOutSource
from hubspot_retention.core.facts.values import UNKNOWN, Unknown
from hubspot_retention.core.hold import HoldCause
from hubspot_retention.core.made import made
from hubspot_retention.core.plan.model import PlanItem, RuleCount
from hubspot_retention.core.portal import UnreadContact
from hubspot_retention.core.record import RecordRef
from hubspot_retention.core.view import ContactTrace
from hubspot_retention.workflow.deciding import Decided, Known, UnreadDocket

_Ids = tuple[int, ...] | Unknown
_Links = tuple[tuple[int, bool], ...] | Unknown

_encode: Final = msgspec.msgpack.Encoder().encode
# Into plain tuples: msgspec takes five times as long for a named tuple as it takes to make one of a plain one.
_contacts: Final = msgspec.msgpack.Decoder(list[tuple[int, bytes, _Ids, _Links]]).decode
_memory: Final = msgspec.msgpack.Decoder(dict[int, tuple[str, datetime | None, OptOutSource | None, bool, bool]]).decode
_NAMED: Final = (
    CompanyLink,
    ContactEnd,
    ContactTrace,
    Decided,
    Decision,
    HoldCause,
    PlanItem,
    Reason,
    Remembered,
    RuleCount,
)
"""The named tuples that there are many of."""


def pack(parcel: object) -> bytes:
    """A docket or what it led to."""
    target = io.BytesIO()
    pickler = pickle.Pickler(target, protocol=5)
    pickler.dispatch_table = _REDUCERS
    pickler.dump(parcel)
    return target.getvalue()


unpack: Final[Callable[[bytes], Any]] = pickle.loads
"""What `pack` packed."""


def _named(kind: type[Any]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda value: (made, (kind, tuple(value)))


def _record(record: RecordRef) -> tuple[Any, ...]:
    return RecordRef, (record.object_type, record.record_id)


def _known(known: Known) -> tuple[Any, ...]:
    return _known_of, (_encode(known.before), tuple(known.obliged))


def _known_of(before: bytes, obliged: tuple[Any, ...]) -> Known:
    rows: dict[Any, Any] = _memory(before)
    return Known(before={key: made(Remembered, row) for key, row in rows.items()}, obliged=frozenset(obliged))


def _unread(docket: UnreadDocket) -> tuple[Any, ...]:
    return _unread_of, (_encode(docket.unread), docket.reader, docket.neighbours, docket.known)


def _unread_of(contacts: bytes, reader: Any, neighbours: Any, known: Known) -> UnreadDocket:
    unread = [made(UnreadContact, _linked(row) if row[3] else row) for row in _contacts(contacts)]
    return UnreadDocket(unread=unread, reader=reader, neighbours=neighbours, known=known)


def _linked(row: tuple[Any, ...]) -> tuple[Any, ...]:
    *others, links = row
    return row if links is UNKNOWN else (*others, tuple([made(CompanyLink, link) for link in links]))


_REDUCERS: Final[dict[type[Any], Callable[[Any], Any]]] = {
    **copyreg.dispatch_table,
    **{kind: _named(kind) for kind in _NAMED},
    RecordRef: _record,
    Known: _known,
    UnreadDocket: _unread,
}
