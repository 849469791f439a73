"""Every kind of tampering is found, and named."""

import re
from dataclasses import replace
from hashlib import sha256
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hubspot_retention.core.audit.chain import EMPTY, GENESIS, Head, extend, link
from hubspot_retention.core.audit.entry import StoredEntry
from hubspot_retention.core.audit.verify import Damage, Finding, Verifier, verify
from tests.unit.core.audit.entries import a_log, an_entry

LENGTH = 12
LOG, HEAD = a_log(LENGTH)
_place = st.integers(min_value=1, max_value=LENGTH)


def _found(entries: list[StoredEntry], head: Head = HEAD) -> list[tuple[Damage, int, int]]:
    return [(finding.damage, finding.first, finding.last) for finding in verify(entries, head).findings]


def _renumbered(entries: list[StoredEntry]) -> list[StoredEntry]:
    return [replace(entry, seq=number) for number, entry in enumerate(entries, 1)]


def test_a_log_as_it_was_written_is_intact() -> None:
    report = verify(LOG, HEAD)
    assert report.intact
    assert (report.entries, report.head) == (LENGTH, HEAD)


def test_an_empty_log_is_intact() -> None:
    assert verify([], EMPTY).intact


def test_a_log_may_be_read_in_portions() -> None:
    verifier = Verifier()
    verifier.feed(LOG[:5])
    assert verifier.place == 5
    verifier.feed(LOG[5:])
    assert verifier.close(HEAD).intact


