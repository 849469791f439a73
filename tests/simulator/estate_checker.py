"""What must never be where things hang on each other, beside what must never be anywhere: held through a neighbour or
by an older id, a letter that had to stay (C1), a record that went before its letters (C2), an agreement whose end
nobody can tell any more (C3), a letter that went too long after the last look (C4), that its plan did not name
(C5), or that somebody needs whom we put into the bin (C6)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.facts.observation import ContactObservation
from hubspot_retention.core.plan.model import Action
from hubspot_retention.core.plan.query import ALL_ITEMS
from hubspot_retention.core.portal import SeenContact
from hubspot_retention.core.record import ENGAGEMENT_TYPES, ObjectType, RecordId, RecordRef
from hubspot_retention.workflow.protocol import CALL_WITHIN_SECONDS
from tests.simulator.checker import Backup, Checker, _Sent
from tests.simulator.database import database
from tests.simulator.letters import Letter
from tests.simulator.neighbours import known
from tests.simulator.town import Town


@dataclass(slots=True, kw_only=True)
class EstateChecker(Checker):
    """Of each listing it is kept when it was, and what hung on that record alone."""

    town: Town
    erased: set[RecordRef] = field(default_factory=set)
    _announced: dict[tuple[str, str], RecordRef] = field(default_factory=dict)
    _named: dict[str, dict[RecordRef, tuple[RecordRef, ...]]] = field(default_factory=dict)
    _unnamed: set[tuple[str, str]] = field(default_factory=set)
    _listed: dict[tuple[str, RecordRef], float] = field(default_factory=dict)
    _hung: dict[tuple[str, RecordRef], set[RecordRef]] = field(default_factory=dict)
    _known: dict[RecordRef, set[RecordRef]] = field(default_factory=dict)
    _needed: dict[RecordRef, set[RecordRef]] = field(default_factory=dict)
    _alone: dict[tuple[str, RecordRef], list[RecordRef]] = field(default_factory=dict)

    def listen(self) -> None:
        """Hear of letters as well."""
        Checker.listen(self)
        self.town.on_listed, self.town.on_letter, self.town.on_needs = self.listed, self.letter, self.needs

    def durable(self, entries: list[Entry]) -> None:
        """Know what is announced beside a record."""
        for entry in entries:
            if entry.kind in ("engagement.sent", "deal.sent"):
                about = str(dict(entry.facts)["about"])
                self._announced[self.stage.who, about] = RecordRef.parse(entry.record or "")
                self._note_whether_named(entry, about)
            elif entry.kind == "disposal.sent" and entry.code == Action.ARCHIVE.value:
                record = RecordRef.parse(entry.record or "")
                self._known.setdefault(record, set()).update(self._hung.get((self.stage.who, record), ()))
        Checker.durable(self, entries)

    def _note_whether_named(self, entry: Entry, about: str) -> None:
        """Whether a plan told of what goes with a record by it, as it was stored."""
        plan_id, record = entry.plan_id or "", RecordRef.parse(entry.record or "")
        if plan_id not in self._named:
            with database()[1].transaction() as tx:
                self._named[plan_id] = {item.record: item.may_go for item in tx.items(plan_id, ALL_ITEMS)}
        is_named = RecordRef.parse(about) in self._named[plan_id][record]
        (self._unnamed.discard if is_named else self._unnamed.add)((self.stage.who, about))

    # Calls.

    def call(self, kind: str, record: RecordRef, *, together: bool) -> None:
        """A call is about to leave: for a letter as soon after the word of the record with which it goes."""
        if record.object_type not in ENGAGEMENT_TYPES:
            Checker.call(self, kind, record, together=together)
            return
        who = self.stage.who
        sent = self._sent.get((who, self._announced.get((who, str(record)), record)))
        if sent is not None and self.stage.seconds - sent.seconds > CALL_WITHIN_SECONDS:
            self._fail("C4", f"the call for {record} leaves {self.stage.seconds - sent.seconds:.0f} s after its word")

    # Effects.

    def effect(self, kind: str, record: RecordRef, who: str) -> None:
        """A record goes, by somebody's call."""
        Checker.effect(self, kind, record, who)
        sent = self._sent[who, record]
        assert sent.read is not None
        held = [self.town.held_since[each] for each in sent.read.around if each in self.town.held_since]
        # What is set at the very instant of an answer was set after it: time goes on before whoever acts next.
        if held and min(held) < sent.read.seconds:
            self._fail("S1", f"{record} goes although something in HubSpot held it before it was read")
        for old, since in self._was(record):
            if since < sent.read.seconds and (old in self.promised or self._was_asked(old, sent)):
                self._fail("S1", f"{record} goes although {old}, which it is now, is to stay")
        if record.object_type is ObjectType.CONTACT and kind == Action.ARCHIVE.value:
            for letter in self.town.letters.values():
                if record in letter.links and letter.ref in self._known.get(record, ()):
                    self._needed.setdefault(letter.ref, set()).add(record)
        if record.object_type is ObjectType.DEAL:
            self._letters_first(record, who)
        elif kind == Action.ERASE.value:
            self.erased.add(record)
            self._children_first(record, who)
            self._ends_are_known(record, sent)

    def _was(self, record: RecordRef) -> Iterator[tuple[RecordRef, float]]:
        """What a record was before, and since when that is this record."""
        for loser in self.town.of(record.object_type)[record.record_id].merged_ids:
            old = RecordRef(record.object_type, loser)
            yield old, self.town.heir_of(old)[1]

    def _was_asked(self, record: RecordRef, sent: _Sent) -> bool:
        return any(sent.place > asked_at for asked_at in self.asked.get(record, {}).values())

    def _children_first(self, record: RecordRef, who: str) -> None:
        listed_at = self._listed.get((who, record), 0.0)
        for letter in self.town.letters.values():
            if letter.links.get(record, listed_at) < listed_at:
                self._fail("C2", f"{record} goes, and {letter.ref} hung on it still")

    def _letters_first(self, record: RecordRef, who: str) -> None:
        """What hangs on a deal alone goes first, but for what somebody needs who may be in the bin."""
        needed = set[RecordRef]().union(*self._known.values())
        for ref in self._alone.get((who, record), ()):
            if ref in self.town.letters and ref not in needed and list(self.town.letters[ref].links) == [record]:
                self._fail("C2", f"{record} goes, and {ref} hung on it alone")

    def _ends_are_known(self, record: RecordRef, sent: _Sent) -> None:
        """The end of an agreement that only this contact's end tells is written to it before (semantics 3). An
        agreement may have become this contact's only after it was read, by a merge."""
        assert sent.read is not None
        answer = sent.read.answer
        if not isinstance(answer, SeenContact) or not isinstance(answer.observation.customer_until, date):
            return
        if any(since >= sent.read.seconds for _, since in self._was(record)):
            return
        for deal in self._won(answer.observation):
            seen = self.town.deals_there[deal]
            if seen.customer_until is None and known(seen.contacts) == (record.record_id,) and not seen.companies:
                self._fail("C3", f"{record} goes, and nobody can tell any more when deals/{deal} ended")

    def _won(self, seen: ContactObservation | None) -> Iterator[RecordId]:
        for deal in () if seen is None else known(seen.deals):
            if deal in self.town.deals_there and self.town.deals_there[deal].is_won:
                yield deal

    # Letters.

    def listed(self, record: RecordRef) -> None:
        """A record's correspondence was listed by somebody: they know of what hangs on what by now."""
        who, letters = self.stage.who, self.town.letters.values()
        self._listed[who, record] = self.stage.seconds
        self._alone[who, record] = [letter.ref for letter in letters if list(letter.links) == [record]]

    def needs(self, contact: RecordRef) -> None:
        """Somebody listed which letters a contact has who goes into the bin: what is sent then is sent knowing it."""
        letters = self.town.letters.values()
        self._hung[self.stage.who, contact] = {letter.ref for letter in letters if contact in letter.links}

    def restore(self, backup: Backup) -> None:
        """What was known of those in the bin is forgotten with the database."""
        Checker.restore(self, backup)
        self._known.clear()
        self._needed.clear()

    def letter(self, letter: Letter, who: str) -> None:
        """A letter goes, for good or into the bin. What it came to hang on since the list of the record with which it
        goes, or at its instant, came after it."""
        goes_with = self._announced.get((who, str(letter.ref)))
        if goes_with is None:
            self._fail("S2", f"{letter.ref} goes without a durable word that names it")
        lost = [contact for contact in sorted(self._needed.get(letter.ref, ())) if contact in self.town.bin]
        if lost:
            self._fail("C6", f"{letter.ref} goes, and {', '.join(map(str, lost))} in the bin need it")
        if (who, str(letter.ref)) in self._unnamed:
            self._fail("C5", f"{letter.ref} goes with {goes_with}, and the plan did not say that it may")
        listed_at = self._listed.get((who, goes_with), 0.0)
        old = [ref for ref, since in letter.links.items() if since < listed_at]
        if len(old) > 1 or any((who, ref) not in self._sent for ref in old):
            self._fail("C1", f"{letter.ref} goes, and hung on {', '.join(map(str, old))}")
        if any(self._has_agreement(ref, who) for ref in old):
            self._fail("C1", f"{letter.ref} goes, and belongs to an agreement that is kept")

    def _has_agreement(self, record: RecordRef, who: str) -> bool:
        """Whether one that goes had an agreement when it was read."""
        read = self._sent[who, record].read
        return read is not None and isinstance(read.answer, SeenContact) and any(self._won(read.answer.observation))
