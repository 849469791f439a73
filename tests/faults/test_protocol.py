"""The order of the disposal protocol, in the audit log and in the request journal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hubspot_retention.core.audit.entry import Entry, read_entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED
from hubspot_retention.core.plan.model import ItemState, Plan, PlanStatus
from hubspot_retention.core.plan.recheck import Skip
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.errors import BlockedError
from hubspot_retention.store.driver import DRIVER
from tests.faults.conftest import MakeWorld
from tests.faults.people import (
    a_customer,
    a_deal,
    a_letter,
    a_portal,
    asks_to_go,
    former_customer,
    inactive,
    lost_deal,
    old_agreement,
    unsubscribed,
    won_deal,
)
from tests.faults.world import Watched, World, ids

TERMINAL = (Verb.DONE, Verb.ENDED, Verb.SKIPPED, Verb.FAILED)


def durable_entries(world: World) -> list[Entry]:
    """The audit log as another connection to the database sees it: what is committed."""
    with DRIVER.connect(world.database) as database:
        rows = database.execute("select body from audit_entry order by seq").fetchall()
    database.close()
    return [read_entry(body) for (body,) in rows]


@pytest.mark.parametrize("due", [asks_to_go, inactive])
def test_the_log_tells_of_a_record_intended_then_sent_then_done(world_of: MakeWorld, due: object) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), inactive(102)]))
    for plan in world.assess():
        world.apply(world.approve(plan))
    for record in ("contacts/101", "contacts/102"):
        assert world.words(record) == ["disposal.intended", "disposal.sent", "disposal.done"]


def test_a_record_is_read_afresh_after_its_intent_and_before_the_word_sent(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    plan = world.rights()
    at_the_read: list[str] = []
    source = Watched(world.portal, before={"read_contacts": lambda: at_the_read.extend(world.words("contacts/101"))})
    world.apply(plan, source=source)
    assert at_the_read == ["disposal.intended"]


@pytest.mark.parametrize("verb", ["erase_contact", "archive"])
def test_sent_is_durable_before_the_call_and_names_rule_policy_plan_and_actor(world_of: MakeWorld, verb: str) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101) if verb == "erase_contact" else inactive(101)]))
    plan = next(plan for plan in map(world.approve, world.assess()) if world.items(plan))
    seen: list[Entry] = []
    world.apply(plan, disposer=Watched(world.portal, before={verb: lambda: seen.extend(durable_entries(world))}))
    sent = seen[-1]
    assert (sent.subject, sent.verb, sent.record) == (Subject.DISPOSAL, Verb.SENT, "contacts/101")
    assert (sent.plan_id, sent.plan_digest, sent.policy_digest) == (plan.plan_id, plan.digest, world.policy.digest)
    assert (sent.rule, sent.actor) == (world.items(plan)[0].decision.rule, "carl")


class FrozenOnce:
    """A store whose process stops for a while right after the word `sent` has become durable, the first time."""

    def __init__(self, world: World, seconds: float = 40) -> None:
        self._world = world
        self._seconds = seconds
        self._slept = False

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """A transaction, and perhaps a long sleep after it."""
        with self._world.store.transaction() as tx:
            yield tx
        if not self._slept and "disposal.sent" in self._world.words("contacts/101"):
            self._slept = True
            self._world.monotonic.pass_by(self._seconds)


@pytest.mark.parametrize("due", [asks_to_go, inactive])
def test_a_process_frozen_right_after_the_word_sent_checks_again_before_it_calls(
    world_of: MakeWorld, due: Callable[[int], Any]
) -> None:
    world = world_of(a_portal(contacts=[due(101)]))
    plan = next(plan for plan in map(world.approve, world.assess()) if world.items(plan))
    world.apply(plan, store=FrozenOnce(world))
    once = ["disposal.intended", "disposal.sent"]
    assert world.words("contacts/101") == [*once, "disposal.abandoned", *once, "disposal.done"]


def test_every_call_of_a_bundle_is_announced_before_it_is_made(world_of: MakeWorld) -> None:
    world = world_of(
        a_portal(
            contacts=[asks_to_go(101), a_customer(102)],
            emails=[a_letter(41), a_letter(42)],
            links=(("contacts/101", "emails/41"), ("contacts/101", "emails/42"), ("contacts/102", "emails/42")),
        )
    )
    world.verified()
    plan = world.rights()
    seen: list[Entry] = []
    disposer = Watched(world.portal, before={"dissociate": lambda: seen.extend(durable_entries(world))})
    world.apply(plan, disposer=disposer)
    announced = [dict(entry.facts)["about"] for entry in seen if entry.kind == "engagement.sent"]
    assert announced == ["emails/41", "emails/42"]


@pytest.mark.parametrize("due", ["erase", "archive"])
def test_a_call_that_would_come_more_than_five_seconds_after_sent_is_made_only_after_new_checks(
    world_of: MakeWorld, due: str
) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101) if due == "erase" else inactive(101)]))
    plan = next(plan for plan in map(world.approve, world.assess()) if world.items(plan))
    world.apply(plan, store=FrozenOnce(world, 6))
    assert [entry.kind for entry in world.entries("contacts/101")][:4] == [
        "disposal.intended",
        "disposal.sent",
        "disposal.abandoned",
        "disposal.intended",
    ]
    assert len(world.calls("erase", "archive")) == 1
    assert world.state(plan, "contacts/101") == (ItemState.DONE, "read-back-absent")


def test_a_call_within_five_seconds_of_sent_is_made(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    world.apply(world.rights(), store=FrozenOnce(world, 5))
    assert world.words("contacts/101") == ["disposal.intended", "disposal.sent", "disposal.done"]


def test_a_fresh_read_that_has_grown_old_before_sent_is_made_again(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    slow = {"read_contacts": lambda: world.monotonic.pass_by(20)}
    world.apply(world.rights(), source=Watched(world.portal, after=slow))
    assert world.words("contacts/101")[:3] == ["disposal.intended", "disposal.abandoned", "disposal.intended"]
    reads = [call for call in world.sandbox.journal.entries() if call.path.endswith("contacts/batch/read")]
    assert len(reads) >= 2


def test_a_bundle_that_took_longer_than_the_fresh_read_lasts_is_checked_again_before_the_contact_goes(
    world_of: MakeWorld,
) -> None:
    links = (("contacts/101", "emails/41"),)
    world = world_of(a_portal(contacts=[asks_to_go(101)], emails=[a_letter(41)], links=links))
    plan = world.rights()

    def hours_pass() -> None:
        world.monotonic.seconds += 60
        world.edit("contacts/101", legal_hold="true")

    world.apply(plan, disposer=Watched(world.portal, after={"archive": hours_pass}))
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, Skip.HELD)
    assert not world.calls("erase")


def test_what_a_batch_left_undone_is_not_believed_done(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(number) for number in (101, 102, 103, 104)]))
    plan = world.time_rules()
    world.fault("silent_partial", path="batch/archive")
    world.apply(plan)
    assert sorted(world.effects()) == [f"archived contacts/{number}" for number in (101, 102, 103, 104)]
    once = ("disposal.intended", "disposal.sent", "disposal.done")
    twice = ("disposal.intended", "disposal.sent", "disposal.abandoned", *once)
    words = [tuple(world.words(f"contacts/{number}")) for number in (101, 102, 103, 104)]
    assert sorted(words) == sorted([once, once, twice, twice])


def mixed(world_of: MakeWorld) -> tuple[World, list[Plan]]:
    """A portal with something of everything, its plans approved."""
    world = world_of(
        a_portal(
            contacts=[
                *(asks_to_go(101), unsubscribed(102), inactive(103), former_customer(104), inactive(105)),
                *(a_customer(106, erasure_requested_at="2024-01-01T09:00:00Z"), asks_to_go(107)),
            ],
            deals=[lost_deal(21), old_agreement(22), a_deal(23), won_deal(24)],
            emails=[a_letter(41), a_letter(42)],
            links=(("contacts/101", "emails/41"), ("deals/22", "emails/42"), ("contacts/106", "deals/24")),
        )
    )
    world.verified()
    return world, [world.approve(plan) for plan in world.assess()]


def test_every_item_that_was_begun_has_one_terminal_entry(world_of: MakeWorld) -> None:
    world, plans = mixed(world_of)
    world.act("merge", record="contacts/105", into="contacts/106")
    world.edit("contacts/107", legal_hold="true")
    for plan in plans:
        world.apply(plan)
    acted_on = [(plan, item) for plan in plans for item in world.items(plan) if item.action.value != "none"]
    assert len(acted_on) == 9
    for plan, item in acted_on:
        about = [entry for entry in world.entries(str(item.record)) if entry.plan_id == plan.plan_id]
        ends = [entry for entry in about if entry.verb in TERMINAL and "about" not in dict(entry.facts)]
        assert len(ends) == 1, (item.record, [entry.kind for entry in about])
    assert {world.plan(plan).status for plan in plans} == {PlanStatus.APPLIED}


def test_the_log_of_an_application_verifies(world_of: MakeWorld) -> None:
    world, plans = mixed(world_of)
    for plan in plans:
        world.apply(plan)
    assert world.store.verify_log().intact


def test_the_earliest_deadline_goes_first(world_of: MakeWorld) -> None:
    asked = {101: "2023-03-01T09:00:00Z", 102: "2021-03-01T09:00:00Z", 103: "2022-03-01T09:00:00Z"}
    world = world_of(a_portal(contacts=[asks_to_go(key, at, createdate=at) for key, at in asked.items()]))
    world.workers = 1
    world.apply(world.rights())
    assert ids(world.calls("erase")) == ["102", "103", "101"]


def test_archives_go_in_batches_of_a_hundred_at_most(world_of: MakeWorld) -> None:
    document = a_portal(contacts=[inactive(number) for number in range(1, 131)])
    world = world_of(document, policy=lambda text: text.replace("max_percent = 25", "max_percent = 100"))
    world.apply(world.time_rules())
    assert [len(call.ids) for call in world.calls("archive")] == [100, 30]


def test_many_erase_threads_erase_everybody_once_and_keep_one_chain(world_of: MakeWorld) -> None:
    contacts = [asks_to_go(number) for number in range(101, 141)]
    letters = [a_letter(number) for number in range(201, 221)]
    links = tuple((f"contacts/{number - 100}", f"notes/{number}") for number in range(201, 221))
    document = a_portal(contacts=contacts, notes=letters, links=links)
    world = world_of(document, policy=lambda text: text.replace("max_percent = 25", "max_percent = 100"))
    world.workers = 8
    plan = world.rights()
    report = world.apply(plan)
    assert (report.done, report.plan.status) == (40, PlanStatus.APPLIED)
    assert sorted(world.effects()) == sorted(
        [
            *(f"erased contacts/{number}" for number in range(101, 141)),
            *(f"archived notes/{n}" for n in range(201, 221)),
        ]
    )
    assert world.store.verify_log().intact


def test_one_process_applies_one_plan_at_a_time(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), inactive(102)]))
    rights, time_rules = (world.approve(plan) for plan in world.assess())
    refused: list[str] = []

    def at_the_same_time() -> None:
        for plan in (rights, time_rules):
            with pytest.raises(BlockedError, match="already") as error:
                world.apply(plan)
            refused.append(str(error.value))

    world.apply(rights, source=Watched(world.portal, before={"read_contacts": at_the_same_time}))
    assert len(refused) == 2
    assert world.effects() == ["erased contacts/101"]


def test_an_application_that_ran_to_its_end_leaves_nothing_to_apply_again(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    plan = world.rights()
    world.apply(plan)
    with pytest.raises(BlockedError, match="applied already"):
        world.apply(plan)
    assert len(world.calls("erase")) == 1


def test_of_an_erased_person_the_service_remembers_nothing_but_the_log(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[unsubscribed(101)]))
    plan = world.rights()
    world.apply(plan)
    with world.store.transaction() as tx:
        known = tx.recall(ObjectType.CONTACT, [RecordId(101)])
    assert known.get(RecordId(101), NOTHING_REMEMBERED) == NOTHING_REMEMBERED
