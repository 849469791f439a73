"""What must never be in a town, beside what must never be anywhere: held through a firm, merged, beyond a cap, a letter
that had to stay (C1), a person who went before their letters (C2)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject
from hubspot_retention.core.deadline.timing import not_before
from hubspot_retention.core.facts.observation import OptOut, OptOutSource
from hubspot_retention.core.plan.model import Action
from hubspot_retention.core.portal import SeenContact
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.workflow.seal import DUE_RUN
from hubspot_retention.workflow.standing import SERVICE
from tests.simulator.checker import Checker, ViolationError, _Sent
from tests.simulator.database import database, the_policy, wanted
from tests.simulator.letters import Letter
from tests.simulator.stage import BEGIN
from tests.simulator.town import Town, known

_WITHIN: Final = timedelta(days=5)


@dataclass(slots=True, kw_only=True)
class TownChecker(Checker):
    """`caps`: how many may go a day under the standing approvals that were ever given, by rule; `grace`: how long a
    click may be taken back."""

    town: Town
    grace: timedelta
    is_counted: bool
    caps: dict[str, int] = field(default_factory=dict)
    _sent_on: defaultdict[tuple[date, str], set[RecordId]] = field(default_factory=lambda: defaultdict(set))
    _by_service: set[str] = field(default_factory=set)
    _announced: set[tuple[str, str]] = field(default_factory=set)
    _listed: dict[tuple[str, RecordRef], float] = field(default_factory=dict)

    def listen(self) -> None:
        """Hear of letters as well."""
        Checker.listen(self)
        self.town.on_listed, self.town.on_letter = self.listed, self.letter

    def durable(self, entries: list[Entry]) -> None:
        """Learn of plans before anything is said of them."""
        for plan_id in {entry.plan_id for entry in entries if entry.kind == "plan.approved"}:
            self._learn(plan_id or "")
        for entry in entries:
            if entry.kind in ("engagement.sent", "deal.sent"):
                self._announced.add((self.stage.who, str(dict(entry.facts)["about"])))
        Checker.durable(self, entries)

    def _learn(self, plan_id: str) -> None:
        with database()[1].transaction() as tx:
            plan = tx.plan(plan_id)
            assert plan is not None
            if plan.decided_by == SERVICE and tx.run_kind(plan.run_id) == DUE_RUN:
                self._by_service.add(plan_id)
        self.plans[plan_id] = plan
        self.approved[plan_id] = wanted([plan])

    # Sent.

    def _is_sent(self, entry: Entry) -> None:
        Checker._is_sent(self, entry)
        if entry.plan_id in self._by_service:
            self._stands_by_itself(entry, self._sent[self.stage.who, _id(entry)])

    def _stands_by_itself(self, entry: Entry, sent: _Sent) -> None:
        """By a standing approval, under its cap, by the person's own hand, after the grace."""
        rule, record = entry.rule or "", _id(entry)
        going = self._sent_on[the_policy()[1].civil.local_date(entry.at), rule]
        going.add(record)
        if self.is_counted and len(going) > self.caps.get(rule, 0):
            self._fail("S5", f"{record} goes by itself, beyond what a person allowed for {rule} on that day")
        answer = None if sent.read is None else sent.read.answer
        opt_out = answer.observation.opt_out if isinstance(answer, SeenContact) else None
        if rule != "unsubscribed" or not isinstance(opt_out, OptOut) or opt_out.at is None:
            return
        if opt_out.source is not OptOutSource.PERSON:
            self._fail("S5", f"{record} goes by itself, and was unsubscribed by somebody else")
        begins = not_before(opt_out.at, opt_out.at + _WITHIN, self.grace)
        # Of several clicks, of one person or of two who became one, the first that was seen counts.
        is_older = record in self.town.came_back or bool(self.town.there[record].merged_ids)
        if begins is not None and not is_older and self._true_now() < begins - timedelta(minutes=6):
            self._fail("S5", f"{record} goes before the time is over in which a click can be taken back")

    def _true_now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.stage.seconds)

    # Effects.

    def effect(self, kind: str, record: RecordId, who: str) -> None:
        """A contact goes, by somebody's call."""
        Checker.effect(self, kind, record, who)
        sent = self._sent[who, record]
        assert sent.read is not None
        read_at = sent.read.seconds
        held = self.town.held(record)
        if held is not None and held <= read_at:
            self._fail("S1", f"{record} goes although something in HubSpot held it before it was read")
        for loser in self.town.there[record].merged_ids:
            if self.town.merged_at[loser] <= read_at and (loser in self.promised or self._was_asked(loser, sent)):
                self._fail("S1", f"{record} goes although {loser}, which it is now, is to stay")
        if kind == Action.ERASE.value:
            self._children_first(record, who)

    def _was_asked(self, record: RecordId, sent: _Sent) -> bool:
        return any(sent.place > asked_at for asked_at in self.asked.get(record, {}).values())

    def _children_first(self, record: RecordId, who: str) -> None:
        ref = RecordRef(ObjectType.CONTACT, record)
        listed_at = self._listed.get((who, ref), -1.0)
        for letter in self.town.letters.values():
            if letter.links.get(ref, listed_at + 1) <= listed_at:
                self._fail("C2", f"{record} goes, and {letter.ref} hung on it still")

    def listed(self, record: RecordRef) -> None:
        """A record's correspondence was listed by somebody: they know of what hangs on what by now."""
        self._listed[self.stage.who, record] = self.stage.seconds
        for letter in self.town.letters.values():
            if record in letter.links:
                self._listed[self.stage.who, letter.ref] = self.stage.seconds

    def letter(self, letter: Letter, who: str) -> None:
        """A letter goes, for good or into the bin."""
        listed_at = self._listed.get((who, letter.ref), -1.0)
        old = [ref for ref, since in letter.links.items() if since <= listed_at]
        if (who, str(letter.ref)) not in self._announced:
            self._fail("S2", f"{letter.ref} goes without a durable word that names it")
        if len(old) > 1 or any(ref.object_type is not ObjectType.CONTACT for ref in old):
            self._fail("C1", f"{letter.ref} goes, and hung on {', '.join(map(str, old))}")
        if any(self._has_agreement(ref.record_id) for ref in old):
            self._fail("C1", f"{letter.ref} goes, and belongs to an agreement that is kept")

    def _has_agreement(self, contact: RecordId) -> bool:
        deals: Mapping[RecordId, object] = self.town.deals_there
        seen = self.town.there.get(contact)
        return seen is not None and any(deal in deals for deal in known(seen.deals))


def each_obligation_ends_once(entries: Iterable[Entry]) -> None:
    """What the log was told of ends there once, before it begins again (E1). Raises ViolationError."""
    told: dict[str, set[str]] = {}
    for entry in entries:
        if entry.subject is not Subject.OBLIGATION or entry.record is None:
            continue
        so_far, verb = told.setdefault(entry.record, set()), entry.verb.value
        if verb in ("done", "ended"):
            if not so_far:
                raise ViolationError("E1", f"the obligation of {entry.record} ends, and never began")
            so_far.clear()
        elif verb in so_far and verb != "raised":
            raise ViolationError("E1", f"the obligation of {entry.record} begins twice")
        else:
            so_far.add(verb)


def _id(entry: Entry) -> RecordId:
    return RecordId(int((entry.record or "").partition("/")[2]))
