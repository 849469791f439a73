"""`plan new | list | show`: assess and read, always safe."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.documents import CLIENTI, in_observe
from tests.faults.people import a_customer, a_letter, a_portal, asks_to_go, inactive, unsubscribed
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import GOLDEN, House, wide_lines

KEYS = ["record", "outcome", "rule", "disposition", "due_at", "erase_by", "until", "answer_by", "marketing_ends"]
AS_OF = "2026-11-22T09:00:00+01:00"


@pytest.fixture
def golden(house_of: MakeHouse) -> House:
    """The portal with all 105 cases."""
    return house_of(json.loads((GOLDEN / "portal.json").read_text(encoding="utf-8")))


def three(house_of: MakeHouse) -> House:
    """Somebody who asked to go, somebody inactive, somebody who stays."""
    return house_of(a_portal(contacts=[asks_to_go(101), inactive(102), a_customer(103, legal_hold="true")]))


def test_a_run_makes_two_plans_and_changes_nothing(house_of: MakeHouse) -> None:
    house = three(house_of)
    ran = house("plan", "new")
    assert ran.code == 0
    assert "Plan 1-rights: rights that people exercised, awaiting review" in ran.out
    assert "Plan 1-time: periods that have ended, awaiting review" in ran.out
    assert house.effects() == []


def test_the_summary_tells_rules_what_stays_and_what_to_do_next(house_of: MakeHouse) -> None:
    out = three(house_of)("plan", "new").out
    assert "erasure-request" in out
    assert "2020-03-01 2015-05-10 10:00" in out
    assert "a hold is set in HubSpot" in out
    assert "hubspot-retention plan approve 1-rights --digest" in out


def test_messages_go_to_stderr_and_data_to_stdout(house_of: MakeHouse) -> None:
    ran = three(house_of)("plan", "new", "--json")
    assert ran.err == ""
    assert [plan["kind"] for plan in ran.json["plans"]] == ["rights", "time"]


def test_json_tells_what_the_text_tells(house_of: MakeHouse) -> None:
    rights, time_rules = three(house_of)("plan", "new", "--json").json["plans"]
    assert [(rule["rule"], rule["action"], rule["count"]) for rule in rights["rules"]] == [
        ("erasure-request", "erase", 1)
    ]
    assert rights["rules"][0]["earliest_erase_by"] == "2015-05-10T10:00:00+02:00"
    assert [rule["rule"] for rule in time_rules["rules"]] == ["inactive-contact"]
    assert {"class": "contacts", "outcome": "held", "reason": "hold-flag", "count": 1} in time_rules["outcomes"]


def test_bundles_and_what_blocks_them_are_told(house_of: MakeHouse) -> None:
    document = a_portal(
        contacts=[asks_to_go(101), a_customer(103)],
        notes=[a_letter(31), a_letter(32)],
        emails=[a_letter(41)],
        links=(
            ("contacts/101", "notes/31"),
            ("contacts/101", "notes/32"),
            ("contacts/101", "emails/41"),
            ("contacts/103", "notes/32"),
        ),
    )
    ran = house_of(document)("plan", "new")
    told = " ".join(ran.out.split())
    assert "With them: 1 of the correspondence archived; 1 e-mails gone at once; 1 kept (1 with somebody else)." in told
    assert "Blocked: 1. Correspondence must be kept, and `portal probe` has not yet seen" in told


def test_marketing_that_ends_is_told(house_of: MakeHouse) -> None:
    ran = house_of(a_portal(contacts=[a_customer(101, erasure_requested_at="2026-11-01T09:00:00Z")]))("plan", "new")
    assert "who stays (refer) opt out       1" in ran.out
    assert "grounds to keep outweigh the request" in ran.out


def test_the_decisions_of_all_cases_are_those_expected(golden: House, tmp_path: Path) -> None:
    target = tmp_path / "decisions.jsonl"
    assert golden("plan", "new", "--as-of", AS_OF, "--decisions", str(target)).code == 0
    found = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    expected = json.loads((GOLDEN / "expected.json").read_text(encoding="utf-8"))["expected"]
    assert {decision["record"] for decision in found} == set(expected)
    assert len(found) == len(expected)
    for decision in found:
        wanted = {key: value for key, value in expected[decision["record"]].items() if key != "case"}
        assert {key: decision[key] for key in wanted} == wanted, decision


def test_every_decision_has_every_key(golden: House) -> None:
    ran = golden("plan", "new", "--as-of", AS_OF, "--decisions", "-")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert len(lines) == 105
    assert all(list(line) == [*KEYS, "reasons"] for line in lines)
    assert "Plan 1-rights" in ran.err


def test_a_file_of_decisions_is_whole_or_not_there(house_of: MakeHouse, tmp_path: Path) -> None:
    house = three(house_of)
    target = tmp_path / "decisions.jsonl"
    target.write_text("before")
    ran = house("--settings", str(_settings(tmp_path, "[portal]\nid = 1\n")), "plan", "new", "--decisions", str(target))
    assert ran.code == 4
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


@pytest.mark.parametrize("place", ["missing/d.jsonl", "folder"])
def test_a_place_that_cannot_be_written_is_told_before_anything_is_done(
    house_of: MakeHouse, tmp_path: Path, place: str
) -> None:
    house = three(house_of)
    house("plan", "new")
    (tmp_path / "folder").mkdir()
    before, calls = house.plans(), len(house.sandbox.journal.entries())
    ran = house("plan", "new", "--decisions", str(tmp_path / place))
    assert ran.code == 2
    assert "cannot be written" in ran.err
    assert house.plans() == before
    assert len(house.sandbox.journal.entries()) == calls
    assert list(tmp_path.rglob("*.part")) == []


def test_a_disk_that_is_full_at_the_end_is_told_with_the_plans_that_were_made(
    house_of: MakeHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = three(house_of)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("hubspot_retention.cli.decisions.os.fsync", full)
    ran = house("plan", "new", "--decisions", str(tmp_path / "d.jsonl"))
    assert ran.code == 1
    assert "No space left on device; the plans 1-rights and 1-time were made all the same" in ran.err
    assert set(house.plans()) == {"rights", "time"}
    assert [path.name for path in tmp_path.iterdir() if "jsonl" in path.name] == []


def _settings(folder: Path, text: str) -> Path:
    path = folder / "service.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("given", "instant"),
    [
        ("2027-01-01", "2027-01-01T00:00:00+01:00"),
        ("2027-07-01", "2027-07-01T00:00:00+02:00"),
        ("2027-01-01T12:00:00+00:00", "2027-01-01T13:00:00+01:00"),
    ],
)
def test_as_of_a_day_is_its_first_instant_in_civil_time(house_of: MakeHouse, given: str, instant: str) -> None:
    assert three(house_of)("plan", "new", "--as-of", given, "--json").json["as_of"] == instant


@pytest.mark.parametrize("given", ["2027-01-01T12:00:00", "tomorrow", "2027-13-01"])
def test_as_of_needs_a_day_or_an_instant_with_its_offset(house_of: MakeHouse, given: str) -> None:
    ran = three(house_of)("plan", "new", "--as-of", given)
    assert ran.code == 2
    assert f"--as-of: found '{given}'" in ran.err


def test_a_plan_as_of_another_day_can_be_read_not_approved_nor_applied(house_of: MakeHouse) -> None:
    house = three(house_of)
    ran = house("plan", "new", "--as-of", "2027-01-01")
    assert "can be read, not applied" in ran.out
    plan = house.plans()["rights"]
    assert house("plan", "show", plan["plan_id"]).code == 0
    assert house("plan", "approve", plan["plan_id"], "--digest", plan["digest"]).code == 4
    applied = house("plan", "apply", plan["plan_id"])
    assert applied.code == 4
    assert "it can be read, not applied" in applied.err
    assert house.effects() == []


def test_a_broken_limit_blocks_the_plan_and_says_which_figure_broke_it(house_of: MakeHouse, tmp_path: Path) -> None:
    house = house_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    settings = str(_settings(tmp_path, "[guardrails]\nmax_disposals = 1\n"))
    ran = house("--settings", settings, "plan", "new")
    assert ran.code == 4
    assert "contacts: 2 disposals, at most 1 may go" in ran.err
    assert "blocked" in ran.out
    plan = house.plans()["rights"]
    assert plan["status"] == "blocked"
    assert house("plan", "approve", plan["plan_id"], "--digest", plan["digest"]).code == 4


def test_the_list_is_newest_first(house_of: MakeHouse) -> None:
    house = three(house_of)
    house("plan", "new")
    house("plan", "new")
    lines = house("plan", "list").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["2-time", "2-rights", "1-time", "1-rights"]


def test_an_empty_list_says_what_to_do(house_of: MakeHouse) -> None:
    ran = three(house_of)("plan", "list")
    assert ran.code == 0
    assert "plan new" in ran.out


def test_a_plan_that_is_not_there_names_those_that_are(house_of: MakeHouse) -> None:
    house = three(house_of)
    house("plan", "new")
    ran = house("plan", "show", "9-rights")
    assert ran.code == 2
    assert "the newest are 1-time, 1-rights" in ran.err


def test_a_plan_is_shown_with_its_items_and_ends_with_the_whole_digest(house_of: MakeHouse) -> None:
    house = three(house_of)
    house("plan", "new")
    ran = house("plan", "show", "1-rights")
    assert "contacts/101           erase   erasure-request     2020-03-01 2015-05-10 10:00" in ran.out
    assert ran.out.splitlines()[-1] == f"Digest {house.plans()['rights']['digest']}"


def test_of_an_archive_the_last_day_for_the_call_is_told_as_it_is_in_the_status(house_of: MakeHouse) -> None:
    house = three(house_of)
    summary = house("plan", "new").out
    assert "Rule             Do      Records Oldest due Call by          Gone by" in summary
    assert "inactive-contact archive       1 2015-01-10 2015-02-09 09:00 2015-05-10" in summary
    assert "An archived record lies in HubSpot's bin for 90 days before it is gone" in summary
    items = house("plan", "show", "1-time").out
    assert "Due        Call by" in items
    assert "contacts/102           archive inactive-contact    2015-01-10 2015-02-09 09:00" in items
    assert "calls by 2015-02-09 09:00" in house("status").out


def test_items_that_only_a_person_must_look_at_are_shown_with_their_reasons(house_of: MakeHouse) -> None:
    house = three(house_of)
    house("plan", "new")
    out = house("plan", "show", "1-time").out
    assert "contacts/103           look    held" in out
    assert "A legal hold is set in HubSpot on contacts/103." in out


def many(house_of: MakeHouse) -> House:
    """Thirty people who asked to go."""
    house = house_of(a_portal(contacts=[asks_to_go(number) for number in range(101, 131)], tier="enterprise"))
    house("plan", "new")
    return house


def test_the_first_twenty_items_are_shown_by_deadline(house_of: MakeHouse) -> None:
    out = many(house_of)("plan", "show", "1-rights").out
    assert out.count("contacts/1") == 20
    assert "… and 10 more: plan show 1-rights --all" in out


def test_all_items_are_shown_if_asked(house_of: MakeHouse) -> None:
    house = many(house_of)
    assert house("plan", "show", "1-rights", "--all").out.count("contacts/1") == 30
    assert len(house("plan", "show", "1-rights", "--all", "--json").json["items"]) == 30


def test_json_of_a_plan_shows_as_many_items_and_says_how_many_there_are(house_of: MakeHouse) -> None:
    shown = many(house_of)("plan", "show", "1-rights", "--json").json
    assert (len(shown["items"]), shown["item_count"]) == (20, 30)


@pytest.mark.parametrize("words", [("plan", "new"), ("plan", "list"), ("plan", "show", "1-time", "--all")])
def test_everything_fits_on_80_columns(golden: House, words: tuple[str, ...]) -> None:
    golden("plan", "new")
    assert wide_lines(golden(*words).out) == []


def test_long_ids_are_not_broken(house_of: MakeHouse) -> None:
    house = house_of(a_portal(contacts=[unsubscribed(123456789012), inactive(223456789012)]))
    house("plan", "new")
    out = house("plan", "show", "1-rights").out
    assert "contacts/123456789012  erase" in out
    assert wide_lines(out) == []


def test_neither_names_nor_addresses_are_ever_printed(golden: House) -> None:
    golden("plan", "new")
    document: dict[str, Any] = json.loads((GOLDEN / "portal.json").read_text(encoding="utf-8"))
    values = [row["properties"].get("lastname", "") for row in document["contacts"]]
    names = {name for name in values if len(name) > 3}
    everything = "".join(
        golden(*words).out
        for words in (
            ("plan", "new"),
            ("plan", "show", "1-time", "--all"),
            ("plan", "show", "1-rights", "--all", "--json"),
        )
    )
    assert "@" not in everything
    assert [name for name in names if name in everything] == []


@pytest.fixture
def observing(house_of: MakeHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Who asked to go is only observed, whoever is inactive is archived; one who asked stays for an agreement."""
    policy = tmp_path / "observing.toml"
    policy.write_text(in_observe("erasure-request")(CLIENTI.read_text(encoding="utf-8")), encoding="utf-8")
    monkeypatch.setenv("RETENTION_POLICY", str(policy))
    contacts = [asks_to_go(101), inactive(102), asks_to_go(103, lifecyclestage="customer")]
    return house_of(a_portal(contacts=contacts))


