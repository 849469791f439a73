"""Whose owner must be told ahead that a record will go, and what they are told.

What can go wrong: a sales person finds a record gone that nobody told them of. So a rule with `review = "owner"` has
the owner warned `warn_ahead` before its disposal is due, and what is due already but was never told of is told of as
well. A warning decides nothing: a plan says of how many records nobody was warned in time, and a person approves it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from html import escape
from typing import Final

from hubspot_retention.core.civil import Period
from hubspot_retention.core.decision.agreeing import due_rules, is_observed, must_agree
from hubspot_retention.core.decision.model import Decision, Outcome, ReasonCode
from hubspot_retention.core.policy.model import Disposition, Mode, RetentionPolicy
from hubspot_retention.core.policy.vocabulary import class_name
from hubspot_retention.core.record import TYPE_IDS, ObjectType, PortalId, RecordRef

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class WarningState(StrEnum):
    """How far a warning has come. `another-rule`: at that date it goes, and no rule that must agree warns anybody.
    `elsewhere`: when it was looked at, it did not go at all; it was held, say. That and `no-owner` stand until the next
    sweep."""

    WANTED = "wanted"
    TOLD = "told"
    NO_OWNER = "no-owner"
    ELSEWHERE = "elsewhere"
    ANOTHER_RULE = "another-rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerWarning:
    """What is known of the warning for one record. `due_at`: when its disposal is due; `rule`, `owner` (HubSpot's id of
    an owner) and `settled_at`, when it was told or last seen that nobody is to be, are empty until they are known.
    `erases`: whether it is to be erased, by whichever rule; for the task, and not stored. Another due date is another
    warning."""

    record: RecordRef
    due_at: datetime
    state: WarningState = WarningState.WANTED
    rule: str = ""
    owner: str = ""
    settled_at: datetime | None = None
    erases: bool = False


@dataclass(frozen=True, slots=True)
class Foresight:
    """Up to which due date owners must have been warned, by rule, as of an instant."""

    until: Mapping[str, datetime]
    as_of: datetime
    policy: RetentionPolicy
    farthest: datetime | None = field(init=False)
    """The last of these dates; `None` where no rule has its owners warned."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "farthest", max(self.until.values(), default=None))

    @classmethod
    def of(cls, policy: RetentionPolicy, as_of: datetime) -> "Foresight":
        """What the policy asks for."""
        return cls({rule_id: policy.civil.add(as_of, ahead) for rule_id, ahead in _warned(policy)}, as_of, policy)

    def wanted(self, decision: Decision) -> OwnerWarning | None:
        """The warning that a decision calls for. Of what is kept until a day, which rule takes it then is not known
        yet: `placed` says it, by a decision as of `horizon`."""
        due_at = decision.until if decision.outcome is Outcome.RETAIN else decision.due_at
        if due_at is None or self._calling(decision) is None:
            return None
        return OwnerWarning(record=decision.record, due_at=due_at)

    def horizon(self, now: Decision) -> datetime | None:
        """As of when a record that is not due yet must be decided to know which rule takes it; `None` where its
        decision as of now says all."""
        rule = self._calling(now)
        return None if rule is None or now.outcome is not Outcome.RETAIN else self.until[rule]

    def placed(self, heard: OwnerWarning, now: Decision | None, then: Decision | None) -> OwnerWarning:
        """The warning with the rule that takes the record, by its decisions as of now and as of `horizon`; `None` for
        what could not be read. It is warned of by the rule that decides, or else by one that is due as well by then and
        without which it does not go.

        The date is that of the decision as of now, which the next sweep hears as well: where two rules become due until
        then, the other one's date would be news, every night."""
        rule, warning = (None, None) if now is None else (self._calling(now), self.wanted(now))
        if now is None or rule is None or warning is None:
            return replace(heard, state=WarningState.ELSEWHERE)
        taken = now
        if now.outcome is Outcome.RETAIN:
            if then is None or then.rule is None or then.due_at is None or then.due_at > self.until[rule]:
                return replace(warning, state=WarningState.ELSEWHERE)
            at = {**{each: at for each, at in then.due if at <= then.due_at}, then.rule: then.due_at}
            taken = then._replace(due=tuple(at.items()))
            if is_observed(taken, self.policy):
                return replace(warning, state=WarningState.ELSEWHERE)
            warns = list(self._agreeing(taken))
            if not warns:
                return replace(warning, state=WarningState.ANOTHER_RULE)
            rule = next((each for each in warns if at[each] <= self.until[each]), rule)
        erases = any(map(self._erases, due_rules(taken)))
        return replace(warning, rule=rule, erases=erases)

    def _calling(self, decision: Decision) -> str | None:
        """The rule that has the owner warned: of those without which a record that is due does not go, first the one
        that decides; of several that will take it, each within its own time, the one that looks least far ahead. Before
        its time a rule calls for nothing, and what is only observed does not go."""
        if decision.outcome is not Outcome.RETAIN:
            found = next(self._agreeing(decision), None)
            return None if found is None or is_observed(decision, self.policy) else found
        if self.farthest is None or decision.until is None or decision.until > self.farthest:
            return None
        coming = [(reason.rule, reason.at) for reason in decision.reasons if reason.code is ReasonCode.NOT_YET_DUE]
        near = [rule for rule, at in coming if rule is not None and at is not None and at <= self._until(rule)]
        return min(near, key=self._until, default=None)

    def _agreeing(self, decision: Decision) -> Iterator[str]:
        """The rules that have owners warned among those that must agree to a disposal, first the one that decides."""
        return (rule for rule in must_agree(due_rules(decision), self.policy) if rule in self.until)

    def _erases(self, rule_id: str) -> bool:
        rule = self.policy.rule(rule_id)
        return rule is not None and rule.dispose is not None and rule.dispose.disposition is Disposition.ERASE

    def _until(self, rule: str) -> datetime:
        return self.until.get(rule, _NEVER)


