"""Whether a log is the one that was written, and if not, where it was touched.

Every row is told by two marks: the number inside its bytes, and the stored hash that it must follow. A row
that has both is right. Where a row has not, later rows tell what happened: they fit a row further back (so
those between were added), or carry a number that seemed to be missing (so the order was changed).
A log rewritten from its beginning with a fitting head is not found here: that needs an anchor outside.
"""

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from itertools import islice
from typing import Final, NamedTuple

from hubspot_retention.core.audit.chain import EMPTY, Head, link
from hubspot_retention.core.audit.entry import StoredEntry
from hubspot_retention.core.audit.merkle import Frontier

_SEQ: Final = re.compile(rb'"seq":([1-9][0-9]{0,17}),')
_LOOK_BACK: Final = 64
_MOST_FINDINGS: Final = 1000


class Damage(StrEnum):
    """What was done to the log."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    ADDED = "added"
    CUT = "cut"
    HEAD = "head"
    TREE = "tree"
    SIGNED = "signed"
    BEGIN = "begin"


_WORDS: Final = {
    Damage.CHANGED: "changed: it, or the one before it, is not as it was written",
    Damage.MISSING: "missing",
    Damage.REORDERED: "not in its place",
    Damage.ADDED: "added: nothing that follows knows of it",
    Damage.CUT: "missing at the end of the log",
    Damage.HEAD: "not the last entry that the stored head knows",
    Damage.TREE: "not those that the stored tree was made of",
    Damage.SIGNED: "not those that were signed, or what was signed of them is not as it was written, "
    "or not by the log's key",
    Damage.BEGIN: "missing at the beginning, and nobody signed that their time had come",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken place: entries `first` to `last`, by the number they stand under."""

    damage: Damage
    first: int
    last: int

    def __str__(self) -> str:
        which = f"entry {self.first}" if self.first == self.last else f"entries {self.first} to {self.last}"
        return f"{which}: {_WORDS[self.damage]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What verification found. `findings` holds the first thousand broken places; `edge` is that of the tree over what
    was read; `removed`: how many of the entries were removed at the end of their period."""

    entries: int
    head: Head
    findings: tuple[Finding, ...]
    edge: Frontier = field(default_factory=Frontier)
    removed: int = 0

    @property
    def intact(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


class _Row(NamedTuple):
    """A row already read: its place, its hash, and the number that should come after it."""

    place: int
    hash: bytes
    then: int


class _Fork(NamedTuple):
    """A row whose number was passed already, but which fits a row further back: perhaps it is the right one."""

    entry: StoredEntry
    number: int
    fits: _Row


class Verifier:
    """Reads a log from its beginning, or after an entry that another reading came to, in as many portions as suits;
    `close` answers."""

    def __init__(self, after: Head = EMPTY) -> None:
        self._rows = self._place = after.count
        self._expected = after.count + 1
        self._previous = after.hash
        first = (after.count, after.hash, after.count + 1)
        self._trail: deque[tuple[int, bytes, int]] = deque([first], maxlen=_LOOK_BACK)
        self._loose = False
        self._shift = 0
        self._findings: list[tuple[int, Finding]] = []
        self._early: list[tuple[int, int]] = []
        self._jump: int | None = None
        self._fork: _Fork | None = None

    @property
    def place(self) -> int:
        """The number that the last row read stands under."""
        return self._place

    def is_plainly_at(self, head: Head) -> bool:
        """Whether everything was right until now, and that entry was the last."""
        return not self._findings and (self._rows, self._place, self._previous) == (head.count, head.count, head.hash)

    def feed(self, entries: Iterable[StoredEntry]) -> None:
        """Read on. Entries come in the order of their number."""
        self.feed_rows([(entry.seq, entry.body, entry.hash) for entry in entries])

    def feed_rows(self, rows: Sequence[tuple[int, bytes, bytes]]) -> None:
        """The same of plain rows: number, bytes, hash. Ten million of them are to be verified in a minute."""
        self._rows += len(rows)
        first = 0
        while (at := self._run(rows, first)) < len(rows):
            entry = StoredEntry(*rows[at])
            self._judge(entry, link(self._previous, entry.body) == entry.hash)
            self._place = entry.seq
            first = at + 1

    def _run(self, rows: Sequence[tuple[int, bytes, bytes]], first: int) -> int:
        """Accept rows that simply come next, in plain local names for speed; answers where they end."""
        previous, expected = self._previous, self._expected
        begin = expected
        for seq, body, stored in islice(rows, first, None):
            if seq != expected or sha256(previous + body).digest() != stored or body.find(b'"seq":%d,' % seq) < 0:
                break
            previous, expected = stored, expected + 1
        if (taken := expected - begin) == 0:
            return first
        after = first + taken
        self._trail.extend((seq, stored, seq + 1) for seq, _, stored in rows[max(first, after - _LOOK_BACK) : after])
        self._place, self._expected, self._previous = expected - 1, expected, previous
        self._loose, self._fork = False, None
        return after

    def close(self, head: Head) -> VerifyReport:
        """The report, once everything was read; `head` is the stored one, read in the same transaction."""
        if self._fork is not None and self._fork.entry.hash == head.hash:
            self._believe(self._fork)
        self._skip_early()
        last = self._expected - 1
        if last < head.count:
            self._find(Damage.CUT, last + 1, head.count)
        elif last > head.count:
            self._find(Damage.ADDED, head.count + 1, last)
        elif head.hash != self._previous and not self._loose:
            self._find(Damage.HEAD, max(last, 1))
        found = tuple(finding for _, finding in self._findings)
        return VerifyReport(entries=self._rows, head=Head(last, self._previous), findings=found)

    def _accept(self, entry: StoredEntry, then: int) -> None:
        self._expected, self._previous, self._loose, self._fork = then, entry.hash, False, None
        self._trail.append((entry.seq, entry.hash, then))

    def _find(self, damage: Damage, first: int, last: int | None = None, *, place: int | None = None) -> None:
        if len(self._findings) < _MOST_FINDINGS:
            last = first if last is None else last
            self._findings.append((first if place is None else place, Finding(damage, first, last)))

    def _judge(self, entry: StoredEntry, follows: bool) -> None:
        """A row that does not simply come next."""
        self._skip_early()
        if self._fork is not None and link(self._fork.entry.hash, entry.body) == entry.hash:
            self._believe(self._fork)
            follows = True
        found = _SEQ.search(entry.body)
        number = int(found[1]) if found else None
        if number is None or (number > self._expected and follows):
            self._find(Damage.CHANGED, entry.seq)
            self._accept(entry, self._expected + 1)
        elif number > self._expected:
            self._find(Damage.MISSING, self._expected, number - 1, place=entry.seq)
            self._jump = number
            self._accept(entry, number + 1)
        elif number == self._expected:
            self._judge_next(entry, number, follows)
        else:
            self._judge_earlier(entry, number)
        self._shift = entry.seq - (number or entry.seq)

    def _judge_next(self, entry: StoredEntry, number: int, follows: bool) -> None:
        said_before = bool(self._findings) and self._findings[-1][0] == self._place
        renumbered = follows and entry.seq - number != self._shift and not said_before
        if renumbered or (not follows and not self._loose):
            self._find(Damage.CHANGED, entry.seq)
        self._accept(entry, number + 1)

    def _judge_earlier(self, entry: StoredEntry, number: int) -> None:
        """A number that was already passed: something before this row is not what it seemed."""
        trail = (_Row(*row) for row in reversed(self._trail))
        fits = next((row for row in trail if link(row.hash, entry.body) == entry.hash), None)
        gap = self._gap_with(number)
        if fits is not None and fits.place == self._place:
            self._replace_from(self._place, Damage.CHANGED, self._place)
            self._accept(entry, number + 1)
        elif gap is not None:
            self._reorder(entry, number, gap)
        else:
            self._find(Damage.ADDED, entry.seq)
            self._fork = _Fork(entry, number, fits) if fits is not None and fits.then == number else None

    def _believe(self, fork: _Fork) -> None:
        """What follows knows the row, so those before it are the ones that were added."""
        self._replace_from(fork.fits.place + 1, Damage.ADDED, fork.entry.seq - 1)
        self._shift = fork.entry.seq - fork.number
        self._accept(fork.entry, fork.number + 1)

    def _replace_from(self, place: int, damage: Damage, last: int) -> None:
        """Rows from `place` on were misjudged."""
        self._findings = [(at, finding) for at, finding in self._findings if at < place]
        self._find(damage, place, last)

    def _gap_with(self, number: int) -> int | None:
        for index, (_, finding) in enumerate(self._findings):
            if finding.damage is Damage.MISSING and finding.first <= number <= finding.last:
                return index
        return None

    def _reorder(self, entry: StoredEntry, number: int, gap: int) -> None:
        """A number that seemed to be missing comes later: this row was moved, or those before it were."""
        place, missing = self._findings.pop(gap)
        if number > missing.first:
            self._findings.insert(gap, (place, Finding(Damage.MISSING, missing.first, number - 1)))
        then = self._expected
        if missing.last + 1 == self._jump and number < missing.last:
            self._find(Damage.REORDERED, self._jump, then - 1, place=entry.seq)
            self._early.append((self._jump, then - 1))
            then = number + 1
        else:
            self._find(Damage.REORDERED, number, place=entry.seq)
        self._accept(entry, then)
        self._loose = True

    def _skip_early(self) -> None:
        """Numbers that came before their turn are not missing when their turn comes."""
        for first, last in self._early:
            if first <= self._expected <= last:
                self._expected = last + 1
                self._loose = True


def verify(entries: Iterable[StoredEntry], head: Head) -> VerifyReport:
    """Verify a whole log against its stored head."""
    verifier = Verifier()
    verifier.feed(entries)
    return verifier.close(head)