def test_what_is_only_observed_is_told_in_plain_english_and_is_nothing_to_decide(observing: House) -> None:
    out = observing("plan", "new").out
    told = " ".join(out.split())
    assert "erasure-request observe 1" in told
    assert "who stays (refer) observe 1" in told
    assert (
        "Only observed: 2. A rule that must agree is in mode observe, so nothing is done, whoever approves a plan."
        in told
    )
    assert "Nothing is to be done." in told
    assert "plan approve 1-time" in told
    assert "plan approve 1-rights" not in told
    assert [rule["action"] for rule in observing.plans()["rights"]["rules"]] == ["observe", "observe"]


def test_an_item_that_is_only_observed_says_so(observing: House) -> None:
    observing("plan", "new")
    told = " ".join(observing("plan", "show", "1-rights").out.split())
    assert "contacts/101 observe erasure-request" in told
    assert "Only observed: a rule that must agree is in mode observe, so nothing is done" in told


def test_who_approves_and_applies_it_is_told_that_nothing_was_done(observing: House) -> None:
    observing("plan", "new")
    plan = observing.approved("rights")
    ran = observing("plan", "apply", plan)
    assert ran.code == 0
    assert observing.effects() == []
    assert observing.plans()["rights"]["status"] == "applied"


@pytest.mark.parametrize("record", ["contacts/101", "contacts/103"])
def test_of_a_record_it_is_explained_that_it_is_only_observed(observing: House, record: str) -> None:
    told = " ".join(observing("explain", record).out.split())
    assert "That is only observed: a rule that must agree is in mode observe" in told
    assert "only observed" not in observing("explain", "contacts/102").out
