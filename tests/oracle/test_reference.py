"""The oracle agrees with the expected decisions and keeps the laws of semantics section 5."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.oracle.civil import P4M, P5D, P12M, P24M, from_day, from_instant, iso, on_the_clock
from tests.oracle.portals import AS_OF, random_document
from tests.oracle.reference import Decision, decide_portal

GOLDEN = Path(__file__).parent.parent / "golden"
PORTAL: dict[str, Any] = json.loads((GOLDEN / "portal.json").read_text(encoding="utf-8"))
EXPECTED: dict[str, Decision] = json.loads((GOLDEN / "expected.json").read_text(encoding="utf-8"))["expected"]

SEEDS = range(12)
KEYS = ("outcome", "rule", "disposition", "due_at", "erase_by", "until", "answer_by", "marketing_ends")
READ_AS_TEXT = {
    "lifecyclestage", "type", "processed_on_behalf_of", "email", "firstname", "lastname",
    "name", "dealname", "pipeline",
}  # fmt: skip
DISPOSING = {
    "contacts": {
        "processor-data", "erasure-request", "consent-withdrawn", "unsubscribed", "former-customer",
        "inactive-contact",
    },
    "deals": {"agreement", "lost-deal"},
}  # fmt: skip


def decide(document: dict[str, Any], as_of: datetime = AS_OF) -> dict[str, Decision]:
    return decide_portal(document, as_of)


def disposed(decisions: dict[str, Decision]) -> set[str]:
    return {key for key, decision in decisions.items() if decision["outcome"] == "dispose"}


def a_portal(seed: int) -> tuple[Random, dict[str, Any]]:
    rng = Random(seed)
    return rng, random_document(rng, rng.choice((5, 20, 30)), odd_shapes=seed % 4 == 0)


def records(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [*document["contacts"], *document["deals"], *document["companies"]]


def readable_values(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Every place of the document where a date, an instant, a flag or a number stands."""
    for record in records(document):
        properties = record["properties"]
        yield from ((properties, name) for name in properties if name not in READ_AS_TEXT and properties[name])
        yield from ((row, "timestamp") for row in record.get("subscriptions", []) if row.get("timestamp"))


@pytest.fixture(scope="module")
def golden() -> dict[str, Decision]:
    return decide(PORTAL, datetime.fromisoformat(PORTAL["as_of"]))


def test_every_expected_record_and_no_other_is_decided(golden: dict[str, Decision]) -> None:
    assert golden.keys() == EXPECTED.keys()
    assert len(golden) == 105


@pytest.mark.parametrize("key", EXPECTED)
def test_the_oracle_reproduces_the_expected_decision(key: str, golden: dict[str, Decision]) -> None:
    wanted = dict.fromkeys(KEYS) | {"marketing_ends": False} | EXPECTED[key]
    del wanted["case"]
    assert golden[key] == wanted


@pytest.mark.parametrize("seed", SEEDS)
def test_adding_a_hold_never_adds_a_disposal(seed: int) -> None:
    rng, document = a_portal(seed)
    before = decide(document)
    for _ in range(6):
        held = copy.deepcopy(document)
        for record in rng.sample(records(held), rng.choice((1, 1, 3))):
            record["properties"]["legal_hold"] = rng.choice(("true", "true", "soon"))
        assert disposed(decide(held)) <= disposed(before)


@pytest.mark.parametrize("seed", SEEDS)
def test_adding_a_keep_never_adds_a_disposal(seed: int) -> None:
    rng, document = a_portal(seed)
    before = decide(document)
    for _ in range(6):
        kept = copy.deepcopy(document)
        who = rng.choice(kept["contacts"])
        if rng.random() < 0.5:
            who["properties"].setdefault("event_on", "2026-12-01")
        else:
            kept["deals"].append({"id": "777", "properties": {"hs_is_closed": "false"}})
            kept["associations"].append({"from": f"contacts/{who['id']}", "to": "deals/777"})
        assert disposed(decide(kept)) <= disposed(before)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_known_value_that_becomes_unreadable_never_adds_a_disposal(seed: int) -> None:
    rng, document = a_portal(seed)
    before = decide(document)
    for _ in range(12):
        broken = copy.deepcopy(document)
        places = list(readable_values(broken))
        for holder, name in rng.sample(places, min(rng.choice((1, 5, 40)), len(places))):
            holder[name] = "soon"
        assert disposed(decide(broken)) <= disposed(before)


