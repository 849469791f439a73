"""The fresh read: who is read with whom, what earlier runs and registers add, and what is said of who is not there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.decision.model import Outcome
from hubspot_retention.core.facts.observation import OptOut, OptOutSource
from hubspot_retention.core.facts.values import ONGOING, UNKNOWN
from hubspot_retention.core.portal import Address, Gone, MergedInto, SeenContact
from hubspot_retention.core.record import RecordId, RecordRef
from hubspot_retention.core.request import RequestKind, RequestRegister, SubjectRequest
from hubspot_retention.store.spool import Spool
from hubspot_retention.workflow.fresh import FreshContact, FreshDeal, FreshReader, Memory
from tests.builders import a_company, a_contact, a_deal, a_hold, at, link, on
from tests.documents import clienti

NOW = at("2026-11-22T09:00")
CLICKED = at("2026-11-01T09:00")
OUT = OptOut(None, OptOutSource.PERSON)
NOTHING = Memory({})


def ids(*numbers: int) -> tuple[RecordId, ...]:
    """Record ids."""
    return tuple(map(RecordId, numbers))


@dataclass(slots=True)
class Portal:
    """Records by id; what is asked of them, in its order. A record that is not there is gone."""

    people: dict[int, Any] = field(default_factory=dict)
    agreements: dict[int, Any] = field(default_factory=dict)
    firms: dict[int, Any] = field(default_factory=dict)
    deals_of: dict[int, Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    open_spools: list[Spool] = field(default_factory=list)

    def _answers(self, what: str, wanted: Sequence[RecordId], found: dict[int, Any]) -> dict[RecordId, Any]:
        self.asked.append(f"{what} {' '.join(map(str, wanted))}")
        return {key: found.get(key, Gone.ABSENT) for key in wanted}

    def read_contacts(self, wanted: Sequence[RecordId]) -> dict[RecordId, Any]:
        found = self._answers("contacts", wanted, self.people)
        return {
            key: SeenContact(seen, Address(f"p{key}@example.dk")) if hasattr(seen, "stage") else seen
            for key, seen in found.items()
        }

    def read_deals(self, wanted: Sequence[RecordId]) -> dict[RecordId, Any]:
        return self._answers("deals", wanted, self.agreements)

    def read_companies(self, wanted: Sequence[RecordId]) -> dict[RecordId, Any]:
        return self._answers("companies", wanted, self.firms)

    def deals_of_companies(self, wanted: Sequence[RecordId]) -> dict[RecordId, Any]:
        return {key: self.deals_of.get(key, ()) for key in wanted}

    def opt_outs(self, addresses: Sequence[Address]) -> list[Any]:
        self.asked.append(f"opt-outs {' '.join(address.text for address in addresses)}")
        return [self.told.get(address.text) for address in addresses]

    def new_spool(self) -> Spool:
        portal = self

        class Watched(Spool):
            def close(self) -> None:
                portal.open_spools.remove(self)
                super().close()

        self.open_spools.append(Watched())
        return self.open_spools[-1]

    def reader(self) -> FreshReader:
        return FreshReader(cast(Any, self), self.new_spool, clienti())

    def contact(self, memory: Memory = NOTHING) -> FreshContact:
        """The only person there is, read afresh."""
        found = self.reader().contacts(ids(101), memory, NOW)[RecordId(101)]
        assert isinstance(found, FreshContact)
        return found

    def deal(self, memory: Memory = NOTHING) -> FreshDeal:
        """The deal 201, read afresh."""
        found = self.reader().deals(ids(201), memory, NOW)[RecordId(201)]
        assert isinstance(found, FreshDeal)
        return found


def refs(*texts: str) -> frozenset[RecordRef]:
    """Records."""
    return frozenset(map(RecordRef.parse, texts))


# Contacts


def test_whoever_is_there_is_decided_as_of_now_and_whoever_is_not_says_so() -> None:
    portal = Portal({101: a_contact(101), 102: MergedInto(RecordId(9))})
    found = portal.reader().contacts(ids(101, 102, 103), NOTHING, NOW)
    assert list(found) == [101, 102, 103]
    fresh = found[RecordId(101)]
    assert isinstance(fresh, FreshContact)
    assert (fresh.decision.outcome, fresh.decision.rule) == (Outcome.DISPOSE, "inactive-contact")
    assert (fresh.view.seen.record_id, fresh.address) == (101, Address("p101@example.dk"))
    assert (fresh.deals, fresh.around) == ((), refs("contacts/101"))
    assert (found[RecordId(102)], found[RecordId(103)]) == (MergedInto(RecordId(9)), Gone.ABSENT)
    assert portal.asked == ["contacts 101 102 103"]
    assert portal.open_spools == []


def test_as_of_another_instant_another_decision() -> None:
    portal = Portal({101: a_contact(101)})
    found = portal.reader().contacts(ids(101), NOTHING, at("2020-06-01T09:00"))[RecordId(101)]
    assert isinstance(found, FreshContact)
    assert found.decision.outcome is Outcome.RETAIN


def test_all_neighbours_are_read_that_a_decision_can_hang_on() -> None:
    portal = Portal(
        people={
            101: a_contact(101, deals=ids(201), companies=(link(301),)),
            102: a_contact(102, deals=ids(201, 202), companies=(link(302),)),
        },
        agreements={
            201: a_deal(201, contacts=ids(101, 102), companies=(link(303),)),
            202: a_deal(202, contacts=ids(102), customer_until=on("2026-10-31")),
            203: a_deal(203, contacts=(), customer_until=on("2026-10-31"), companies=(link(302),)),
        },
        firms={301: a_company(301), 302: a_company(302), 303: a_company(303)},
        deals_of={302: ids(203), 303: ids(201)},
    )
    fresh = portal.contact()
    assert portal.asked == [
        "contacts 101",
        "deals 201",
        "contacts 102",
        "deals 202",
        "companies 301 302 303",
        "deals 203",
    ]
    everybody = ("contacts/101", "contacts/102", "deals/201", "deals/202", "deals/203")
    assert fresh.around == refs(*everybody, "companies/301", "companies/302", "companies/303")
    assert [view.seen.record_id for view, _ in fresh.deals] == [201]
    assert fresh.view.deals not in (UNKNOWN, ())


def test_the_people_of_a_deal_with_an_end_of_its_own_do_not_matter() -> None:
    portal = Portal(
        people={101: a_contact(101, deals=ids(201))},
        agreements={201: a_deal(201, contacts=ids(101, 102), customer_until=on("2026-10-31"))},
    )
    portal.contact()
    assert portal.asked == ["contacts 101", "deals 201"]


def test_whoever_may_be_held_for_all_that_can_be_read_is_held_and_nothing_is_asked_for() -> None:
    for person in (a_contact(101, deals=UNKNOWN), a_contact(101, companies=UNKNOWN)):
        portal = Portal({101: person})
        fresh = portal.contact()
        assert (fresh.decision.outcome, fresh.deals, portal.asked) == (Outcome.HELD, (), ["contacts 101"])
    companies_unknown = a_deal(201, contacts=ids(101), companies=UNKNOWN)
    portal = Portal({101: a_contact(101, deals=ids(201))}, {201: companies_unknown})
    assert portal.contact().decision.outcome is Outcome.HELD


@pytest.mark.parametrize(
    ("firms", "deals_of", "agreements", "outcome"),
    [
        ({301: a_company(301)}, {}, {}, Outcome.DISPOSE),
        ({301: a_company(301)}, {301: UNKNOWN}, {}, Outcome.HELD),
        ({}, {}, {}, Outcome.HELD),
        ({301: MergedInto(RecordId(9))}, {}, {}, Outcome.HELD),
        ({301: a_company(301)}, {301: ids(209)}, {}, Outcome.HELD),
        (
            {301: a_company(301)},
            {301: ids(209)},
            {209: a_deal(209, won=False, companies=(link(301),))},
            Outcome.DISPOSE,
        ),
        ({301: a_company(301, legal_hold=True)}, {}, {}, Outcome.HELD),
    ],
)
def test_a_company_counts_whole_or_is_unknown(
    firms: dict[int, Any], deals_of: dict[int, Any], agreements: dict[int, Any], outcome: Outcome
) -> None:
    portal = Portal({101: a_contact(101, companies=(link(301),))}, agreements, firms, deals_of)
    fresh = portal.contact()
    assert fresh.decision.outcome is outcome
    assert RecordRef.parse("companies/301") in fresh.around


# Opt-outs


def test_those_who_are_opted_out_are_asked_for_together_and_nobody_else() -> None:
    portal = Portal({101: a_contact(101, opt_out=OUT), 102: a_contact(102), 103: a_contact(103, opt_out=OUT)})
    portal.told = {"p101@example.dk": OptOut(CLICKED, OptOutSource.PERSON), "p103@example.dk": UNKNOWN}
    found = portal.reader().contacts(ids(101, 102, 103), NOTHING, NOW)
    assert portal.asked == ["contacts 101 102 103", "opt-outs p101@example.dk p103@example.dk"]
    seen = [(each.decision.rule, each.view.seen.opt_out) for each in found.values() if isinstance(each, FreshContact)]
    assert seen == [
        ("unsubscribed", OptOut(CLICKED, OptOutSource.PERSON)),
        ("inactive-contact", None),
        ("inactive-contact", UNKNOWN),
    ]


def test_who_has_no_address_cannot_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    portal = Portal()
    nameless = SeenContact(a_contact(101, opt_out=OUT), None)
    monkeypatch.setattr(Portal, "read_contacts", lambda self, wanted: dict.fromkeys(wanted, nameless))
    assert portal.contact().address is None
    assert portal.asked == []


def test_answers_that_are_fewer_than_the_questions_are_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Portal, "opt_outs", lambda self, addresses: [])
    with pytest.raises(ValueError, match="shorter"):
        Portal({101: a_contact(101, opt_out=OUT)}).contact()


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("told", "remembered", "counts"),
    [
        (OptOut(CLICKED, OptOutSource.PERSON), None, OptOut(CLICKED, OptOutSource.PERSON)),
        (OptOut(CLICKED, OptOutSource.PERSON), CLICKED - DAY, OptOut(CLICKED - DAY, OptOutSource.PERSON)),
        (OptOut(CLICKED, OptOutSource.PERSON), CLICKED + DAY, OptOut(CLICKED, OptOutSource.PERSON)),
        (OptOut(None, OptOutSource.IMPORT), None, OptOut(NOW, OptOutSource.IMPORT)),
        (OptOut(None, OptOutSource.IMPORT), CLICKED, OptOut(CLICKED, OptOutSource.IMPORT)),
        (None, None, OptOut(NOW, OptOutSource.STAFF)),
        (None, CLICKED, OptOut(CLICKED, OptOutSource.STAFF)),
        (UNKNOWN, CLICKED, UNKNOWN),
    ],
)
def test_the_opt_out_is_the_one_that_hubspot_has_now_or_an_older_one_that_was_seen(
    told: Any, remembered: Any, counts: Any
) -> None:
    portal = Portal({101: a_contact(101, opt_out=OptOut(None, OptOutSource.STAFF))}, told={"p101@example.dk": told})
    before = Remembered(opted_out_at=remembered, opt_out_source=OptOutSource.PERSON) if remembered else Remembered()
    fresh = portal.contact(Memory({}, contacts={RecordId(101): before}))
    assert fresh.view.seen.opt_out == counts


def test_who_is_no_longer_opted_out_is_so_whatever_is_remembered() -> None:
    before = Remembered(opted_out_at=CLICKED, opt_out_source=OptOutSource.PERSON)
    fresh = Portal({101: a_contact(101)}).contact(Memory({}, contacts={RecordId(101): before}))
    assert (fresh.view.seen.opt_out, fresh.decision.rule) == (None, "inactive-contact")


# What the service itself knows


def test_holds_and_requests_count() -> None:
    portal = Portal({101: a_contact(101)})
    assert portal.contact(Memory(a_hold("contacts/101"))).decision.outcome is Outcome.HELD
    asked = SubjectRequest(
        request_id=1,
        contact_id=RecordId(101),
        kind=RequestKind.ERASURE,
        received_at=NOW - DAY,
        recorded_by="anna",
    )
    memory = Memory({}, requests=RequestRegister.of_all([asked]))
    assert portal.contact(memory).decision.rule == "erasure-request"


def test_a_person_who_was_restored_and_a_start_that_moved_back_are_for_a_person_to_see() -> None:
    portal = Portal({101: a_contact(101)})
    restored = Memory({}, contacts={RecordId(101): Remembered(archived_by_us=True)})
    assert portal.contact(restored).decision.outcome is Outcome.REFER
    moved = Memory({}, contacts={RecordId(101): Remembered(starts="last_activity_at=2026-01-01T12:00:00+00:00")})
    assert portal.contact(moved).decision.outcome is Outcome.UNDETERMINED
    assert portal.contact(Memory({}, contacts={RecordId(102): Remembered(archived_by_us=True)})).decision.outcome is (
        Outcome.DISPOSE
    )


# Deals


def lost(**more: Any) -> Any:
    """A deal that was lost long ago."""
    return a_deal(201, won=False, **more)


def test_a_deal_is_decided_with_its_people_and_companies_and_one_that_is_gone_says_so() -> None:
    portal = Portal(
        people={101: a_contact(101, deals=ids(201))},
        agreements={201: lost(contacts=ids(101), companies=(link(301),)), 202: MergedInto(RecordId(9))},
        firms={301: a_company(301)},
    )
    found = portal.reader().deals(ids(201, 202, 203), NOTHING, NOW)
    assert list(found) == [201, 202, 203]
    fresh = found[RecordId(201)]
    assert isinstance(fresh, FreshDeal)
    assert (fresh.decision.rule, fresh.view[0].seen.record_id) == ("lost-deal", 201)
    assert fresh.around == refs("deals/201", "contacts/101", "companies/301")
    assert (found[RecordId(202)], found[RecordId(203)]) == (MergedInto(RecordId(9)), Gone.ABSENT)
    assert portal.asked == ["deals 201 202 203", "contacts 101", "companies 301"]
    assert portal.open_spools == []


def test_the_people_of_a_deal_that_is_to_go_are_read_also_if_it_has_an_end_of_its_own() -> None:
    portal = Portal(
        people={101: a_contact(101, legal_hold=True)},
        agreements={201: lost(contacts=ids(101), customer_until=on("2020-10-31"))},
    )
    assert portal.deal().decision.outcome is Outcome.HELD
    assert "contacts 101" in portal.asked


def test_holds_requests_and_history_count_for_deals() -> None:
    portal = Portal({101: a_contact(101)}, {201: lost(contacts=ids(101))})
    assert portal.deal().decision.outcome is Outcome.DISPOSE
    assert portal.deal(Memory(a_hold("contacts/101"))).decision.outcome is Outcome.HELD
    restored = Memory({}, deals={RecordId(201): Remembered(archived_by_us=True)})
    assert portal.deal(restored).decision.outcome is Outcome.REFER


def test_a_deal_knows_how_far_its_people_have_come() -> None:
    portal = Portal({101: a_contact(101, stage="customer", deals=ids(201))}, {201: a_deal(201, contacts=ids(101))})
    (trace,) = cast(Any, portal.deal().view[1])
    assert trace.end.end is ONGOING


@pytest.mark.parametrize("read", ["contacts", "deals"])
def test_a_spool_is_closed_also_when_a_read_fails(read: str, monkeypatch: pytest.MonkeyPatch) -> None:
    portal = Portal({101: a_contact(101, companies=(link(301),))}, {101: a_deal(101, companies=(link(301),))})

    def fail(self: Portal, wanted: Sequence[RecordId]) -> dict[RecordId, Any]:
        raise RuntimeError("HubSpot is down")

    monkeypatch.setattr(Portal, "read_companies", fail)
    reading: Callable[..., Any] = getattr(portal.reader(), read)
    with pytest.raises(RuntimeError, match="down"):
        reading(ids(101), NOTHING, NOW)
    assert portal.open_spools == []