def _warned(policy: RetentionPolicy) -> Iterator[tuple[str, Period]]:
    for rule in policy.rules:
        if rule.warn_ahead is not None and rule.mode is not Mode.OBSERVE:
            yield rule.rule_id, rule.warn_ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerTask:
    """A task for an owner in HubSpot: ids and dates of records, and words of the policy; no names, no addresses. `body`
    is HTML, as HubSpot's notes of tasks are."""

    owner: str
    due_at: datetime
    subject: str
    body: str


def task_for(policy: RetentionPolicy, portal_id: PortalId, warnings: Sequence[OwnerWarning]) -> OwnerTask:
    """The task that tells one owner of records that one rule has them warned of, all to be erased or all archived; its
    date is the earliest of theirs.

    It hangs on none of the records: a task on a contact may count as activity (HubSpot does not say), and would put
    off what it tells of.
    """
    ordered = sorted(warnings, key=lambda warning: (warning.due_at, warning.record))
    first, number = ordered[0], len(ordered)
    rule = policy.rule(first.rule)
    kind, done = class_name(first.record.object_type), "erased" if first.erases else "archived"
    lines = [
        escape(f"{policy.name}, rule {first.rule}{'' if rule is None else f': {rule.title}'}."),
        f"Unless something new happens, from the day beside it each of these is to be {done}:",
        *(f"{policy.civil.local_date(one.due_at)} {_link(portal_id, one.record)}" for one in ordered),
    ]
    if first.record.object_type is ObjectType.CONTACT:
        lines.append(f"Whoever is still relevant stays: set {policy.sources.contact.confirmed_on} to today.")
    return OwnerTask(
        owner=first.owner,
        due_at=first.due_at,
        subject=f"{number} {kind}{'' if number == 1 else 's'} of yours to be {done}",
        body="<br>".join(lines),
    )


def _link(portal_id: PortalId, record: RecordRef) -> str:
    return f"https://app.hubspot.com/contacts/{portal_id}/record/{TYPE_IDS[record.object_type]}/{record.record_id}"
