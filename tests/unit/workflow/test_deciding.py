"""Dockets are decided: with whom, by what is remembered, and what must be kept, heard and told of it."""

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from hubspot_retention.core.decision.decide import History
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered, read_starts
from hubspot_retention.core.decision.model import Decision, Outcome, ReasonCode
from hubspot_retention.core.facts.observation import ContactObservation, OptOut, OptOutSource
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.plan.build import Tally
from hubspot_retention.core.plan.model import Action, PlanKind
from hubspot_retention.core.portal import Address, SeenContact
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.core.request import RequestKind, RequestRegister, SubjectRequest
from hubspot_retention.core.view import ContactView, DealView, Judge
from hubspot_retention.workflow.deciding import (
    ContactDocket,
    Court,
    DealDocket,
    Decided,
    Findings,
    Known,
    OwnBench,
    UnreadDocket,
    history_of,
    obliges,
)
from tests.builders import a_contact, a_customer, a_deal, at
from tests.documents import clienti
from tests.unit.core.deadline.lines import an_inactive, an_unsubscribe, decided

NOW = at("2026-11-22T09:00")
CLICKED = at("2026-11-01T09:00")
OUT = OptOut(None, OptOutSource.UNKNOWN)
BY_PERSON = OptOut(CLICKED, OptOutSource.PERSON)
SINCE = Remembered(opted_out_at=CLICKED, opt_out_source=OptOutSource.PERSON)
RECENT = at("2026-11-15T09:00")


def new(record_id: int, **values: Any) -> ContactObservation:
    """A lead of last week, whom there is no reason to dispose of."""
    return a_contact(record_id, created_at=RECENT, **values)


def known(*obliged: int, **before: Remembered) -> Known:
    """What was known: by ids as `r101`, and those whom the ledger knows."""
    remembered = {RecordId(int(name[1:])): value for name, value in before.items()}
    return Known(before=remembered, obliged=frozenset(map(RecordId, obliged)))


NOTHING = known()


def around(seen: Sequence[ContactObservation], deals: Any = ()) -> list[ContactView]:
    """Contacts, each with these deals and no company."""
    return [ContactView(each, deals, ()) for each in seen]


def contacts(*seen: ContactObservation, told: Any = None, before: Known = NOTHING, deals: Any = ()) -> ContactDocket:
    """A docket of contacts."""
    neighbours: Any = SimpleNamespace(views=lambda given: around(given, deals))
    statuses = {RecordId(number): status for number, status in (told or {}).items()}
    return ContactDocket(seen=seen, statuses=statuses, neighbours=neighbours, known=before)


def deals(*seen: Any, before: Known = NOTHING) -> DealDocket:
    """A docket of deals without people."""
    neighbours: Any = SimpleNamespace(views=lambda: [(DealView(each, ()), ()) for each in seen])
    return DealDocket(neighbours=neighbours, known=before)


def decide(docket: Any, **court: Any) -> Findings:
    """Decide a docket by Clienti's policy."""
    return Court(clienti(), Judge.of(clienti(), {}, NOW), **court).decide(docket)


def decisions(docket: Any, **court: Any) -> list[tuple[str, Outcome, str | None]]:
    """What each record is decided to be, by which rule."""
    found = decide(docket, hears=lambda decision: True, **court).decisions
    return [(str(each.record), each.outcome, each.rule) for each in found]


# What is remembered of a record


def test_a_history_is_needed_where_it_could_change_the_decision() -> None:
    decision, restored = an_inactive(), Remembered(archived_by_us=True)
    other = read_starts("last_activity_at=2025-01-01T00:00:00+00:00")
    assert history_of(decision, NOTHING_REMEMBERED, {}) is None
    assert history_of(decision, NOTHING_REMEMBERED, dict(decision.starts)) is None
    assert history_of(decision, NOTHING_REMEMBERED, other) == History(other)
    assert history_of(decision, restored, other) == History(other, restored=True)
    assert history_of(decision, restored, {}) == History({}, restored=True)


def test_who_was_restored_is_referred_and_a_start_that_moved_back_is_in_doubt() -> None:
    moved = Remembered(starts="last_activity_at=2026-01-01T12:00:00+00:00")
    before = known(r101=Remembered(archived_by_us=True), r102=moved)
    assert [outcome for _, outcome, _ in decisions(contacts(a_contact(101), a_contact(102), before=before))] == [
        Outcome.REFER,
        Outcome.UNDETERMINED,
    ]
    lost = [a_deal(number, won=False) for number in (201, 202, 203)]
    moved = Remembered(starts="closed_at=2026-01-01T12:00:00+00:00")
    before = known(r201=Remembered(archived_by_us=True), r202=moved)
    assert [outcome for _, outcome, _ in decisions(deals(*lost, before=before))] == [
        Outcome.REFER,
        Outcome.UNDETERMINED,
        Outcome.DISPOSE,
    ]


