"""What an entry may hold, and the bytes it is written in."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubspot_retention.core.audit.entry import Entry, canonical_bytes, read_entry
from hubspot_retention.core.audit.kinds import VERBS, Subject, Verb
from tests.unit.core.audit.entries import NOW, an_entry

_text = st.text(alphabet="abcXYZ019_.:/+=-", max_size=120)
_values = st.none() | st.booleans() | st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1) | _text
_names = st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True)
_kinds = st.sampled_from([(subject, verb) for subject, verbs in VERBS.items() for verb in sorted(verbs)])
_entries = st.builds(
    lambda kind, **said: Entry(subject=kind[0], verb=kind[1], **said),
    kind=_kinds,
    at=st.datetimes(timezones=st.just(UTC)),
    portal_id=st.none() | st.integers(min_value=1, max_value=2**53 - 1),
    record=st.none() | st.just("contacts/101"),
    run_id=st.none() | st.integers(min_value=1, max_value=2**31),
    plan_id=st.none() | _text,
    plan_digest=st.none() | _text,
    policy_digest=st.none() | _text,
    rule=st.none() | _text,
    actor=st.none() | _text,
    code=st.none() | _text,
    facts=st.dictionaries(_names, _values, max_size=4).map(lambda found: tuple(sorted(found.items()))),
)


@given(_entries, st.integers(min_value=1, max_value=2**53 - 1))
def test_what_is_written_reads_back_the_same(entry: Entry, seq: int) -> None:
    body = canonical_bytes(entry, seq)
    assert read_entry(body) == entry
    assert json.loads(body)["seq"] == seq


@given(_entries)
def test_the_bytes_are_canonical_json(entry: Entry) -> None:
    body = canonical_bytes(entry, 1)
    said = json.loads(body)
    assert body == json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    assert said["v"] == 1


def test_the_bytes_are_pinned() -> None:
    entry = an_entry(code="gone", facts=(("status", 204), ("batch", True)))
    assert canonical_bytes(entry, 12) == (
        b'{"actor":"service","at":"2026-03-15T09:30:00.123456Z","code":"gone","facts":{"batch":true,"status":204},'
        b'"plan_id":"P7-time","portal_id":4242,"record":"contacts/101","rule":"former-customer","run_id":7,"seq":12,'
        b'"subject":"disposal","v":1,"verb":"sent"}'
    )


def test_a_kind_is_subject_and_past_verb() -> None:
    assert an_entry().kind == "disposal.sent"


@pytest.mark.parametrize("field", ["plan_id", "plan_digest", "policy_digest", "rule", "actor", "code"])
@pytest.mark.parametrize("text", ["Anna Kirkegaard", "anna@example.dk", "Bjørn", "x" * 121, "line\nbreak", "a,b"])
def test_text_that_could_be_personal_is_refused_without_repeating_it(field: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"{field}: expected") as refused:
        an_entry(**{field: text})
    assert text not in str(refused.value)


@pytest.mark.parametrize("value", ["Anna Kirkegaard", "anna@example.dk", 2**53, 1.5, b"x"])
def test_a_fact_is_a_short_code_or_a_number(value: object) -> None:
    with pytest.raises(ValueError, match=r"this: facts\.found: expected [a-z 0-9,]+( or _\.:/\+=-)?$"):
        an_entry(facts=(("found", value),))


@pytest.mark.parametrize("name", ["Anna Kirkegaard", "", "a" * 41, "anna@example.dk"])
def test_the_name_of_a_fact_is_a_small_word_and_never_repeated(name: str) -> None:
    with pytest.raises(ValueError, match=r"facts\[0\]") as refused:
        an_entry(facts=((name, 1),))
    assert not name or name not in str(refused.value)


def test_a_fact_is_said_once() -> None:
    with pytest.raises(ValueError, match=r"this: facts: expected each name once$"):
        an_entry(facts=(("count", 1), ("count", 2)))


@pytest.mark.parametrize("record", ["101", "contacts/", "contacts/anna", "Contacts/1", "contacts/1 "])
def test_a_record_is_a_type_and_an_id(record: str) -> None:
    with pytest.raises(ValueError, match=r"this: record: expected a record such as contacts/101$"):
        an_entry(record=record)


@pytest.mark.parametrize("at", [NOW.replace(tzinfo=None), NOW.astimezone(timezone(timedelta(hours=1)))])
def test_an_instant_is_in_utc(at: datetime) -> None:
    with pytest.raises(ValueError, match=r"this: at: expected an instant in UTC$"):
        an_entry(at=at)


@pytest.mark.parametrize("number", [True, 2**53, "7"])
def test_ids_of_portal_and_run_are_whole_numbers(number: object) -> None:
    with pytest.raises(ValueError, match=r"portal_id: .*run_id: "):
        an_entry(portal_id=number, run_id=number)


def test_a_subject_allows_only_its_own_verbs() -> None:
    with pytest.raises(ValueError, match="a hold cannot be erased"):
        an_entry(subject=Subject.HOLD, verb=Verb.ERASED)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ValueError, match=r": verb: .*; record: .*; rule: .*; run_id: .*; facts\.note: [^;]*$"):
        an_entry(subject=Subject.RUN, record="x", rule="a b", run_id=2**53, facts=(("note", "a b"),))


def test_every_subject_has_verbs_and_every_verb_a_subject() -> None:
    assert set(VERBS) == set(Subject)
    assert set().union(*VERBS.values()) == set(Verb)


def test_an_entry_of_another_version_is_not_read() -> None:
    body = canonical_bytes(an_entry(), 1).replace(b'"v":1', b'"v":2')
    with pytest.raises(ValueError, match="another version"):
        read_entry(body)


def test_the_largest_whole_number_is_one() -> None:
    assert an_entry(run_id=2**53 - 1, portal_id=1 - 2**53).run_id == 2**53 - 1


def test_a_whole_second_is_written_to_the_microsecond_like_every_instant() -> None:
    assert b'"at":"2026-03-15T09:30:00.000000Z"' in canonical_bytes(an_entry(at=NOW.replace(microsecond=0)), 1)


PLAIN = canonical_bytes(an_entry(facts=(("count", 1),)), 1)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"\xff", b"[]", b"7", b"{}", b'{"v":1}'),
        PLAIN.replace(b'"seq":1,', b""),
        PLAIN.replace(b'"verb":', b'"word":'),
        PLAIN.replace(b'"record":"contacts/101"', b'"record":101'),
        PLAIN.replace(b'{"count":1}', b"[1]"),
        PLAIN.replace(b'"at":"', b'"at":"x'),
    ],
)
def test_what_is_no_entry_is_refused_whatever_it_is(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_entry(body)


def test_what_lacks_a_part_is_told_to_be_no_entry_and_nothing_of_it_is_repeated() -> None:
    with pytest.raises(ValueError, match=r"^no audit entry$"):
        read_entry(PLAIN.replace(b'"verb":', b'"word":'))
