"""What was done about one person is found in the log: by their pseudonym, and through merges."""

from collections.abc import Iterator

import pytest

from hubspot_retention.core.audit.entry import Entry, StoredEntry, canonical_bytes
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.workflow.person import entries_about, records_of
from tests.contract.store.values import NOW

SIGN = "2026:9f86d081884c7d65"


def a_log(*entries: Entry) -> Iterator[StoredEntry]:
    """Entries as they are stored."""
    for seq, entry in enumerate(entries, 1):
        yield StoredEntry(seq, canonical_bytes(entry, seq), b"")


def merged(loser: int, winner: int) -> Entry:
    """One contact was merged into another."""
    facts = (("winner", f"contacts/{winner}"), ("held", False))
    return Entry(subject=Subject.MERGE, verb=Verb.SEEN, at=NOW, record=f"contacts/{loser}", facts=facts)


def sent(record: int, sign: str | None = None) -> Entry:
    """A contact is erased."""
    facts = () if sign is None else (("subject", sign),)
    return Entry(subject=Subject.DISPOSAL, verb=Verb.SENT, at=NOW, record=f"contacts/{record}", facts=facts)


def test_a_person_is_found_with_all_who_were_merged_into_them() -> None:
    entries = (merged(1, 2), sent(4), merged(2, 3), merged(8, 9), sent(3, SIGN), sent(33), sent(1))
    records = records_of(lambda: a_log(*entries), [SIGN, "2025:00"])
    assert records == {"contacts/1", "contacts/2", "contacts/3"}
    assert [stored.seq for stored in entries_about(lambda: a_log(*entries), records)] == [1, 3, 5, 7]


def test_a_pseudonym_that_stands_nowhere_finds_nothing() -> None:
    assert records_of(lambda: a_log(merged(1, 2), sent(3)), [SIGN]) == frozenset()


@pytest.mark.parametrize("step", [1, -1])
def test_a_chain_of_merges_is_followed_in_whatever_order_it_was_told(step: int) -> None:
    entries = (merged(3, 4), merged(2, 3), merged(1, 2), merged(4, 5), sent(5, SIGN))[::step]
    found = records_of(lambda: a_log(*entries), [SIGN])
    assert found == {f"contacts/{number}" for number in (1, 2, 3, 4, 5)}


def test_each_of_several_pseudonyms_finds_its_records() -> None:
    entries = (sent(1, SIGN), sent(2, "2025:00"), sent(3, "2024:00"))
    assert records_of(lambda: a_log(*entries), [SIGN, "2025:00"]) == {"contacts/1", "contacts/2"}


def test_what_is_said_of_no_record_finds_none() -> None:
    nobody = Entry(subject=Subject.TOMBSTONE, verb=Verb.ENDED, at=NOW, facts=(("subject", SIGN),))
    strange = Entry(subject=Subject.MERGE, verb=Verb.SEEN, at=NOW, facts=(("winner", "contacts/1"),))
    assert records_of(lambda: a_log(nobody, strange, sent(1, SIGN)), [SIGN]) == {"contacts/1"}


def test_an_entry_that_only_names_a_record_is_about_another() -> None:
    entries = (merged(2, 3), sent(3), sent(33))
    found = entries_about(lambda: a_log(*entries), frozenset({"contacts/3"}))
    assert [stored.seq for stored in found] == [2]
