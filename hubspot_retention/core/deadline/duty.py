"""What a decision obliges the service to do with a record, and by when.

Most decisions oblige to nothing. A disposal does, by the dates of the decision. So does the end of marketing for
somebody who stays: it is part of the same right, so it has that right's deadline and needs the same approval. It is
no answer: whoever asked for erasure and stays must be told so by the clock of the request, and only a person can.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from hubspot_retention.core.deadline.timing import call_by, deadline_after_lapse, not_before
from hubspot_retention.core.decision.agreeing import due_rules, must_agree
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered
from hubspot_retention.core.decision.model import Decision, Outcome
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.policy.model import Disposition, RetentionPolicy, RetentionRule

OPT_OUT: Final = "unsubscribed_at"
"""The start that a click sets: it can be a mistake, and somebody else than the person can set it."""
ASKED: Final = "erasure_requested_at"
MARKETING_ENDS: Final = "marketing-ends"
ANSWER_OWED: Final = "answer-owed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the ledger judges by: the policy, and how long a mistaken click can be undone."""

    policy: RetentionPolicy
    grace: timedelta


class Seen(NamedTuple):
    """A decision as the ledger hears of it: as of when, beside what is remembered of the record.

    `before`: what earlier runs noted; `opt_out`: the opt-out as it is known now. `carried`: the rules against which a
    keep without an end carried the record until lately. `plan_id`: the plan of the run that holds it. `is_fresh`: read
    by id just now; a run's page may be older than what was heard meanwhile.
    """

    decision: Decision
    at: datetime
    before: Remembered = NOTHING_REMEMBERED
    opt_out: Remembered = NOTHING_REMEMBERED
    carried: frozenset[str] = frozenset()
    plan_id: str = ""
    is_fresh: bool = False

    @property
    def ends_marketing(self) -> bool:
        """Whether the record stays and its marketing is still to be ended."""
        decision = self.decision
        stays = decision.outcome is not Outcome.DISPOSE
        return stays and decision.marketing_ends and not self.before.marketing_ended

    @property
    def subscribed_again(self) -> bool:
        """Whether an opt-out that was known has been taken back."""
        return self.before.opted_out_at is not None and self.opt_out.opted_out_at is None


class Duty(NamedTuple):
    """What is to be done by when; the fields are those of an obligation. Without `due_at` it is due since it was
    first heard of."""

    reason: str
    rule: str
    disposition: Disposition | None
    due_at: datetime | None
    erase_by: datetime | None
    call_by: datetime | None
    not_before: datetime | None
    by_person: bool
    right: bool


def duty_of(seen: Seen, terms: Terms) -> Duty | None:
    """What a decision obliges the service to do; `None`: nothing."""
    if seen.decision.outcome is Outcome.DISPOSE:
        return _disposal(seen, terms)
    return _marketing(seen, terms) if seen.ends_marketing else None


def answer_of(seen: Seen, terms: Terms) -> Duty | None:
    """What is left for a person once the service has nothing to do: whoever asked for erasure must be answered by the
    clock of the request, whatever the outcome; `None`: nobody asked, or the request is closed."""
    answer_by = seen.decision.answer_by
    if answer_by is None:
        return None
    rules = terms.policy.rules_for(seen.decision.record.object_type)
    asked = next((rule for rule in rules if _is_right_from(rule, ASKED)), None)
    return Duty(
        reason=ANSWER_OWED,
        rule="" if asked is None else asked.rule_id,
        disposition=None,
        due_at=next((start for _, rule, start in _rights(seen, terms.policy) if rule is asked), None),
        erase_by=answer_by,
        call_by=answer_by,
        not_before=None,
        by_person=True,
        right=True,
    )


