"""What makes a policy wider than the one a person approved (semantics 8: guardrails)."""

from dataclasses import replace
from typing import Any

import pytest

from hubspot_retention.core.civil import Period
from hubspot_retention.core.criteria import Known
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.policy.compare import widened
from hubspot_retention.core.policy.model import (
    AttachmentPolicy,
    Basis,
    Disposition,
    Guardrails,
    Mode,
    RetentionPolicy,
    RetentionRule,
    ReviewKind,
    Start,
)
from hubspot_retention.core.record import ObjectType
from tests.documents import clienti

CLIENTI = clienti()


def changed(**values: Any) -> RetentionPolicy:
    return replace(CLIENTI, digest="another", **values)


def rule(name: str) -> RetentionRule:
    found = CLIENTI.rule(name)
    assert found is not None
    return found


def with_rule(new: RetentionRule, policy: RetentionPolicy = CLIENTI) -> RetentionPolicy:
    rules = tuple(new if old.rule_id == new.rule_id else old for old in policy.rules)
    return replace(policy, digest="another", rules=rules)


def with_disposal(name: str, **values: Any) -> RetentionPolicy:
    old = rule(name)
    assert old.dispose is not None
    return with_rule(replace(old, dispose=replace(old.dispose, **values)))


def test_the_same_policy_is_not_wider_whatever_it_says() -> None:
    assert widened(CLIENTI, replace(CLIENTI, rules=())) == ()


def test_a_policy_that_says_the_same_in_other_words_is_not_wider() -> None:
    assert widened(CLIENTI, changed(name="Another name", version="2027-01")) == ()


@pytest.mark.parametrize(
    ("name", "values", "word"),
    [
        (
            "inactive-contact",
            {"after": Period(months=6)},
            "rule inactive-contact disposes after P6M, before it was P12M",
        ),
        (
            "inactive-contact",
            {"after": Period(days=400)},
            "rule inactive-contact disposes after P400D, before it was P12M",
        ),
        ("inactive-contact", {"disposition": Disposition.ERASE}, "rule inactive-contact now erases"),
        ("inactive-contact", {"overrides": frozenset((Basis.CONTRACT,))}, "rule inactive-contact overrides more keeps"),
        ("lost-deal", {"start": Start(fact="last_activity_at")}, "rule lost-deal counts from another start"),
        ("former-customer", {"right": True}, "rule former-customer now counts as an exercised right"),
        ("inactive-contact", {"review": ReviewKind.NOBODY}, "rule inactive-contact is reviewed differently"),
        ("inactive-contact", {"warn_ahead": None}, "rule inactive-contact is reviewed differently"),
    ],
)
def test_a_disposal_that_takes_more_or_sooner_is_wider(name: str, values: dict[str, Any], word: str) -> None:
    assert widened(CLIENTI, with_disposal(name, **values)) == (word,)


@pytest.mark.parametrize(
    "values",
    [
        {"after": Period(months=24)},
        {"overrides": frozenset()},
        {"within": (Period(months=6),)},
    ],
)
def test_a_disposal_that_takes_less_or_later_is_not(values: dict[str, Any]) -> None:
    assert widened(CLIENTI, with_disposal("inactive-contact", **values)) == ()
    assert widened(with_disposal("inactive-contact", disposition=Disposition.ERASE), CLIENTI) == ()


@pytest.mark.parametrize(
    ("name", "values", "word"),
    [
        ("partner", {"dispose": rule("inactive-contact").dispose}, "rule partner now disposes"),
        ("former-customer", {"mode": Mode.ENFORCE}, "rule former-customer now acts by itself"),
        ("partner", {"keep": None}, "rule partner keeps differently"),
        ("partner", {"basis": Basis.CONSENT}, "rule partner keeps on another basis"),
        ("partner", {"when": Known("event_on")}, "rule partner matches differently"),
        ("processor-data", {"exclusive": False}, "rule processor-data matches differently"),
        ("processor-data", {"refer_when": None}, "rule processor-data matches differently"),
        ("erasure-request", {"refer_if_later": None}, "rule erasure-request matches differently"),
    ],
)
def test_a_rule_that_may_let_more_go_is_wider(name: str, values: dict[str, Any], word: str) -> None:
    assert widened(CLIENTI, with_rule(replace(rule(name), **values))) == (word,)


def test_a_rule_that_no_longer_disposes_is_not_wider() -> None:
    assert widened(CLIENTI, with_rule(replace(rule("lost-deal"), dispose=None))) == ()


def test_a_new_rule_that_disposes_is_wider_and_one_that_keeps_is_not() -> None:
    disposes = replace(rule("inactive-contact"), rule_id="new")
    keeps = replace(rule("partner"), rule_id="new")
    assert widened(CLIENTI, changed(rules=(*CLIENTI.rules, disposes))) == ("rule new is new and disposes",)
    assert widened(CLIENTI, changed(rules=(*CLIENTI.rules, keeps))) == ()


@pytest.mark.parametrize(
    ("name", "wider"),
    [("partner", True), ("processor-data", True), ("erasure-request", True), ("inactive-contact", False)],
)
def test_a_rule_that_protected_records_and_is_gone_is_wider(name: str, wider: bool) -> None:
    found = widened(CLIENTI, changed(rules=tuple(each for each in CLIENTI.rules if each.rule_id != name)))
    assert found == ((f"rule {name} is gone and kept records",) if wider else ())


@pytest.mark.parametrize("name", ["max_disposals", "max_percent", "percent_from", "max_shrink_percent"])
def test_a_raised_guardrail_is_wider_and_a_lowered_one_is_not(name: str) -> None:
    limit = CLIENTI.guardrails
    raised, lowered = (replace(limit, **{name: getattr(limit, name) + step}) for step in (1, -1))
    assert widened(CLIENTI, changed(guardrails=raised)) == ("a guardrail is raised",)
    assert widened(CLIENTI, changed(guardrails=lowered)) == ()


def test_a_rules_own_guardrail_that_is_raised_or_gone_is_wider() -> None:
    own = Guardrails(max_disposals=5, max_percent=1, percent_from=1, max_shrink_percent=1)
    before = changed(rule_guardrails=(("unsubscribed", own),))
    raised = replace(CLIENTI, rule_guardrails=(("unsubscribed", replace(own, max_disposals=6)),))
    word = ("a guardrail of rule unsubscribed is raised or gone",)
    assert widened(before, CLIENTI) == word
    assert widened(before, raised) == word
    assert widened(before, replace(before, digest="a third")) == ()


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"terms": replace(CLIENTI.terms, ended_stages=frozenset())}, "facts are read differently"),
        (
            {"sources": replace(CLIENTI.sources, company=replace(CLIENTI.sources.company, stage="x"))},
            "facts are read differently",
        ),
        ({"newsletters": ()}, "other newsletters or lists are named"),
        ({"marketing_lists": ("x",)}, "other newsletters or lists are named"),
        ({"opt_out_sources": (("Import", OptOutSource.IMPORT),)}, "who set an opt-out is told differently"),
        ({"attachments": AttachmentPolicy.ERASE}, "attachments are treated differently"),
        ({"correspondence": ()}, "correspondence is treated differently"),
        (
            {"correspondence": tuple(replace(c, follows=ObjectType.CONTACT) for c in CLIENTI.correspondence)},
            "correspondence is treated differently",
        ),
    ],
)
def test_whatever_else_may_make_more_go_is_wider(values: dict[str, Any], word: str) -> None:
    (found,) = widened(CLIENTI, changed(**values))
    assert found.startswith(word)