@given(_place, st.data())
def test_a_changed_bit_is_found_and_named(place: int, data: st.DataObject) -> None:
    body = bytearray(LOG[place - 1].body)
    bit = data.draw(st.integers(min_value=0, max_value=8 * len(body) - 1))
    body[bit // 8] ^= 1 << bit % 8
    touched = [*LOG[: place - 1], replace(LOG[place - 1], body=bytes(body)), *LOG[place:]]
    found = _found(touched)
    if _number(bytes(body)) in (place, None):
        assert found == [(Damage.CHANGED, place, place)]
    else:
        assert found[0][1] == place


def _number(body: bytes) -> int | None:
    """What an entry says of its own place; a changed one may say anything."""
    said = re.search(rb'"seq":([1-9][0-9]*),', body)
    return None if said is None else int(said[1])


def _saying(number: bytes) -> list[tuple[Damage, int, int]]:
    """What is told of a log whose third entry says another number of itself."""
    entry = LOG[2]
    claims = replace(entry, body=entry.body.replace(b'"seq":3,', b'"seq":' + number + b","))
    return _found([*LOG[:2], claims, *LOG[3:]])


def test_an_entry_that_claims_an_earlier_place_is_told_as_added_and_its_own_as_missing() -> None:
    assert _saying(b"2") == [(Damage.ADDED, 3, 3), (Damage.MISSING, 3, 3)]


def test_an_entry_that_claims_a_later_place_is_told_as_changed() -> None:
    assert _saying(b"7") == [(Damage.CHANGED, 3, 3)]


@given(_place, st.integers(min_value=0, max_value=255))
def test_a_changed_hash_is_found(place: int, bit: int) -> None:
    value = bytearray(LOG[place - 1].hash)
    value[bit // 8] ^= 1 << bit % 8
    touched = [*LOG[: place - 1], replace(LOG[place - 1], hash=bytes(value)), *LOG[place:]]
    assert (Damage.CHANGED, place, place) in _found(touched)


@given(st.integers(min_value=1, max_value=LENGTH - 1))
def test_an_entry_rewritten_with_its_hash_is_found_at_its_successor(place: int) -> None:
    previous = LOG[place - 2].hash if place > 1 else GENESIS
    forged = extend(Head(place - 1, previous), an_entry(record="contacts/9"))
    assert _found([*LOG[: place - 1], forged, *LOG[place:]]) == [(Damage.CHANGED, place + 1, place + 1)]


@given(st.integers(min_value=1, max_value=LENGTH - 1), st.integers(min_value=1, max_value=4), st.booleans())
def test_dropped_entries_are_missing(place: int, many: int, renumber: bool) -> None:
    last = min(place + many, LENGTH) - 1
    left = [*LOG[: place - 1], *LOG[last:]]
    assert _found(_renumbered(left) if renumber else left) == [(Damage.MISSING, place, last)]


@given(st.integers(min_value=1, max_value=LENGTH - 1), st.integers(min_value=1, max_value=3), st.data())
def test_inserted_entries_are_added(place: int, many: int, data: st.DataObject) -> None:
    head = Head(place - 1, LOG[place - 2].hash if place > 1 else GENESIS)
    forged = []
    for _ in range(many):
        forged.append(extend(head, an_entry(record="contacts/9")))
        head = Head(forged[-1].seq, data.draw(st.sampled_from([forged[-1].hash, b"x" * 32])))
        forged[-1] = replace(forged[-1], hash=head.hash)
    touched = _renumbered([*LOG[: place - 1], *forged, *LOG[place - 1 :]])
    assert _found(touched) == [(Damage.ADDED, place, place + many - 1)]


@given(_place)
def test_an_entry_stored_twice_is_added(place: int) -> None:
    touched = _renumbered([*LOG[:place], LOG[place - 1], *LOG[place:]])
    assert _found(touched) in ([(Damage.ADDED, copy, copy)] for copy in (place, place + 1))


@given(_place, _place)
def test_an_old_entry_stored_again_later_is_added(one: int, after: int) -> None:
    assume(one < after)
    touched = _renumbered([*LOG[:after], LOG[one - 1], *LOG[after:]])
    assert _found(touched) == [(Damage.ADDED, after + 1, after + 1)]


@given(_place, _place)
def test_swapped_entries_are_reordered(one: int, other: int) -> None:
    assume(one < other)
    touched = list(LOG)
    touched[one - 1], touched[other - 1] = touched[other - 1], touched[one - 1]
    found = _found(_renumbered(touched))
    assert found
    assert {damage for damage, _, _ in found} == {Damage.REORDERED}
    assert {first for _, first, _ in found} & {one, other}


@given(_place, _place, st.integers(min_value=1, max_value=4))
def test_moved_entries_are_reordered(one: int, to: int, many: int) -> None:
    moved = LOG[one - 1 : one - 1 + many]
    touched = [*LOG[: one - 1], *LOG[one - 1 + many :]]
    touched[to - 1 : to - 1] = moved
    assume(touched != LOG)
    assert Damage.REORDERED in {damage for damage, _, _ in _found(_renumbered(touched))}


@given(st.permutations(range(LENGTH)))
def test_any_other_order_is_found(order: list[int]) -> None:
    assume(order != sorted(order))
    assert not verify(_renumbered([LOG[index] for index in order]), HEAD).intact


@given(st.integers(min_value=0, max_value=LENGTH - 1))
def test_a_tail_cut_off_shows_by_the_head(left: int) -> None:
    assert _found(LOG[:left]) == [(Damage.CUT, left + 1, LENGTH)]


def test_entries_added_at_the_end_show_by_the_head() -> None:
    one = extend(HEAD, an_entry())
    other = extend(Head(one.seq, one.hash), an_entry())
    assert _found([*LOG, one]) == [(Damage.ADDED, LENGTH + 1, LENGTH + 1)]
    assert _found([*LOG, one, other]) == [(Damage.ADDED, LENGTH + 1, LENGTH + 2)]


def test_a_head_of_the_same_length_but_another_hash_is_named() -> None:
    assert _found(LOG, Head(LENGTH, b"x" * 32)) == [(Damage.HEAD, LENGTH, LENGTH)]


@pytest.mark.parametrize("length", [0, 1])
def test_a_head_of_another_hash_is_named_by_an_entry_however_short_the_log(length: int) -> None:
    log, _ = a_log(length)
    assert _found(log, Head(length, b"x" * 32)) == [(Damage.HEAD, 1, 1)]


def test_a_last_entry_rewritten_with_its_hash_shows_by_the_head() -> None:
    forged = extend(Head(LENGTH - 1, LOG[-2].hash), an_entry(record="contacts/9"))
    assert _found([*LOG[:-1], forged]) == [(Damage.HEAD, LENGTH, LENGTH)]


def test_an_entry_put_under_another_number_is_changed() -> None:
    touched = [*LOG[:-1], replace(LOG[-1], seq=LENGTH + 5)]
    assert _found(touched) == [(Damage.CHANGED, LENGTH + 5, LENGTH + 5)]


def test_an_entry_forged_with_a_later_number_is_changed() -> None:
    body = LOG[3].body.replace(b'"seq":4,', b'"seq":44,')
    forged = StoredEntry(4, body, link(LOG[2].hash, body))
    assert (Damage.CHANGED, 4, 4) in _found([*LOG[:3], forged, *LOG[4:]])


def test_two_places_are_both_named() -> None:
    touched = [*LOG[:2], replace(LOG[2], body=LOG[2].body.replace(b"sent", b"done")), *LOG[3:7], *LOG[8:]]
    assert _found(touched) == [(Damage.CHANGED, 3, 3), (Damage.MISSING, 8, 8)]


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from("dsbx"), _place, _place), min_size=1, max_size=4))
def test_no_tampering_goes_unnoticed(steps: list[tuple[str, int, int]]) -> None:
    touched = list(LOG)
    for kind, one, other in steps:
        here, there = (one - 1) % len(touched), (other - 1) % len(touched)
        if kind == "d":
            del touched[here]
        elif kind == "s":
            touched[here], touched[there] = touched[there], touched[here]
        elif kind == "b":
            touched[here] = replace(touched[here], body=touched[here].body.replace(b"contacts", b"contactz"))
        else:
            touched.insert(here, touched[there])
    assume(touched != LOG)
    assert not verify(touched, HEAD).intact
    assert not verify(_renumbered(touched), HEAD).intact


