"""The tree of the log that is here: nothing is read that is kept as an edge."""

from hubspot_retention.core.audit.anchor import Doubt
from hubspot_retention.core.audit.checkpoint import Checkpoint
from hubspot_retention.core.audit.merkle import is_consistent
from hubspot_retention.workflow.log_tree import LogTree
from tests.unit.core.audit.test_merkle import bodies_of, by_definition
from tests.unit.evidence.anchored import Bodies

BODIES = bodies_of(30)


def test_the_end_and_what_was_signed_are_known_without_reading_the_log() -> None:
    log = Bodies(BODIES, signed=(7, 20))
    tree = LogTree(log)

    assert (tree.end().root(), tree.root_at(30), tree.root_at(7)) == (
        by_definition(BODIES),
        by_definition(BODIES),
        by_definition(BODIES[:7]),
    )
    assert log.read == 0


def test_what_nobody_signed_is_read_once() -> None:
    log = Bodies(BODIES, signed=(7,))
    tree = LogTree(log)

    assert tree.root_at(9) == tree.root_at(9) == by_definition(BODIES[:9])
    assert log.read == 9


def test_that_the_log_grew_is_proved_from_what_came_since_it_was_signed() -> None:
    log = Bodies(BODIES, signed=(20,))
    proof = LogTree(log).proof(20, 30)

    assert is_consistent((20, by_definition(BODIES[:20])), (30, by_definition(BODIES)), proof)
    assert log.read == 10


def test_what_came_after_the_end_of_a_proof_is_not_read_for_it() -> None:
    log = Bodies(BODIES, signed=(20,))
    proof = LogTree(log).proof(20, 25)

    assert is_consistent((20, by_definition(BODIES[:20])), (25, by_definition(BODIES[:25])), proof)
    assert log.read == 5


def test_a_tree_whose_end_nobody_asked_for_vouches_for_nothing() -> None:
    seen = Checkpoint(origin="log.example.dk", size=1, root=by_definition(BODIES[:1]))
    tree = LogTree(Bodies(BODIES))

    assert tree.doubt_of(seen) is Doubt.BEHIND
    tree.end()
    assert tree.doubt_of(seen) is None


def test_that_the_log_grew_from_what_nobody_here_signed_is_proved_from_all_of_it() -> None:
    log = Bodies(BODIES)
    proof = LogTree(log).proof(13, 29)

    assert is_consistent((13, by_definition(BODIES[:13])), (29, by_definition(BODIES[:29])), proof)
    assert log.read == 29


def test_where_the_oldest_were_removed_the_tree_goes_on_from_what_they_left() -> None:
    log = Bodies(BODIES, signed=(7, 20), removed=12)
    tree = LogTree(log)

    assert [tree.root_at(size) for size in (7, 12, 14)] == [by_definition(BODIES[:size]) for size in (7, 12, 14)]
    assert log.read == 2
    for old in (12, 13, 20, 30):
        assert is_consistent((old, by_definition(BODIES[:old])), (30, by_definition(BODIES)), tree.proof(old, 30))


def test_of_what_was_removed_and_never_signed_nothing_agrees() -> None:
    assert LogTree(Bodies(BODIES, removed=12)).root_at(11) != by_definition(BODIES[:11])
