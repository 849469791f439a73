"""`portal probe`: tries on the portal itself what HubSpot leaves undocumented, with records of its own making.

What can go wrong: a real record is touched. So every id used here was made by this very run, an id that is to be
unknown is that of a record it has erased itself, and everything it made is removed at the end, whatever happened;
what could not be removed is named by its id. All records carry the marker in their name.
"""

from collections.abc import Callable, Iterator, Sequence
from secrets import token_hex

from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.portal import CallResult, Fate, Gone
from hubspot_retention.core.probe import ProbeQuestion, ProbeResult
from hubspot_retention.core.record import ObjectType, RecordRef
from hubspot_retention.errors import PortalError
from hubspot_retention.hubspot.calls import objects_path, post
from hubspot_retention.hubspot.objects import search
from hubspot_retention.hubspot.portal import HubSpotPortal
from hubspot_retention.hubspot.probe_records import ProbeRecords
from hubspot_retention.hubspot.transport import Transport

_TRIES = 10
_SECONDS_BETWEEN = 1.0
_SEARCH_TRIES = 60


class Probe:
    """One run of all trials. `marker` stands in the name of everything it makes."""

    def __init__(self, transport: Transport, policy: RetentionPolicy, marker: str | None = None) -> None:
        self.marker = marker or f"retention-probe-{token_hex(4)}"
        self._transport = transport
        self.left_behind: tuple[RecordRef, ...] = ()
        """What could not be removed, after a run."""
        self._portal = HubSpotPortal(transport, policy)
        self._made = ProbeRecords(transport, self._portal, self.marker)

    def run(self) -> tuple[ProbeResult, ...]:
        """Every trial in turn; one that fails is `unclear`, and the records are removed in any case.

        Raises PortalError if the very first call fails.
        """
        self._portal.identity()
        results: list[ProbeResult] = []
        try:
            for trial in (
                self._survival,
                self._detached,
                self._odd_ids,
                self._merged_ids,
                self._partial,
                self._search_lag,
            ):
                results.extend(_tried(trial))
        finally:
            results.append(self._cleaned())
        return tuple(results)

    def _survival(self) -> Iterator[ProbeResult]:
        """A note, an e-mail and a call hang on a deal and on a contact; the contact is erased."""
        contact, deal = self._made.contact("a"), self._made.deal()
        engagements = self._made.correspondence()
        for each in engagements:
            for target in (contact, deal):
                self._must(self._portal.associate(each, target))
        self._must(self._portal.erase_contact(contact.record_id))
        gone = self._until(lambda: not self._in_view(contact))
        left = [each for each in engagements if self._in_view(each)]
        listed = self._portal.correspondence(ObjectType.DEAL, [deal.record_id])[deal.record_id]
        on_deal = {each.ref for each in listed} if isinstance(listed, tuple) else set()
        kept = [each for each in left if each in on_deal]
        survives = "yes" if len(kept) == len(engagements) else "no"
        answer = survives if gone else "unclear"
        details = (
            f"{len(kept)} of {len(engagements)} engagements (note, e-mail, call) stand on the deal right after the"
            " contact was erased; HubSpot goes on purging for up to 30 days"
        )
        yield ProbeResult(ProbeQuestion.CORRESPONDENCE_SURVIVES, answer, details)

    def _detached(self) -> Iterator[ProbeResult]:
        """A note, an e-mail and a call hang on two contacts; they are taken off the one, which is erased."""
        going, staying = self._made.contact("i"), self._made.contact("j")
        engagements = self._made.correspondence()
        for each in engagements:
            for target in (going, staying):
                self._must(self._portal.associate(each, target))
            self._must(self._portal.dissociate(each, going))
        self._must(self._portal.erase_contact(going.record_id))
        gone = self._until(lambda: not self._in_view(going))
        listed = self._portal.correspondence(ObjectType.CONTACT, [staying.record_id])[staying.record_id]
        on_other = {each.ref for each in listed} if isinstance(listed, tuple) else set()
        kept = [each for each in engagements if self._in_view(each) and each in on_other]
        survives = "yes" if len(kept) == len(engagements) else "no"
        note = (
            f"{len(kept)} of {len(engagements)} engagements (note, e-mail, call) stand on the other contact right"
            " after the first was erased"
        )
        yield ProbeResult(ProbeQuestion.DETACHED_SURVIVES, survives if gone else "unclear", note)

    def _odd_ids(self) -> Iterator[ProbeResult]:
        """Archive and erase of a contact that is archived, and of one that is gone."""
        binned = self._made.contact("b")
        self._must(self._portal.archive(binned.object_type, [binned.record_id]))
        self._until(lambda: not self._in_view(binned))
        again = self._portal.archive(binned.object_type, [binned.record_id])
        yield _answered(ProbeQuestion.ARCHIVE_OF_ARCHIVED, again)
        yield _answered(ProbeQuestion.ERASE_OF_ARCHIVED, self._portal.erase_contact(binned.record_id))
        unknown = self._erased("c")
        yield _answered(
            ProbeQuestion.ARCHIVE_OF_UNKNOWN, self._portal.archive(unknown.object_type, [unknown.record_id])
        )
        yield _answered(ProbeQuestion.ERASE_OF_UNKNOWN, self._portal.erase_contact(unknown.record_id))

    def _merged_ids(self) -> Iterator[ProbeResult]:
        """Archive and erase by the id of a contact that was merged into another."""
        winner, loser = self._merged("d")
        result = self._portal.archive(loser.object_type, [loser.record_id])
        yield self._of_merged(ProbeQuestion.ARCHIVE_OF_MERGED, result, winner)
        winner, loser = self._merged("e")
        yield self._of_merged(ProbeQuestion.ERASE_OF_MERGED, self._portal.erase_contact(loser.record_id), winner)

    def _of_merged(self, question: ProbeQuestion, result: CallResult, winner: RecordRef) -> ProbeResult:
        gone = self._until(lambda: not self._in_view(winner), tries=3)
        answer = "takes-winner" if gone else "spares-winner"
        return ProbeResult(question, answer, f"{_words(result)}; the winner is {_whether(gone)} gone")

    def _partial(self) -> Iterator[ProbeResult]:
        """A batch of one contact that is there and one that is not."""
        there, unknown = self._made.contact("f"), self._erased("g")
        result = self._portal.archive(there.object_type, [there.record_id, unknown.record_id])
        gone = self._until(lambda: not self._in_view(there))
        answer = "silent" if result.status == 204 else "says-so"
        details = f"{_words(result)}; the contact that was there is {_whether(gone)} gone"
        yield ProbeResult(ProbeQuestion.PARTIAL_BATCH, answer, details)

    def _search_lag(self) -> Iterator[ProbeResult]:
        """How long until search finds a new contact."""
        started = self._transport.seconds()
        fresh = self._made.contact("h")
        by_id = {"propertyName": "hs_object_id", "operator": "EQ", "value": str(fresh.record_id)}

        def found() -> bool:
            return search(self._transport, ObjectType.CONTACT, [by_id]).total > 0

        seen = self._until(found, tries=_SEARCH_TRIES)
        seconds = self._transport.seconds() - started
        answer = f"{seconds:.0f}" if seen else "unclear"
        details = f"a new contact was {'found' if seen else 'not found'} by search after {seconds:.1f} s"
        yield ProbeResult(ProbeQuestion.SEARCH_LAG, answer, details)

    def _erased(self, name: str) -> RecordRef:
        contact = self._made.contact(name)
        self._must(self._portal.erase_contact(contact.record_id))
        self._until(lambda: not self._in_view(contact))
        return contact

    def _merged(self, name: str) -> tuple[RecordRef, RecordRef]:
        """The winner and the loser; HubSpot may make a new record of the two."""
        first, second = self._made.contact(f"{name}1"), self._made.contact(f"{name}2")
        body = {"primaryObjectId": str(first.record_id), "objectIdToMerge": str(second.record_id)}
        return self._made.merged(post(objects_path(ObjectType.CONTACT, "/merge"), body)), second

    def _in_view(self, ref: RecordRef) -> bool:
        found = self._portal.presence(ref.object_type, [ref.record_id])[ref.record_id]
        return found is not Gone.ABSENT

    def _until(self, condition: Callable[[], bool], tries: int = _TRIES) -> bool:
        for attempt in range(tries):
            if attempt:
                self._transport.pause(_SECONDS_BETWEEN)
            if condition():
                return True
        return False

    def _must(self, result: CallResult) -> None:
        if result.fate is not Fate.DONE:
            raise PortalError(f"a step of the trial itself failed: {_words(result)}")

    def _cleaned(self) -> ProbeResult:
        left = self.left_behind = self._made.remove()
        if self._made.uncertain or left:
            names = ", ".join(str(ref) for ref in left) or "nothing that is known"
            details = f"still in view: {names}; please remove by hand whatever is called {self.marker}"
            return ProbeResult(ProbeQuestion.CLEANED_UP, "no", details)
        details = "everything made is out of view; what cannot be erased lies in HubSpot's bin for 90 days"
        return ProbeResult(ProbeQuestion.CLEANED_UP, "yes", details)