def _damaged(random: Random) -> list[StoredEntry]:
    """The log after a few changes of every kind that there is."""
    touched = list(LOG)
    for _ in range(random.randint(1, 3)):
        here, there, many = random.randrange(len(touched)), random.randrange(len(touched)), random.randint(1, 3)
        match random.randrange(6):
            case 0 if len(touched) > many:
                del touched[here : here + many]
            case 1:
                touched[here], touched[there] = touched[there], touched[here]
            case 2:
                touched[here] = replace(touched[here], body=touched[here].body.replace(b'"seq"', b'"sex"'))
            case 3:
                moved = touched[here : here + many]
                del touched[here : here + many]
                touched[there:there] = moved
            case 4:
                forged = extend(Head(max(0, here), touched[here - 1].hash), an_entry(record="contacts/9"))
                touched[here : here + random.randint(0, 1)] = [forged]
            case _:
                touched.insert(here, touched[there])
        touched = _renumbered(touched) if touched and random.random() < 0.8 else touched or list(LOG)
    return touched


def test_what_is_told_of_two_thousand_damaged_logs_does_not_change_unnoticed() -> None:
    """Where damage upon damage may be told in more than one way, one stays the one: somebody else's verifier, another
    day, a second reading must not name another place."""
    random, told = Random(1), sha256()
    for _ in range(2_000):
        told.update(repr([(damage.value, *where) for damage, *where in _found(_damaged(random))]).encode())
    assert told.hexdigest()[:16] == "db4d15a7055f6641"


def test_no_more_than_a_thousand_places_are_kept() -> None:
    log, head = a_log(1100)
    touched = [replace(entry, body=entry.body + b" ") for entry in log]
    assert len(verify(touched, head).findings) == 1000


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (Finding(Damage.CHANGED, 4, 4), "entry 4: changed: it, or the one before it, is not as it was written"),
        (Finding(Damage.MISSING, 4, 6), "entries 4 to 6: missing"),
        (Finding(Damage.CUT, 9, 9), "entry 9: missing at the end of the log"),
    ],
)
def test_a_finding_says_which_entries_and_what(finding: Finding, words: str) -> None:
    assert str(finding) == words
