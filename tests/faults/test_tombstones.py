"""Whoever is erased leaves a pseudonym: durable before the call, counted only when the person is seen to be gone."""

import pytest

from hubspot_retention.core.plan.model import ItemState
from hubspot_retention.core.portal import Address, CallResult, Fate
from hubspot_retention.core.tombstone import Tombstone
from hubspot_retention.errors import UsageError
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_portal, asks_to_go, inactive
from tests.faults.world import Watched, World

KEY = "2026:9f86d081884c7d65"


def pseudonym(address: Address) -> str:
    """One key for all tests."""
    return KEY if address.text == "p101@example.dk" else "2026:another"


def stones(world: World) -> list[Tombstone]:
    """The tombstones of the one person."""
    with world.store.transaction() as tx:
        return list(tx.tombstones_of([KEY]))


class Answers:
    """A portal whose erase call has one answer, and no effect."""

    def __init__(self, world: World, answer: CallResult) -> None:
        self._portal, self._answer = world.portal, answer

    def erase_contact(self, contact_id: object) -> CallResult:
        """Nothing is done."""
        return self._answer

    def __getattr__(self, name: str) -> object:
        return getattr(self._portal, name)


def test_the_tombstone_is_durable_before_the_call_and_completed_when_the_person_is_gone(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    plan, seen = world.rights(), list[Tombstone]()
    disposer = Watched(world.portal, before={"erase_contact": lambda: seen.extend(stones(world))})
    world.apply(plan, disposer=disposer, pseudonym=pseudonym)
    assert [(stone.record_id, stone.erased_at) for stone in seen] == [(101, None)]
    assert [(stone.record_id, stone.erased_at) for stone in stones(world)] == [(101, world.clock.now())]


def test_only_the_word_sent_names_the_subject_and_never_by_address(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    world.apply(world.rights(), pseudonym=pseudonym)
    said = [entry.kind for entry in world.entries("contacts/101") if dict(entry.facts).get("subject") == KEY]
    assert said == ["disposal.sent"]
    assert not any(b"example.dk" in stored.body for stored in world.store.entries())


@pytest.mark.parametrize("status", [400, 429])
def test_a_refused_erase_leaves_no_tombstone(world_of: MakeWorld, status: int) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    world.apply(world.rights(), disposer=Answers(world, CallResult(Fate.REFUSED, status)), pseudonym=pseudonym)
    assert world.is_in_view("contacts/101")
    assert stones(world) == []


def test_an_answer_that_was_lost_keeps_the_tombstone_open_until_the_record_is_read(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    plan = world.rights()
    lost = Answers(world, CallResult(Fate.UNKNOWN))
    found = list[Tombstone]()
    source = Watched(world.portal, before={"presence": lambda: found.extend(stones(world))})
    world.apply(plan, disposer=lost, source=source, pseudonym=pseudonym)
    assert [stone.erased_at for stone in found] == [None]
    assert world.is_in_view("contacts/101")
    assert [stone.erased_at for stone in stones(world)] == [None]


def test_who_is_archived_or_has_no_keys_leaves_no_tombstone(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), inactive(102)]))
    rights, time_rules = (world.approve(plan) for plan in world.assess())
    world.apply(time_rules, pseudonym=pseudonym)
    world.apply(rights)
    with world.store.transaction() as tx:
        assert tx.count_tombstones() == 0


def test_nothing_leaves_where_the_keys_cannot_be_read(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    plan = world.rights()

    def unreadable(address: Address) -> str:
        raise UsageError("the keys cannot be read")

    with pytest.raises(UsageError):
        world.apply(plan, pseudonym=unreadable)
    assert world.calls() == []
    assert world.state(plan, "contacts/101")[0] is ItemState.PREPARED
    assert world.apply(plan, pseudonym=pseudonym).done == 1
