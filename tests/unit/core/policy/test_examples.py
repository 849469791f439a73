"""Each example is a policy without errors, and has the idea that it is there for."""

from pathlib import Path

import pytest

from hubspot_retention.core.civil import FinancialYearEnd, Period
from hubspot_retention.core.policy.check import Severity, findings
from hubspot_retention.core.policy.model import RetentionPolicy, ReviewKind
from hubspot_retention.core.policy.parse import parse_policy
from tests.unit.core.policy.texts import CONFIG

EXAMPLES = sorted((CONFIG / "examples").glob("*.toml"))


def load(name: str) -> RetentionPolicy:
    return parse_policy((CONFIG / "examples" / f"{name}.toml").read_text(encoding="utf-8"))


def warned(name: str) -> set[str]:
    return {finding.path for finding in findings(load(name)) if finding.severity is Severity.WARNING}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_a_policy_without_errors(path: Path) -> None:
    found = findings(parse_policy(path.read_text(encoding="utf-8")))
    assert [finding for finding in found if finding.severity is Severity.ERROR] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_begins_with_its_one_idea(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("# One idea: ")


def test_there_are_at_least_six_examples() -> None:
    assert len(EXAMPLES) >= 6


def test_only_the_unsubscribed_leaves_a_gap_that_check_names() -> None:
    assert len(load("only-unsubscribed").rules) == 1
    assert warned("only-unsubscribed") == {"rules"}


def test_inactive_leads_leaves_no_contact_uncovered() -> None:
    texts = [finding.text for finding in findings(load("inactive-leads"))]
    assert not any("contacts where" in text for text in texts)


def test_a_financial_year_may_end_in_june() -> None:
    assert load("financial-year-june").financial_year_end == FinancialYearEnd(6, 30)


def test_a_keep_that_outlasts_is_told() -> None:
    assert "rules[lost-deal].dispose.after" in warned("keep-that-outlasts")


def test_a_reseller_is_a_partner_in_its_example() -> None:
    assert "RESELLER" in load("partner-exempt").terms.partner_kinds


def test_the_owner_is_warned_and_the_rule_has_limits_of_its_own() -> None:
    policy = load("owner-warned")
    dispose = policy.rules[0].dispose
    assert dispose is not None
    assert (dispose.review, dispose.warn_ahead) == (ReviewKind.OWNER, Period(days=30))
    assert dict(policy.rule_guardrails)["inactive-contact"].max_disposals == 50


def test_each_guest_of_an_event_is_approved_by_a_person() -> None:
    dispose = load("event-guests").rules[0].dispose
    assert dispose is not None
    assert dispose.review is ReviewKind.PERSON
