"""What changed lately: records to look at, found by search, and when some records were last changed, by id.

What can go wrong: a search shows a part and looks like the whole. It pages no further than 10,000 results, its
index lags, and a page may hold less than was promised. So the pages go up by record id, each beginning behind the
last id of the one before, and the search counts as covered only if as many records were seen as its first page
promised; records change meanwhile, so it is asked again before it is called short. Nothing is decided from a
search: it only says where to look (reliability S9).
Source: HubSpot's guide to searching the CRM (2026-04): 200 a page, 5 filter groups, 6 filters each, 18 in total,
3,000 characters.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec

from hubspot_retention.core.facts.observation import CompanyObservation, ContactObservation, DealObservation
from hubspot_retention.core.facts.values import UNKNOWN, Instant, Unknown
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.portal import Gone, MergedInto, SeenContact
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.errors import PortalContractError
from hubspot_retention.hubspot import values
from hubspot_retention.hubspot.byid import ByIdReader
from hubspot_retention.hubspot.calls import Bucket, objects_path, post
from hubspot_retention.hubspot.faults import RefusedError
from hubspot_retention.hubspot.kinds import Kind
from hubspot_retention.hubspot.objects import Filter, in_batches, read_call
from hubspot_retention.hubspot.transport import Transport
from hubspot_retention.hubspot.wire import TOTAL, Row, Total, decoders_of, field_of

PAGE: Final = 200
ATTEMPTS: Final = 3
"""How often a search is asked again before it is called short."""
_GROUPS: Final = 5
_ID: Final = "hs_object_id"
_MODIFIED: Final[Mapping[ObjectType, str]] = {ObjectType.CONTACT: "lastmodifieddate"}

AnyKind = Kind[SeenContact] | Kind[DealObservation] | Kind[CompanyObservation]
Observed = ContactObservation | DealObservation | CompanyObservation


class _Binned(msgspec.Struct, rename="camel", gc=False):
    archived_at: str | None = None


_BINNED = msgspec.json.Decoder(_Binned)


def modified(object_type: ObjectType) -> str:
    """The property that holds when a record was last changed; contacts have one of their own."""
    return _MODIFIED.get(object_type, "hs_lastmodifieddate")


def marks(policy: RetentionPolicy, newsletter_ids: Sequence[str], object_type: ObjectType) -> tuple[Filter, ...]:
    """What makes a changed record worth a look, one filter each.

    Of a contact: that somebody asks for something, or a hold. Of a company or a deal: that a hold or a debt was ever
    written, so that one which was lifted is found as well.
    """
    contact, deal, company = policy.sources.contact, policy.sources.deal, policy.sources.company
    match object_type:
        case ObjectType.CONTACT:
            yes: tuple[str, ...] = (
                contact.opt_out_all,
                *(f"{contact.opt_out_prefix}{each}" for each in newsletter_ids),
                contact.legal_hold,
                contact.restricted,
            )
            asked: tuple[str, ...] = (contact.erasure_requested_at, contact.consent_withdrawn_at)
        case ObjectType.DEAL:
            yes, asked = (), (deal.legal_hold, deal.balance)
        case ObjectType.COMPANY:
            yes, asked = (), (company.legal_hold,)
        case _:
            raise ValueError(f"nothing of {object_type.value} is looked for")
    return (
        *({"propertyName": name, "operator": "EQ", "value": "true"} for name in dict.fromkeys(yes)),
        *({"propertyName": name, "operator": "HAS_PROPERTY"} for name in dict.fromkeys(asked)),
    )


class ChangedReader:
    """Finds what changed. `newsletter_ids` are asked for when they are needed: they cost a request."""

    def __init__(
        self,
        transport: Transport,
        policy: RetentionPolicy,
        newsletter_ids: Callable[[], Sequence[str]],
        by_id: ByIdReader,
    ) -> None:
        self._transport, self._policy = transport, policy
        self._newsletter_ids, self._by_id = newsletter_ids, by_id

    def changed(self, object_type: ObjectType, since: datetime) -> Iterator[Sequence[RecordId] | Unknown]:
        """Records changed since an instant that are worth a look, in pages, some of them more than once.

        `UNKNOWN` stands for what was promised and could not be had: then the answer is not whole.
        """
        newsletters = self._newsletter_ids() if object_type is ObjectType.CONTACT else ()
        for some in in_batches(marks(self._policy, newsletters, object_type), _GROUPS):
            yield from self._covered(object_type, some, since)

    def _covered(
        self, object_type: ObjectType, some: Sequence[Filter], since: datetime
    ) -> Iterator[Sequence[RecordId] | Unknown]:
        for _ in range(ATTEMPTS):
            promised, seen = None, 0
            for total, ids in self._pages(object_type, some, since):
                promised = total if promised is None else promised
                seen += len(ids)
                if ids:
                    yield ids
            if seen >= (promised or 0):
                return
        yield UNKNOWN

    def _pages(
        self, object_type: ObjectType, some: Sequence[Filter], since: datetime
    ) -> Iterator[tuple[int, Sequence[RecordId]]]:
        """The pages of one search, each with how many records there are from it on."""
        last = RecordId(0)
        while True:
            found = self._page(object_type, some, since, last)
            ids = _ascending(object_type, found, last)
            yield found.total, ids
            if not ids or found.total <= len(ids):
                return
            last = ids[-1]

    def _page(self, object_type: ObjectType, some: Sequence[Filter], since: datetime, last: RecordId) -> Total:
        moved = {
            "propertyName": modified(object_type),
            "operator": "GTE",
            "value": str(int(since.timestamp() * 1000)),
        }
        behind = {"propertyName": _ID, "operator": "GT", "value": str(last)}
        body = {
            "filterGroups": [{"filters": [mark, moved, behind]} for mark in some],
            "sorts": [{"propertyName": _ID, "direction": "ASCENDING"}],
            "properties": [_ID],
            "limit": PAGE,
        }
        return self._transport.send(post(objects_path(object_type, "/search"), body, Bucket.SEARCH)).read(TOTAL)

    def touched(
        self, object_type: ObjectType, ids: Sequence[RecordId]
    ) -> Mapping[RecordId, datetime | Unknown | Gone | MergedInto]:
        """When records were last changed, read by id; every asked id has an answer."""
        names = (modified(object_type),)
        rows = self._by_id.rows(object_type, names, decoders_of(names), ids)
        return {record_id: _changed_at(row) if isinstance(row, Row) else row for record_id, row in rows.items()}

    def archived(self, kind: AnyKind, record_id: RecordId) -> tuple[Observed, Instant] | Gone:
        """A record in the bin, and since when it lies there. Whom it was associated with, nobody can tell."""
        read = read_call(kind.object_type, kind.names, record_id)
        try:
            answer = self._transport.send(replace(read, query=(*read.query, ("archived", "true"))))
        except RefusedError as refused:
            if refused.is_not_found:
                return Gone.ABSENT
            raise
        row = answer.read(kind.decoders.row)
        if row.id != str(record_id):
            return Gone.ABSENT
        seen: SeenContact | Observed = kind.observe(row, (UNKNOWN,) * len(kind.linked))
        observed = seen.observation if isinstance(seen, SeenContact) else seen
        return observed, values.instant(answer.read(_BINNED).archived_at)


def _ascending(object_type: ObjectType, found: Total, last: RecordId) -> list[RecordId]:
    """The ids of a page. Raises PortalContractError unless they go up from the last one: else it would never end."""
    try:
        ids = [RecordId(int(each.id)) for each in found.results]
    except ValueError:
        raise PortalContractError(f"A search of {object_type.value}: an id is no number") from None
    if any(second <= first for first, second in zip([last, *ids], ids, strict=False)):
        raise PortalContractError(f"A search of {object_type.value} is not in ascending order of ids")
    return ids


def _changed_at(row: Row) -> datetime | Unknown:
    """When a record was last changed; a record that does not say so is unknown."""
    found = values.instant(getattr(row.properties, field_of(0)))
    return found if isinstance(found, datetime) else UNKNOWN