def test_what_later_runs_shall_know_is_made_of_the_decision_and_of_what_was_known() -> None:
    decision = an_unsubscribe()
    entry = Decided(decision, Remembered(marketing_ended=True, archived_by_us=True), SINCE)
    assert entry.after == Remembered(
        starts="unsubscribed_at=2026-11-20T10:00:00+00:00",
        opted_out_at=CLICKED,
        opt_out_source=OptOutSource.PERSON,
        marketing_ended=True,
        archived_by_us=True,
    )


# Contacts


def test_each_contact_is_decided_in_its_order() -> None:
    found = decisions(contacts(a_contact(101), new(102), a_customer(103)))
    assert found == [
        ("contacts/101", Outcome.DISPOSE, "inactive-contact"),
        ("contacts/102", Outcome.RETAIN, None),
        ("contacts/103", Outcome.REFER, None),
    ]


def test_the_opt_out_that_counts_is_the_remembered_one_or_the_one_that_was_told() -> None:
    docket = contacts(
        new(101, opt_out=OUT),
        new(102, opt_out=OUT),
        new(103, opt_out=OUT),
        new(104),
        new(105, opt_out=UNKNOWN),
        told={101: OptOut(NOW, OptOutSource.STAFF), 102: BY_PERSON},
        before=known(r101=SINCE),
    )
    found = decide(docket)
    assert [(entry.decision.record.record_id, entry.opt_out.opted_out_at) for entry in found.heard] == [
        (101, CLICKED),
        (102, CLICKED),
        (103, NOW),
        (105, None),
    ]
    assert [entry.opt_out.opt_out_source for entry in found.heard] == [
        OptOutSource.PERSON,
        OptOutSource.PERSON,
        OptOutSource.UNKNOWN,
        None,
    ]
    starts = [dict(entry.decision.starts).get("unsubscribed_at") for entry in found.heard]
    assert starts == [CLICKED, CLICKED, NOW, None]


def test_who_asked_to_go_by_the_register_goes() -> None:
    asked = SubjectRequest(
        request_id=1, contact_id=RecordId(101), kind=RequestKind.ERASURE, received_at=CLICKED, recorded_by="anna"
    )
    found = decisions(contacts(new(101), new(102)), requests=RequestRegister.of_all([asked]))
    assert found == [("contacts/101", Outcome.DISPOSE, "erasure-request"), ("contacts/102", Outcome.RETAIN, None)]


def test_deals_learn_of_the_contacts_that_have_any() -> None:
    found = decide(contacts(new(101), new(102), deals=(DealView(a_deal(201), ()),)))
    judge = Judge.of(clienti(), {}, NOW)
    view = ContactView(new(101), (DealView(a_deal(201), ()),), ())
    assert found.traces[0] == (RecordId(101), judge.trace(view, judge.contact_facts(view)))
    assert [number for number, _ in found.traces] == [101, 102]
    assert decide(contacts(new(101))).traces == []


# Contacts that are yet to be read


def test_contacts_are_read_where_they_are_decided_and_who_is_newly_opted_out_or_a_winner_is_left() -> None:
    class Reader:
        """Reads what lies there: everybody has an address."""

        def read(self, unread: Iterable[Any]) -> list[SeenContact]:
            assert unread == ["as they came"]
            outs = {101: None, 102: OUT, 103: OUT, 104: OUT, 105: None}
            losers = {104: (RecordId(90),), 105: (RecordId(91), RecordId(92))}
            seen = [new(number, opt_out=out, merged_ids=losers.get(number, ())) for number, out in outs.items()]
            return [SeenContact(each, Address("a@example.dk")) for each in seen]

    neighbours: Any = SimpleNamespace(views=around)
    unread: Any = ["as they came"]
    docket = UnreadDocket(unread=unread, reader=Reader(), neighbours=neighbours, known=known(101, r103=SINCE))
    found = decide(docket)
    assert [contact.observation.record_id for contact in found.pending] == [102]
    assert [contact.observation.record_id for contact in found.merged] == [104, 105]
    assert [entry.decision.record.record_id for entry in found.heard] == [101, 103]
    assert (found.total, found.heard[1].opt_out) == (2, SINCE)


# What comes of it


def test_what_is_due_or_to_be_seen_is_in_the_plan_of_its_kind_and_all_are_counted() -> None:
    docket = contacts(a_contact(101), new(102, opt_out=OUT), new(103), a_customer(104), told={102: BY_PERSON})
    found = decide(docket, hears=lambda decision: True)
    assert (found.kind, found.total) == (ObjectType.CONTACT, 4)
    items = {kind: [(item.record.record_id, item.action) for item in each] for kind, each in found.items.items()}
    assert items == {
        PlanKind.RIGHTS: [(102, Action.ERASE)],
        PlanKind.TIME: [(101, Action.ARCHIVE), (104, Action.NONE)],
    }
    expected = {PlanKind.RIGHTS: Tally(), PlanKind.TIME: Tally()}
    actions = {101: Action.ARCHIVE, 102: Action.ERASE, 103: Action.NONE, 104: Action.NONE}
    for decision in found.decisions:
        number = decision.record.record_id
        expected[PlanKind.RIGHTS if number == 102 else PlanKind.TIME].add(decision, actions[number])
    assert found.tallies == expected


