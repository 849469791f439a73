"""One entry of the audit log, and its canonical bytes.

What can go wrong: a name, an address or a piece of CRM text gets into a log that can never be changed. So an
entry holds ids, codes, counts, instants and digests only, every text in it is short and of a narrow alphabet
(no space, no `@`), and whatever is not that is refused when the entry is made, before anything is stored.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from hubspot_retention.core.audit.kinds import VERBS, Subject, Verb
from hubspot_retention.core.canonical import canonical_json

FactValue = int | str | bool | None
Facts = tuple[tuple[str, FactValue], ...]

VERSION: Final = 1
_TEXT: Final = re.compile(r"[A-Za-z0-9_.:/+=-]{0,120}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_RECORD: Final = re.compile(r"[a-z]{1,20}/[0-9]{1,20}")
_LARGEST: Final = 2**53 - 1
"""Integers beyond this do not survive every JSON reader (RFC 8785, section 3.2.2.3)."""
_TEXT_FIELDS: Final = ("plan_id", "plan_digest", "policy_digest", "rule", "actor", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What happened. `at` in UTC; `record` as `contacts/101`; `actor` is a login or `service`, no full name.

    `facts` are named ids, counts, instants and digests. Raises ValueError, all problems at once; the message
    names fields and never repeats what stood in them.
    """

    subject: Subject
    verb: Verb
    at: datetime
    portal_id: int | None = None
    record: str | None = None
    run_id: int | None = None
    plan_id: str | None = None
    plan_digest: str | None = None
    policy_digest: str | None = None
    rule: str | None = None
    actor: str | None = None
    code: str | None = None
    facts: Facts = ()

    def __post_init__(self) -> None:
        problems = [
            *_kind_problems(self),
            *_text_problems(self),
            *_number_problems(self),
            *_fact_problems(self.facts),
        ]
        if problems:
            raise ValueError(f"no audit entry can be made of this: {'; '.join(problems)}")

    @property
    def kind(self) -> str:
        """Subject and verb as one word: `plan.approved`."""
        return f"{self.subject.value}.{self.verb.value}"


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it lies in the database: the exact bytes, and the hash that chains them to all before."""

    seq: int
    body: bytes
    hash: bytes


def _is_text(value: str) -> bool:
    return _TEXT.fullmatch(value) is not None


def _kind_problems(entry: Entry) -> list[str]:
    problems = []
    if entry.verb not in VERBS[entry.subject]:
        problems.append(f"verb: a {entry.subject.value} cannot be {entry.verb.value}")
    if entry.at.utcoffset() != timedelta(0):
        problems.append("at: expected an instant in UTC")
    return problems


def _text_problems(entry: Entry) -> list[str]:
    problems = []
    if entry.record is not None and _RECORD.fullmatch(entry.record) is None:
        problems.append("record: expected a record such as contacts/101")
    for name in _TEXT_FIELDS:
        value = getattr(entry, name)
        if value is not None and not _is_text(value):
            problems.append(f"{name}: expected at most 120 letters, digits or _.:/+=- (found {len(value)} characters)")
    return problems


def _number_problems(entry: Entry) -> list[str]:
    numbers = (("portal_id", entry.portal_id), ("run_id", entry.run_id))
    return [f"{name}: expected a whole number" for name, value in numbers if not (value is None or _is_whole(value))]


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST


def _fact_problems(facts: Facts) -> list[str]:
    problems = []
    names = [name for name, _ in facts]
    if len(set(names)) < len(names):
        problems.append("facts: expected each name once")
    for number, (name, value) in enumerate(facts):
        if _NAME.fullmatch(name) is None:
            problems.append(f"facts[{number}]: expected a name of small letters, digits and _")
        elif isinstance(value, str) and not _is_text(value):
            problems.append(f"facts.{name}: expected at most 120 letters, digits or _.:/+=-")
        elif not (value is None or isinstance(value, bool | str) or _is_whole(value)):
            problems.append(f"facts.{name}: expected a whole number, a code, yes, no or nothing")
    return problems


def canonical_bytes(entry: Entry, seq: int) -> bytes:
    """The bytes that are stored, hashed and exported: compact JSON in ASCII with sorted keys, nothing twice.

    They equal RFC 8785's canonical form: entries hold only ASCII texts, whole numbers, booleans and null.
    """
    words: dict[str, object] = {
        "v": VERSION,
        "seq": seq,
        "at": entry.at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "subject": entry.subject.value,
        "verb": entry.verb.value,
        "portal_id": entry.portal_id,
        "record": entry.record,
        "run_id": entry.run_id,
    }
    words.update((name, getattr(entry, name)) for name in _TEXT_FIELDS)
    said = {name: value for name, value in words.items() if value is not None}
    if entry.facts:
        said["facts"] = dict(entry.facts)
    return canonical_json(said)


def read_entry(body: bytes) -> Entry:
    """The entry that `canonical_bytes` wrote (facts in the order of their names). Raises ValueError."""
    try:
        return _entry(json.loads(body))
    except (AttributeError, KeyError, TypeError):  # whoever touched the log may have left anything there
        raise ValueError("no audit entry") from None


def _entry(said: dict[str, Any]) -> Entry:
    if said.pop("v") != VERSION:
        raise ValueError(f"an audit entry of another version than {VERSION}")
    said.pop("seq")
    subject, verb, at = (
        Subject(said.pop("subject")),
        Verb(said.pop("verb")),
        datetime.fromisoformat(said.pop("at")),
    )
    facts = tuple(said.pop("facts", {}).items())
    return Entry(subject=subject, verb=verb, at=at, facts=facts, **said)
