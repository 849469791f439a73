"""Owners are told ahead of what will go: over a sandbox portal and a real database."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.bootstrap.parts import as_owners
from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.decision.model import Decision, Outcome
from hubspot_retention.core.owner_warning import Foresight, OwnerWarning, WarningState
from hubspot_retention.core.plan.model import Action, Plan, RuleCount
from hubspot_retention.core.policy.model import Mode
from hubspot_retention.core.record import ObjectType
from hubspot_retention.core.request import RequestKind
from hubspot_retention.errors import BlockedError
from hubspot_retention.workflow import owner_warnings as module
from hubspot_retention.workflow.assess import Watcher
from hubspot_retention.workflow.gate import Permission, Unwatched
from hubspot_retention.workflow.owner_warnings import (
    OwnerHearing,
    OwnerWarner,
    Warned,
    WarnedOf,
    WarnerParts,
    warned_of,
)
from tests.faults.conftest import MakeWorld
from tests.faults.people import Document, a_contact, a_portal, days_ago, lost_deal, unsubscribed
from tests.faults.world import PORTAL, REVIEW, Checked, World, ref
from tests.unit.workflow.ticking import InTime

KIM, BO = "77", "78"
OWNERS = [{"id": KIM, "properties": {"firstName": "Kim"}}, {"id": BO, "properties": {"firstName": "Bo"}}]


def silent_since(record_id: int, days: int, owner: str = KIM, **more: Any) -> Document:
    """A contact last heard of so many days ago: archived by a time rule after a year."""
    return a_contact(record_id, notes_last_contacted=f"{days_ago(days)}T09:00:00Z", hubspot_owner_id=owner, **more)


def a_company(*contacts: Document) -> Document:
    """A portal with two owners."""
    return a_portal(contacts=list(contacts), owners=OWNERS)


def sweep(world: World) -> tuple[Plan, Plan]:
    """A run that notes whose owner is to be warned."""
    hearing = OwnerHearing(world.store, Foresight.of(world.policy, world.clock.now()))
    plans = world.assess(watcher=hearing.beside(Watcher()))
    hearing.note()
    return plans


def warn(world: World, **parts: Any) -> Warned:
    """Tell the owners."""
    chosen: dict[str, Any] = {
        "source": world.portal,
        "owners": as_owners(world.portal),
        "store": world.store,
        "fresh": world.tools().fresh,
        "policy": world.policy,
        "permission": REVIEW,
        "freshness": Unwatched(),
        "clock": world.clock.now,
    }
    return OwnerWarner(WarnerParts(**(chosen | parts))).run()


def tasks(world: World) -> list[dict[str, Any]]:
    """The tasks in the portal."""
    return list(world.sandbox.portal.tables["tasks"].live.values())


def known(world: World, record: str) -> OwnerWarning | None:
    """What the store knows of a warning."""
    with world.store.transaction() as tx:
        return tx.owner_warnings_of(ObjectType.CONTACT, [ref(record).record_id]).get(ref(record).record_id)


def test_each_owner_gets_one_task_for_what_goes_within_thirty_days_and_for_what_is_due(world_of: MakeWorld) -> None:
    world = world_of(
        a_company(silent_since(101, 340), silent_since(102, 400), silent_since(103, 350, BO), silent_since(104, 300))
    )
    sweep(world)
    assert warn(world) == Warned(told=3, tasks=2)
    by_owner = {task["hubspot_owner_id"]: task for task in tasks(world)}
    assert by_owner[KIM]["hs_task_subject"] == "2 contacts of yours to be archived"
    assert "/0-1/101" in by_owner[KIM]["hs_task_body"]
    assert "/0-1/102" in by_owner[KIM]["hs_task_body"]
    assert by_owner[BO]["hs_task_subject"] == "1 contact of yours to be archived"
    assert known(world, "contacts/104") is None


def test_a_task_names_nobody_and_hangs_on_no_contact(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340, firstname="Sofie", lastname="Quist")))
    sweep(world)
    warn(world)
    (task,) = tasks(world)
    said = f"{task['hs_task_subject']} {task['hs_task_body']}"
    assert not any(word in said for word in ("Sofie", "Quist", "example.dk"))
    assert world.hangs_on("contacts/101", "tasks") == set()


def test_the_log_tells_the_intent_before_the_call_and_each_record_after_it(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340), silent_since(102, 340)))
    sweep(world)
    warn(world)
    said = [entry for entry in world.entries() if entry.kind.startswith("owner-warning")]
    assert [(entry.kind, entry.record) for entry in said] == [
        ("owner-warning.intended", None),
        ("owner-warning.done", "contacts/101"),
        ("owner-warning.done", "contacts/102"),
    ]
    assert dict(said[0].facts) == {"owner": KIM, "records": 2}
    warning = known(world, "contacts/101")
    assert warning is not None
    assert dict(said[1].facts) == {"owner": KIM, "due_at": warning.due_at.isoformat(timespec="seconds")}
    assert {(each.rule, each.portal_id, each.policy_digest, each.actor, each.code) for each in said} == {
        ("inactive-contact", PORTAL, world.policy.digest, "service", None)
    }
    assert warning.settled_at is not None


def test_nobody_is_told_twice_of_one_date_and_again_when_the_date_moved(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340)))
    sweep(world)
    warn(world)
    sweep(world)
    assert warn(world) == Warned()
    world.edit("contacts/101", notes_last_contacted=f"{days_ago(338)}T09:00:00Z")
    sweep(world)
    assert warn(world) == Warned(told=1, tasks=1)


def twice(policy: str) -> str:
    """A second rule takes silent contacts, five days later and more urgently."""
    begin = policy.index('[[rules]]\nid = "inactive-contact"')
    own = policy[begin : policy.index('warn_ahead = "P30D"', begin)] + 'warn_ahead = "P30D"\n\n'
    other = own.replace("inactive-contact", "long-silent").replace('"P12M"', '"P370D"').replace('"P4M"', '"P100D"')
    return policy[:begin] + other + policy[begin:]


def test_nobody_is_told_twice_where_two_rules_become_due_within_the_time_of_the_warning(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 350)), policy=twice)
    for told in (Warned(told=1, tasks=1), Warned()):
        sweep(world)
        assert warn(world) == told
    warning = known(world, "contacts/101")
    assert warning is not None
    assert (warning.rule, warning.state) == ("long-silent", WarningState.TOLD)
    assert timedelta(days=14) < warning.due_at - world.clock.now() < timedelta(days=17)


def test_whoever_became_active_after_the_sweep_is_not_told_of(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340), silent_since(102, 340)))
    sweep(world)
    world.edit("contacts/101", retention_confirmed_on=days_ago(0))
    world.act("archive", record="contacts/102")
    assert warn(world) == Warned()
    assert tasks(world) == []
    assert [getattr(known(world, f"contacts/{number}"), "state", None) for number in (101, 102)] == [
        WarningState.ELSEWHERE
    ] * 2


def test_when_it_was_seen_that_nobody_is_to_be_told_is_kept(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340, ""), silent_since(102, 340)))
    sweep(world)
    world.edit("contacts/102", retention_confirmed_on=days_ago(0))
    warn(world)
    found = [known(world, f"contacts/{number}") for number in (101, 102)]
    assert [each is not None and each.settled_at is not None for each in found] == [True, True]


def test_who_is_held_since_the_sweep_is_not_told_of(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340)))
    sweep(world)
    world.registrar().place_hold(ref("contacts/101"), "J-2026-1", "strid", None, world.clock.now())
    assert warn(world) == Warned()


def test_who_objected_since_the_sweep_is_not_told_of(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340)))
    sweep(world)
    now = world.clock.now()
    world.registrar().record_request(ref("contacts/101"), RequestKind.OBJECTION, now, now)
    assert warn(world) == Warned()


def deals_too(policy: str) -> str:
    """Owners of lost deals are warned, too."""
    own = 'from = "closed_at", within = "P4M", disposition = "archive"'
    return policy.replace(own, own + ', review = "owner", warn_ahead = "P30D"')


def test_the_owner_of_a_deal_is_told_of_the_deal(world_of: MakeWorld) -> None:
    deal = lost_deal(21)
    deal["properties"]["hubspot_owner_id"] = BO
    world = world_of(a_portal(deals=[deal], owners=OWNERS), policy=deals_too)
    sweep(world)
    assert warn(world) == Warned(told=1, tasks=1)
    assert [task["hs_task_subject"] for task in tasks(world)] == ["1 deal of yours to be archived"]


@pytest.mark.parametrize("record", ["contacts/101", "deals/21"])
def test_what_a_person_brought_back_after_it_was_archived_is_not_told_of(world_of: MakeWorld, record: str) -> None:
    deal = lost_deal(21)
    deal["properties"]["hubspot_owner_id"] = BO
    world = world_of(a_portal(contacts=[silent_since(101, 340)], deals=[deal], owners=OWNERS), policy=deals_too)
    sweep(world)
    brought_back = ref(record)
    with world.store.transaction() as tx:
        tx.note(brought_back.object_type, [(brought_back.record_id, Remembered(archived_by_us=True))])
    assert warn(world) == Warned(told=1, tasks=1)
    (task,) = tasks(world)
    assert str(brought_back.record_id) not in task["hs_task_body"]


def tomorrow(world: World) -> None:
    """A day passes."""
    world.clock.present += timedelta(days=1)


def sweep_in_time(world: World) -> InTime:
    """A run whose portal has our clock; answers that portal."""
    source = InTime(Checked(world.portal))
    hearing = OwnerHearing(world.store, Foresight.of(world.policy, world.clock.now()))
    world.assess(watcher=hearing.beside(Watcher()), source=source)
    hearing.note()
    return source


def state_of(world: World, record: str) -> WarningState | None:
    """How far a warning has come."""
    return getattr(known(world, record), "state", None)


def two_times(policy: str) -> str:
    """A second rule takes silent contacts, two weeks earlier and warned of ninety days ahead."""
    return twice(policy).replace('"P370D"', '"P350D"').replace('warn_ahead = "P30D"', 'warn_ahead = "P90D"', 1)


def test_each_record_is_decided_as_of_the_time_of_its_own_rule(world_of: MakeWorld) -> None:
    world = world_of(
        a_company(silent_since(101, 340), silent_since(102, 300), silent_since(103, 200)), policy=two_times
    )
    sweep(world)
    assert warn(world) == Warned(told=2, tasks=1)
    assert [state_of(world, f"contacts/{number}") for number in (101, 102, 103)] == [WarningState.TOLD] * 2 + [None]


def a_longer_one_elsewhere(policy: str) -> str:
    """Owners of lost deals are warned ninety days ahead."""
    return deals_too(policy).replace('"P30D" }', '"P90D" }')


def test_each_rule_has_its_own_time_beside_one_that_looks_farther_ahead(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 300)), policy=a_longer_one_elsewhere)
    told = []
    for _ in range(5):
        source = sweep_in_time(world)
        told.append((state_of(world, "contacts/101"), warn(world, source=source).told))
        world.clock.present += timedelta(days=20)
    assert told == [(None, 0), (None, 0), (WarningState.WANTED, 1), (WarningState.TOLD, 0), (WarningState.TOLD, 0)]


def test_the_rule_is_that_of_the_time_of_the_warning_and_not_one_that_takes_over_later(world_of: MakeWorld) -> None:
    def policy(text: str) -> str:
        return a_longer_one_elsewhere(unwarned(twice(text).replace('"P370D"', '"P410D"')))

    world = world_of(a_company(silent_since(101, 350)), policy=policy)
    sweep(world)
    assert warn(world) == Warned(told=1, tasks=1)
    assert getattr(known(world, "contacts/101"), "rule", None) == "inactive-contact"


def test_a_record_without_an_owner_is_told_of_once_it_has_one(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340, "")))
    for owner, told in (("", 0), (KIM, 1), (KIM, 0)):
        world.edit("contacts/101", hubspot_owner_id=owner)
        sweep(world)
        warned = warn(world)
        assert (warned.told, warned.without_owner) == (told, 0 if owner else 1)


def test_who_was_held_for_a_while_is_told_of_when_the_hold_is_over(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340)))
    sweep(world)
    hold, _ = world.registrar().place_hold(ref("contacts/101"), "J-2026-1", "strid", None, world.clock.now())
    assert warn(world) == Warned()
    sweep(world)
    assert state_of(world, "contacts/101") is WarningState.ELSEWHERE
    world.registrar().release_hold(hold.hold_id, world.clock.now())
    sweep(world)
    assert warn(world) == Warned(told=1, tasks=1)


def unwarned(policy: str) -> str:
    """The first of the two rules warns nobody."""
    return policy.replace('review = "owner"\nwarn_ahead = "P30D"\n', 'review = "nobody"\n', 1)


def test_a_rule_that_must_agree_has_the_owner_warned_though_another_one_decides(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 350)), policy=lambda text: unwarned(twice(text)))
    for told in (Warned(told=1, tasks=1), Warned()):
        sweep(world)
        assert warn(world) == told
    assert getattr(known(world, "contacts/101"), "rule", None) == "inactive-contact"


def test_what_goes_by_a_rule_that_warns_nobody_is_not_read_again_before_it_is_due(world_of: MakeWorld) -> None:
    def policy(text: str) -> str:
        return unwarned(twice(text).replace('"P370D"', '"P360D"'))

    world = world_of(a_company(silent_since(101, 350)), policy=policy)
    for _ in range(2):
        source = sweep_in_time(world)
        warn(world, source=source)
        assert state_of(world, "contacts/101") is WarningState.ANOTHER_RULE
        tomorrow(world)
    sweep_in_time(world)
    assert state_of(world, "contacts/101") is WarningState.ANOTHER_RULE
    world.clock.present += timedelta(days=14)
    source = sweep_in_time(world)
    assert warn(world, source=source) == Warned(told=1, tasks=1)
    assert getattr(known(world, "contacts/101"), "rule", None) == "inactive-contact"
    sweep_in_time(world)
    assert warn(world, source=source) == Warned()


@pytest.mark.parametrize(
    ("later", "state"), [(timedelta(0), WarningState.WANTED), (timedelta(microseconds=-1), WarningState.ANOTHER_RULE)]
)
def test_what_another_rule_was_to_take_is_wanted_again_from_the_instant_when_it_is_due(
    world_of: MakeWorld, later: timedelta, state: WarningState
) -> None:
    world = world_of(a_company())
    record, due_at = ref("contacts/101"), world.clock.now()
    with world.store.transaction() as tx:
        tx.save_owner_warnings([OwnerWarning(record=record, due_at=due_at, state=WarningState.ANOTHER_RULE)])
    hearing = OwnerHearing(world.store, Foresight.of(world.policy, due_at + later))
    hearing.hear(Decision(record, Outcome.DISPOSE, (), rule="inactive-contact", due_at=due_at))
    hearing.note()
    assert state_of(world, "contacts/101") is state


def test_what_was_looked_at_before_waits_for_what_was_not_and_takes_turns(
    world_of: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST", 2)
    nobodys = [silent_since(number, 345, "") for number in range(101, 105)]
    world = world_of(a_company(*nobodys, silent_since(105, 350)))
    told, looked_at = [], []
    for _ in range(4):
        source = sweep_in_time(world)
        begun = world.clock.now()
        told.append(warn(world, source=source).told)
        found = [(number, known(world, f"contacts/{number}")) for number in range(101, 106)]
        looked_at.append([number for number, each in found if each and each.settled_at and each.settled_at >= begun])
        tomorrow(world)
    assert looked_at == [[101, 102], [103, 104], [101, 105], [102, 103]]
    assert told == [0, 0, 1, 0]


def test_many_of_one_owner_are_read_and_told_in_parts(world_of: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 2)
    nobodys = [silent_since(number, 340, "") for number in (106, 107)]
    world = world_of(a_company(*(silent_since(number, 340) for number in range(101, 106)), *nobodys))
    sweep(world)
    assert warn(world) == Warned(told=5, tasks=3, without_owner=2)
    subjects = sorted(task["hs_task_subject"][:1] for task in tasks(world))
    assert subjects == ["1", "2", "2"]


def test_no_more_than_so_many_are_told_of_after_one_sweep(world_of: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 2)
    world = world_of(a_company(*(silent_since(number, 340) for number in range(101, 104))))
    sweep(world)
    assert [warn(world).told for _ in range(3)] == [2, 1, 0]


def test_owners_that_alternate_get_one_task_each(world_of: MakeWorld) -> None:
    owners = (KIM, BO, KIM, BO)
    world = world_of(a_company(*(silent_since(101 + each, 340, owner) for each, owner in enumerate(owners))))
    sweep(world)
    assert warn(world) == Warned(told=4, tasks=2)


def test_what_was_told_long_ago_is_forgotten(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340)))
    sweep(world)
    warn(world)
    warning = known(world, "contacts/101")
    assert warning is not None
    world.clock.present = warning.due_at + timedelta(days=400)
    warn(world)
    assert known(world, "contacts/101") == warning
    world.clock.present += timedelta(seconds=1)
    warn(world)
    assert known(world, "contacts/101") is None


def test_a_sweep_that_a_person_watches_is_heard_by_both(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340)))
    hearing = OwnerHearing(world.store, Foresight.of(world.policy, world.clock.now()))
    decisions: list[Decision] = []
    world.assess(watcher=hearing.beside(Watcher(decision=decisions.append)))
    hearing.note()
    assert [str(decision.record) for decision in decisions] == ["contacts/101"]
    assert known(world, "contacts/101") is not None


def test_where_nobody_watches_only_what_calls_for_a_warning_is_worth_hearing(world_of: MakeWorld) -> None:
    world = world_of(a_company())
    foresight = Foresight.of(world.policy, world.clock.now())
    hearing = OwnerHearing(world.store, foresight)
    assert hearing.beside(Watcher()).worth_hearing == foresight.wanted


def test_who_goes_by_a_rule_that_warns_nobody_is_not_told_of(world_of: MakeWorld) -> None:
    leaver = unsubscribed(101, hubspot_owner_id=KIM)
    world = world_of(a_company(leaver))
    sweep(world)
    assert warn(world) == Warned()


def test_a_record_whose_owner_left_or_that_has_none_is_counted(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340, "99"), silent_since(102, 340, "")))
    sweep(world)
    assert warn(world) == Warned(without_owner=2)
    assert tasks(world) == []
    assert warn(world) == Warned()


def test_in_observe_while_all_is_stopped_and_on_an_old_log_nobody_is_told(world_of: MakeWorld) -> None:
    class Old(Unwatched):
        def require(self) -> None:
            raise BlockedError("the log is not the newest")

    world = world_of(a_company(silent_since(101, 340)))
    sweep(world)
    assert warn(world, permission=Permission(mode=Mode.OBSERVE, allow_erase=False)) == Warned()
    assert warn(world, freshness=Old()) == Warned(stopped_by="the log is not the newest")
    with world.store.transaction() as tx:
        tx.set_kill_switch("bent: look first")
    assert warn(world) == Warned()
    assert tasks(world) == []


def test_while_the_process_is_to_end_nobody_is_read_or_told(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340)))
    sweep(world)
    assert warn(world, should_stop=lambda: True) == Warned()
    assert tasks(world) == []


def test_a_refused_task_is_in_the_log_and_is_given_after_the_next_sweep(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340)))
    sweep(world)
    world.fault("error_before", status=400, path="objects/2026-03/tasks", count=1)
    assert warn(world) == Warned()
    refused = world.entries()[-1]
    assert (refused.kind, refused.code) == ("owner-warning.failed", "VALIDATION_ERROR")
    assert warn(world) == Warned(told=1, tasks=1)


def test_a_task_whose_answer_was_lost_is_given_again(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340)))
    sweep(world)
    world.fault("connection_cut_after_effect", path="objects/2026-03/tasks", count=1)
    assert warn(world) == Warned()
    assert world.entries()[-1].kind == "owner-warning.unknown"
    assert warn(world) == Warned(told=1, tasks=1)
    assert len(tasks(world)) == 2


def test_when_hubspot_cannot_be_read_the_rest_waits_and_why_is_told(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340)))
    sweep(world)
    world.fault("error_before", status=403, path="owners", count=1)
    assert "403" in warn(world).stopped_by
    assert warn(world).told == 1


def test_a_plan_tells_of_how_many_the_owner_was_warned_in_time(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340), silent_since(102, 400)))
    sweep(world)
    warn(world)
    world.clock.present += timedelta(days=31)
    world.edit("contacts/102", notes_last_contacted=f"{days_ago(341)}T09:00:00Z")
    (_, made) = world.assess(source=InTime(world.portal))
    assert warned_of(world.store, made, world.policy) == (
        WarnedOf(rule="inactive-contact", ahead="30 days", told=2, total=2),
    )
    nobodys = RuleCount("former-customer", Action.ERASE, 1, None, None)
    assert warned_of(world.store, replace(made, rules=(nobodys, *made.rules)), world.policy)[0].told == 2
    early = replace(made, as_of=made.as_of - timedelta(days=2))
    assert warned_of(world.store, early, world.policy)[0].told == 0


def test_many_are_noted_in_pages(world_of: MakeWorld) -> None:
    world = world_of(a_company(silent_since(101, 340)))
    hearing = OwnerHearing(world.store, Foresight.of(world.policy, world.clock.now()))
    decisions: list[Decision] = []
    world.assess(watcher=Watcher(decision=decisions.append))
    (decision,) = decisions
    for number in range(1_000):
        hearing.hear(decision._replace(record=ref(f"contacts/{number + 1}")))
    with world.store.transaction() as tx:
        assert len(tx.owner_warnings_wanted(ObjectType.CONTACT, 5_000)) == 1_000
