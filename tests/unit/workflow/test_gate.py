"""Who may carry out which plan, when, and where: each refusal in its words, and nothing written."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.plan.model import Action, Plan, PlanStatus, RuleCount
from hubspot_retention.core.policy.model import AttachmentPolicy, Mode
from hubspot_retention.core.portal import PortalDetails
from hubspot_retention.core.record import PortalId
from hubspot_retention.errors import BlockedError, UsageError
from hubspot_retention.workflow.gate import (
    ComparedClocks,
    Permission,
    Unwatched,
    admit,
    check_clock,
    check_portal,
    find_plan,
)
from hubspot_retention.workflow.times import Times
from tests.builders import at
from tests.documents import CLIENTI, clienti
from tests.unit.core.plan.plans import a_plan

NOW = at("2026-11-22T09:00")
SECOND = timedelta(seconds=1)
REVIEW = Permission(mode=Mode.REVIEW, allow_erase=True)
PLAN = a_plan(status=PlanStatus.APPROVED, policy_digest=clienti().digest, expires_at=NOW, digest="d1")
ERASES = (RuleCount("unsubscribed", Action.ERASE, 1, None, None),)
ARCHIVES = (RuleCount("lost-deal", Action.ARCHIVE, 1, None, None),)


@dataclass(slots=True)
class Shelf:
    """A store of plans that notes what is written."""

    every: Sequence[Plan] = (PLAN,)
    stopped: str | None = None
    approved: str | None = None
    saved: list[Plan] = field(default_factory=list)
    said: list[Entry] = field(default_factory=list)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        yield self

    def plan(self, plan_id: str) -> Plan | None:
        return next((plan for plan in self.every if plan.plan_id == plan_id), None)

    def plans(self) -> Sequence[Plan]:
        return self.every

    def approved_policy(self) -> str | None:
        return self.approved

    def kill_switch(self) -> str | None:
        return self.stopped

    def save_plan(self, plan: Plan) -> None:
        self.saved.append(plan)

    def audit(self, entry: Entry) -> None:
        self.said.append(entry)


def admitted(
    plan: Plan = PLAN, permission: Permission = REVIEW, now: datetime = NOW, shelf: Shelf | None = None
) -> None:
    admit(cast(Any, shelf or Shelf()), plan, clienti(), permission, now)


def refused(words: str, *arguments: Any, **named: Any) -> None:
    """It is refused in these words, and no others."""
    with pytest.raises(BlockedError, match=f"^{re.escape(f'plan 7-time is not applied: {words}')}$"):
        admitted(*arguments, **named)


def test_a_plan_is_found_by_its_id() -> None:
    assert find_plan(cast(Any, Shelf()), "7-time") == PLAN


def test_who_asks_for_no_plan_hears_of_the_newest_four() -> None:
    shelf = Shelf([replace(PLAN, plan_id=f"{number}-time") for number in (9, 8, 7, 6, 5)])
    newest = r"^there is no plan 1-time; the newest are 9-time, 8-time, 7-time, 6-time$"
    with pytest.raises(UsageError, match=newest):
        find_plan(cast(Any, shelf), "1-time")
    with pytest.raises(UsageError, match=r"^there is no plan 1-time; there is none yet: make one with `plan new`$"):
        find_plan(cast(Any, Shelf([])), "1-time")


@pytest.mark.parametrize("status", [PlanStatus.APPROVED, PlanStatus.APPLYING, PlanStatus.PARTLY_APPLIED])
def test_an_approved_plan_is_admitted_up_to_its_last_instant(status: PlanStatus) -> None:
    admitted(replace(PLAN, status=status, rules=ERASES))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (PlanStatus.BUILDING, "its run stopped before it was whole; make a new one with `plan new`"),
        (PlanStatus.READ_ONLY, "it was made as of another day: it can be read, not applied"),
        (PlanStatus.BLOCKED, "a guardrail blocks it: too many; too few"),
        (PlanStatus.AWAITING_REVIEW, "nobody has approved it: `plan approve 7-time --digest …`"),
        (PlanStatus.APPLIED, "it was applied already"),
        (PlanStatus.REJECTED, "it was rejected"),
        (PlanStatus.EXPIRED, "it has expired; make a new one with `plan new`"),
        (PlanStatus.SUPERSEDED, "a newer plan stands in its place"),
    ],
)
def test_any_other_is_refused_with_what_it_is(status: PlanStatus, words: str) -> None:
    refused(words, replace(PLAN, status=status, breaches=("too many", "too few")))


def test_nothing_is_ever_written_in_the_mode_observe() -> None:
    refused(
        "the mode is observe, nothing is ever written. "
        'Set mode = "review" in the service settings (or RETENTION_MODE=review).',
        permission=Permission(mode=Mode.OBSERVE, allow_erase=True),
    )


def test_nobody_is_erased_where_the_settings_do_not_allow_it() -> None:
    careful = Permission(mode=Mode.REVIEW, allow_erase=False)
    refused(
        "it erases, and erasing is not allowed. "
        "Set allow_erase = true in the service settings (or RETENTION_ALLOW_ERASE=true).",
        replace(PLAN, rules=(*ARCHIVES, *ERASES)),
        careful,
    )
    admitted(replace(PLAN, rules=ARCHIVES), careful)


def test_a_plan_under_another_policy_is_refused() -> None:
    other = "0123456789abcdef" * 4
    refused(
        f"it was made under another policy (0123456789ab, now {clienti().digest[:12]}). "
        "Make a new one with `plan new`.",
        replace(PLAN, policy_digest=other),
    )


def test_a_plan_that_is_too_old_is_refused_and_told_of_as_expired() -> None:
    shelf, now = Shelf(), NOW + SECOND
    refused(
        "it was made at 2026-11-22T09:00:00+01:00 and has expired. Make a new one with `plan new`.",
        now=now,
        shelf=shelf,
    )
    assert shelf.saved == [replace(PLAN, status=PlanStatus.EXPIRED)]
    [entry] = shelf.said
    assert (entry.subject, entry.verb, entry.at, entry.plan_id) == (Subject.PLAN, Verb.EXPIRED, now, PLAN.plan_id)


def test_nothing_goes_while_all_disposals_are_stopped_and_nothing_is_written() -> None:
    shelf = Shelf(stopped="bent: a mistake")
    refused("all disposals are stopped (bent: a mistake)", shelf=shelf)
    assert (shelf.saved, shelf.said) == ([], [])


NARROWER = CLIENTI.read_text().replace('after = "P24M"', 'after = "P36M"')
WIDER = CLIENTI.read_text().replace('after = "P24M"', 'after = "P12M"')
NARROWED = (
    "its policy is wider than the one approved last (rule former-customer disposes after P24M, before it was P3Y). "
    "Make a new one with `plan new` under the policy approved last, or have a person approve this one first "
    "(`policy approve`)."
)


def test_a_plan_is_refused_once_a_person_has_approved_a_narrower_policy_than_its_own() -> None:
    shelf = Shelf(approved=NARROWER)
    refused(NARROWED, shelf=shelf)
    assert (shelf.saved, shelf.said) == ([], [])
    for approved in (None, CLIENTI.read_text(), WIDER):
        admitted(shelf=Shelf(approved=approved))


def test_all_that_makes_a_plan_wider_than_what_was_approved_last_is_told() -> None:
    narrower = NARROWER.replace('after = "P12M", from = "closed_at"', 'after = "P13M", from = "closed_at"')
    both = "before it was P3Y; rule lost-deal disposes after P12M, before it was P13M). "
    refused(NARROWED.replace("before it was P3Y). ", both), shelf=Shelf(approved=narrower))


@pytest.mark.parametrize("said", AttachmentPolicy)
def test_files_are_erased_where_both_the_policy_and_the_settings_say_so(said: AttachmentPolicy) -> None:
    policy = replace(clienti(), attachments=said)
    assert REVIEW.attachments(policy) is said
    assert replace(REVIEW, allow_erase=False).attachments(policy) is AttachmentPolicy.REPORT


def test_a_plan_that_is_too_old_is_told_of_as_expired_whatever_was_approved_since() -> None:
    shelf, now = Shelf(approved=NARROWER), NOW + SECOND
    with pytest.raises(BlockedError, match="has expired"):
        admitted(now=now, shelf=shelf)
    assert shelf.saved == [replace(PLAN, status=PlanStatus.EXPIRED)]


def details(portal: int = PLAN.portal_id, skew: float = 0.0) -> PortalDetails:
    return PortalDetails(
        portal_id=PortalId(portal), account_type="STANDARD", time_zone="Europe/Copenhagen", clock_skew_seconds=skew
    )


def test_a_plan_is_for_the_portal_of_the_token_alone() -> None:
    check_portal(PLAN, details())
    words = "^plan 7-time is not applied: it is for portal 25412345, the token belongs to portal 7$"
    with pytest.raises(BlockedError, match=words):
        check_portal(PLAN, details(7))


@pytest.mark.parametrize("skew", [300.0, -300.0])
def test_clocks_may_differ_by_five_minutes_and_no_more(skew: float) -> None:
    check_portal(PLAN, details(skew=skew))
    check_clock(details(skew=skew), "nothing is done")
    further = skew + (1 if skew > 0 else -1)
    why = rf"our clock and HubSpot's differ by {further:.0f} seconds \(at most 300\); set the clock$"
    with pytest.raises(BlockedError, match=f"^plan 7-time is not applied: {why}"):
        check_portal(PLAN, details(skew=further))
    with pytest.raises(BlockedError, match=f"^nothing is done: {why}"):
        check_clock(details(skew=further), "nothing is done")


@pytest.mark.parametrize(
    ("skew", "jump", "agree"), [(0, 300, True), (0, 301, False), (-200, 500, True), (0, -301, False)]
)
def test_a_clock_that_jumps_is_seen_by_the_one_that_never_does(skew: float, jump: int, agree: bool) -> None:
    seconds, present = [100.0], [NOW]
    clocks = ComparedClocks(Times(lambda: present[0], lambda: seconds[0]), skew)
    seconds[0] += 3_600
    present[0] += timedelta(seconds=3_600 + jump)
    assert clocks.agree() is agree


def test_where_no_anchor_is_set_nothing_is_doubted() -> None:
    Unwatched().require()
    Unwatched().mark()
    assert Unwatched().stands()
