"""Whose owner is to be warned, up to when, and what the task says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hubspot_retention.core.decision.model import Decision, Outcome, Reason, ReasonCode
from hubspot_retention.core.owner_warning import Foresight, OwnerWarning, WarningState, task_for
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from tests.documents import CLIENTI, clienti
from tests.unit.core.plan.plans import observing

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
IN_30_DAYS = NOW + timedelta(days=30)
ADA = RecordRef(ObjectType.CONTACT, RecordId(101))
FORESIGHT = Foresight.of(clienti(), NOW)


def kept_until(until: datetime | None, rule: str = "inactive-contact", *more: tuple[str, datetime]) -> Decision:
    """A contact that stays until then, when a rule takes it; more rules would later."""
    coming = () if until is None else ((rule, until), *more)
    kept = Reason(ReasonCode.KEEP_RUNS, "agreement", NOW)
    reasons = tuple(Reason(ReasonCode.NOT_YET_DUE, each, at) for each, at in coming)
    return Decision(ADA, Outcome.RETAIN, (kept, *reasons), until=until)


def due(at: datetime, rule: str = "inactive-contact", *more: tuple[str, datetime]) -> Decision:
    """A contact that is due by a rule, which decides, and by more of them."""
    return Decision(ADA, Outcome.DISPOSE, (), rule=rule, due_at=at, due=((rule, at), *more))


def wanted(at: datetime, **changes: Any) -> OwnerWarning:
    """A warning that nobody was given yet."""
    said: dict[str, Any] = {"record": ADA, "due_at": at}
    return OwnerWarning(**(said | changes))


def test_owners_are_warned_as_long_ahead_as_the_policy_says() -> None:
    foresight = Foresight.of(clienti(), NOW)
    assert foresight.until == {"inactive-contact": IN_30_DAYS}
    assert foresight.farthest == IN_30_DAYS


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        (kept_until(IN_30_DAYS), wanted(IN_30_DAYS)),
        (kept_until(IN_30_DAYS + timedelta(microseconds=1)), None),
        (kept_until(None), None),
        (kept_until(NOW + timedelta(days=20), "former-customer"), None),
        (kept_until(NOW, "former-customer", ("inactive-contact", IN_30_DAYS)), wanted(NOW)),
        (kept_until(NOW, "former-customer", ("inactive-contact", IN_30_DAYS + timedelta(microseconds=1))), None),
        (Decision(ADA, Outcome.RETAIN, (Reason(ReasonCode.KEEP_RUNS, "inactive-contact", NOW),), until=NOW), None),
        (due(NOW), wanted(NOW)),
        (due(NOW, "unsubscribed"), None),
        (Decision(ADA, Outcome.HELD, ()), None),
        (Decision(ADA, Outcome.UNDETERMINED, ()), None),
    ],
)
def test_a_warning_is_wanted_for_what_goes_soon_or_is_due_by_such_a_rule(
    decision: Decision, expected: OwnerWarning | None
) -> None:
    assert FORESIGHT.wanted(decision) == expected


def test_without_such_a_rule_nobody_is_warned() -> None:
    quiet = CLIENTI.read_text(encoding="utf-8").replace('review = "owner"\nwarn_ahead = "P30D"\n', "")
    foresight = Foresight.of(parse_policy(quiet), NOW)
    assert foresight.farthest is None
    assert foresight.wanted(kept_until(NOW)) is None


SOON = NOW + timedelta(days=20)


@pytest.mark.parametrize(
    ("now", "then", "expected"),
    [
        (kept_until(SOON), due(SOON), wanted(SOON, rule="inactive-contact")),
        (kept_until(SOON), due(IN_30_DAYS), wanted(SOON, rule="inactive-contact")),
        (kept_until(IN_30_DAYS), due(IN_30_DAYS), wanted(IN_30_DAYS, rule="inactive-contact")),
        (due(NOW), due(NOW), wanted(NOW, rule="inactive-contact")),
        (kept_until(SOON), due(IN_30_DAYS + timedelta(days=1)), wanted(SOON, state=WarningState.ELSEWHERE)),
        (kept_until(SOON), due(NOW, "former-customer"), wanted(SOON, state=WarningState.ANOTHER_RULE)),
        (kept_until(SOON), kept_until(IN_30_DAYS), wanted(SOON, state=WarningState.ELSEWHERE)),
        (kept_until(SOON), None, wanted(SOON, state=WarningState.ELSEWHERE)),
        (kept_until(None), due(SOON), wanted(NOW, state=WarningState.ELSEWHERE)),
        (None, None, wanted(NOW, state=WarningState.ELSEWHERE)),
        (due(NOW), None, wanted(NOW, rule="inactive-contact")),
        (due(NOW), due(NOW, "former-customer"), wanted(NOW, rule="inactive-contact")),
    ],
)
def test_the_rule_that_takes_the_record_decides_whether_it_is_warned_of_and_the_date_is_that_of_today(
    now: Decision | None, then: Decision | None, expected: OwnerWarning
) -> None:
    assert FORESIGHT.placed(wanted(NOW), now, then) == expected


IN_90_DAYS = NOW + timedelta(days=90)
TWO = Foresight({"inactive-contact": IN_30_DAYS, "long-silent": IN_90_DAYS}, NOW, clienti())
"""A rule that warns ninety days ahead, beside the one that does it thirty days ahead."""


@pytest.mark.parametrize(
    ("decision", "horizon"),
    [
        (kept_until(IN_30_DAYS), IN_30_DAYS),
        (kept_until(IN_30_DAYS + timedelta(microseconds=1)), None),
        (kept_until(IN_90_DAYS, "long-silent"), IN_90_DAYS),
        (kept_until(IN_90_DAYS + timedelta(microseconds=1), "long-silent"), None),
        (kept_until(SOON, "long-silent", ("inactive-contact", IN_30_DAYS)), IN_30_DAYS),
        (kept_until(SOON, "inactive-contact", ("long-silent", IN_30_DAYS)), IN_30_DAYS),
        (kept_until(SOON, "long-silent", ("inactive-contact", IN_90_DAYS)), IN_90_DAYS),
    ],
)
def test_before_the_time_of_its_own_rule_nobody_is_warned_however_far_ahead_another_one_looks(
    decision: Decision, horizon: datetime | None
) -> None:
    assert (TWO.wanted(decision) is not None, TWO.horizon(decision)) == (horizon is not None, horizon)


def test_of_two_rules_in_their_time_the_one_that_looks_least_far_ahead_says_as_of_when() -> None:
    reverse = Foresight({"inactive-contact": IN_90_DAYS, "long-silent": IN_30_DAYS}, NOW, clienti())
    assert reverse.horizon(kept_until(SOON, "inactive-contact", ("long-silent", IN_30_DAYS))) == IN_30_DAYS


def test_what_is_due_is_not_looked_at_further() -> None:
    assert TWO.horizon(due(NOW)) is None


@pytest.mark.parametrize(
    ("then", "rule"),
    [
        (due(IN_30_DAYS), "inactive-contact"),
        (due(IN_30_DAYS + timedelta(microseconds=1)), "long-silent"),
        (due(IN_90_DAYS, "long-silent"), "long-silent"),
    ],
)
def test_where_a_rule_would_win_whose_time_has_not_come_the_one_that_is_in_time_is_named(
    then: Decision, rule: str
) -> None:
    now = kept_until(SOON, "long-silent", ("inactive-contact", IN_30_DAYS + timedelta(days=5)))
    assert TWO.placed(wanted(NOW), now, then) == wanted(SOON, rule=rule)


def test_the_task_names_ids_and_days_and_how_a_contact_stays() -> None:
    several = [
        wanted(IN_30_DAYS, rule="inactive-contact", owner="77", record=RecordRef(ObjectType.CONTACT, RecordId(103))),
        wanted(NOW + timedelta(days=2), rule="inactive-contact", owner="77"),
    ]
    task = task_for(clienti(), PortalId(25412345), several)
    assert (task.owner, task.due_at) == ("77", NOW + timedelta(days=2))
    assert task.subject == "2 contacts of yours to be archived"
    lines = task.body.split("<br>")
    assert lines[0].startswith("Clienti: Persondatapolitik, rule inactive-contact: ")
    assert lines[2:4] == [
        "2026-11-27 https://app.hubspot.com/contacts/25412345/record/0-1/101",
        "2026-12-25 https://app.hubspot.com/contacts/25412345/record/0-1/103",
    ]
    assert lines[4] == "Whoever is still relevant stays: set retention_confirmed_on to today."


def test_the_task_of_what_is_erased_by_whichever_rule_says_so_and_one_of_a_deal_offers_nothing_to_set() -> None:
    deal = RecordRef(ObjectType.DEAL, RecordId(9))
    erased = task_for(clienti(), PortalId(1), [wanted(NOW, rule="inactive-contact", owner="7", erases=True)])
    assert erased.subject == "1 contact of yours to be erased"
    renamed = task_for(clienti(), PortalId(1), [wanted(NOW, rule="<gone>", owner="7", record=deal)])
    assert renamed.subject == "1 deal of yours to be archived"
    assert renamed.body.split("<br>")[0] == "Clienti: Persondatapolitik, rule &lt;gone&gt;."
    assert renamed.body.endswith("/record/0-3/9")


def test_a_rule_that_is_only_observed_has_nobody_warned() -> None:
    assert Foresight.of(observing("inactive-contact"), NOW).farthest is None


BOTH = wanted(NOW, rule="inactive-contact", erases=True)


def test_of_what_is_due_a_rule_that_must_agree_and_does_not_decide_has_the_owner_warned() -> None:
    decided = due(NOW, "former-customer", ("inactive-contact", NOW))
    assert FORESIGHT.wanted(decided) == wanted(NOW)
    assert FORESIGHT.placed(wanted(NOW), decided, None) == BOTH


def test_a_time_rule_beside_a_right_that_comes_to_the_same_without_it_has_nobody_warned() -> None:
    assert FORESIGHT.wanted(due(NOW, "unsubscribed", ("inactive-contact", NOW))) is None


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        (due(SOON, "former-customer", ("inactive-contact", SOON)), replace(BOTH, due_at=SOON)),
        (
            due(SOON, "former-customer", ("inactive-contact", SOON + timedelta(microseconds=1))),
            wanted(SOON, state=WarningState.ANOTHER_RULE),
        ),
        (due(SOON, "unsubscribed", ("inactive-contact", SOON)), wanted(SOON, state=WarningState.ANOTHER_RULE)),
        (
            due(SOON, "inactive-contact", ("former-customer", SOON + timedelta(days=1))),
            wanted(SOON, rule="inactive-contact"),
        ),
        (due(SOON, "inactive-contact", ("former-customer", SOON)), replace(BOTH, due_at=SOON)),
    ],
)
def test_ahead_of_time_so_does_one_that_is_due_by_the_date_on_which_another_takes_the_record(
    then: Decision, expected: OwnerWarning
) -> None:
    assert FORESIGHT.placed(wanted(NOW), kept_until(SOON), then) == expected


def test_of_what_is_only_observed_nobody_is_warned() -> None:
    foresight = Foresight.of(observing("former-customer"), NOW)
    both = due(NOW, "inactive-contact", ("former-customer", NOW))
    assert foresight.wanted(both) is None
    assert foresight.placed(wanted(NOW), kept_until(NOW), both) == wanted(NOW, state=WarningState.ELSEWHERE)
    later = due(NOW, "inactive-contact", ("former-customer", SOON))
    assert foresight.placed(wanted(NOW), kept_until(NOW), later) == wanted(NOW, rule="inactive-contact")
