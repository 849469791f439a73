"""What a witness thinks of a checkpoint."""

import pytest

from hubspot_retention.core.audit.checkpoint import Checkpoint
from hubspot_retention.core.audit.merkle import EMPTY_ROOT, consistency_proof
from hubspot_retention.core.audit.witness import Judgement, Kept, judge
from tests.unit.core.audit.test_merkle import Tree, bodies_of, by_definition

ORIGIN = "log.example.dk/retention"
BODIES = bodies_of(9)


def at(size: int) -> Checkpoint:
    return Checkpoint(ORIGIN, size, by_definition(BODIES[:size]))


def kept(size: int) -> Kept:
    return Kept(size, by_definition(BODIES[:size]))


def proof(old: int, new: int) -> tuple[bytes, ...]:
    return consistency_proof(old, new, Tree(BODIES))


def test_a_log_that_grew_is_believed_by_its_proof() -> None:
    assert judge(kept(5), 5, at(9), proof(5, 9)) is Judgement.GROWN


def test_a_log_of_one_entry_needs_a_proof_to_have_grown() -> None:
    assert judge(kept(1), 1, at(4), proof(1, 4)) is Judgement.GROWN
    assert judge(kept(1), 1, at(4), ()) is Judgement.REFUSED


def test_a_log_that_nobody_has_seen_yet_needs_no_proof() -> None:
    assert judge(Kept(), 0, at(4), ()) is Judgement.GROWN
    assert judge(Kept(), 0, at(4), (bytes(32),)) is Judgement.REFUSED
    assert Kept().root == EMPTY_ROOT


def test_the_same_log_again_is_the_same() -> None:
    assert judge(kept(5), 5, at(5), ()) is Judgement.SAME
    assert judge(kept(5), 5, at(5), (bytes(32),)) is Judgement.FORK


def test_two_logs_of_one_size_are_a_fork() -> None:
    assert judge(kept(5), 5, Checkpoint(ORIGIN, 5, bytes(32)), ()) is Judgement.FORK


def test_a_proof_that_begins_elsewhere_is_a_conflict_so_that_the_asker_can_begin_anew() -> None:
    assert judge(kept(5), 3, at(9), proof(3, 9)) is Judgement.CONFLICT


@pytest.mark.parametrize(("old", "new"), [(5, 4), (9, 5)])
def test_a_log_that_was_cut_is_refused_or_told_apart(old: int, new: int) -> None:
    assert judge(kept(5), old, at(new), ()) is Judgement.REFUSED


def test_a_log_that_was_rewritten_is_refused() -> None:
    rewritten = [b"rewritten", *BODIES[1:]]
    other = Checkpoint(ORIGIN, 9, by_definition(rewritten))

    assert judge(kept(5), 5, other, consistency_proof(5, 9, Tree(rewritten))) is Judgement.REFUSED
