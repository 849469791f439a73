"""Events that come often, in any order, or not at all leave the ledger as perfect delivery does (scoreboard 13)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, cast

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from hubspot_retention.bootstrap import new_spool
from hubspot_retention.clock import Clock
from hubspot_retention.core.deadline.obligation import LIVE, Obligation, ObligationState
from hubspot_retention.core.policy.model import Mode
from hubspot_retention.core.webhook.event import Event
from hubspot_retention.sandbox.running import RunningSandbox
from hubspot_retention.workflow.dispose import Applier
from hubspot_retention.workflow.due import DueParts, DueTick
from hubspot_retention.workflow.fresh import FreshReader
from hubspot_retention.workflow.gate import Permission
from hubspot_retention.workflow.hot import HotOptions, HotSweep
from hubspot_retention.workflow.inbox import InboxTick
from hubspot_retention.workflow.matters import InboxOptions
from hubspot_retention.workflow.obligations import Obligations
from hubspot_retention.workflow.ports import RecordSource
from tests.faults.people import (
    Document,
    a_company,
    a_contact,
    a_customer,
    a_portal,
    asks_to_go,
    days_ago,
    inactive,
    lost_deal,
    old_agreement,
    unsubscribed,
)
from tests.faults.world import PORTAL, Checked, World, a_world, ref
from tests.unit.workflow.hints import an_event, deliver, foreign

OBSERVE = Permission(mode=Mode.OBSERVE, allow_erase=False)
CLICKED_AT = "2020-03-01T09:00:00Z"
RECENT = {"createdate": f"{days_ago(30)}T09:00:00Z"}
CONTACTS = tuple(f"contacts/{number}" for number in range(101, 109))
HOLDERS = ("contacts/101", "contacts/105", "companies/11", "companies/12", "deals/21", "deals/22")

Act = tuple[str, str, str]


def portal() -> Document:
    """People of all kinds around two companies and two deals."""
    return a_portal(
        contacts=[
            unsubscribed(101),
            unsubscribed(102, **RECENT),
            asks_to_go(103),
            inactive(104),
            inactive(105),
            a_contact(106, **RECENT),
            a_customer(107),
            unsubscribed(108, legal_hold="true"),
        ],
        companies=[a_company(11), a_company(12, legal_hold="true")],
        deals=[lost_deal(21), old_agreement(22)],
        links=(
            ("contacts/101", "companies/11"),
            ("contacts/102", "companies/12"),
            ("deals/21", "companies/11"),
            ("contacts/104", "deals/21"),
            ("contacts/107", "deals/22"),
        ),
    )


def acts() -> st.SearchStrategy[list[Act]]:
    """What people do in HubSpot: the deed, the record, and another record where one is needed."""
    one = st.sampled_from(CONTACTS)
    deed = st.one_of(
        st.tuples(
            st.sampled_from(("unsubscribe", "resubscribe", "ask", "archive", "restore", "erase")), one, st.just("")
        ),
        st.tuples(st.sampled_from(("hold", "lift")), st.sampled_from(HOLDERS), st.just("")),
        st.tuples(st.just("owe"), st.sampled_from(("deals/21", "deals/22")), st.sampled_from(("100", "0"))),
        st.tuples(st.just("merge"), one, one),
        st.tuples(st.just("archive"), st.sampled_from(("deals/21", "companies/11", "companies/12")), st.just("")),
    )
    return st.lists(deed, max_size=10).map(_without_rumours)


def _without_rumours(story: list[Act]) -> list[Act]:
    """Nothing else is told of who is merged away: where the merge itself is lost, that would be all that is heard."""
    named = [record for _, record, other in story for record in (record, other)]
    return [act for act in story if act[0] != "merge" or named.count(act[1]) == 1]


EVERYTHING = [
    ("unsubscribe", "contacts/106", ""),
    ("hold", "companies/11", ""),
    ("lift", "companies/12", ""),
    ("lift", "contacts/108", ""),
    ("merge", "contacts/103", "contacts/105"),
    ("archive", "contacts/104", ""),
    ("ask", "contacts/107", ""),
    ("owe", "deals/22", "100"),
]


@dataclass(slots=True)
class Service:
    """The parts of the service that notice, on one portal; nothing is ever disposed of."""

    world: World
    inbox: InboxTick
    hot: HotSweep
    due: DueTick
    ledger: Obligations

    def work(self) -> None:
        """The inbox until it is empty, and what it wants looked at."""
        while self.inbox.run(self.world.clock.now()).handled:
            pass
        self.due.run(self.world.clock.now())

    def end(self) -> None:
        """What was to wait has waited; a sweep; and the ledger's own look at all that it has."""
        self.world.clock.present += timedelta(minutes=3)
        self.work()
        self.hot.run(self.world.clock.now())
        self.due.run(self.world.clock.now())
        self.world.clock.present += timedelta(hours=40)
        self.due.run(self.world.clock.now())


