"""Shorten: the log's oldest entries are removed when their own period is over, as a policy says that was approved.

What can go wrong: what is removed is needed yet, or somebody removes what is not old and says that it was. So it is
removed only up to a checkpoint that was signed at the time, of a log that verifies and that its anchors do not doubt;
nothing goes that was open at the end of the period (`matters`), or that an anchor has not been shown; and in one
transaction an entry tells of it, a checkpoint is signed for it, and the entries go. Where the log has no key, nobody
could sign for it, and it is kept.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, takewhile
from typing import Final

import structlog

from hubspot_retention.core.audit.cut import Carried, Cut, largest_of
from hubspot_retention.core.audit.entry import Entry, StoredEntry, read_entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.matters import Removable, removable
from hubspot_retention.core.audit.verify import VerifyReport
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.workflow.anchoring import Anchoring
from hubspot_retention.workflow.kept import kept_since
from hubspot_retention.workflow.ports import Store, Transaction
from hubspot_retention.workflow.remembered import MAY_COME_FOR
from hubspot_retention.workflow.seal import plan_is_open
from hubspot_retention.workflow.standing import SERVICE

_log = structlog.get_logger("hubspot_retention.audit")

EVERY: Final = timedelta(days=1)
"""How much time lies between two cuts, at least: each is an entry of its own."""


@dataclass(frozen=True, slots=True)
class Shortened:
    """How many entries were removed; `kept_for`: what is open and keeps older ones, if anything does."""

    removed: int = 0
    kept_for: Subject | None = None


class Shortener:
    """Removes what has had its time. `verify` reads the whole log."""

    def __init__(
        self, store: Store, anchoring: Anchoring, policy: RetentionPolicy, verify: Callable[[], VerifyReport]
    ) -> None:
        self._store = store
        self._anchoring = anchoring
        self._policy = policy
        self._verify = verify

    def run(self, now: datetime) -> Shortened:
        """Remove what may be removed, if that is due."""
        earlier = self._store.cut()
        with self._store.transaction() as tx:
            before = self._before(tx, now)
        if before is None or not self._is_due(earlier, before, now) or not self._verify().intact:
            return Shortened()
        found = removable(self._store.entries(), min(before, now - MAY_COME_FOR, self._plans_since(now) or before))
        if found is None:
            return Shortened()
        size = self._size(found, earlier)
        return Shortened(0 if size is None else self._cut(size, before, now), found.kept_for)

    def _before(self, tx: Transaction, now: datetime) -> datetime | None:
        """Before which instant an entry is old; `None` while nobody has approved that anything ever is."""
        kept = kept_since(tx, self._policy, now)
        return None if kept is None else kept.audit_log.replace(microsecond=0)

    def _is_due(self, earlier: Cut | None, before: datetime, now: datetime) -> bool:
        """Of a log that is doubted, or that cannot be read, nothing is."""
        told = None if earlier is None else self._store.entry(earlier.entry_seq)
        try:
            first, cut_at = _written_at(next(self._store.entries(), None)), _written_at(told)
        except ValueError:
            return False
        is_old = first is not None and first < before and not self._anchoring.doubts()
        return is_old and (cut_at is None or now - cut_at >= EVERY)

    def _plans_since(self, now: datetime) -> datetime | None:
        """Since when plans stand that may yet be carried out."""
        with self._store.transaction() as tx:
            return min((plan.built_at for plan in tx.plans() if plan_is_open(plan, now)), default=None)

    def _size(self, found: Removable, earlier: Cut | None) -> int | None:
        """The signed size that is cut at; `None` if none suits."""
        shown = self._anchoring.least_shown()
        limit = found.last if shown is None else min(found.last, shown)
        sizes = (signed.size for signed in self._store.checkpoints())
        return largest_of(sizes, limit, 0 if earlier is None else earlier.size)

    def _cut(self, size: int, before: datetime, now: datetime) -> int:
        edge, last, carried = self._store.tree_at(size), self._store.entry(size), self._carried(size)
        assert edge is not None
        assert last is not None
        cut = Cut(size=size, hash=last.hash, edge=edge.encoded(), before=before)
        signed = self._anchoring.sign_cut(cut, now)
        with self._store.transaction() as tx:
            if tx.kill_switch() is not None or self._before(tx, now) != before:
                return 0
            seq = tx.audit(self._entry(cut, carried, now))
            tx.save_checkpoint(signed)
            removed = tx.cut_log(replace(cut, note=signed.note, entry_seq=seq))
        self._anchoring.mark()
        _log.info("log.cut", removed=removed, size=size)
        return removed

    def _carried(self, size: int) -> Carried:
        carried, earlier = Carried(), self._store.cut()
        told = None if earlier is None else self._store.entry(earlier.entry_seq)
        for stored in chain([told] if told else [], self._until(size)):
            carried.take(stored.seq, read_entry(stored.body))
        return carried

    def _until(self, size: int) -> Iterator[StoredEntry]:
        return takewhile(lambda stored: stored.seq <= size, self._store.entries())

    def _entry(self, cut: Cut, carried: Carried, now: datetime) -> Entry:
        return Entry(
            subject=Subject.LOG,
            verb=Verb.CUT,
            at=now,
            policy_digest=self._policy.digest,
            actor=SERVICE,
            facts=cut.facts(carried.facts()),
        )


def _written_at(stored: StoredEntry | None) -> datetime | None:
    """When an entry was written. Raises ValueError."""
    return None if stored is None else read_entry(stored.body).at