def _disposal(seen: Seen, terms: Terms) -> Duty:
    decision = seen.decision
    rule = terms.policy.rule(decision.rule or "")
    assert rule is not None
    assert decision.due_at is not None
    assert decision.erase_by is not None
    found = (terms.policy.rule(rule_id) for rule_id in must_agree(due_rules(decision), terms.policy))
    rules = [each for each in found if each is not None]
    erase_by = decision.erase_by
    if seen.carried:
        erase_by = max(erase_by, deadline_after_lapse(decision, seen.carried, seen.at, terms.policy) or erase_by)
    duty = Duty(
        reason=decision.reasons[0].code.value if decision.reasons else "",
        rule=rule.rule_id,
        disposition=decision.disposition,
        due_at=decision.due_at,
        erase_by=erase_by,
        call_by=call_by(decision.disposition, erase_by),
        not_before=None,
        by_person=_by_person(rules, seen.opt_out),
        right=decision.right,
    )
    return _after_grace(duty, rules, _opted_out_at(seen), terms)


def _marketing(seen: Seen, terms: Terms) -> Duty:
    """The right that has to be met first decides. Where none is known, because a restriction ends the marketing or a
    hold hides the starts, the clock of an erasure request does, and else there is no date."""
    found = min(_rights(seen, terms.policy), key=lambda entry: entry[0], default=None)
    if found is None:
        return Duty(
            reason=MARKETING_ENDS,
            rule="",
            disposition=None,
            due_at=None,
            erase_by=seen.decision.answer_by,
            call_by=seen.decision.answer_by,
            not_before=None,
            by_person=False,
            right=True,
        )
    (limit, _), rule, start = found
    duty = Duty(
        reason=MARKETING_ENDS,
        rule=rule.rule_id,
        disposition=None,
        due_at=start,
        erase_by=limit,
        call_by=limit,
        not_before=None,
        by_person=_by_person([rule], seen.opt_out),
        right=True,
    )
    return _after_grace(duty, [rule], _opted_out_at(seen), terms)


def _rights(seen: Seen, policy: RetentionPolicy) -> Iterator[tuple[tuple[datetime, int], RetentionRule, datetime]]:
    """The exercised rights that a record's starts show, each with its limit and its start."""
    starts = dict(seen.decision.starts)
    if seen.opt_out.opted_out_at is not None:
        starts.setdefault(OPT_OUT, seen.opt_out.opted_out_at)
    for order, rule in enumerate(policy.rules_for(seen.decision.record.object_type)):
        if rule.dispose is None or not rule.dispose.right:
            continue
        start = starts.get(rule.dispose.start.fact)
        if isinstance(start, date):
            after = rule.dispose.after
            effect = policy.civil.instant_of(start) if after.is_zero else policy.civil.add(start, after)
            yield (policy.civil.earliest(effect, rule.dispose.within), order), rule, effect


def _opted_out_at(seen: Seen) -> datetime | None:
    start = dict(seen.decision.starts).get(OPT_OUT)
    return start if isinstance(start, datetime) else seen.opt_out.opted_out_at


def _by_person(rules: Sequence[RetentionRule], opt_out: Remembered) -> bool:
    """Whether the data subject exercised the right, and set all that the rules count from. An opt-out can be set by
    staff, an import or an integration, so its source tells. A request for erasure or a withdrawal is by its nature the
    person's word: somebody wrote it down in the register or the property that have no other meaning, under their name.
    A time rule is nobody's act."""
    if not any(rule.dispose is not None and rule.dispose.right for rule in rules):
        return False
    return not any(_from_opt_out(rule) for rule in rules) or opt_out.opt_out_source is OptOutSource.PERSON


def _from_opt_out(rule: RetentionRule) -> bool:
    return rule.dispose is not None and rule.dispose.start.fact == OPT_OUT


def _is_right_from(rule: RetentionRule, fact: str) -> bool:
    return rule.dispose is not None and rule.dispose.right and rule.dispose.start.fact == fact


def _after_grace(duty: Duty, rules: Sequence[RetentionRule], opted_out_at: datetime | None, terms: Terms) -> Duty:
    is_opt_out = any(_is_right_from(rule, OPT_OUT) for rule in rules)
    if not is_opt_out or opted_out_at is None or duty.call_by is None:
        return duty
    return duty._replace(not_before=not_before(opted_out_at, duty.call_by, terms.grace))
