"""How far a log may be removed from its beginning: what was opened there and is not closed is still needed.

What can go wrong: a hold's entry goes while the hold is in force, or a call's intent while nobody knows what became of
it, and nobody can tell any more how they came to be. So the log itself is asked, as of the end of the period: whatever
stands open there keeps its first entry, and all that come after it. In doubt it is kept.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from hubspot_retention.core.audit.entry import Entry, StoredEntry, read_entry
from hubspot_retention.core.audit.kinds import Subject, Verb

_Key = tuple[Subject, object]


def _hold(entry: Entry) -> object:
    return dict(entry.facts).get("hold_id")


def _request(entry: Entry) -> object:
    return dict(entry.facts).get("request_id")


def _approval(entry: Entry) -> object:
    return dict(entry.facts).get("approval")


def _record(entry: Entry) -> object:
    return entry.record


def _portal(entry: Entry) -> object:
    return entry.portal_id


def _item(entry: Entry) -> object:
    return entry.plan_id, entry.record


def _alarm(entry: Entry) -> object:
    return entry.code, dict(entry.facts).get("about")


class _Matter(NamedTuple):
    """What is open between two entries: those that open and those that close it, and by what they are told apart."""

    opens: frozenset[Verb]
    closes: frozenset[Verb]
    of: Callable[[Entry], object]


_CALL: Final = _Matter(
    frozenset((Verb.INTENDED, Verb.SENT, Verb.UNKNOWN)),
    frozenset((Verb.ABANDONED, Verb.SKIPPED, Verb.FAILED, Verb.DONE, Verb.VERIFIED, Verb.ENDED)),
    _item,
)
_MATTERS: Final[Mapping[Subject, _Matter]] = {
    Subject.HOLD: _Matter(frozenset((Verb.PLACED,)), frozenset((Verb.RELEASED,)), _hold),
    Subject.REQUEST: _Matter(
        frozenset((Verb.RECEIVED,)),
        frozenset((Verb.ANSWERED, Verb.REFUSED, Verb.TAKEN_BACK)),
        _request,
    ),
    Subject.OBLIGATION: _Matter(frozenset((Verb.OPENED, Verb.RAISED)), frozenset((Verb.DONE, Verb.ENDED)), _record),
    Subject.DISPOSAL: _CALL,
    Subject.MARKETING: _CALL,
    Subject.STANDING_APPROVAL: _Matter(frozenset((Verb.GRANTED,)), frozenset((Verb.REVOKED,)), _approval),
    Subject.KILL_SWITCH: _Matter(frozenset((Verb.SET,)), frozenset((Verb.CLEARED,)), _portal),
    Subject.ALARM: _Matter(frozenset((Verb.SENT,)), frozenset((Verb.SETTLED,)), _alarm),
}


@dataclass(frozen=True, slots=True)
class Removable:
    """The entries up to number `last` may be removed; `kept_for`: what keeps those after it, if not their age."""

    last: int
    kept_for: Subject | None = None


class OpenMatters:
    """What the log says is open, in the order of its entries."""

    def __init__(self) -> None:
        self._since: dict[_Key, tuple[int, datetime | None]] = {}

    def take(self, seq: int, entry: Entry) -> None:
        """The next entry."""
        matter = _MATTERS.get(entry.subject)
        if matter is None:
            return
        key = entry.subject, matter.of(entry)
        if entry.verb in matter.opens:
            self._since.setdefault(key, (seq, _end_of(entry)))
        elif entry.verb in matter.closes:
            self._since.pop(key, None)
        if entry.subject is Subject.DISPOSAL and entry.verb is Verb.DONE:
            self._since.pop((Subject.OBLIGATION, entry.record), None)

    def first(self, at: datetime) -> tuple[int, Subject] | None:
        """The number of the oldest entry that opened what is open at an instant, and what that is."""
        found = [(seq, key[0]) for key, (seq, end) in self._since.items() if end is None or end >= at]
        return min(found, default=None)


def removable(entries: Iterable[StoredEntry], before: datetime) -> Removable | None:
    """How much of the log may be removed, if entries before an instant have had their time; `None` for nothing.

    The first entry that is kept is itself older than that: it shows that none that went was younger.
    """
    matters, last, first = OpenMatters(), 0, 0
    for stored in entries:
        entry = read_entry(stored.body)
        if entry.at >= before:
            break
        matters.take(stored.seq, entry)
        first, last = first or stored.seq, stored.seq
    still_open = matters.first(before)
    limit, kept_for = last - 1, None
    if still_open is not None and still_open[0] <= limit:
        limit, kept_for = still_open[0] - 1, still_open[1]
    return Removable(limit, kept_for) if first and (limit >= first or kept_for is not None) else None


def _end_of(entry: Entry) -> datetime | None:
    """When a matter is over without another entry."""
    until = dict(entry.facts).get("until_at")
    return datetime.fromisoformat(until) if isinstance(until, str) else None
