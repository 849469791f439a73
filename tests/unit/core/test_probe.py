"""Which answers of a probe open the way for disposals that must leave correspondence behind."""

import pytest

from hubspot_retention.core.probe import ProbeQuestion, ProbeResult, correspondence_is_verified

SURVIVES = ProbeResult(ProbeQuestion.CORRESPONDENCE_SURVIVES, "yes")
DETACHED = ProbeResult(ProbeQuestion.DETACHED_SURVIVES, "yes")


def test_both_questions_answered_with_yes_verify_it() -> None:
    assert correspondence_is_verified((SURVIVES, DETACHED))


@pytest.mark.parametrize(
    "results",
    [
        (),
        (SURVIVES,),
        (DETACHED,),
        (SURVIVES, ProbeResult(ProbeQuestion.DETACHED_SURVIVES, "no")),
        (SURVIVES, ProbeResult(ProbeQuestion.DETACHED_SURVIVES, "404")),
    ],
)
def test_anything_less_does_not(results: tuple[ProbeResult, ...]) -> None:
    assert not correspondence_is_verified(results)
