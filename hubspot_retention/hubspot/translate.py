"""Properties into observations, by the names that the policy gives each fact. Pure, and fast.

A run translates every contact, so the names are compiled once into one look-up of all values and one reader
for each of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Any

from hubspot_retention.core.facts.observation import (
    CompanyLink,
    CompanyObservation,
    ContactObservation,
    DealObservation,
    OptOut,
)
from hubspot_retention.core.facts.values import UNKNOWN, Truth, Unknown, any_of
from hubspot_retention.core.made import made
from hubspot_retention.core.policy.model import CompanySources, ContactSources, DealSources
from hubspot_retention.core.portal import Address, SeenContact
from hubspot_retention.core.record import RecordId
from hubspot_retention.hubspot import values
from hubspot_retention.hubspot.values import Reader
from hubspot_retention.hubspot.wire import Properties, field_of

Deals = tuple[RecordId, ...] | Unknown
Companies = tuple[CompanyLink, ...] | Unknown


OPTED_OUT = OptOut(None)
"""Opted out by the contact's properties; since when, the subscription statuses tell."""


@dataclass(frozen=True, slots=True)
class ListedAddress(Address):
    """An address read with its contact, which says whether it is opted out of all mail: only then is the
    portal-wide subscription status worth a request."""

    off_all_mail: bool = True


class _Columns:
    """The values of a record, each property read once with each reader that somebody needs."""

    def __init__(self) -> None:
        self._columns: dict[tuple[str, Reader], int] = {}

    def add(self, name: str, reader: Reader) -> int:
        """The place of a value; the same property and reader have one place."""
        return self._columns.setdefault((name, reader), len(self._columns))

    @property
    def names(self) -> tuple[str, ...]:
        """The properties to ask for."""
        return tuple(dict.fromkeys(name for name, _ in self._columns))

    def compiled(self) -> Callable[[Properties], list[Any]]:
        """The function that reads all values of a record, in the order of their places."""
        fields = [field_of(self.names.index(name)) for name, _ in self._columns]
        readers = [reader for _, reader in self._columns]
        empties = [reader(None) for reader in readers]
        pick = attrgetter(*fields)

        def read(properties: Properties) -> list[Any]:
            row = empties.copy()
            for place, value in enumerate(pick(properties)):
                if value is not None:
                    row[place] = readers[place](value)
            return row

        return read


def _group(places: Sequence[int]) -> Callable[[list[Any]], tuple[Any, ...]]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda row: tuple(row[place] for place in places)


def _held(hold: Truth, merged: tuple[RecordId, ...] | Unknown) -> Truth:
    """A hold on a merged-away id binds the winner: who cannot say what was merged into it may be held."""
    return any_of((hold, UNKNOWN)) if isinstance(merged, Unknown) else hold


def _ids(merged: tuple[RecordId, ...] | Unknown) -> tuple[RecordId, ...]:
    return () if isinstance(merged, Unknown) else merged


class ContactTranslator:
    """Contacts by the policy's sources. `newsletter_ids` are the subscription types that the policy names.

    `types` are property types as the portal defines them. Without one, a property of the activity lists is a
    date if the policy uses it for a date elsewhere, else a datetime.
    """

    def __init__(
        self,
        sources: ContactSources,
        newsletter_ids: Sequence[str],
        types: Mapping[str, str] | None = None,
    ) -> None:
        columns, fixed = _Columns(), _fixed_columns(sources)
        self._places = [columns.add(name, reader) for name, reader in fixed]
        dates = {name for name, reader in fixed if reader is values.day}
        self._email = columns.add("email", values.text)

        def moments(names: Sequence[str]) -> Callable[[list[Any]], tuple[Any, ...]]:
            return _group([columns.add(name, _moment(name, types or {}, dates)) for name in names])

        self._activity = moments(sources.activity)
        self._enquiry = moments(sources.enquiry)
        self._conversation = moments(sources.conversation)
        self._opt_out_all = columns.add(sources.opt_out_all, values.truth)
        named = [sources.opt_out_prefix + newsletter for newsletter in newsletter_ids]
        places = [self._opt_out_all, *(columns.add(name, values.truth) for name in named)]
        self._opt_outs = _group(places)
        self._quiet = (False,) * len(places)
        self.names = columns.names
        self.observe = self._compiled(columns.compiled())
        """The observation of (id, properties, deals, companies), the address, and whether it is off all mail."""

    def _compiled(
        self, read: Callable[[Properties], list[Any]]
    ) -> Callable[[int, Properties, Deals, Companies], tuple[ContactObservation, str | None, bool]]:
        fixed = itemgetter(*self._places)
        activity, enquiry, conversation = self._activity, self._enquiry, self._conversation
        opt_outs, opt_out_all, email = self._opt_outs, self._opt_out_all, self._email
        quiet = self._quiet

        def observe(
            record_id: int, properties: Properties, deals: Deals, companies: Companies
        ) -> tuple[ContactObservation, str | None, bool]:
            row = read(properties)
            truths = opt_outs(row)
            known = fixed(row)
            confirmed, hold, merged = known[4], known[5], known[-1]
            seen = made(
                ContactObservation,
                (
                    record_id,
                    *known[:4],
                    activity(row),
                    enquiry(row),
                    conversation(row),
                    confirmed,
                    hold if merged == () else _held(hold, merged),
                    *known[6:-1],
                    None if truths == quiet else opt_out(truths),
                    deals,
                    companies,
                    merged if merged == () else _ids(merged),
                ),
            )
            address = row[email]
            return seen, address if isinstance(address, str) else None, row[opt_out_all] is not False

        return observe


