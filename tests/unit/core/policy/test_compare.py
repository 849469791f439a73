"""Whether a policy is wider than the one a person approved (reliability S19)."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hubspot_retention.core.civil import Period
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.policy.compare import widened
from hubspot_retention.core.policy.model import (
    AttachmentPolicy,
    Basis,
    ContactSources,
    Dispose,
    Disposition,
    Keep,
    Mode,
    RetentionPolicy,
    RetentionRule,
    ReviewKind,
    Start,
)
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.core.record import ObjectType

Change = Callable[[RetentionPolicy], RetentionPolicy]


@cache
def approved() -> RetentionPolicy:
    """Clienti's policy, with a limit of its own on one rule."""
    found = parse_policy((Path(__file__).parents[4] / "config" / "clienti.toml").read_text(encoding="utf-8"))
    return replace(found, rule_guardrails=(("inactive-contact", replace(found.guardrails, max_disposals=5)),))


def with_rule(rule_id: str, **change: Any) -> Change:
    """A policy in which one rule is changed."""
    return lambda policy: replace(
        policy, rules=tuple(replace(rule, **change) if rule.rule_id == rule_id else rule for rule in policy.rules)
    )


def the_rule(rule_id: str) -> RetentionRule:
    found = approved().rule(rule_id)
    assert found is not None
    return found


def with_dispose(rule_id: str, **change: Any) -> Change:
    """A policy in which the disposal of one rule is changed."""
    dispose = the_rule(rule_id).dispose
    assert isinstance(dispose, Dispose)
    return with_rule(rule_id, dispose=replace(dispose, **change))


def without(rule_id: str) -> Change:
    """A policy without a rule."""
    return lambda policy: replace(policy, rules=tuple(rule for rule in policy.rules if rule.rule_id != rule_id))


def moved_first(rule_id: str) -> Change:
    """A policy in which a rule stands before all others."""
    return lambda policy: replace(policy, rules=(the_rule(rule_id), *without(rule_id)(policy).rules))


def with_evidence(**change: Any) -> Change:
    """A policy with other periods for the service's own evidence."""
    return lambda policy: replace(policy, evidence=replace(policy.evidence, **change))


def with_limits(**change: Any) -> Change:
    """A policy with other guardrails."""
    return lambda policy: replace(policy, guardrails=replace(policy.guardrails, **change))


def said_of(change: Change) -> tuple[str, ...]:
    """What makes the changed policy wider."""
    return widened(approved(), replace(change(approved()), digest="another"))