def test_deals_are_found_as_deals() -> None:
    found = decide(deals(a_deal(201, won=False)))
    assert (found.kind, found.traces) == (ObjectType.DEAL, [])
    assert [item.action for item in found.items[PlanKind.TIME]] == [Action.ARCHIVE]


def test_a_start_that_an_earlier_run_saw_is_not_new() -> None:
    before = known(r101=Remembered(starts="last_activity_at=2020-01-01T12:00:00+00:00"))
    found = decide(contacts(a_contact(101), a_contact(102), before=before))
    assert [item.start_is_new for item in found.items[PlanKind.TIME]] == [False, True]


def test_the_ledger_hears_of_what_obliges_and_of_whom_it_knows() -> None:
    found = decide(contacts(a_contact(101), new(102), new(103), before=known(103)))
    assert [entry.decision.record.record_id for entry in found.heard] == [101, 103]


def test_nobody_hears_of_decisions_where_nobody_listens_and_who_listens_hears_what_they_asked_for() -> None:
    docket = contacts(a_contact(101), new(102))
    assert decide(docket).decisions == []
    found = decide(docket, hears=lambda decision: decision.outcome is Outcome.RETAIN)
    assert [decision.record.record_id for decision in found.decisions] == [102]


def test_what_later_runs_shall_know_is_kept_where_it_differs() -> None:
    starts = "last_activity_at=2020-01-01T12:00:00+00:00"
    found = decide(contacts(a_contact(101), a_contact(102), before=known(r101=Remembered(starts=starts))))
    assert found.notes == [(RecordId(102), NOTHING_REMEMBERED, Remembered(starts=starts))]


def test_what_this_service_archived_once_is_told_of_as_in_view() -> None:
    archived = Remembered(archived_by_us=True)
    docket = contacts(new(101), new(102), new(103), before=known(r101=archived, r102=Remembered(), r103=archived))
    assert decide(docket).in_view == [101, 103]


def test_an_opt_out_that_is_seen_for_the_first_time_is_kept_at_once_with_what_was_known() -> None:
    before = Remembered(starts="last_activity_at=2026-11-15T09:00:00+00:00", archived_by_us=True)
    docket = contacts(
        new(101, opt_out=OUT),
        new(102, opt_out=OUT),
        new(103),
        told={101: BY_PERSON},
        before=known(r101=before, r102=SINCE, r103=SINCE),
    )
    found = decide(docket)
    first = before._replace(opted_out_at=CLICKED, opt_out_source=OptOutSource.PERSON)
    assert found.opt_outs == [(RecordId(101), first)]
    assert [number for number, _, after in found.notes if after.opted_out_at is None] == [103]


def test_after_one_of_whom_nothing_new_is_known_the_others_are_noted() -> None:
    starts = "last_activity_at=2026-11-15T09:00:00+00:00"
    docket = contacts(new(101), new(102), before=known(r101=Remembered(starts=starts)))
    assert [number for number, _, _ in decide(docket).notes] == [102]


# What obliges


@pytest.mark.parametrize(
    ("decision", "does"),
    [
        (an_inactive(), True),
        (decided("retain"), False),
        (decided("retain", marketing_ends=True), True),
        (decided("held", "hold-flag"), False),
        (decided("undetermined", "start-unknown", of="unsubscribed"), True),
        (decided("undetermined", "start-unknown", of="inactive-contact"), False),
        (decided("refer", "restored-by-a-person", of="unsubscribed"), False),
    ],
)
def test_a_disposal_obliges_and_the_end_of_marketing_and_a_doubted_right(decision: Decision, does: bool) -> None:
    assert obliges(decision, clienti()) is does


def test_this_process_decides_dockets_in_their_order() -> None:
    court = Court(clienti(), Judge.of(clienti(), {}, NOW))
    found = OwnBench().findings(court, [contacts(new(101)), deals(a_deal(201)), contacts(new(102), new(103))])
    assert [(each.kind, each.total) for each in found] == [
        (ObjectType.CONTACT, 1),
        (ObjectType.DEAL, 1),
        (ObjectType.CONTACT, 2),
    ]
    assert not OwnBench().is_apart


def test_a_moved_start_says_so() -> None:
    moved = Remembered(starts="last_activity_at=2026-01-01T12:00:00+00:00")
    found = decide(contacts(a_contact(101), before=known(r101=moved)), hears=lambda decision: True)
    assert [reason.code for reason in found.decisions[0].reasons] == [ReasonCode.START_MOVED_BACK]