def contact_reader(
    translator: ContactTranslator, *, every_address: bool
) -> Callable[[int, Properties, Deals, Companies], SeenContact]:
    """What makes a contact of its id, its properties and its links."""
    observe = translator.observe

    def see(record_id: int, properties: Properties, deals: Deals, companies: Companies) -> SeenContact:
        observation, address, off_all = observe(record_id, properties, deals, companies)
        if address is None or not (every_address or observation.opt_out is not None):
            return SeenContact(observation, None)
        return SeenContact(observation, ListedAddress(address, off_all))

    return see


def _fixed_columns(sources: ContactSources) -> tuple[tuple[str, Reader], ...]:
    """The properties that stand for one fact each, in the order of the observation."""
    return (
        (sources.stage, values.text),
        (sources.customer_until, values.day),
        (sources.entered_customer_at, values.instant),
        (sources.exited_customer_at, values.instant),
        (sources.confirmed_on, values.day),
        (sources.legal_hold, values.truth),
        (sources.restricted, values.truth),
        (sources.erasure_requested_at, values.instant),
        (sources.consent_withdrawn_at, values.instant),
        (sources.processed_on_behalf_of, values.has_value),
        (sources.processing_ended_on, values.day),
        (sources.event_on, values.day),
        (sources.merged_ids, values.record_ids),
    )


def _moment(name: str, types: Mapping[str, str], dates: set[str]) -> Reader:
    return values.moment_reader(types[name] == "date" if name in types else name in dates)


def opt_out(truths: Sequence[Truth]) -> OptOut | Unknown | None:
    """Opted out if one of the properties says so; unknown if one might."""
    match any_of(truths):
        case True:
            return OPTED_OUT
        case False:
            return None
        case _:
            return UNKNOWN


class DealTranslator:
    """Deals by the policy's sources."""

    def __init__(self, sources: DealSources) -> None:
        columns = _Columns()
        for name, reader in (
            (sources.is_closed, values.truth),
            (sources.is_won, values.truth),
            (sources.closed_at, values.instant),
            (sources.created_at, values.instant),
            (sources.contacted_at, values.instant),
            (sources.customer_until, values.day),
            (sources.contract_end_on, values.day),
            (sources.balance, values.positive),
            (sources.legal_hold, values.truth),
            (sources.merged_ids, values.record_ids),
        ):
            columns.add(name, reader)
        self.names = columns.names
        self._read = columns.compiled()

    def observe(self, record_id: int, properties: Properties, contacts: Deals, companies: Companies) -> DealObservation:
        """One deal and whom it is associated with."""
        closed, won, closed_at, created_at, contacted_at, until, end, owes, hold, merged = self._read(properties)
        return DealObservation(
            RecordId(record_id),
            closed,
            won,
            closed_at,
            created_at,
            contacted_at,
            until,
            end,
            owes,
            _held(hold, merged),
            contacts,
            companies,
            _ids(merged),
        )


class CompanyTranslator:
    """Companies by the policy's sources."""

    def __init__(self, sources: CompanySources) -> None:
        columns = _Columns()
        for name, reader in (
            (sources.stage, values.text),
            (sources.kind, values.text),
            (sources.customer_until, values.day),
            (sources.legal_hold, values.truth),
            (sources.merged_ids, values.record_ids),
        ):
            columns.add(name, reader)
        self.names = columns.names
        self._read = columns.compiled()

    def observe(self, record_id: int, properties: Properties) -> CompanyObservation:
        """One company."""
        stage, kind, until, hold, merged = self._read(properties)
        return CompanyObservation(RecordId(record_id), stage, kind, until, _held(hold, merged), _ids(merged))
