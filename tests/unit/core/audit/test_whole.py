"""A log against what is kept beside it: the edge of its tree, and what was signed of it."""

from dataclasses import replace

import pytest

from hubspot_retention.core.audit.chain import Head, extend
from hubspot_retention.core.audit.checkpoint import Checkpoint
from hubspot_retention.core.audit.entry import StoredEntry
from hubspot_retention.core.audit.merkle import Frontier
from hubspot_retention.core.audit.verify import Damage, VerifyReport
from hubspot_retention.core.audit.whole import StoredCheckpoint, Stretch, WholeLog
from tests.unit.core.audit.entries import NOW, a_log, an_entry

LENGTH = 12
LOG, HEAD = a_log(LENGTH)


def edge_at(size: int) -> Frontier:
    return Frontier.of(entry.body for entry in LOG[:size])


def signed(size: int) -> StoredCheckpoint:
    edge = edge_at(size)
    note = f"{Checkpoint('log.example.dk', size, edge.root()).text()}\n— log.example.dk AAAAAAE=\n"
    return StoredCheckpoint(size=size, edge=edge.encoded(), note=note, at=NOW)


def verified(
    *checkpoints: StoredCheckpoint, log: list[StoredEntry] = LOG, head: Head = HEAD, edge: Frontier | None = None
) -> VerifyReport:
    whole = WholeLog(checkpoints)
    rows = [(entry.seq, entry.body, entry.hash) for entry in log]
    whole.feed_rows(rows[:5])
    assert whole.place == 5
    whole.feed_rows(rows[5:])
    return whole.close(head, (edge or edge_at(LENGTH)).encoded())


def words(report: VerifyReport) -> list[str]:
    return [str(finding) for finding in report.findings]


def test_a_log_that_agrees_with_all_that_is_kept_beside_it_is_intact() -> None:
    report = verified(signed(12), *(signed(size) for size in (0, 3, 5, 6, 6, 11)))
    assert report.intact
    assert (report.edge.size, report.edge.root()) == (LENGTH, edge_at(LENGTH).root())


def in_two(middle: int, *checkpoints: StoredCheckpoint, log: list[StoredEntry] = LOG) -> tuple[bool, VerifyReport]:
    """The log read in two parts, joined by subtrees of two entries; and whether they could be joined."""
    rows = [(entry.seq, entry.body, entry.hash) for entry in log]
    second = Stretch(Head(middle, rows[middle - 1][2]), (each.size for each in checkpoints), level=1)
    second.feed_rows(rows[middle : middle + 3])
    second.feed_rows(rows[middle + 3 :])
    second.close()
    whole = WholeLog(checkpoints)
    whole.feed_rows(rows[:middle])
    joined = whole.take(second)
    if not joined:
        whole.feed_rows(rows[middle:])
    return joined, whole.close(HEAD, edge_at(LENGTH).encoded())


@pytest.mark.parametrize("middle", [2, 4, 6, 8, 10, 12])
def test_a_log_that_two_read_is_the_one_that_one_reads(middle: int) -> None:
    joined, report = in_two(middle, *(signed(size) for size in range(13)))
    assert (joined, report.intact, report.entries, report.head) == (True, True, LENGTH, HEAD)
    assert report.edge.nodes == edge_at(LENGTH).nodes


@pytest.mark.parametrize("place", range(1, LENGTH + 1))
def test_what_is_wrong_in_either_part_is_named_as_one_reader_names_it(place: int) -> None:
    log = [replace(entry, body=entry.body.replace(b"sent", b"done")) if entry.seq == place else entry for entry in LOG]
    joined, report = in_two(6, signed(5), signed(9), log=log)
    assert joined is (place > 6)
    assert words(report) == words(verified(signed(5), signed(9), log=log))


def test_an_empty_log_is_intact() -> None:
    assert WholeLog([signed(0)]).close(Head(0, bytes(32)), b"").intact


def test_an_edge_that_is_not_the_entries_own_is_named() -> None:
    assert words(verified(edge=edge_at(11))) == ["entries 1 to 12: not those that the stored tree was made of"]


def test_a_log_rewritten_with_a_fitting_head_and_edge_contradicts_what_was_signed_of_it() -> None:
    forged = extend(Head(11, LOG[10].hash), an_entry(record="contacts/9"))
    log = [*LOG[:11], forged]
    edge = Frontier.of(entry.body for entry in log)

    assert verified(signed(11), log=log, head=Head(12, forged.hash), edge=edge).intact
    assert words(verified(signed(11), signed(12), log=log, head=Head(12, forged.hash), edge=edge)) == [
        "entries 1 to 12: not those that were signed, or what was signed of them is not as it was written, "
        "or not by the log's key"
    ]