@pytest.mark.parametrize("seed", SEEDS)
def test_moving_as_of_forward_never_turns_a_disposal_back_into_a_retain(seed: int) -> None:
    rng, document = a_portal(seed)
    as_of = AS_OF
    before = decide(document, as_of)
    for _ in range(6):
        as_of += timedelta(seconds=rng.choice((1, 3600, 86_400, 86_400 * 10, rng.randint(1, 86_400 * 700))))
        after = decide(document, as_of)
        assert not {key for key in disposed(before) if after[key]["outcome"] == "retain"}
        before = after


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_records_and_associations_changes_nothing(seed: int) -> None:
    rng, document = a_portal(seed)
    before = decide(document)
    for part in ("contacts", "deals", "companies", "associations"):
        rng.shuffle(document[part])
    for contact in document["contacts"]:
        rng.shuffle(contact["subscriptions"])
    assert decide(document) == before


@pytest.mark.parametrize("seed", SEEDS)
def test_every_decision_has_the_shape_of_its_outcome(seed: int) -> None:
    _, document = a_portal(seed)
    for key, decision in decide(document).items():
        assert set(decision) == set(KEYS)
        of_a_disposal = [decision[name] is not None for name in ("rule", "disposition", "due_at", "erase_by")]
        assert set(of_a_disposal) == {decision["outcome"] == "dispose"}
        assert decision["until"] is None or decision["outcome"] == "retain"
        assert key.startswith("contacts/") or not (decision["answer_by"] or decision["marketing_ends"])


def test_the_random_portals_meet_every_outcome_and_every_rule() -> None:
    seen: set[tuple[str, str, str | None]] = set()
    for seed in range(24):
        for key, decision in decide(random_document(Random(seed))).items():
            seen.add((key.split("/")[0], decision["outcome"], decision["rule"]))
    wanted: set[tuple[str, str, str | None]]
    wanted = {(kind, "dispose", rule) for kind, rules in DISPOSING.items() for rule in rules}
    wanted |= {(kind, out, None) for kind in DISPOSING for out in ("held", "undetermined", "refer", "retain")}
    assert seen == wanted


def test_a_random_portal_depends_on_its_generator_alone() -> None:
    assert random_document(Random(7)) == random_document(Random(7))
    assert random_document(Random(7)) != random_document(Random(8))


def test_a_period_from_a_date_ends_with_its_last_local_day() -> None:
    assert iso(from_day(date(2024, 10, 31), P24M)) == "2026-11-01T00:00:00+01:00"
    assert iso(from_day(date(2024, 2, 29), P24M)) == "2026-03-01T00:00:00+01:00"


def test_days_from_an_instant_are_twenty_four_hours() -> None:
    assert iso(from_instant(datetime(2026, 10, 23, 10, tzinfo=UTC), P5D)) == "2026-10-28T11:00:00+01:00"


def test_a_skipped_clock_time_moves_forward_and_a_repeated_one_is_the_later() -> None:
    before_gap = datetime(2024, 3, 30, 1, 30, tzinfo=UTC)
    assert iso(from_instant(before_gap, P12M)) == "2025-03-30T03:30:00+02:00"
    before_repeat = datetime(2026, 6, 25, 0, 30, tzinfo=UTC)
    assert iso(from_instant(before_repeat, P4M)) == "2026-10-25T02:30:00+01:00"
    assert iso(on_the_clock(datetime.fromisoformat("2026-10-25T02:30"))) == "2026-10-25T02:30:00+01:00"
