"""What an anchor's memory says about the log that is here, and the tree that is read to judge it."""

from datetime import UTC, datetime, timedelta

import pytest

from hubspot_retention.core.audit.anchor import (
    Anchored,
    AnchorError,
    AnchorKind,
    Doubt,
    Reading,
    TreeReading,
    doubt_of,
    doubts,
    places_of_proof,
)
from hubspot_retention.core.audit.checkpoint import Checkpoint
from hubspot_retention.core.audit.merkle import Frontier, consistency_proof, is_consistent
from tests.unit.core.audit.test_merkle import Tree, bodies_of, by_definition

BODIES = bodies_of(30)


def root_at(size: int) -> bytes:
    return by_definition(BODIES[:size])


def seen(size: int, *, of_another: bool = False) -> Checkpoint:
    bodies = [b"another", *BODIES[1:]] if of_another else BODIES
    return Checkpoint("log.example.dk", size, by_definition(bodies[:size]))


def read(name: str = "file", checkpoint: Checkpoint | None = None, **more: bool) -> Reading:
    return Reading(name=name, checkpoint=checkpoint, **more)


def test_a_log_that_grew_or_stayed_is_not_doubted() -> None:
    assert doubt_of(seen(20), 30, root_at) is None
    assert doubt_of(seen(30), 30, root_at) is None


def test_a_log_that_is_shorter_than_it_was_is_behind() -> None:
    assert doubt_of(seen(21), 20, root_at) is Doubt.BEHIND


def test_a_log_that_grew_from_another_one_is_a_fork_also_at_the_same_length() -> None:
    assert doubt_of(seen(20, of_another=True), 30, root_at) is Doubt.FORKED
    assert doubt_of(seen(30, of_another=True), 30, root_at) is Doubt.FORKED


def test_an_anchor_that_never_saw_anything_says_nothing() -> None:
    assert doubts([read()], 30, root_at) == ()


def test_an_anchor_that_was_shown_something_and_has_nothing_has_lost_it() -> None:
    assert doubts([read(is_known=True)], 30, root_at) == (Doubt.LOST,)


def test_one_that_lost_what_it_saw_takes_back_no_other_doubt() -> None:
    ahead = read("witness", seen(31, of_another=True))

    assert doubts([ahead, read(is_known=True)], 30, root_at) == (Doubt.LOST, Doubt.BEHIND)
    assert doubts([ahead, read()], 30, root_at) == (Doubt.BEHIND,)


def test_one_that_cannot_be_read_is_made_up_for_by_one_that_agrees_and_by_no_other() -> None:
    closed = read("witness", is_unreadable=True)

    assert doubts([closed, read(checkpoint=seen(20))], 30, root_at) == ()
    assert doubts([closed], 30, root_at) == (Doubt.UNREADABLE,)
    assert doubts([closed, read()], 30, root_at) == (Doubt.UNREADABLE,)


def test_one_that_agrees_makes_up_for_none_that_disagrees() -> None:
    other = read("witness", seen(31, of_another=True))

    assert doubts([read(checkpoint=seen(20)), other], 30, root_at) == (Doubt.BEHIND,)
    assert doubts([read(checkpoint=seen(20, of_another=True)), other], 30, root_at) == (Doubt.BEHIND, Doubt.FORKED)


def test_an_error_of_an_anchor_says_nothing_about_the_log_unless_it_does() -> None:
    assert AnchorError("no answer").doubt is Doubt.UNREADABLE
    assert str(AnchorError("no answer")) == "no answer"
    assert AnchorError("another log", Doubt.FORKED).doubt is Doubt.FORKED


def test_a_log_that_is_read_in_portions_has_the_root_of_the_whole() -> None:
    reading = TreeReading()
    assert reading.roots == {0: by_definition([])}
    reading.feed(BODIES[:13])
    assert (reading.size, reading.root()) == (13, root_at(13))
    reading.feed(BODIES[13:])
    assert (reading.size, reading.root()) == (30, root_at(30))
    assert reading.roots == {size: root_at(size) for size in (0, 13, 30)}


@pytest.mark.parametrize("old", [0, 1, 7, 8, 16, 29, 30])
def test_the_subtrees_of_a_proof_are_gathered_in_one_reading(old: int) -> None:
    places = places_of_proof(old, 30)
    reading = TreeReading(places)
    reading.feed(BODIES)

    proof = consistency_proof(old, 30, lambda level, index: reading.subtrees[level, index])

    assert reading.subtrees.keys() == places
    assert proof == consistency_proof(old, 30, Tree(BODIES))
    assert is_consistent((old, root_at(old)), (30, root_at(30)), proof)


@pytest.mark.parametrize("old", [1, 7, 8, 16, 21, 29, 30])
def test_a_proof_is_made_from_the_edge_that_was_kept_and_what_came_since(old: int) -> None:
    reading = TreeReading(places_of_proof(old, 30), Frontier.of(BODIES[:old]))
    reading.feed(BODIES[old:])

    assert consistency_proof(old, 30, lambda level, index: reading.subtrees[level, index]) == consistency_proof(
        old, 30, Tree(BODIES)
    )


def test_only_who_can_be_asked_what_it_saw_counts() -> None:
    assert {kind for kind in AnchorKind if kind.counts} == {AnchorKind.FILE, AnchorKind.WITNESS}


def test_when_an_anchor_was_shown_something_is_not_known_from_a_clock_further_ahead_than_clocks_may_differ() -> None:
    now = datetime(2026, 6, 15, 12, tzinfo=UTC)
    within, beyond = now + timedelta(minutes=5), now + timedelta(minutes=5, microseconds=1)
    assert Anchored(name="file").known_at(now) is None
    assert Anchored(name="file", at=now).known_at(now) == now
    assert Anchored(name="file", at=within).known_at(now) == within
    assert Anchored(name="file", at=beyond).known_at(now) is None
