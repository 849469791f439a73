"""A whole portal: contacts, deals, companies and correspondence, what hangs on what, a search that lags, a bin.

What is told of it by webhook, and what people do in it, is `townsfolk`'s. Everything is at the border of the workflow,
as in `portal`, whose contacts, calls and troubles these are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hubspot_retention.core.consent import Consent
from hubspot_retention.core.facts.observation import CompanyObservation, DealObservation
from hubspot_retention.core.facts.values import UNKNOWN, Unknown
from hubspot_retention.core.portal import Address, CallResult, Gone, MergedInto, SeenContact
from hubspot_retention.core.record import ENGAGEMENT_TYPES, ObjectType, RecordId, RecordRef
from hubspot_retention.errors import PortalContractError, RangesDisagreeError
from tests.simulator.letters import Letter, Letters
from tests.simulator.neighbours import Neighbours
from tests.simulator.portal import SimulatedPortal
from tests.simulator.stage import BEGIN

_CONTACT, _DEAL, _COMPANY = ObjectType.CONTACT, ObjectType.DEAL, ObjectType.COMPANY
LAG = 480.0
"""Seconds by which the search index may lag; the hot sweep allows for more."""


@dataclass(slots=True)
class Town(Neighbours, Letters, SimulatedPortal):
    """`held_since`: what is held in HubSpot, by its own property. `off`: whose marketing has ended; `came_back`: who
    ever subscribed again. `on_listed` hears that a record's correspondence was listed, `on_needs` that it was listed
    which letters a contact has, `on_letter` that one goes by a call for a record."""

    deals_there: dict[RecordId, DealObservation] = field(default_factory=dict)
    companies_there: dict[RecordId, CompanyObservation] = field(default_factory=dict)
    letters: dict[RecordRef, Letter] = field(default_factory=dict)
    bin: dict[RecordRef, tuple[Any, float]] = field(default_factory=dict)
    changed_at: dict[RecordRef, float] = field(default_factory=dict)
    held_since: dict[RecordRef, float] = field(default_factory=dict)
    off: set[RecordId] = field(default_factory=set)
    came_back: set[RecordId] = field(default_factory=set)
    on_listed: Any = lambda record: None
    on_letter: Any = lambda letter, who: None
    on_needs: Any = lambda contact: None

    # A full sweep.

    def require_properties(self) -> None:
        """One may have been renamed, until a person has put it right."""
        self._ask("asks for the properties")
        if self.stage.fate(0.01, "a property has another name"):
            raise PortalContractError("the portal lacks what the policy reads")

    def count(self, object_type: ObjectType) -> int:
        """As the index knows it."""
        return len(self.of(object_type))

    def contacts(self, **how: Any) -> Iterator[Sequence[SeenContact]]:
        """Everybody, in pages of three."""
        yield from self._pages("contacts", [self._seen(each) for each in list(self.there.values())])

    def deals(self) -> Iterator[Sequence[DealObservation]]:
        """All deals."""
        yield from self._pages("deals", list(self.deals_there.values()))

    def companies(self) -> Iterator[Sequence[CompanyObservation]]:
        """All companies."""
        yield from self._pages("companies", list(self.companies_there.values()))

    def _pages(self, what: str, found: list[Any]) -> Iterator[Sequence[Any]]:
        for start in range(0, len(found), 3):
            self._ask(f"lists {what}")
            if self.stage.fate(0.01, "the ranges of a list disagree"):
                raise RangesDisagreeError("somebody was seen twice")
            page = found[start : start + 3]
            if self.stage.fate(0.02, "the associations of a page cannot be read") and what != "companies":
                blind = {"companies": UNKNOWN, "deals" if what == "contacts" else "contacts": UNKNOWN}
                page = [_with(each, **blind) for each in page]
            yield page

    def use_one_cursor(self) -> None:
        """As it is done here in any case."""

    def _seen(self, seen: Any) -> SeenContact:
        return SeenContact(seen, address_of(seen.record_id))

    def opt_outs(self, addresses: Sequence[Any]) -> list[Any]:
        """Since when, and by whom."""
        if not addresses:
            return []
        self._ask("reads subscription statuses")
        if self.stage.fate(0.02, "the statuses cannot be read"):
            return [UNKNOWN for _ in addresses]
        whose = {self._seen(each).address: each.opt_out for each in self.there.values()}
        return [whose.get(address) for address in addresses]

    def consents(self, address: Address) -> Sequence[Consent] | Unknown:
        """Nobody has agreed to anything; now and then HubSpot does not tell."""
        self._ask("reads consents")
        return UNKNOWN if self.stage.fate(0.02, "they cannot be read") else ()

    def owners(self) -> "Town":
        """Nobody looks after anybody."""
        return self

    def owners_of(self, object_type: ObjectType, ids: Sequence[RecordId]) -> Mapping[RecordId, str]:
        """None of them has an owner."""
        return {}

    # By id.

    def _answer(self, key: RecordId, *, blind: bool) -> Any:
        answer = SimulatedPortal._answer(self, key, blind=blind)
        if not isinstance(answer, SeenContact):
            return answer
        blinded = self.stage.fate(0.01, "its associations cannot be read")
        return self._seen(_with(answer.observation, deals=UNKNOWN) if blinded else answer.observation)

    def read_deals(self, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        """Deals by id."""
        self._ask(f"reads deals {ids}")
        answers = {key: self._own(RecordRef(_DEAL, key)) for key in ids}
        for key, answer in answers.items():
            self.on_read(RecordRef(_DEAL, key), answer)
        return answers

    def _own(self, record: RecordRef) -> Any:
        """A deal or company, or where it is instead; in the portal of a stranger's token there is none of them."""
        if self.stage.who in self.strangers:
            return Gone.ABSENT
        return self.of(record.object_type).get(record.record_id) or self._instead(record) or Gone.ABSENT

    def read_companies(self, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        """Companies by id; a hold property that is not there any more is unknown."""
        self._ask(f"reads companies {ids}")
        blind = self.stage.fate(0.03, "the hold property of companies is not there any more")
        found = {key: self.companies_there.get(key, Gone.ABSENT) for key in ids}
        return {
            key: seen._replace(legal_hold=UNKNOWN) if blind and isinstance(seen, CompanyObservation) else seen
            for key, seen in found.items()
        }

    def deals_of_companies(self, ids: Sequence[RecordId]) -> Mapping[RecordId, tuple[RecordId, ...] | Unknown]:
        """Those of each."""
        return self.linked(_COMPANY, _DEAL, ids)

    def linked(
        self, object_type: ObjectType, other: ObjectType, ids: Sequence[RecordId]
    ) -> Mapping[RecordId, tuple[RecordId, ...] | Unknown]:
        """What hangs on what; now and then it cannot be read."""
        self._ask(f"reads the {other.value} of {object_type.value}")
        if self.stage.fate(0.02, "they cannot be read"):
            return dict.fromkeys(ids, UNKNOWN)
        return {key: self._linked_to(RecordRef(object_type, key), other) for key in ids}

    def _linked_to(self, record: RecordRef, other: ObjectType) -> tuple[RecordId, ...]:
        if record.object_type in ENGAGEMENT_TYPES:
            return self.letters[record].on(other) if record in self.letters else ()
        return self.linked_to(record.object_type, other, record.record_id)

    def presence(self, object_type: ObjectType, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        """Whether records are in view."""
        if object_type is _CONTACT:
            return SimulatedPortal.presence(self, object_type, ids)
        self._ask(f"looks whether {object_type.value} are there")
        if object_type in (_DEAL, _COMPANY):
            found = {key: self._own(RecordRef(object_type, key)) for key in ids}
            return {key: one if isinstance(one, Gone | MergedInto) else True for key, one in found.items()}
        return {key: True if RecordRef(object_type, key) in self.letters else Gone.ABSENT for key in ids}

    def touched(
        self, object_type: ObjectType, ids: Sequence[RecordId]
    ) -> dict[RecordId, datetime | Unknown | Gone | MergedInto]:
        """When records were last changed."""
        self._ask(f"asks when {object_type.value} were changed")
        found: dict[RecordId, Any] = {}
        for key in ids:
            record = RecordRef(object_type, key)
            found[key] = self._changed_at(record) if self.has(record) else self._instead(record) or Gone.ABSENT
        return found

    def _changed_at(self, record: RecordRef) -> datetime:
        return BEGIN + timedelta(seconds=self.changed_at.get(record, -400_000.0))

    def read_archived(self, record: RecordRef) -> Any:
        """Out of the bin."""
        self._ask(f"looks for {record} in the bin")
        found = self.bin.get(record)
        return Gone.ABSENT if found is None else (found[0], BEGIN + timedelta(seconds=found[1]))

    # By search.

    def changed(self, object_type: ObjectType, since: datetime) -> Iterator[Sequence[RecordId] | Unknown]:
        """What the index shows by now: late, in pages of two, sometimes with what is gone, sometimes not whole."""
        lag = LAG * self.stage.random.random() if self.stage.faults else 0.0
        shown = sorted(
            record.record_id
            for record, at in self.changed_at.items()
            if record.object_type is object_type
            and self._changed_at(record) >= since
            and at <= self.stage.seconds - lag
        )
        for start in range(0, len(shown), 2):
            self._ask(f"searches {object_type.value}")
            if self.stage.fate(0.04, "the search is not whole"):
                yield UNKNOWN
                return
            yield shown[start : start + 2]

    # Calls.

    def opt_out(self, address: Any) -> CallResult:
        """Take somebody off the mailing list."""
        whose = [key for key, seen in self.there.items() if self._seen(seen).address == address]
        return self._step("the newsletter ends", lambda: self.off.update(whose))

    def archive(self, object_type: ObjectType, ids: Sequence[RecordId]) -> CallResult:
        """Archive contacts or deals, or letters: those go one by one, and some may be left out."""
        if object_type in (_CONTACT, _DEAL):
            return SimulatedPortal.archive(self, object_type, ids)
        for key in ids:
            self.on_call("archive", RecordRef(object_type, key), together=len(ids) > 1)
        return self._step(f"archives {object_type.value} {ids}", lambda: self._archive_letters(object_type, ids))

    def _goes(self, kind: str, record: RecordRef, who: str) -> None:
        self.on_effect(kind, record, who)
        if kind == "archive":
            self.bin[record] = (self.of(record.object_type)[record.record_id], self.stage.seconds)
        self.remove(record)


def address_of(key: RecordId) -> Address:
    """A contact's address."""
    return Address(f"p{key}@example.dk")


def _with(seen: Any, **values: Any) -> Any:
    return seen._replace(**{name: value for name, value in values.items() if name in seen._fields})
