"""The product and the independent reference (tests/oracle) decide every random portal alike."""

from datetime import datetime

import pytest
from hypothesis import given, settings

from hubspot_retention.core.decision.wire import decision_json
from tests.documents import clienti, decide_document
from tests.oracle.reference import judge_portal
from tests.properties.portals import a_random_document, seeds

INSTANTS = (
    "2026-11-22T09:00:00+01:00",
    "2026-11-22T00:00:00+01:00",
    "2026-10-25T02:30:00+02:00",
    "2026-10-25T02:30:00+01:00",
    "2025-02-28T12:00:00+01:00",
)
KEYS = ("outcome", "rule", "disposition", "due_at", "erase_by", "until", "answer_by", "marketing_ends")


@pytest.mark.parametrize("as_of", INSTANTS)
@settings(max_examples=40)
@given(seed=seeds)
def test_the_product_decides_as_the_reference(as_of: str, seed: int) -> None:
    document = a_random_document(seed, 40)
    instant = datetime.fromisoformat(as_of)
    ours = {key: decision_json(one, clienti().civil) for key, one in decide_document(document, instant).items()}
    reference = judge_portal(document, instant)
    assert ours.keys() == reference.keys()
    for key, verdict in reference.items():
        found = {name: ours[key][name] for name in KEYS}
        assert found == verdict.decision, (key, verdict.why, ours[key]["reasons"])
