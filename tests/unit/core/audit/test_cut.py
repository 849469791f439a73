"""Where a log begins: what its oldest entries left behind says, in a note, in an entry, and beside them."""

import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from hubspot_retention.core.audit.chain import EMPTY, Head
from hubspot_retention.core.audit.checkpoint import Checkpoint
from hubspot_retention.core.audit.cut import Carried, Cut, begin_of, checkpoint_of, largest_of, policy_before
from hubspot_retention.core.audit.entry import Entry, Facts, StoredEntry, canonical_bytes
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.merkle import Frontier
from tests.unit.core.audit.entries import NOW, a_log, an_entry

LOG, _ = a_log(9)
EDGE = Frontier.of(entry.body for entry in LOG[:5])
BEFORE = NOW.replace(microsecond=0) + timedelta(days=1)
BARE = Cut(size=5, hash=LOG[4].hash, edge=EDGE.encoded(), before=BEFORE, note="", entry_seq=9)
LINE = "— log.example.dk AAAAAAE=\n"


def noted(text: Checkpoint) -> str:
    return f"{text.text()}\n{LINE}"


CUT = replace(BARE, note=noted(checkpoint_of(BARE, "log.example.dk")))


def stored(entry: Entry, seq: int = 9) -> StoredEntry:
    return StoredEntry(seq, canonical_bytes(entry, seq), b"")


def telling(facts: Facts, subject: Subject = Subject.LOG, verb: Verb = Verb.CUT) -> StoredEntry:
    return stored(Entry(subject=subject, verb=verb, at=NOW, facts=facts))


TOLD = telling(CUT.facts((("policy", "ab"),)))


def test_a_whole_log_begins_with_nothing() -> None:
    begin, tree = begin_of(None)
    assert (begin, tree.size) == (EMPTY, 0)


def test_a_cut_log_begins_with_what_the_removed_ones_left() -> None:
    begin, tree = begin_of(CUT)
    assert (begin, tree.root()) == (Head(5, LOG[4].hash), EDGE.root())


def test_a_cut_that_note_entry_and_row_tell_alike_is_told() -> None:
    assert CUT.is_told(TOLD, LOG[5])
    assert CUT.is_told(telling(CUT.facts()), LOG[5])


def test_what_is_signed_of_a_cut_says_until_when_and_after_which_hash() -> None:
    line = f"log-cut 2026-03-16T09:30:00Z {LOG[4].hash.hex()}"
    assert checkpoint_of(BARE, "log.example.dk") == Checkpoint("log.example.dk", 5, EDGE.root(), (line,))


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock stands in Japan."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_a_cut_is_written_in_utc_wherever_the_machine_stands() -> None:
    assert dict(CUT.facts())["before"] == "2026-03-16T09:30:00Z"
    assert policy_before(telling(CUT.facts(carried(approval("ab")).facts()))) == approval("ab")


@pytest.mark.parametrize(
    "changed",
    [
        replace(CUT, size=4),
        replace(CUT, hash=LOG[3].hash),
        replace(CUT, edge=bytes(64)),
        replace(CUT, edge=bytes(32)),
        replace(CUT, before=BEFORE + timedelta(days=1)),
        replace(CUT, note="nothing"),
        replace(CUT, note=noted(Checkpoint("log.example.dk", 5, EDGE.root()))),
        replace(CUT, note=noted(Checkpoint("log.example.dk", 4, EDGE.root(), (CUT.line,)))),
        replace(CUT, note=noted(Checkpoint("log.example.dk", 5, bytes(32), (CUT.line,)))),
    ],
)
def test_a_cut_of_which_any_part_was_changed_is_not_told(changed: Cut) -> None:
    assert not changed.is_told(TOLD, LOG[5])


@pytest.mark.parametrize(
    "entry",
    [
        None,
        telling(CUT.facts()[1:]),
        telling(CUT.facts(), Subject.VERIFICATION, Verb.DONE),
        StoredEntry(9, b"{", b""),
    ],
)
def test_a_cut_that_no_entry_tells_of_is_not_told(entry: StoredEntry | None) -> None:
    assert not CUT.is_told(entry, LOG[5])


@pytest.mark.parametrize("first", [None, stored(an_entry(at=BEFORE), 6)])
def test_a_cut_is_not_told_if_the_first_entry_after_it_is_not_old_itself(first: StoredEntry | None) -> None:
    assert not CUT.is_told(TOLD, first)


def test_the_largest_signed_size_within_what_may_go_is_taken() -> None:
    sizes = (3, 7, 5, 9)
    assert [largest_of(sizes, limit, 3) for limit in (2, 3, 4, 5, 8, 99)] == [None, None, None, 5, 7, 9]


def approval(digest: str | None, actor: str | None = "anna.k") -> Entry:
    return Entry(subject=Subject.POLICY, verb=Verb.APPROVED, at=NOW, policy_digest=digest, actor=actor)


def ended(key: bytes) -> Entry:
    old = b64encode(key).decode()
    return Entry(subject=Subject.LOG_KEY, verb=Verb.ERASED, at=NOW, facts=(("old", old),))


def carried(*entries: Entry) -> Carried:
    found = Carried()
    for seq, entry in enumerate(entries, 11):
        found.take(seq, entry)
    return found


def test_the_policy_in_force_and_the_keys_that_ended_are_carried_on() -> None:
    facts = carried(approval("ab"), an_entry(), approval("cd"), ended(b"1"), ended(b"2")).facts()
    assert dict(facts) == {
        "policy": "cd",
        "policy_at": NOW.isoformat(),
        "policy_by": "anna.k",
        "ended_key_1": "14:MQ==",
        "ended_key_2": "15:Mg==",
    }


def test_what_an_earlier_cut_carried_is_carried_on_once_unless_there_is_a_newer_policy() -> None:
    earlier = Entry(
        subject=Subject.LOG, verb=Verb.CUT, at=NOW, facts=(*CUT.facts(), *carried(approval("ab"), ended(b"1")).facts())
    )
    assert carried(earlier, earlier).facts() == carried(approval("ab"), ended(b"1")).facts()
    assert dict(carried(earlier, approval("cd"), earlier).facts())["policy"] == "cd"
    assert carried(Entry(subject=Subject.LOG, verb=Verb.CUT, at=NOW, facts=CUT.facts())).facts() == ()


def test_an_approval_that_names_no_digest_is_carried_on_without_one() -> None:
    assert dict(carried(approval(None)).facts())["policy"] == ""


@pytest.mark.parametrize("actor", ["anna.k", None])
def test_the_policy_before_the_beginning_is_told_as_it_was_approved(actor: str | None) -> None:
    facts = carried(approval("ab", actor)).facts()
    assert policy_before(telling(CUT.facts(facts))) == approval("ab", actor)


def test_where_nobody_had_approved_a_policy_none_was_in_force() -> None:
    assert policy_before(TOLD) is None