WIDER: tuple[tuple[str, Change, str], ...] = (
    ("a shorter period", with_dispose("inactive-contact", after=Period(months=11)), "after P11M, before it was P12M"),
    ("days for months", with_dispose("inactive-contact", after=Period(days=400)), "disposes after"),
    ("erase for archive", with_dispose("inactive-contact", disposition=Disposition.ERASE), "now erases"),
    ("more overrides", with_dispose("former-customer", overrides=frozenset({Basis.CONTRACT})), "overrides more"),
    ("another start", with_dispose("former-customer", start=Start(fact="event_on")), "another start"),
    ("an exercised right", with_dispose("former-customer", right=True), "now counts as an exercised right"),
    ("a right no more", with_dispose("unsubscribed", right=False), "now counts as no exercised right any more"),
    ("a nearer limit", with_dispose("unsubscribed", within=(Period(days=4),)), "within P4D, before it was P5D"),
    (
        "one of two limits nearer",
        with_dispose("erasure-request", within=(Period(days=4), Period(months=1))),
        "within P4D or P1M, before it was P30D or P1M: another",
    ),
    ("a farther limit", with_dispose("unsubscribed", within=(Period(days=500),)), "another rule may decide"),
    ("nobody looks", with_dispose("inactive-contact", review=ReviewKind.NOBODY), "reviewed differently"),
    ("no warning", with_dispose("inactive-contact", warn_ahead=None), "reviewed differently"),
    ("by itself", with_rule("former-customer", mode=Mode.ENFORCE), "acts by itself"),
    ("a look that is gone", without("inactive-contact"), "wanted each of its disposals looked at"),
    ("a look that nothing calls for", with_rule("inactive-contact", dispose=None), "wanted each of its disposals"),
    ("rights in another order", moved_first("unsubscribed"), "unsubscribed now stands before rule erasure-request"),
    ("a shorter log", with_evidence(audit_log=Period(days=1)), "the audit log kept for P1D, before it was P5Y"),
    ("shorter receipts", with_evidence(consent_receipts=Period(months=23)), "consent receipts kept for P23M"),
    ("shorter tombstones", with_evidence(tombstones=Period(days=900)), "tombstones kept for P900D"),
    ("a disposal where there was none", with_rule("partner", dispose=the_rule("former-customer").dispose), "disposes"),
    ("a shorter keep", with_rule("agreement", keep=Keep(period=Period(months=48))), "keeps differently"),
    ("no keep", with_rule("new-enquiry", keep=None), "keeps differently"),
    ("a keep on a weaker basis", with_rule("agreement", basis=Basis.CONSENT), "another basis"),
    ("other criteria", with_rule("inactive-contact", when=the_rule("partner").when), "matches differently"),
    ("no referral", with_rule("processor-data", refer_when=None), "matches differently"),
    ("no look at who wrote again", with_rule("erasure-request", refer_if_later=None), "matches differently"),
    ("an outweighed request unseen", with_rule("erasure-request", outweighed_is_referred=False), "matches differently"),
    ("exclusive no more", with_rule("processor-data", exclusive=False), "matches differently"),
    ("another class", with_rule("lost-deal", object_type=ObjectType.CONTACT), "matches differently"),
    ("a keep is gone", without("bookkeeping"), "rule bookkeeping is gone"),
    ("a referral is gone", without("erasure-request"), "rule erasure-request is gone"),
    ("more disposals", with_limits(max_disposals=501), "a guardrail is raised"),
    ("a larger share", with_limits(max_percent=26), "a guardrail is raised"),
    ("a share that counts later", with_limits(percent_from=26), "a guardrail is raised"),
    ("more shrinking", with_limits(max_shrink_percent=21), "a guardrail is raised"),
    ("a rule's limit is gone", lambda policy: replace(policy, rule_guardrails=()), "rule inactive-contact is raised"),
    ("another newsletter", lambda policy: replace(policy, newsletters=("Andet",)), "newsletters or lists"),
    ("another list", lambda policy: replace(policy, marketing_lists=("7",)), "newsletters or lists"),
    ("erased attachments", lambda policy: replace(policy, attachments=AttachmentPolicy.ERASE), "attachments"),
    (
        "staff counts as the person",
        lambda policy: replace(policy, opt_out_sources=(("Import", OptOutSource.PERSON),)),
        "who set an opt-out",
    ),
    ("correspondence unkept", lambda policy: replace(policy, correspondence=()), "correspondence"),
    (
        "another source",
        lambda policy: replace(
            policy, sources=replace(policy.sources, deal=replace(policy.sources.deal, closed_at="createdate"))
        ),
        "facts are read differently",
    ),
)


@pytest.mark.parametrize(("change", "word"), [each[1:] for each in WIDER], ids=[each[0] for each in WIDER])
def test_a_wider_policy_says_what_makes_it_wider(change: Change, word: str) -> None:
    said = said_of(change)
    assert any(word in line for line in said), said


SENTENCES: tuple[tuple[Change, str], ...] = (
    (with_limits(max_disposals=501), "a guardrail is raised"),
    (lambda policy: replace(policy, newsletters=("Andet",)), "other newsletters or lists are named"),
    (lambda policy: replace(policy, attachments=AttachmentPolicy.ERASE), "attachments are treated differently"),
    (lambda policy: replace(policy, correspondence=()), "correspondence is treated differently"),
    (
        lambda policy: replace(policy, opt_out_sources=(("Import", OptOutSource.PERSON),)),
        "who set an opt-out is told differently",
    ),
    (
        lambda policy: replace(policy, sources=replace(policy.sources, contact=other_contact_sources(policy))),
        "facts are read differently (sources, stages, time zone or review period)",
    ),
)


