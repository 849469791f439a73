"""A run: what it begins and ends with, what is told on the way, and what a what-if leaves alone."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from threading import current_thread
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hubspot_retention.bootstrap import new_spool
from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.facts.observation import OptOut, OptOutSource
from hubspot_retention.core.plan.model import Action, Bundle, Plan, PlanKind, PlanStatus
from hubspot_retention.core.plan.query import ALL_ITEMS
from hubspot_retention.core.policy.model import Guardrails
from hubspot_retention.core.portal import Address, PortalDetails, SeenContact, UnreadContact
from hubspot_retention.core.record import ObjectType, PortalId, RecordId
from hubspot_retention.errors import BlockedError, RangesDisagreeError
from hubspot_retention.store.database import open_store
from hubspot_retention.workflow.assess import Assessment, AssessOrder, Watcher
from hubspot_retention.workflow.deciding import OwnBench
from hubspot_retention.workflow.obligations import Obligations
from tests.builders import a_company, a_contact, a_deal
from tests.documents import clienti
from tests.stores import a_database
from tests.unit.workflow.desk import DAY, HOUR, NOW, Desk

PORTAL = PortalId(25412345)
MANY = Guardrails(max_disposals=9, max_percent=100, percent_from=25, max_shrink_percent=20)
STARTS = "last_activity_at=2020-01-01T12:00:00+00:00"
SPLIT = {ObjectType.CONTACT: (RecordId(500),)}


@dataclass(slots=True)
class House:
    """A portal with two inactive contacts, a lost deal and a company. `disagrees`: how often its ranges do not fit
    together. `events`: what was asked of it and told, in its order."""

    desk: Desk
    skew: float = 0.0
    late: timedelta = timedelta(0)
    disagrees: int = 0
    people: list[Any] = field(default_factory=lambda: [a_contact(101), a_contact(102)])
    events: list[tuple[Any, ...]] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    parts: dict[str, Any] = field(default_factory=dict)

    def run(self, **order: Any) -> tuple[Plan, Plan]:
        """A run of now."""
        given: dict[str, Any] = {"as_of": NOW, "what_if": False, "actor": "anna", "expected_portal": PORTAL}
        given |= {"guardrails": MANY, "valid_for": DAY}
        spool = new_spool()
        watcher = Watcher(
            progress=lambda *told: self.events.append(told),
            decision=lambda decision: self.heard.append(decision.record.record_id),
            worth_hearing=lambda decision: decision.record.record_id != 102,
            restart=lambda: self.events.append(("restart",)),
        )
        try:
            assessment = Assessment(cast(Any, self), self.desk.store, spool, clienti(), **self.parts)
            return assessment.run(AssessOrder(**given | order), lambda: NOW + self.late, watcher)
        finally:
            spool.close()

    def runs(self) -> list[tuple[str, Any]]:
        """What the log says of runs: the kind of entry and its code."""
        return [(entry.kind, entry.code) for entry in self.desk.entries("run")]

    def noted(self, number: int = 101) -> Remembered | None:
        """What is remembered of a contact."""
        with self.desk.store.transaction() as tx:
            return tx.recall(ObjectType.CONTACT, [RecordId(number)]).get(RecordId(number))

    # RecordSource

    def identity(self) -> PortalDetails:
        return PortalDetails(
            portal_id=PORTAL,
            account_type="STANDARD",
            time_zone="Europe/Copenhagen",
            clock_skew_seconds=self.skew,
        )

    def require_properties(self) -> None:
        self.events.append(("properties",))

    def use_one_cursor(self) -> None:
        self.events.append(("one cursor",))

    def boundaries(self) -> Any:
        return SPLIT

    def count(self, kind: ObjectType) -> int:
        assert kind is ObjectType.CONTACT
        return 7

    def companies(self) -> Iterator[Sequence[Any]]:
        yield [a_company(301)]

    def deals(self) -> Iterator[Sequence[Any]]:
        yield [a_deal(201, won=False)]

    def contacts(self, *, every_address: bool) -> Iterator[Sequence[SeenContact]]:
        self.events.append(("every address", every_address))
        self.threads.add(current_thread().name.partition("_")[0])
        yield [SeenContact(seen, Address(f"p{seen.record_id}@example.dk")) for seen in self.people]
        if self.disagrees:
            self.disagrees -= 1
            raise RangesDisagreeError("the ranges disagree")

    def unread_contacts(self) -> Iterator[Sequence[UnreadContact]]:
        self.events.append(("unread",))
        yield [UnreadContact(seen.record_id, b"", (), ()) for seen in self.people]

    def contact_reader(self) -> Any:
        people = {seen.record_id: SeenContact(seen, Address("a@example.dk")) for seen in self.people}
        return SimpleNamespace(read=lambda unread: [people[each.record_id] for each in unread])

    def opt_outs(self, addresses: Sequence[Address]) -> list[Any]:
        return [OptOut(NOW - HOUR, OptOutSource.PERSON) for _ in addresses]

    def correspondence(self, kind: ObjectType, ids: Sequence[RecordId]) -> Any:
        return dict.fromkeys(ids, ())


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """No run was there yet."""
    with open_store(a_database(tmp_path / "retention.db")) as store:
        yield House(Desk(store))


def test_a_run_makes_two_plans_of_the_whole_portal_that_are_valid_for_so_long(house: House) -> None:
    plans = house.run()
    for plan, kind in zip(plans, PlanKind, strict=True):
        assert (plan.plan_id, plan.kind, plan.portal_id) == (f"1-{kind.value}", kind, PORTAL)
        assert (plan.policy_name, plan.policy_digest) == (clienti().name, clienti().digest)
        assert (plan.as_of, plan.built_at, plan.expires_at) == (NOW, NOW, NOW + DAY)
        assert (plan.requested_by, plan.status) == ("anna", PlanStatus.AWAITING_REVIEW)
        assert plan.population == ((ObjectType.CONTACT, 2), (ObjectType.DEAL, 1))
        assert house.desk.found(plan) == plan
    assert [count.total for count in plans[1].rules] == [2, 1]


def test_it_is_of_the_instant_at_which_it_began_to_read(house: House) -> None:
    house.late = timedelta(minutes=5)
    plan, _ = house.run()
    assert (plan.as_of, plan.built_at, plan.expires_at) == (NOW, NOW + house.late, NOW + house.late + DAY)


def test_its_beginning_and_its_end_stand_in_the_log_with_what_it_read(house: House) -> None:
    house.run(kind="reconcile")
    assert house.runs() == [("run.started", "reconcile"), ("run.finished", None)]
    started, finished = house.desk.entries("run")
    for entry in (started, finished):
        assert (entry.at, entry.portal_id, entry.run_id, entry.policy_digest) == (NOW, PORTAL, 1, clienti().digest)
    assert started.actor == "anna"
    assert finished.facts == (("contacts", 2), ("deals", 1))
    with house.desk.store.transaction() as tx:
        assert (tx.run_kind(1), tx.last_full_run(PORTAL)) == ("reconcile", NOW)
        assert tx.boundaries(PORTAL) == SPLIT


def test_a_person_may_watch_and_hears_the_decisions_that_are_worth_it(house: House) -> None:
    house.run()
    assert house.heard == [101, 201]
    assert ("every address", False) in house.events
    house.events.remove(("every address", False))  # by a thread: it may come at any time
    assert house.events == [
        ("properties",),
        ("reading companies", 1, None),
        ("reading deals", 1, None),
        ("deciding contacts", 2, 7),
        ("deciding deals", 1, None),
        ("listing correspondence", 1, None),
    ]


# Whose token, and what time it is


def test_of_another_portal_nothing_is_read(house: House) -> None:
    why = (
        rf"^the token belongs to portal {PORTAL}, the settings name portal 7: nothing was read\. "
        r"Use the right token, or correct \[portal\] id\.$"
    )
    with pytest.raises(BlockedError, match=why):
        house.run(expected_portal=PortalId(7))
    assert (house.events, house.runs()) == ([], [])
    house.run(expected_portal=None)


def test_by_a_clock_that_is_wrong_nothing_is_read_but_a_what_if(house: House) -> None:
    house.skew = 301
    with pytest.raises(BlockedError, match=r"^nothing was read: our clock and HubSpot's differ by 301 seconds"):
        house.run()
    house.run(what_if=True)


def test_a_clock_that_is_set_while_a_run_begins_reads_nothing_but_a_what_if(house: House) -> None:
    house.late = timedelta(minutes=5, seconds=1)
    why = "^nothing was read: our clock was set while the run began; begin it again$"
    for late in (house.late, -house.late):
        house.late = late
        with pytest.raises(BlockedError, match=why):
            house.run()
    assert house.runs() == []
    house.run(what_if=True)


# A what-if


def test_a_what_if_can_be_read_and_leaves_no_memory(house: House) -> None:
    house.parts = {"ledger": Obligations(clienti(), DAY), "returned": None}
    house.people.append(a_contact(103, opt_out=OptOut(None, OptOutSource.UNKNOWN)))
    plans = house.run(what_if=True, as_of=NOW + DAY)
    assert [plan.status for plan in plans] == [PlanStatus.READ_ONLY] * 2
    assert house.runs() == [("run.started", "what-if"), ("run.finished", None)]
    with house.desk.store.transaction() as tx:
        assert tx.run_kind(1) == "what-if"
        assert tx.recall(ObjectType.CONTACT, [RecordId(number) for number in (101, 102, 103)]) == {}
        assert tx.obligations_of(ObjectType.CONTACT, [RecordId(number) for number in (101, 102, 103)]) == {}


# What later runs shall know


def test_a_run_notes_the_starts_that_it_saw_and_since_when_somebody_is_opted_out(house: House) -> None:
    house.people.append(a_contact(103, opt_out=OptOut(None, OptOutSource.UNKNOWN)))
    house.run()
    assert house.noted() == Remembered(starts=STARTS)
    noted = house.noted(103)
    assert noted is not None
    assert (noted.opted_out_at, noted.opt_out_source) == (NOW - HOUR, OptOutSource.PERSON)


def test_what_was_carried_out_while_the_run_went_on_stands(house: House) -> None:
    with house.desk.store.transaction() as tx:
        tx.note(ObjectType.CONTACT, [(RecordId(101), Remembered(marketing_ended=True))])

    class Bench(OwnBench):
        """Once what it decided is taken the contact is archived."""

        def findings(self, court: Any, dockets: Any, _meanwhile: Any = (), /) -> Any:
            yield from super().findings(court, dockets)
            with house.desk.store.transaction() as tx:
                tx.note(ObjectType.CONTACT, [(RecordId(101), Remembered(archived_by_us=True))])

    house.parts = {"bench_for": lambda contacts: nullcontext(Bench())}
    house.run()
    noted = house.noted()
    assert noted is not None
    assert (noted.archived_by_us, noted.starts) == (True, STARTS)


def test_the_ledger_hears_of_what_is_due_in_which_plan_and_looks_for_whom_the_run_missed(house: House) -> None:
    house.parts = {"ledger": Obligations(clienti(), DAY)}
    house.desk.oblige("contacts/999", next_look_at=NOW + 9 * DAY)
    house.run()
    known = house.desk.obligation("contacts/101")
    assert (known.plan_id, known.heard_at, known.state.value) == ("1-time", NOW, "open")
    assert house.desk.obligation("deals/201").plan_id == "1-time"
    assert house.desk.obligation("contacts/999").next_look_at < NOW


def test_where_a_portal_is_decided_depends_on_how_many_contacts_it_has(house: House) -> None:
    asked: list[int] = []

    def bench_for(contacts: int) -> Any:
        asked.append(contacts)
        return nullcontext(OwnBench())

    house.parts = {"bench_for": bench_for}
    house.run()
    assert asked == [7]


class Apart(OwnBench):
    """Decides in other processes, as far as anybody can tell."""

    is_apart = True


class Waiting(OwnBench):
    """Takes all steps there are while it waits."""

    def findings(self, court: Any, dockets: Any, meanwhile: Any = (), /) -> Any:
        for found in super().findings(court, dockets):
            for _ in meanwhile:
                pass
            yield found


@pytest.mark.parametrize("bench", [OwnBench(), Waiting()])
def test_the_correspondence_of_contacts_is_listed_while_deals_are_decided_if_that_is_waited_for_and_else_later(
    house: House, bench: OwnBench
) -> None:
    house.parts = {"bench_for": lambda contacts: nullcontext(bench)}
    house.people.append(a_contact(103, opt_out=OptOut(None, OptOutSource.UNKNOWN)))
    rights, _ = house.run()
    told = [each for each in house.events if each[0] in ("deciding deals", "listing correspondence")]
    deals, listed = ("deciding deals", 1, None), ("listing correspondence", 1, None)
    assert told == ([listed, deals, listed] if isinstance(bench, Waiting) else [deals, listed, listed])
    with house.desk.store.transaction() as tx:
        (item,) = tx.items(rights.plan_id, ALL_ITEMS)
    assert (item.action, item.bundle) == (Action.ERASE, Bundle())


def test_contacts_that_are_decided_elsewhere_are_read_there_and_who_is_newly_opted_out_is_decided_here(
    house: House,
) -> None:
    house.parts = {"bench_for": lambda contacts: nullcontext(Apart())}
    house.people.append(a_contact(103, opt_out=OptOut(None, OptOutSource.UNKNOWN)))
    rights, time_rules = house.run()
    assert ("unread",) in house.events
    assert ("deciding contacts", 3, 7) in house.events
    assert rights.population == ((ObjectType.CONTACT, 3), (ObjectType.DEAL, 1))
    assert ([count.rule for count in rights.rules], time_rules.rules[0].total) == (["unsubscribed"], 2)


def test_a_winner_that_was_read_elsewhere_is_decided_here_by_what_was_remembered_of_the_loser(house: House) -> None:
    house.parts = {"bench_for": lambda contacts: nullcontext(Apart())}
    loser, opt_out = RecordId(90), OptOut(None, OptOutSource.UNKNOWN)
    since = Remembered(opted_out_at=NOW - DAY, opt_out_source=OptOutSource.PERSON)
    with house.desk.store.transaction() as tx:
        tx.note(ObjectType.CONTACT, [(loser, since)])
    house.people.append(a_contact(103, opt_out=opt_out, merged_ids=(loser,)))
    rights, _ = house.run()
    assert ("deciding contacts", 3, 7) in house.events
    assert rights.rules[0].oldest_due_at == NOW - DAY
    assert (house.noted(90), (house.noted(103) or since).opted_out_at) == (None, NOW - DAY)


def test_a_list_is_begun_by_a_thread_that_says_so_by_its_name(house: House) -> None:
    house.run()
    assert house.threads == {"lists"}


def test_where_somebody_was_erased_contacts_are_looked_at_here(house: House) -> None:
    lookout = SimpleNamespace(has_work=True, look=lambda seen, now: None)
    returned = SimpleNamespace(lookout=lambda portal: lookout)
    house.parts = {"bench_for": lambda contacts: nullcontext(Apart()), "returned": returned}
    house.run()
    assert ("unread",) not in house.events
    assert ("every address", True) in house.events


def test_where_somebody_was_erased_every_address_is_asked_for_and_looked_at(house: House) -> None:
    looked: list[tuple[int, Any]] = []
    made: list[PortalId] = []

    def lookout(portal: PortalId) -> Any:
        made.append(portal)
        return SimpleNamespace(has_work=True, look=lambda seen, now: looked.append((len(seen), now)))

    house.parts = {"returned": SimpleNamespace(lookout=lookout)}
    house.run()
    assert (looked, made) == ([(2, NOW)], [PORTAL])
    assert ("every address", True) in house.events
    house.run(what_if=True)
    assert len(looked) == 1


# Read again


def test_ranges_that_disagree_are_read_again_with_one_cursor_and_nothing_is_counted_twice(house: House) -> None:
    house.disagrees = 1
    rights, time_rules = house.run()
    assert rights.population == ((ObjectType.CONTACT, 2), (ObjectType.DEAL, 1))
    assert (time_rules.plan_id, [count.total for count in time_rules.rules]) == ("2-time", [2, 1])
    assert [event for event in house.events if event[0] in ("one cursor", "restart")] == [("one cursor",), ("restart",)]
    assert house.runs() == [("run.started", "plan"), ("run.started", "plan"), ("run.finished", None)]
    with house.desk.store.transaction() as tx:
        assert {plan.plan_id: plan.status for plan in tx.plans()} == {
            "1-rights": PlanStatus.SUPERSEDED,
            "1-time": PlanStatus.SUPERSEDED,
            "2-rights": PlanStatus.AWAITING_REVIEW,
            "2-time": PlanStatus.AWAITING_REVIEW,
        }


def test_ranges_that_disagree_again_end_the_run(house: House) -> None:
    house.disagrees = 2
    with pytest.raises(RangesDisagreeError):
        house.run()
    with house.desk.store.transaction() as tx:
        assert {plan.status for plan in tx.plans()} == {PlanStatus.BUILDING}
        assert {plan.digest for plan in tx.plans()} == {""}
    assert house.noted() is None


def test_a_guardrail_of_the_order_blocks_the_plan(house: House) -> None:
    rights, time_rules = house.run(guardrails=replace(MANY, max_disposals=1))
    assert (rights.status, time_rules.status) == (PlanStatus.AWAITING_REVIEW, PlanStatus.BLOCKED)