@pytest.mark.parametrize(
    "changed",
    [
        replace(signed(7), edge=edge_at(6).encoded()),
        replace(signed(7), note=signed(6).note),
        replace(signed(7), note="nonsense"),
        replace(signed(6), size=7),
    ],
)
def test_a_checkpoint_that_was_changed_is_named(changed: StoredCheckpoint) -> None:
    found = words(verified(signed(3), changed, signed(9)))
    assert len(found) == 1
    assert found[0].startswith("entries 1 to 7: not those that were signed")


def test_a_checkpoint_of_more_entries_than_there_are_shows_that_the_end_is_missing() -> None:
    head = Head(11, LOG[10].hash)
    (found,) = words(verified(signed(12), signed(11), log=LOG[:11], head=head, edge=edge_at(11)))
    assert found.startswith("entries 1 to 12: not those that were signed")


def test_a_checkpoint_of_nothing_that_says_otherwise_is_named() -> None:
    (found,) = words(verified(replace(signed(0), edge=bytes(32))))
    assert found.startswith("entry 0: ")


def test_the_root_of_what_was_signed_is_that_of_its_edge() -> None:
    assert signed(7).root == edge_at(7).root()


def test_a_log_whose_beginning_was_removed_is_read_from_what_it_left() -> None:
    """Of a checkpoint from before, only itself can be verified."""
    whole = WholeLog([signed(5), signed(3), signed(2), signed(9)], Head(5, LOG[4].hash), edge_at(5))
    whole.feed_rows([(entry.seq, entry.body, entry.hash) for entry in LOG[5:]])
    report = whole.close(HEAD, edge_at(LENGTH).encoded())
    assert (report.intact, report.entries, report.removed) == (True, LENGTH, 5)
    assert report.edge.root() == edge_at(LENGTH).root()


@pytest.mark.parametrize("edge", [edge_at(4).encoded(), edge_at(3).encoded(), b"1"])
def test_a_checkpoint_from_before_the_beginning_that_contradicts_itself_is_found(edge: bytes) -> None:
    whole = WholeLog([replace(signed(3), note=signed(2).note, edge=edge)], Head(5, LOG[4].hash), edge_at(5))
    whole.feed_rows([(entry.seq, entry.body, entry.hash) for entry in LOG[5:]])
    report = whole.close(HEAD, edge_at(LENGTH).encoded())
    assert [(finding.damage, finding.last) for finding in report.findings] == [(Damage.SIGNED, 3)]


def test_an_entry_that_lies_before_the_beginning_is_found() -> None:
    whole = WholeLog((), Head(5, LOG[4].hash), edge_at(5))
    whole.feed_rows([(entry.seq, entry.body, entry.hash) for entry in LOG[4:]])
    damage = [finding.damage for finding in whole.close(HEAD, edge_at(LENGTH).encoded()).findings]
    assert damage == [Damage.ADDED, Damage.TREE]


def test_what_was_signed_of_just_what_was_removed_must_agree_with_what_is_left() -> None:
    """It agrees with itself, but is of another log."""
    others = Frontier.of(b"another" for _ in range(5))
    note = f"{Checkpoint('log.example.dk', 5, others.root()).text()}\n— log.example.dk AAAAAAE=\n"
    of_others = StoredCheckpoint(size=5, edge=others.encoded(), note=note, at=NOW)
    assert of_others.is_of_itself()
    whole = WholeLog([of_others], Head(5, LOG[4].hash), edge_at(5))
    whole.feed_rows([(entry.seq, entry.body, entry.hash) for entry in LOG[5:]])
    report = whole.close(HEAD, edge_at(LENGTH).encoded())
    assert [(finding.damage, finding.last) for finding in report.findings] == [(Damage.SIGNED, 5)]


@pytest.mark.parametrize("portion", [1, 2, 3, 8])
def test_a_stretch_is_told_in_whole_subtrees_however_it_comes(portion: int) -> None:
    rows = [(entry.seq, entry.body, entry.hash) for entry in LOG[4:]]
    stretch = Stretch(Head(4, LOG[3].hash), (3, 4, 7), level=1)
    for first in range(0, len(rows), portion):
        stretch.feed_rows(rows[first : first + portion])
    stretch.close()
    assert stretch.blocks == [Frontier.of(body for _, body, _ in rows[at : at + 2]).root() for at in range(0, 8, 2)]
    assert {size: blocks for size, (blocks, _) in stretch.edges.items()} == {7: 1, 12: 4}
