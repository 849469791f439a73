"""Clienti's policy says what semantics section 4 says, and cites what it enforces."""

import re
from functools import cache

import pytest

from hubspot_retention.core.civil import Period
from hubspot_retention.core.policy.model import Basis, Disposition, Mode, RetentionPolicy, ReviewKind
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.core.record import ObjectType
from tests.unit.core.policy.texts import clienti_text


@cache
def clienti() -> RetentionPolicy:
    return parse_policy(clienti_text())


def test_it_has_the_rules_of_the_semantics_in_their_order() -> None:
    assert [rule.rule_id for rule in clienti().rules_for(ObjectType.CONTACT)] == [
        "processor-data",
        "erasure-request",
        "consent-withdrawn",
        "unsubscribed",
        "active-customer",
        "open-dialogue",
        "customer-contact",
        "partner",
        "event-participant",
        "new-enquiry",
        "former-customer",
        "inactive-contact",
    ]
    assert [rule.rule_id for rule in clienti().rules_for(ObjectType.DEAL)] == [
        "open-deal",
        "agreement",
        "bookkeeping",
        "lost-deal",
    ]
    assert [(rule.rule_id, rule.follows) for rule in clienti().correspondence] == [
        ("agreement-correspondence", ObjectType.DEAL),
        ("other-correspondence", ObjectType.CONTACT),
    ]


@pytest.mark.parametrize(
    ("name", "start", "after", "within", "disposition", "right"),
    [
        ("processor-data", "processing_ended_on", "P0D", ["P30D"], Disposition.ERASE, False),
        ("erasure-request", "erasure_requested_at", "P0D", ["P30D", "P1M"], Disposition.ERASE, True),
        ("consent-withdrawn", "consent_withdrawn_at", "P0D", ["P30D"], Disposition.ERASE, True),
        ("unsubscribed", "unsubscribed_at", "P0D", ["P5D"], Disposition.ERASE, True),
        ("former-customer", "customer_until", "P24M", ["P30D"], Disposition.ERASE, False),
        ("inactive-contact", "last_activity_at", "P12M", ["P4M"], Disposition.ARCHIVE, False),
        ("agreement", "customer_until", "P5Y", ["P4M"], Disposition.ARCHIVE, False),
        ("lost-deal", "closed_at", "P12M", ["P4M"], Disposition.ARCHIVE, False),
    ],
)
def test_each_disposal_is_the_one_of_the_semantics(
    name: str, start: str, after: str, within: list[str], disposition: Disposition, right: bool
) -> None:
    rule = clienti().rule(name)
    assert rule is not None
    dispose = rule.dispose
    assert dispose is not None
    assert (dispose.start.fact, dispose.after) == (start, Period.parse(after))
    assert dispose.within == tuple(Period.parse(text) for text in within)
    assert (dispose.disposition, dispose.right) == (disposition, right)


def test_only_the_rights_set_keeps_aside() -> None:
    aside = {rule.rule_id: rule.dispose.overrides for rule in clienti().rules if rule.dispose}
    assert {name: bases for name, bases in aside.items() if bases} == {
        "erasure-request": {Basis.CONSENT, Basis.LEGITIMATE_INTEREST},
        "consent-withdrawn": {Basis.CONSENT},
        "unsubscribed": {Basis.CONSENT},
    }


def test_rights_may_run_by_themselves_and_time_rules_wait_for_a_person() -> None:
    for rule in clienti().rules:
        if rule.dispose is not None:
            assert rule.mode is (Mode.ENFORCE if rule.dispose.right else Mode.REVIEW), rule.rule_id


def test_the_owner_of_an_inactive_contact_is_warned_a_month_ahead() -> None:
    rule = clienti().rule("inactive-contact")
    assert rule is not None
    assert rule.dispose is not None
    assert (rule.dispose.review, rule.dispose.warn_ahead) == (ReviewKind.OWNER, Period(days=30))


def test_a_request_that_is_outweighed_or_followed_by_an_enquiry_goes_to_a_person() -> None:
    rule = clienti().rule("erasure-request")
    assert rule is not None
    assert rule.outweighed_is_referred
    assert rule.refer_if_later == "last_enquiry_at"
    assert [other.rule_id for other in clienti().rules if other.outweighed_is_referred] == ["erasure-request"]


def test_only_processor_data_stands_alone() -> None:
    assert [rule.rule_id for rule in clienti().rules if rule.exclusive] == ["processor-data"]


def test_every_rule_cites_a_section_of_the_policy_and_a_statute() -> None:
    cites = {rule.rule_id: rule.cites for rule in clienti().rules}
    cites.update({rule.rule_id: rule.cites for rule in clienti().correspondence})
    for name, texts in cites.items():
        sections = [text for text in texts if re.fullmatch(r"Persondatapolitik [1-8](\.[1-7])?", text)]
        assert sections, name
        assert len(texts) > len(sections), name


def test_a_danish_sentence_stands_above_every_rule() -> None:
    for before in clienti_text().split("[[rules]]")[:-1]:
        comment = before.rstrip().rsplit("\n\n", 1)[-1]
        assert all(line.startswith("#") for line in comment.splitlines())
        assert comment.count('"') >= 2


def test_the_controller_is_the_one_of_section_1() -> None:
    controller = clienti().controller
    assert (controller.name, controller.registration) == ("Clienti A/S", "CVR 33782799")
    assert controller.email == "clienti@clienti.dk"


def test_what_is_left_to_the_defaults_is_what_the_file_says() -> None:
    text = re.sub(r"\[sources\.contact\].*?(?=# Limits)", "", clienti_text(), flags=re.DOTALL)
    assert parse_policy(text).sources == clienti().sources
