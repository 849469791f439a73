"""The Merkle tree: RFC 6962's vectors, an independent tree beside ours, and proofs that prove nothing."""

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubspot_retention.core.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    leaf_hash,
    range_root,
    root_of_inclusion,
)

# The leaves and roots of Certificate Transparency's reference tests for RFC 6962 (Apache-2.0).
LEAVES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def by_definition(bodies: Sequence[bytes]) -> bytes:
    """The Merkle tree hash as section 2.1 of the RFC defines it, written a second time."""
    if not bodies:
        return sha256(b"").digest()
    if len(bodies) == 1:
        return sha256(b"\x00" + bodies[0]).digest()
    half = 1
    while half * 2 < len(bodies):
        half *= 2
    return sha256(b"\x01" + by_definition(bodies[:half]) + by_definition(bodies[half:])).digest()


def bodies_of(size: int) -> list[bytes]:
    return [f"entry {number}".encode() for number in range(size)]


class Tree:
    """Subtrees of some entries by their level and index."""

    def __init__(self, bodies: Sequence[bytes]) -> None:
        self._bodies = bodies

    def __call__(self, level: int, index: int) -> bytes:
        return by_definition(self._bodies[index << level : (index + 1) << level])


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots_come_out(size: int) -> None:
    assert Frontier.of(LEAVES[:size]).root().hex() == ROOTS[size - 1]


def test_an_empty_log_has_the_hash_of_nothing_as_its_root() -> None:
    assert Frontier().root() == EMPTY_ROOT == sha256(b"").digest()
    assert range_root(0, 0, Tree([])) == EMPTY_ROOT


@given(st.integers(1, 200))
def test_the_right_edge_gives_the_root_that_the_definition_gives(size: int) -> None:
    bodies = bodies_of(size)

    assert Frontier.of(bodies).root() == by_definition(bodies) == range_root(0, size, Tree(bodies))


def test_appending_tells_every_subtree_that_became_whole() -> None:
    edge, bodies = Frontier(), bodies_of(8)

    whole = [edge.append(leaf_hash(body)) for body in bodies]

    assert [len(found) for found in whole] == [1, 2, 1, 3, 1, 2, 1, 4]
    assert whole[7][3] == edge.root()
    assert whole[5][1] == by_definition(bodies[4:6])


def test_many_entries_at_once_make_the_edge_that_one_after_the_other_makes() -> None:
    leaves = [leaf_hash(body) for body in bodies_of(40)]
    singly = [Frontier()]
    for leaf in leaves:
        edge = Frontier(singly[-1].size, singly[-1].nodes)
        edge.append(leaf)
        singly.append(edge)

    for begin in range(41):
        for end in range(begin, 41):
            edge = Frontier(begin, singly[begin].nodes)
            edge.extend(leaves[begin:end])
            assert (edge.size, edge.nodes) == (end, singly[end].nodes)


def test_an_edge_that_was_stored_goes_on_where_it_was() -> None:
    bodies = bodies_of(13)
    edge = Frontier.of(bodies[:11])

    again = Frontier.decoded(11, edge.encoded())
    for body in bodies[11:]:
        again.append(leaf_hash(body))

    assert again.root() == by_definition(bodies)
    assert (again.size, len(again.nodes)) == (13, 3)


@pytest.mark.parametrize(("size", "stored"), [(3, bytes(32)), (-1, b""), (-1, bytes(32)), (0, bytes(32))])
def test_an_edge_that_does_not_fit_its_size_is_refused(size: int, stored: bytes) -> None:
    with pytest.raises(ValueError, match=r"another right edge than [01] hashes"):
        Frontier.decoded(size, stored)


@pytest.mark.parametrize("length", [31, 33, 63])
def test_an_edge_is_of_whole_hashes(length: int) -> None:
    with pytest.raises(ValueError, match=r"^the right edge of the tree is not whole hashes$"):
        Frontier.decoded(1, bytes(length))
    with pytest.raises(ValueError, match="another right edge than 2 hashes"):
        Frontier(3, [bytes(32), bytes(length)])


