"""Proofs made in one reading of the log: each leads to the root, none is made of what is not there."""

import pytest

from hubspot_retention.core.audit.merkle import Frontier, leaf_hash, root_of_inclusion
from hubspot_retention.core.audit.receipt import prove


def bodies(size: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(size)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13])
def test_every_entry_of_a_log_is_proven_to_be_in_it(size: int) -> None:
    log = bodies(size)
    proofs = prove(log, size, range(size))

    assert (proofs.size, proofs.root) == (size, Frontier.of(log).root())
    for index, body in enumerate(log):
        assert root_of_inclusion(leaf_hash(body), index, size, proofs.by_index[index]) == proofs.root


def test_a_log_of_another_size_than_was_said_is_refused() -> None:
    with pytest.raises(ValueError, match="there are 3 entries in a log of 4"):
        prove(bodies(3), 4, ())


def test_an_entry_that_is_not_in_the_log_is_not_proven() -> None:
    with pytest.raises(ValueError, match="no entry 3 in a log of 3"):
        prove(bodies(3), 3, (3,))


@pytest.mark.parametrize("removed", range(14))
def test_what_follows_removed_entries_is_proven_from_their_tree_alone(removed: int) -> None:
    log = bodies(13)
    proofs = prove(log[removed:], 13, range(removed, 13), Frontier.of(log[:removed]))

    for index in range(removed, 13):
        assert root_of_inclusion(leaf_hash(log[index]), index, 13, proofs.by_index[index]) == Frontier.of(log).root()
