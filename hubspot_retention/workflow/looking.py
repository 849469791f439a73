"""Look at one batch of a plan before anything is done to it: its intent is written down, it is read afresh, and
what no longer stands is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from hubspot_retention.core.facts.values import UNKNOWN, Unknown
from hubspot_retention.core.plan.model import Action, PlanItem
from hubspot_retention.core.plan.recheck import Skip, recheck
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.portal import Correspondence, MergedInto
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.workflow.fresh import FreshContact, FreshDeal, FreshReader, Missing
from hubspot_retention.workflow.needed_in_bin import Needs, needs_known
from hubspot_retention.workflow.ports import RecordSource, Store
from hubspot_retention.workflow.protocol import Ledger, Prepared
from hubspot_retention.workflow.times import Times


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A batch after its fresh read: who is still due, and `later` those who share correspondence with another. `needs`:
    of contacts that go into the bin what hangs on them."""

    prepared: Prepared
    fresh: Mapping[RecordId, FreshContact | FreshDeal | Missing]
    letters: Correspondence
    due: Sequence[PlanItem]
    later: Sequence[PlanItem]
    needs: Needs = field(default_factory=dict)

    @property
    def claimed(self) -> frozenset[RecordRef]:
        """The correspondence that carrying it out may change."""
        listed = (found for found in self.letters.values() if not isinstance(found, Unknown))
        return frozenset(letter.ref for letters in listed for letter in letters)


class Looker:
    """Reads batches afresh."""

    def __init__(
        self,
        source: RecordSource,
        store: Store,
        fresh: FreshReader,
        ledger: Ledger,
        policy: RetentionPolicy,
        times: Times,
    ) -> None:
        self._source = source
        self._store = store
        self._fresh = fresh
        self._ledger = ledger
        self._policy = policy
        self._times = times

    def look(self, batch: Sequence[PlanItem], claimed: frozenset[RecordRef] = frozenset()) -> Looked:
        """Intent and fresh read. `claimed`: correspondence that batches under way may change meanwhile."""
        prepared = self._ledger.prepare(batch)
        ids = [item.record.record_id for item in batch]
        kind, now = batch[0].record.object_type, self._times.now()
        goes_into_bin = kind is ObjectType.CONTACT and batch[0].action is Action.ARCHIVE
        # Before it is seen that they are in view: in the bin nothing hangs on them.
        needs = self._source.letters_of(ids) if goes_into_bin else {}
        fresh: Mapping[RecordId, FreshContact | FreshDeal | Missing]
        if kind is ObjectType.DEAL:
            fresh = self._fresh.deals(ids, prepared.memory, now)
        else:
            fresh = self._fresh.contacts(ids, prepared.memory, now)
        due = self._still_due(batch, fresh)
        letters: Correspondence = {}
        if due and (kind is ObjectType.DEAL or batch[0].action is Action.ERASE):
            listed = self._source.correspondence(kind, [item.record.record_id for item in due])
            letters = needs_known(self._store, listed)
        first, later = _apart(due, letters, claimed)
        around = frozenset[RecordRef]().union(
            *(found.around for found in fresh.values() if isinstance(found, FreshContact | FreshDeal))
        )
        prepared = replace(prepared, around=around, former=_former(fresh))
        return Looked(prepared=prepared, fresh=fresh, letters=letters, due=first, later=later, needs=needs)

    def _still_due(
        self,
        batch: Sequence[PlanItem],
        fresh: Mapping[RecordId, FreshContact | FreshDeal | Missing],
    ) -> list[PlanItem]:
        """The items that still stand after the fresh read; the others are skipped with their reason."""
        due = []
        for item in batch:
            found = fresh[item.record.record_id]
            if isinstance(found, FreshContact | FreshDeal):
                why = recheck(item, found.decision, self._policy)
            else:
                why = Skip.MERGED if isinstance(found, MergedInto) else Skip.GONE
            if why is None:
                due.append(item)
            else:
                self._ledger.skip(item, why)
        return due


def _former(fresh: Mapping[RecordId, FreshContact | FreshDeal | Missing]) -> dict[RecordRef, Sequence[RecordId]]:
    """The ids that contacts had before they were merged into what they are."""
    return {
        RecordRef(ObjectType.CONTACT, key): found.view.seen.merged_ids
        for key, found in fresh.items()
        if isinstance(found, FreshContact) and found.view.seen.merged_ids
    }


def _apart(
    items: Sequence[PlanItem], letters: Correspondence, claimed: frozenset[RecordRef]
) -> tuple[list[PlanItem], list[PlanItem]]:
    """Those that can go together, and those that share a piece of correspondence with one before them."""
    first: list[PlanItem] = []
    later: list[PlanItem] = []
    taken = set(claimed)
    for item in items:
        listed = letters.get(item.record.record_id, UNKNOWN)
        own = set() if isinstance(listed, Unknown) else {letter.ref for letter in listed}
        (later if own & taken else first).append(item)
        taken |= own
    return first, later
