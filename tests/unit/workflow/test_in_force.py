"""A change of the policy, or of a setting that people rely on, leaves a trace in the log."""

from dataclasses import replace
from typing import Any

import pytest

from hubspot_retention.core.policy.model import Guardrails, Mode
from hubspot_retention.core.record import PortalId
from hubspot_retention.workflow.in_force import InForce, note_in_force
from tests.unit.workflow.desk import NOW, Desk

LIMITS = Guardrails(max_disposals=500, max_percent=25, percent_from=25, max_shrink_percent=20)
FIRST = InForce(
    policy_digest="00ff" + "0" * 60,
    mode=Mode.REVIEW,
    allow_erase=False,
    four_eyes=True,
    guardrails=LIMITS,
    portal_id=None,
)


def told(desk: Desk, *in_force: InForce) -> list[tuple[str, dict[str, Any]]]:
    """What the log says after each of these was in force."""
    for each in in_force:
        note_in_force(desk.store, each, "anna", NOW)
    found = [*desk.entries("policy"), *desk.entries("settings")]
    assert {(entry.actor, entry.at) for entry in found} <= {("anna", NOW)}
    return [(entry.kind, dict(entry.facts)) for entry in found]


def test_the_first_time_there_is_nothing_to_compare_with(desk: Desk) -> None:
    assert told(desk, FIRST, FIRST) == []


@pytest.mark.parametrize(
    ("change", "facts"),
    [
        ({"mode": Mode.ENFORCE}, {"mode": "enforce", "mode_before": "review"}),
        ({"allow_erase": True}, {"allow_erase": 1, "allow_erase_before": 0}),
        ({"four_eyes": False}, {"four_eyes": 0, "four_eyes_before": 1}),
        (
            {"guardrails": replace(LIMITS, max_disposals=501)},
            {"max_disposals": 501, "max_disposals_before": 500},
        ),
        (
            {"guardrails": replace(LIMITS, max_percent=25.5, percent_from=24, max_shrink_percent=0)},
            {
                "max_percent_hundredths": 2550,
                "max_percent_hundredths_before": 2500,
                "percent_from": 24,
                "percent_from_before": 25,
                "max_shrink_percent_hundredths": 0,
                "max_shrink_percent_hundredths_before": 2000,
            },
        ),
        ({"portal_id": PortalId(111)}, {"portal": 111, "portal_before": 0}),
    ],
)
def test_what_changed_is_told_once_with_what_it_was(desk: Desk, change: dict[str, Any], facts: dict[str, Any]) -> None:
    other = replace(FIRST, **change)
    assert told(desk, FIRST, other, other) == [("settings.changed", facts)]


def test_another_policy_is_told_by_its_digest_and_that_of_the_one_before(desk: Desk) -> None:
    other = replace(FIRST, policy_digest="ab" * 32)
    assert told(desk, FIRST, other) == [("policy.changed", {"before": "00ff00000000"})]
    (entry,) = desk.entries("policy")
    assert entry.policy_digest == "ab" * 32


def test_what_is_changed_for_a_while_is_told_twice(desk: Desk) -> None:
    assert [facts["four_eyes"] for _, facts in told(desk, FIRST, replace(FIRST, four_eyes=False), FIRST)] == [0, 1]