def other_contact_sources(policy: RetentionPolicy) -> ContactSources:
    """A fact of a contact is read from elsewhere."""
    return replace(policy.sources.contact, customer_until="ended_on")


@pytest.mark.parametrize(("change", "sentence"), SENTENCES, ids=[each[1] for each in SENTENCES])
def test_what_concerns_the_whole_policy_is_said_in_one_sentence(change: Change, sentence: str) -> None:
    assert said_of(change) == (sentence,)


@pytest.mark.parametrize("left", ["refer_when", "refer_if_later", "outweighed_is_referred"])
def test_a_rule_that_only_referred_is_missed_whichever_way_it_did(left: str) -> None:
    """It kept nothing, but had a person look."""
    only: dict[str, Any] = {"refer_when": None, "refer_if_later": None, "outweighed_is_referred": False}
    request, processor = the_rule("erasure-request"), the_rule("processor-data")
    refers = {
        "refer_when": processor.refer_when,
        "refer_if_later": request.refer_if_later,
        "outweighed_is_referred": True,
    }
    assert refers[left]
    policy = with_rule("erasure-request", **(only | {left: refers[left]}))(approved())
    without_it = replace(without("erasure-request")(policy), digest="another")
    assert widened(policy, without_it) == ("rule erasure-request is gone and kept records",)


NARROWER: tuple[tuple[str, Change], ...] = (
    ("the same", lambda policy: policy),
    ("other words", with_rule("partner", title="Partners", purpose="Working together", cites=("Persondatapolitik 1",))),
    ("a longer period", with_dispose("inactive-contact", after=Period(months=13))),
    ("a longer period by a day", with_dispose("inactive-contact", after=Period(months=12, days=1))),
    ("archive for erase", with_dispose("former-customer", disposition=Disposition.ARCHIVE)),
    ("fewer overrides", with_dispose("erasure-request", overrides=frozenset({Basis.CONSENT}))),
    ("for a person to look at", with_rule("unsubscribed", mode=Mode.REVIEW)),
    ("no disposal", with_rule("lost-deal", dispose=None)),
    ("a disposal is gone", without("lost-deal")),
    ("fewer disposals", with_limits(max_disposals=5, max_percent=1, percent_from=0, max_shrink_percent=1)),
    ("longer evidence", with_evidence(audit_log=Period(months=61), tombstones=Period(months=25))),
    ("the same limits in another order", with_dispose("erasure-request", within=(Period(months=1), Period(days=30)))),
    ("a keep that stands elsewhere", moved_first("partner")),
    ("a time rule before the rights", moved_first("former-customer")),
    ("rules that never meet in another order", moved_first("inactive-contact")),
    ("an exclusive rule that stands last", lambda p: replace(p, rules=(*p.rules[1:], the_rule("processor-data")))),
    ("another version", lambda policy: replace(policy, version="2027-01", name="Persondatapolitik")),
)


@pytest.mark.parametrize("change", [each[1] for each in NARROWER], ids=[each[0] for each in NARROWER])
def test_a_policy_that_disposes_of_no_more_than_before_is_not_wider(change: Change) -> None:
    assert said_of(change) == ()


def test_a_new_rule_that_disposes_is_wider_and_one_that_only_keeps_is_not() -> None:
    disposing = replace(the_rule("lost-deal"), rule_id="new")
    keeping = replace(the_rule("partner"), rule_id="new")

    def added(rule: RetentionRule) -> Change:
        return lambda policy: replace(policy, rules=(*policy.rules, rule))

    assert said_of(added(disposing)) == ("rule new is new and disposes",)
    assert said_of(added(keeping)) == ()


def test_a_policy_with_the_approved_digest_is_the_approved_one() -> None:
    assert widened(approved(), approved()) == ()