def test_a_whole_subtree_is_added_only_where_one_can_begin() -> None:
    edge = Frontier.of(bodies_of(2))
    edge.append(by_definition(bodies_of(4)[2:]), 1)
    assert (edge.size, edge.nodes) == (4, (by_definition(bodies_of(4)),))
    with pytest.raises(AssertionError):
        Frontier.of(bodies_of(1)).append(bytes(32), 1)


@given(st.integers(1, 80), st.data())
def test_every_entry_is_proved_to_be_in_the_log_and_nothing_else_is(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    bodies = bodies_of(size)
    proof = inclusion_proof(index, size, Tree(bodies))
    leaf, root = leaf_hash(bodies[index]), by_definition(bodies)

    assert root_of_inclusion(leaf, index, size, proof) == root
    assert root_of_inclusion(leaf_hash(b"another"), index, size, proof) != root
    assert root_of_inclusion(leaf, index, size, (*proof, bytes(32))) != root
    if proof:
        assert root_of_inclusion(leaf, index, size, proof[:-1]) != root
        other = data.draw(st.integers(0, size - 1).filter(lambda number: number != index))
        assert root_of_inclusion(leaf, other, size, proof) != root


@given(st.integers(0, 80), st.data())
def test_a_log_is_proved_to_begin_with_what_it_was_and_with_nothing_else(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, new))
    bodies = bodies_of(new)
    before, after = (old, by_definition(bodies[:old])), (new, by_definition(bodies))
    proof = consistency_proof(old, new, Tree(bodies))

    assert is_consistent(before, after, proof)
    assert not is_consistent((old, bytes(32)), after, proof)
    assert not is_consistent(before, after, (*proof, bytes(32)))
    if proof:
        assert not is_consistent(before, after, proof[:-1])
        assert not is_consistent(before, (new, bytes(32)), proof)
    rewritten = by_definition([b"rewritten", *bodies[1:]])
    if old:
        assert not is_consistent(
            before, (new, rewritten), consistency_proof(old, new, Tree([b"rewritten", *bodies[1:]]))
        )


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (1, 1), (0, 0)])
def test_there_is_no_proof_for_an_entry_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no entry"):
        inclusion_proof(index, size, Tree([]))
    assert root_of_inclusion(bytes(32), index, size, ()) is None


def test_a_shorter_log_never_extends_a_longer_one() -> None:
    with pytest.raises(ValueError, match="does not extend"):
        consistency_proof(3, 2, Tree(bodies_of(3)))
    assert not is_consistent((3, bytes(32)), (2, bytes(32)), ())
    assert not is_consistent((3, bytes(32)), (4, bytes(32)), ())


def test_a_proof_that_says_nothing_shows_no_growth() -> None:
    whole, odd, later = Tree(bodies_of(4)), (3, by_definition(bodies_of(3))), (7, by_definition(bodies_of(7)))

    assert not is_consistent(odd, later, ())
    assert not is_consistent((4, whole(2, 0)), later, ())


def test_a_proof_that_goes_on_beyond_the_root_shows_nothing() -> None:
    bodies = bodies_of(7)
    proof = inclusion_proof(6, 7, Tree(bodies))

    assert root_of_inclusion(leaf_hash(bodies[6]), 6, 7, (*proof, bytes(32))) is None
    assert root_of_inclusion(leaf_hash(bodies[0]), 0, 1, (bytes(32),)) is None
    grown = consistency_proof(3, 7, Tree(bodies))
    assert not is_consistent((3, by_definition(bodies[:3])), (7, by_definition(bodies)), (*grown, bytes(32)))


def test_every_growth_up_to_twenty_entries_is_shown_by_its_proof() -> None:
    bodies = bodies_of(20)
    roots = [by_definition(bodies[:size]) for size in range(21)]

    for new in range(21):
        for old in range(new + 1):
            proof = consistency_proof(old, new, Tree(bodies[:new]))
            assert is_consistent((old, roots[old]), (new, roots[new]), proof)