@contextmanager
def a_service(server: RunningSandbox, present: datetime) -> Iterator[Service]:
    """The service, with a ledger that has seen everybody once."""
    with TemporaryDirectory() as folder, a_world(server, portal(), Path(folder)) as world:
        world.clock.present = present
        world.registrar().place_hold(ref("contacts/103"), "J-2026-1", "strid", None, world.clock.now())
        judge, ledger = foreign(world), Obligations(world.policy, timedelta(hours=24))
        source = cast(RecordSource, Checked(world.portal))

        def gone(obligation: Any) -> None:
            loss = judge.lost(obligation.record, world.clock.now())
            with world.store.transaction() as tx:
                judge.gone(tx, loss, world.clock.now())

        parts = DueParts(
            source=source,
            store=world.store,
            fresh=FreshReader(source, new_spool, world.policy),
            ledger=ledger,
            applier=Applier(world.tools(), OBSERVE),
            policy=world.policy,
            permission=OBSERVE,
            guardrails=world.guardrails,
            valid_for=timedelta(hours=24),
            clock=world.clock.now,
            actor="service",
            on_gone=gone,
        )
        inbox, hot = (
            InboxOptions(portal_id=PORTAL, hold_properties=frozenset({"legal_hold"})),
            HotOptions(portal_id=PORTAL),
        )
        service = Service(
            world=world,
            inbox=InboxTick(world.portal, world.store, judge, ledger.look_at, inbox),
            hot=HotSweep(world.portal, world.store, judge, ledger.look_at, hot),
            due=DueTick(parts),
            ledger=ledger,
        )
        with world.store.transaction() as tx:
            everybody = [ref(record) for record in (*CONTACTS, "deals/21", "deals/22")]
            ledger.look_at(tx, everybody, world.clock.now(), "first")
        service.due.run(world.clock.now())
        yield service


def do(world: World, act: Act) -> list[Event]:
    """One deed, and what HubSpot tells of it; nothing where it is not possible."""
    deed, record, other = act
    kind, _, number = record.partition("/")
    is_there = number in world.sandbox.portal.tables[kind].live
    is_binned = number in world.sandbox.portal.tables[kind].bin
    if not (is_binned if deed == "restore" else is_there):
        return []
    match deed:
        case "unsubscribe" | "resubscribe":
            world.act(deed, record=record, at=CLICKED_AT)
            return [an_event(record, property_name="hs_email_optout")]
        case "ask":
            world.edit(record, erasure_requested_at=CLICKED_AT)
            return [an_event(record, property_name="erasure_requested_at")]
        case "hold" | "lift":
            world.edit(record, legal_hold="true" if deed == "hold" else "false")
            return [an_event(record, property_name="legal_hold")]
        case "owe":
            world.edit(record, outstanding_balance=other)
            return [an_event(record, property_name="outstanding_balance")]
        case "merge":
            if record == other or not world.is_in_view(other):
                return []
            world.act("merge", record=record, into=other)
            ids = (("primary", int(other.partition("/")[2])), ("merged", int(number)))
            return [an_event(other, "merge", others=ids)]
        case "restore":
            world.act("restore", record=record)
            world.edit(record, city="Ribe")  # search finds what was changed; what was only restored waits for the night
            return [an_event(record, "restore")]
        case "archive":
            world.act("archive", record=record)
            return [an_event(record, "deletion")]
        case _:
            world.act("erase", record=record)
            return [an_event(record, "privacyDeletion"), an_event(record, "deletion")]


def numbered(events: Sequence[Event], start: int) -> list[Event]:
    """Events of their own."""
    return [replace(event, event_id=start + place) for place, event in enumerate(events)]


def ledger_of(world: World) -> dict[str, Any]:
    """What is to be done with whom, and by when. What is held is left out: it keeps the dates of when it was last due,
    and nothing is to be done with it. Where no rule gives the start, that is when it was noticed."""
    with world.store.transaction() as tx:
        found = tx.obligations([state for state in LIVE if state is not ObligationState.HELD])
    return {str(each.record): _said_of(each) for each in found}


def _said_of(found: Obligation) -> tuple[object, ...]:
    due_at = found.due_at if found.rule else None
    return (
        found.state,
        found.reason,
        found.rule,
        found.disposition,
        due_at,
        found.erase_by,
        found.call_by,
        found.right,
    )


@settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(story=acts(), seed=st.integers(0, 2**32), lost=st.sampled_from((0.3, 0.3, 1.0)))
@example(story=EVERYTHING, seed=1, lost=1.0)
@example(story=EVERYTHING, seed=1, lost=0.3)
def test_lost_doubled_and_shuffled_events_leave_the_ledger_as_perfect_delivery_does(
    server: RunningSandbox, story: list[Act], seed: int, lost: float
) -> None:
    present = Clock().now()
    with a_service(server, present) as perfect:
        for place, act in enumerate(story):
            deliver(perfect.world, *numbered(do(perfect.world, act), 10 * place))
            perfect.work()
        perfect.end()
        expected = ledger_of(perfect.world)
        assert perfect.inbox.run(perfect.world.clock.now()).waiting == 0
    with a_service(server, present) as service:
        told = [event for place, act in enumerate(story) for event in numbered(do(service.world, act), 10 * place)]
        for batch in mangled(told, lost, Random(seed)):
            deliver(service.world, *batch)
            service.work()
        service.end()
        assert ledger_of(service.world) == expected


def mangled(told: Sequence[Event], lost: float, chance: Random) -> Iterator[Sequence[Event]]:
    """Some events are lost, the others come five times, in any order, a few at a time."""
    again = [event for event in told if chance.random() >= lost for _ in range(5)]
    chance.shuffle(again)
    while again:
        size = chance.randint(1, 6)
        yield again[:size]
        del again[:size]
