"""The steps of a bundle, children first: stamp the deals, re-home, detach, archive, see to the attachments.

All steps are announced with the record's `sent`, in one transaction, and each is written down again after it was
taken. A step that fails stops the bundle before the contact goes, so nothing is lost that the contact alone could
still lead to; attachments come before the letter that names them, for the same reason.

What can go wrong: the process sleeps amid a bundle, a hold is set in HubSpot meanwhile, and what the hold is for goes
when it awakes. So each step that destroys is taken only within the seconds of the last check, as the last call is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.plan.bundle import Fate as Engaged
from hubspot_retention.core.plan.bundle import Settled, shared_files
from hubspot_retention.core.plan.model import PlanItem
from hubspot_retention.core.policy.model import AttachmentPolicy
from hubspot_retention.core.portal import CallResult, Engagement, Fate, Gone
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.workflow.bundles import DealStamp
from hubspot_retention.workflow.ports import Disposer, RecordSource
from hubspot_retention.workflow.protocol import CAME_FARTHER, Ledger, Part, Sending

_BATCH = 100


class BundleSteps:
    """Takes the steps of bundles, and writes each down. `is_first`: whether a record's file was not reported before."""

    def __init__(
        self,
        disposer: Disposer,
        source: RecordSource,
        ledger: Ledger,
        attachments: AttachmentPolicy,
        is_first: Callable[[RecordRef, str], bool],
    ) -> None:
        self._disposer = disposer
        self._source = source
        self._ledger = ledger
        self._attachments = attachments
        self._is_first = is_first

    def parts(self, settled: Sequence[Settled], stamps: Sequence[DealStamp] = ()) -> tuple[Part, ...]:
        """What the bundle's calls will be done to, so that each is in the log before it is made."""
        deals = [Part(Subject.DEAL, f"deals/{stamp.deal_id}", "stamp") for stamp in stamps]
        return (*deals, *map(_part_of, settled), *self._file_parts(settled))

    def archive_parts(self, settled: Sequence[Settled]) -> tuple[Part, ...]:
        """The same of what goes alone: what stays of a deal's correspondence is not touched."""
        going = [entry for entry in settled if entry.fate is Engaged.ARCHIVE]
        return (*map(_part_of, going), *self._file_parts(settled))

    def _file_parts(self, settled: Sequence[Settled]) -> list[Part]:
        shared, going = shared_files(settled), [entry for entry in settled if entry.fate is Engaged.ARCHIVE]
        erased = dict.fromkeys(file for entry in going for file in self._erased_with(entry.engagement, shared))
        return [Part(Subject.ATTACHMENT, f"files/{file}", "erase") for file in erased]

    def _erased_with(self, letter: Engagement, shared: frozenset[str]) -> tuple[str, ...]:
        """The files that are erased with a letter that goes: none unless policy and settings say so, and none that a
        letter which stays needs."""
        if self._attachments is AttachmentPolicy.REPORT:
            return ()
        return tuple(file for file in letter.files if file not in shared)

    def settle_bundle(
        self, item: PlanItem, sending: Sending, settled: Sequence[Settled], stamps: Sequence[DealStamp]
    ) -> bool:
        """Everything that comes before the contact itself; `False` if a step failed, or would have come too late, and
        the item is settled.

        A letter that stays and shares a file with one that goes is taken off the contact after that one has gone: who
        begins again finds both, and knows still that the file stays.
        """
        for stamp in stamps:
            result = self._disposer.stamp_deal_end(stamp.deal_id, stamp.end_on.isoformat())
            deal = RecordRef(ObjectType.DEAL, stamp.deal_id)
            if not self._taken(item, Subject.DEAL, Verb.STAMPED, result, str(deal)):
                return False
        shared = shared_files(settled)
        first = [entry for entry in settled if shared.isdisjoint(entry.engagement.files)]
        last = [entry for entry in settled if not shared.isdisjoint(entry.engagement.files)]
        return (
            all(self._rehome_and_detach(item, entry) for entry in first)
            and self.archive_letters(item, sending, settled)
            and all(self._rehome_and_detach(item, entry) for entry in last)
        )

    def _rehome_and_detach(self, item: PlanItem, entry: Settled) -> bool:
        letter = entry.engagement.ref
        if entry.fate is Engaged.REHOME and entry.home is not None:
            result = self._rehome(letter, entry.home)
            if not self._taken(item, Subject.ENGAGEMENT, Verb.ASSOCIATED, result, str(letter)):
                return False
        if entry.fate is Engaged.ARCHIVE:
            return True
        result = self._disposer.dissociate(letter, item.record)
        return self._taken(item, Subject.ENGAGEMENT, Verb.DISSOCIATED, result, str(letter))

    def _rehome(self, letter: RecordRef, deal_id: RecordId) -> CallResult:
        """Associate a letter with a deal; done only once it is seen to hang there: taken off the contact, it may hang
        on nothing else (nothing kept may hang on hope, semantics 7)."""
        result = self._disposer.associate(letter, RecordRef(ObjectType.DEAL, deal_id))
        if result.fate is not Fate.DONE:
            return result
        deals = self._source.linked(letter.object_type, ObjectType.DEAL, [letter.record_id])[letter.record_id]
        is_there = not isinstance(deals, Unknown) and deal_id in deals
        return result if is_there else CallResult(Fate.UNKNOWN, result.status, "not-seen-there")

    def archive_letters(self, item: PlanItem, sending: Sending, settled: Sequence[Settled]) -> bool:
        """Archive the correspondence that goes, by class, and prove each piece out of view. A letter whose files are
        erased goes right after them, by itself: however many there are, who begins again has fewer left."""
        shared, together, gone = shared_files(settled), [], set[str]()
        for entry in settled:
            if entry.fate is not Engaged.ARCHIVE:
                continue
            letter = entry.engagement
            erased = self._erased_with(letter, shared)
            self._report(item, [file for file in letter.files if file not in erased])
            if not erased:
                together.append(letter.ref)
            elif all(
                self._erase_file(item, sending, file) for file in erased if file not in gone
            ) and self._archive_part(item, sending, letter.ref.object_type, [letter.ref]):
                gone.update(erased)
                sending = replace(sending, late=CAME_FARTHER)
            else:
                return False
        for kind, group in groupby(sorted(together), key=lambda ref: ref.object_type):
            for part in _parts(list(group)):
                if not self._archive_part(item, sending, kind, part):
                    return False
                sending = replace(sending, late=CAME_FARTHER)
        return True

    def _archive_part(self, item: PlanItem, sending: Sending, kind: ObjectType, part: Sequence[RecordRef]) -> bool:
        """One call, and each piece settled by reading it, also when the answer was lost."""
        if not self._ledger.may_call([item], sending):
            return False
        ids = [ref.record_id for ref in part]
        result = self._disposer.archive(kind, ids)
        if result.fate is Fate.REFUSED:
            for ref in part:
                self._ledger.step(item, Subject.ENGAGEMENT, Verb.FAILED, result, str(ref))
            return self._stop(item, result)
        present = self._source.presence(kind, ids)
        left = CallResult(Fate.UNKNOWN, result.status, "still-in-view")
        for ref in part:
            gone = present[ref.record_id] is Gone.ABSENT
            outcome = CallResult(Fate.DONE, result.status) if gone else left
            self._ledger.step(item, Subject.ENGAGEMENT, Verb.ARCHIVED if gone else Verb.UNKNOWN, outcome, str(ref))
        whole = all(answer is Gone.ABSENT for answer in present.values())
        return whole or self._stop(item, left)

    def _report(self, item: PlanItem, files: Sequence[str]) -> None:
        """Report files for a person's decision, each once: HubSpot has no look-up of who else uses a file."""
        for about in (f"files/{file}" for file in files):
            if self._is_first(item.record, about):
                self._ledger.step(item, Subject.ATTACHMENT, Verb.REPORTED, CallResult(Fate.DONE), about)

    def _erase_file(self, item: PlanItem, sending: Sending, file: str) -> bool:
        """Erase a file, where the policy says so."""
        return self._ledger.may_call([item], sending) and self._taken(
            item, Subject.ATTACHMENT, Verb.ERASED, self._disposer.erase_file(file), f"files/{file}"
        )

    def _taken(self, item: PlanItem, subject: Subject, verb: Verb, result: CallResult, about: str) -> bool:
        outcome = {Fate.DONE: verb, Fate.REFUSED: Verb.FAILED, Fate.UNKNOWN: Verb.UNKNOWN}[result.fate]
        self._ledger.step(item, subject, outcome, result, about)
        return True if result.fate is Fate.DONE else self._stop(item, result)

    def _stop(self, item: PlanItem, result: CallResult) -> bool:
        """The bundle stops before the record goes; a lost answer is settled by reading everything again."""
        self._ledger.settle_refusal([item], result, "bundle-")
        return False


def _part_of(entry: Settled) -> Part:
    return Part(Subject.ENGAGEMENT, str(entry.engagement.ref), entry.fate.value)


def _parts(refs: list[RecordRef]) -> Iterator[list[RecordRef]]:
    for start in range(0, len(refs), _BATCH):
        yield refs[start : start + _BATCH]