def _tried(trial: Callable[[], Iterator[ProbeResult]]) -> Sequence[ProbeResult]:
    """The results of a trial; what it could not try is missing, and stays unverified."""
    results = []
    try:
        for result in trial():
            results.append(result)
    except PortalError as error:
        results.append(_failed(trial.__name__, error))
    return results


_FIRST_QUESTION = {
    "_survival": ProbeQuestion.CORRESPONDENCE_SURVIVES,
    "_detached": ProbeQuestion.DETACHED_SURVIVES,
    "_odd_ids": ProbeQuestion.ARCHIVE_OF_ARCHIVED,
    "_merged_ids": ProbeQuestion.ARCHIVE_OF_MERGED,
    "_partial": ProbeQuestion.PARTIAL_BATCH,
    "_search_lag": ProbeQuestion.SEARCH_LAG,
}


def _failed(name: str, error: PortalError) -> ProbeResult:
    return ProbeResult(_FIRST_QUESTION[name], "unclear", f"could not be tried: {error}")


def _answered(question: ProbeQuestion, result: CallResult) -> ProbeResult:
    answer = {Fate.DONE: "taken", Fate.REFUSED: "refused", Fate.UNKNOWN: "unclear"}[result.fate]
    return ProbeResult(question, answer, _words(result))


def _words(result: CallResult) -> str:
    status = "nothing" if result.status is None else str(result.status)
    return f"HubSpot answered {status}{f' {result.category}' if result.category else ''}"


def _whether(gone: bool) -> str:
    return "now" if gone else "not"
