"""What must never be while a service runs for days, beside what must never be anywhere: more than a person allowed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject
from hubspot_retention.core.deadline.timing import not_before
from hubspot_retention.core.facts.observation import OptOut, OptOutSource
from hubspot_retention.core.portal import SeenContact
from hubspot_retention.core.record import RecordRef
from hubspot_retention.workflow.seal import DUE_RUN
from hubspot_retention.workflow.standing import SERVICE
from tests.simulator.checker import ViolationError, _Sent
from tests.simulator.database import database, the_policy, wanted
from tests.simulator.estate_checker import EstateChecker
from tests.simulator.outside import Outside
from tests.simulator.stage import BEGIN

_WITHIN: Final = timedelta(days=5)
_SKEW: Final = 300.0


@dataclass(slots=True, kw_only=True)
class TownChecker(EstateChecker):
    """`caps`: how many may go a day under the standing approvals that were ever given, by rule; `grace`: how long a
    click may be taken back."""

    outside: Outside | None
    grace: timedelta
    is_counted: bool
    caps: dict[str, int] = field(default_factory=dict)
    _sent_on: defaultdict[tuple[date, str], set[RecordRef]] = field(default_factory=lambda: defaultdict(set))
    _by_service: set[str] = field(default_factory=set)

    def durable(self, entries: list[Entry]) -> None:
        """Learn of plans before anything is said of them."""
        for plan_id in {entry.plan_id for entry in entries if entry.kind == "plan.approved"}:
            self._learn(plan_id or "")
        EstateChecker.durable(self, entries)

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
        EstateChecker._is_sent(self, entry)
        self._was_shown(entry)
        if entry.plan_id in self._by_service:
            self._stands_by_itself(entry, self._sent[self.stage.who, RecordRef.parse(entry.record or "")])

    def _was_shown(self, entry: Entry) -> None:
        """Nothing is sent once the anchor has seen nothing for too long (S14)."""
        if self.outside is not None:
            last = self.outside.shown_at
            if last is None or self.stage.seconds - last > self.outside.stop_after.total_seconds() + _SKEW:
                self._fail("S14", f"{entry.record} is sent, and the anchor has seen nothing for too long")

    def _stands_by_itself(self, entry: Entry, sent: _Sent) -> None:
        """By a standing approval, under its cap, by the person's own hand, after the grace."""
        rule, record = entry.rule or "", RecordRef.parse(entry.record or "")
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
        is_older = record.record_id in self.town.came_back or bool(self.town.there[record.record_id].merged_ids)
        if begins is not None and not is_older and self._true_now() < begins - timedelta(minutes=6):
            self._fail("S5", f"{record} goes before the time is over in which a click can be taken back")

    def _true_now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.stage.seconds)


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
