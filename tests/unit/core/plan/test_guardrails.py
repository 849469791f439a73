"""Guardrails (semantics 8): which figure breaks which limit."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from hubspot_retention.core.plan.guardrails import (
    Disposals,
    breaches,
    opt_out_breaches,
    tells_of_shrinking,
    tightest,
)
from hubspot_retention.core.policy.model import Guardrails
from hubspot_retention.core.record import ObjectType
from tests.documents import clienti
from tests.unit.core.plan.plans import two_rules

CONTACT, DEAL = ObjectType.CONTACT, ObjectType.DEAL
WIDE = Guardrails(max_disposals=10_000, max_percent=100.0, percent_from=25, max_shrink_percent=100.0)


LEFT = "were left after the last sound run; if that is right, a person accepts the figure (plan approve)"


def limits(**values: Any) -> Guardrails:
    return replace(WIDE, **values)


def found(
    disposals: Disposals,
    population: Mapping[ObjectType, int],
    last: Mapping[ObjectType, int] | None = None,
    *,
    settings: Guardrails = WIDE,
    rules: tuple[tuple[str, Guardrails], ...] = (),
) -> tuple[str, ...]:
    policy = replace(clienti(), guardrails=WIDE, rule_guardrails=rules)
    return breaches(disposals, population, last or {}, policy, settings)


def test_nothing_out_of_the_ordinary_breaks_no_limit() -> None:
    assert found({(CONTACT, "unsubscribed"): 5}, {CONTACT: 100}, {CONTACT: 100}) == ()
    assert found({}, {}) == ()


def test_at_most_so_many_disposals_of_a_class_over_all_rules() -> None:
    due: Disposals = {(CONTACT, "unsubscribed"): 6, (CONTACT, "former-customer"): 5}
    assert found(due, {CONTACT: 1000}, settings=limits(max_disposals=11)) == ()
    assert found(due, {CONTACT: 1000}, settings=limits(max_disposals=10)) == (
        "contacts: 11 disposals, at most 10 may go",
    )


def test_at_most_so_many_percent_of_a_class_once_there_are_more_than_a_few() -> None:
    due: Disposals = {(DEAL, "lost-deal"): 26}
    assert found(due, {DEAL: 104}, settings=limits(max_percent=25.0)) == ()
    assert found(due, {DEAL: 103}, settings=limits(max_percent=25.0)) == (
        "deals: 26 of 103 records (25.2 %), at most 25 % may go",
    )
    assert found({(DEAL, "lost-deal"): 25}, {DEAL: 30}, settings=limits(max_percent=25.0)) == ()


def test_disposals_of_a_class_that_was_not_counted_break_only_the_absolute_limit() -> None:
    assert found({(DEAL, "lost-deal"): 26}, {}, settings=limits(max_percent=0.5)) == ()


def test_a_rule_may_have_limits_of_its_own() -> None:
    due: Disposals = {(CONTACT, "unsubscribed"): 6, (CONTACT, "former-customer"): 50}
    assert found(due, {CONTACT: 1000}, rules=(("unsubscribed", limits(max_disposals=5)),)) == (
        "rule unsubscribed: 6 disposals, at most 5 may go",
    )


def test_the_share_of_a_rule_is_of_the_class_it_disposes_of() -> None:
    own = (("unsubscribed", limits(max_percent=25.0)),)
    assert found({(CONTACT, "unsubscribed"): 26}, {CONTACT: 104, DEAL: 1}, rules=own) == ()
    assert found({(CONTACT, "unsubscribed"): 26}, {CONTACT: 103, DEAL: 9_000}, rules=own) == (
        "rule unsubscribed: 26 of 103 records (25.2 %), at most 25 % may go",
    )
    assert found({(CONTACT, "unsubscribed"): 26}, {}, rules=own) == ()


def test_a_disposal_counts_against_the_limit_of_every_rule_that_must_agree_and_once_for_its_class() -> None:
    due: Disposals = {(CONTACT, "unsubscribed", "event-participant"): 2, (CONTACT, "event-participant"): 1}
    own = (("event-participant", limits(max_disposals=2)),)
    said = ("rule event-participant: 3 disposals, at most 2 may go",)
    policy = replace(two_rules(), guardrails=WIDE, rule_guardrails=own)
    assert breaches(due, {CONTACT: 1000}, {}, policy, limits(max_disposals=3)) == said


def test_a_flood_of_time_rules_beside_rights_breaks_no_limit_of_theirs() -> None:
    due: Disposals = {(CONTACT, "unsubscribed", "inactive-contact"): 9}
    assert found(due, {CONTACT: 1000}, rules=(("inactive-contact", limits(max_disposals=2)),)) == ()


def test_a_population_that_shrank_by_more_than_the_limit_blocks() -> None:
    shrink = limits(max_shrink_percent=20.0)
    assert found({}, {CONTACT: 80}, {CONTACT: 100}, settings=shrink) == ()
    assert found({}, {CONTACT: 79}, {CONTACT: 100}, settings=shrink) == (
        "contacts: 79 were read, 100 were left after the last sound run: more than 20 % fewer; "
        "if that is right, a person accepts the figure (plan approve)",
    )


def test_an_empty_answer_where_records_were_blocks_whatever_the_limit() -> None:
    assert found({}, {}, {CONTACT: 3}) == (f"contacts: none were read, 3 {LEFT}",)
    assert found({}, {}, {CONTACT: 1}) == (f"contacts: none were read, 1 {LEFT}",)
    assert found({}, {CONTACT: 0}, {CONTACT: 0}, settings=limits(max_shrink_percent=0.5)) == ()


def test_what_is_said_of_fewer_records_is_told_from_any_other_breach() -> None:
    shrink = limits(max_shrink_percent=20.0, max_disposals=1)
    words = found({(CONTACT, "unsubscribed"): 2}, {CONTACT: 79}, {CONTACT: 100, DEAL: 3}, settings=shrink)
    assert list(map(tells_of_shrinking, words)) == [True, True, False]


@pytest.mark.parametrize(
    ("count", "contacts", "words"),
    [
        (26, 104, ()),
        (26, 103, ("restricted contacts: 26 of 103 records (25.2 %) opted out, at most 25 % may be",)),
        (25, 30, ()),
        (40, 1000, ()),
        (41, 1000, ("restricted contacts: 41 opt-outs, at most 40 may be made",)),
        (26, 0, ()),
    ],
)
def test_so_many_and_no_more_are_opted_out_because_they_are_restricted(
    count: int, contacts: int, words: tuple[str, ...]
) -> None:
    policy, population = replace(clienti(), guardrails=WIDE), {CONTACT: contacts} if contacts else {}
    limit = limits(max_disposals=40, max_percent=25.0)
    assert opt_out_breaches(count, population, policy, limit) == words


def test_the_tighter_of_policy_and_settings_counts() -> None:
    one = limits(max_disposals=5, percent_from=9)
    other = limits(max_percent=10.0, max_shrink_percent=3.0, percent_from=7)
    assert tightest((one, other)) == Guardrails(
        max_disposals=5, max_percent=10.0, percent_from=7, max_shrink_percent=3.0
    )
