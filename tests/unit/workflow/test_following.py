"""A full run that reads of a merge of which nobody told: what was remembered of the loser decides for the winner."""

from typing import Any

from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.decision.model import Outcome
from hubspot_retention.core.record import ObjectType, RecordId
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_deal, a_portal, days_ago, former_customer, inactive, lost_deal
from tests.unit.workflow.ticking import Ticking, newcomers


def ticking_of(world_of: MakeWorld, *contacts: Any, **more: Any) -> Ticking:
    """A portal with these people."""
    return Ticking(world=world_of(a_portal(contacts=list(contacts), **more)))


def merge(ticking: Ticking, loser: str, winner: str) -> None:
    """Two hours later somebody merges records, and nobody tells of it."""
    ticking.later(hours=2)
    ticking.world.act("merge", record=loser, into=winner)


def opted_out_and_merged(world_of: MakeWorld) -> Ticking:
    """A full run has seen that 102 is opted out, who is part of 101 since."""
    ticking = ticking_of(world_of, *newcomers(101, 102))
    ticking.unsubscribe(102, hours_ago=30)
    ticking.sweep()
    merge(ticking, "contacts/102", "contacts/101")
    return ticking


def test_the_winner_has_the_days_of_a_loser_who_was_opted_out(world_of: MakeWorld) -> None:
    ticking = opted_out_and_merged(world_of)
    before = ticking.known("contacts/102")
    plan, _ = ticking.sweep()
    decision, known = ticking.world.item(plan, "contacts/101").decision, ticking.known("contacts/101")
    assert (decision.due_at, decision.erase_by) == (before.due_at, before.erase_by)
    assert (known.due_at, known.erase_by, known.by_person) == (before.due_at, before.erase_by, True)
    assert ticking.remembered(102) is None
    assert not ticking.known("contacts/102").is_live


def test_a_merge_is_followed_and_written_down_once(world_of: MakeWorld) -> None:
    ticking = opted_out_and_merged(world_of)
    for _ in range(3):
        ticking.sweep()
    (seen,) = [entry for entry in ticking.world.entries("contacts/102") if entry.kind == "merge.seen"]
    assert dict(seen.facts) == {"winner": "contacts/101", "held": False}
    assert ticking.told("contacts/101") == [("opened", "merged")]
    ticking.log_ends_each_obligation_once()


def test_a_merge_with_somebody_of_whom_nothing_is_remembered_is_not_written_down(world_of: MakeWorld) -> None:
    ticking = ticking_of(world_of, *newcomers(101, 102))
    merge(ticking, "contacts/102", "contacts/101")
    ticking.sweep()
    assert "merge.seen" not in ticking.world.words("contacts/102")


def test_a_what_if_goes_by_what_was_remembered_of_the_loser_and_moves_nothing(world_of: MakeWorld) -> None:
    ticking = opted_out_and_merged(world_of)
    before, remembered = ticking.known("contacts/102"), ticking.remembered(102)
    plan, _ = ticking.sweep("what-if")
    assert ticking.world.item(plan, "contacts/101").decision.erase_by == before.erase_by
    assert (ticking.known("contacts/102"), ticking.remembered(102)) == (before, remembered)
    assert "merge.seen" not in ticking.world.words("contacts/102")


def test_a_start_before_that_of_the_loser_has_moved_back(world_of: MakeWorld) -> None:
    ticking = ticking_of(world_of, former_customer(101), former_customer(102, days_ago(300)))
    _, plan = ticking.sweep()
    assert ticking.world.item(plan, "contacts/101").decision.outcome is Outcome.DISPOSE
    merge(ticking, "contacts/102", "contacts/101")
    _, plan = ticking.sweep()
    assert ticking.world.item(plan, "contacts/101").decision.outcome is Outcome.UNDETERMINED


def test_the_limit_that_a_loser_was_given_when_its_keep_lapsed_stands(world_of: MakeWorld) -> None:
    links = (("contacts/101", "deals/21"), ("contacts/102", "deals/22"))
    people, open_deals = (inactive(101), inactive(102)), [a_deal(21), a_deal(22)]
    ticking = ticking_of(world_of, *people, deals=open_deals, links=links)
    ticking.sweep()
    ticking.later(days=1)
    ticking.world.edit("deals/22", hs_is_closed="true", closedate=f"{days_ago(1)}T09:00:00Z")
    ticking.sweep()
    before = ticking.known("contacts/102")
    ticking.later(days=2)
    ticking.world.edit("deals/21", hs_is_closed="true", closedate=f"{days_ago(1)}T09:00:00Z")
    merge(ticking, "contacts/102", "contacts/101")
    ticking.sweep()
    known = ticking.known("contacts/101")
    assert (known.rule, known.erase_by) == ("inactive-contact", before.erase_by)


def test_what_is_remembered_of_a_deal_that_was_merged_follows_as_well(world_of: MakeWorld) -> None:
    ticking = ticking_of(world_of, deals=[lost_deal(21), lost_deal(22)])
    later = Remembered(starts="closed_at=2026-01-01T12:00:00+00:00")
    with ticking.world.store.transaction() as tx:
        tx.note(ObjectType.DEAL, [(RecordId(22), later)])
    merge(ticking, "deals/22", "deals/21")
    _, plan = ticking.sweep()
    assert ticking.world.item(plan, "deals/21").decision.outcome is Outcome.UNDETERMINED
    assert "merge.seen" in ticking.world.words("deals/22")
