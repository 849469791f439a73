"""`hold`, `request`, `stop`, `resume`, `confirm`: what people say, and what the command answers."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hubspot_retention.bootstrap import application
from hubspot_retention.cli.losses import tell_losses
from hubspot_retention.clock import Clock
from hubspot_retention.core.plan.model import ItemState, PlanStatus
from hubspot_retention.core.record import RecordRef
from tests.faults.people import a_customer, a_portal, asks_to_go, former_customer, inactive, lost_deal
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import House, wide_lines


@pytest.fixture
def planned(house_of: MakeHouse) -> House:
    """Two people who asked to go, planned."""
    house = house_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102), a_customer(103)]))
    house("plan", "new")
    return house


def place(house: House, record: str = "contacts/101", matter: str = "J-2026-1") -> int:
    """Place a hold; answers the exit code."""
    return house("hold", "place", record, "--matter", matter, "--reason", "a dispute over an invoice").code


def test_a_hold_is_placed_and_the_plan_that_loses_the_record_is_named(planned: House) -> None:
    ran = planned("hold", "place", "contacts/101", "--matter", "J-2026-1", "--reason", "a dispute")
    assert (ran.code, ran.out) == (0, "hold 1 is placed on contacts/101, matter J-2026-1\n")
    assert ran.err == "plan 1-rights loses contacts/101: it is skipped when the plan is applied\n"


def test_a_hold_between_approval_and_apply_is_honoured(planned: House) -> None:
    planned.approved("rights")
    place(planned)
    planned("plan", "apply", "1-rights")
    assert planned.is_in_view("contacts/101")
    assert not planned.is_in_view("contacts/102")


def test_a_record_in_flight_is_said_not_to_be_held(planned: House) -> None:
    planned.approved("rights")
    with application().store() as store, store.transaction() as tx:
        plan = tx.plan("1-rights")
        assert plan is not None
        tx.save_plan(replace(plan, status=PlanStatus.APPLYING))
        tx.set_item_state("1-rights", RecordRef.parse("contacts/101"), ItemState.SENT)
    ran = planned("hold", "place", "contacts/101", "--matter", "J-1", "--reason", "a dispute")
    assert ran.err == (
        "contacts/101 is in flight in plan 1-rights: a call was sent before the hold, so there it is NOT held\n"
    )


@pytest.fixture
def selling(house_of: MakeHouse) -> House:
    """Three deals lost long ago, planned; a customer hangs on one of them."""
    document = a_portal(
        contacts=[a_customer(103)],
        deals=[lost_deal(201), lost_deal(202), lost_deal(203)],
        links=(("contacts/103", "deals/202"),),
    )
    house = house_of(document)
    house("plan", "new")
    return house


def sent(house: House, *records: str) -> None:
    """The calls for these records are under way."""
    with application().store() as store, store.transaction() as tx:
        plan = tx.plan(house.plans()["time"]["plan_id"])
        assert plan is not None
        tx.save_plan(replace(plan, status=PlanStatus.APPLYING))
        for record in records:
            tx.set_item_state(plan.plan_id, RecordRef.parse(record), ItemState.SENT)


def test_of_all_that_is_in_flight_a_hold_names_what_it_reaches_and_what_cannot_be_ruled_out(selling: House) -> None:
    sent(selling, "deals/201", "deals/202", "deals/203")
    selling.act("archive", record="deals/203")
    ran = selling("hold", "place", "contacts/103", "--matter", "J-1", "--reason", "a dispute")
    assert ran.err == (
        "deals/202 is in flight in plan 1-time: a call was sent before the hold, so there it is NOT held\n"
        "deals/203 is in flight in plan 1-time: a call was sent before the hold. Whether the hold reaches it could not"
        " be found out; if it does, there it is NOT held\n"
    )


@pytest.mark.parametrize("path", ["associations", "account-info"])
def test_where_nobody_can_tell_whom_a_hold_reaches_all_that_is_in_flight_is_named(selling: House, path: str) -> None:
    sent(selling, "deals/201", "deals/202")
    selling.sandbox.gateway.faults.add({"kind": "error_before", "status": 503, "path": path, "count": None})
    ran = selling("hold", "place", "contacts/103", "--matter", "J-1", "--reason", "a dispute", "--json")
    assert [each["record"] for each in ran.json["in_flight"]] == ["deals/201", "deals/202"]
    assert ran.err.count("Whether the hold reaches it could not be found out") == 2
    if path == "associations":
        assert "it could not be found out whom else the hold on contacts/103 reaches: HubSpot did not" in ran.err


def test_a_hold_names_what_plans_lose_that_it_reaches(selling: House) -> None:
    ran = selling("hold", "place", "contacts/103", "--matter", "J-1", "--reason", "a dispute")
    assert ran.err == "plan 1-time loses deals/202: it is skipped when the plan is applied\n"
    selling.approved("time")
    selling("plan", "apply", "1-time")
    assert [selling.is_in_view(f"deals/{number}") for number in (201, 202, 203)] == [False, True, False]


def test_of_what_a_plan_loses_only_the_first_are_named(house_of: MakeHouse) -> None:
    numbers = range(201, 213)
    house = house_of(a_portal(contacts=[a_customer(103)], deals=[lost_deal(number) for number in numbers]))
    house("plan", "new")
    told = {RecordRef.parse(f"deals/{number}") for number in numbers}
    tell_losses(application(), told)
    named = ", ".join(f"deals/{number}" for number in range(201, 211))
    assert house.capsys.readouterr().err == (
        f"plan 1-time loses {named} and 2 more: they are skipped when the plan is applied\n"
    )


def test_marketing_ends_for_who_is_held_so_no_plan_loses_them(house_of: MakeHouse) -> None:
    house = house_of(a_portal(contacts=[asks_to_go(101, lifecyclestage="customer")]))
    assert "who stays" in house("plan", "new").out
    assert house("hold", "place", "contacts/101", "--matter", "J-1", "--reason", "a dispute").err == ""


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("access", "plan 1-rights loses contacts/101: it is skipped when the plan is applied\n"),
        ("objection", "plan 1-rights loses contacts/101: it is skipped when the plan is applied\n"),
        ("erasure", ""),
    ],
)
def test_a_request_that_keeps_the_record_names_the_plan_that_loses_it(planned: House, kind: str, told: str) -> None:
    planned.approved("rights")
    ran = planned("request", "record", "contacts/101", "--kind", kind, "--received", "2026-01-31")
    assert (ran.code, ran.err) == (0, told)


@pytest.mark.parametrize("matter", ["a dispute", "Jensen & søn", "x" * 121, ""])
def test_a_matter_is_a_reference(planned: House, matter: str) -> None:
    ran = planned("hold", "place", "contacts/101", "--matter", matter, "--reason", "a dispute")
    assert ran.code == 2
    assert "expected a reference" in ran.err
    assert planned("hold", "list", "--json").json == []


@pytest.mark.parametrize("record", ["contacts", "notes/31", "contacts/abc", "people/1"])
def test_a_hold_is_on_a_contact_company_or_deal(planned: House, record: str) -> None:
    ran = planned("hold", "place", record, "--matter", "J-1", "--reason", "a dispute")
    assert ran.code == 2
    assert record in ran.err


def test_a_review_date_is_a_day(planned: House) -> None:
    ran = planned("hold", "place", "deals/1", "--matter", "J", "--reason", "r", "--review-on", "soon")
    assert ran.code == 2
    assert "--review-on: found 'soon'" in ran.err


def test_a_script_is_told_the_number_of_a_hold_and_what_is_in_flight(planned: House) -> None:
    placed = ("--matter", "J-1", "--reason", "a dispute", "--json")
    told = planned("hold", "place", "contacts/101", *placed).json
    (listed,) = planned("hold", "list", "--json").json
    assert told == {**listed, "in_flight": []}
    with application().store() as store, store.transaction() as tx:
        plan = tx.plan("1-rights")
        assert plan is not None
        tx.save_plan(replace(plan, status=PlanStatus.APPLYING))
        tx.set_item_state("1-rights", RecordRef.parse("contacts/102"), ItemState.SENT)
    told = planned("hold", "place", "contacts/102", *placed).json
    assert (told["hold"], told["in_flight"]) == (2, [{"plan_id": "1-rights", "record": "contacts/102"}])


def test_a_script_is_told_the_number_of_a_request(planned: House) -> None:
    words = ("request", "record", "contacts/103", "--kind", "access", "--received", "2026-01-31", "--json")
    told = planned(*words).json
    (listed,) = planned("request", "list", "--json").json
    assert told == listed
    assert told["request"] == 1


SAYINGS = (
    ("hold", "place", "contacts/999", "--matter", "J-1", "--reason", "a dispute"),
    ("request", "record", "contacts/999", "--kind", "access", "--received", "2026-01-31"),
)


@pytest.mark.parametrize("words", SAYINGS, ids=lambda words: words[0])
def test_a_record_that_is_not_in_view_is_told_and_what_was_said_of_it_stands(
    planned: House, words: tuple[str, ...]
) -> None:
    ran = planned(*words)
    assert ran.code == 0
    assert ran.err == (
        "contacts/999 is not in view in portal 25412345: check the number. What was said of it stands all the same\n"
    )
    assert len(planned(words[0], "list", "--json").json) == 1


@pytest.mark.parametrize("words", SAYINGS, ids=lambda words: words[0])
def test_of_a_record_in_the_bin_it_is_said_until_when_it_can_be_restored(
    planned: House, words: tuple[str, ...]
) -> None:
    """Nobody can see there what hangs on it: a hold reaches nothing else."""
    planned.act("archive", record="contacts/103")
    house = application()
    until = house.policy()[0].civil.local_date(house.clock.now() + timedelta(days=90))
    ran = planned(*(word.replace("999", "103") for word in words))
    assert ran.code == 0
    assert ran.err.endswith(
        "contacts/103 lies in the bin of portal 25412345. What was said of it stands, but reaches nothing that hung on"
        f" it until somebody restores it by {until}\n"
    )


@pytest.mark.parametrize("words", SAYINGS, ids=lambda words: words[0])
def test_where_hubspot_does_not_answer_it_is_said_at_once_that_nobody_could_look(
    planned: House, words: tuple[str, ...]
) -> None:
    planned.sandbox.gateway.faults.add({"kind": "error_before", "status": 503, "path": "batch/read"})
    ran = planned(*words)
    assert ran.code == 0
    assert ran.err == (
        "it could not be checked whether contacts/999 is in view in the portal: HubSpot did not answer at once\n"
    )
    assert len(planned(words[0], "list", "--json").json) == 1


def test_without_a_token_nobody_looks(planned: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUBSPOT_ACCESS_TOKEN")
    ran = planned(*SAYINGS[0])
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize("reason", ["", " \n "])
def test_a_hold_says_why(planned: House, reason: str) -> None:
    ran = planned("hold", "place", "deals/1", "--matter", "J-1", "--reason", reason)
    assert ran.code == 2
    assert "--reason: found nothing" in ran.err
    assert planned("hold", "list", "--json").json == []


def test_a_review_date_is_not_past(planned: House) -> None:
    house = application()
    today = house.policy()[0].civil.local_date(house.clock.now())
    place = ("hold", "place", "deals/1", "--matter", "J-1", "--reason", "a dispute", "--review-on")
    ran = planned(*place, (today - timedelta(days=1)).isoformat())
    assert ran.code == 2
    assert "which is past; expected today or a later day" in ran.err
    assert planned("hold", "list", "--json").json == []
    assert planned(*place, today.isoformat()).code == 0


def test_all_that_is_wrong_with_a_hold_is_told_at_once(planned: House) -> None:
    ran = planned("hold", "place", "contacts/abc", "--matter", "J 1", "--reason", "", "--review-on", "31/12/2026")
    assert ran.code == 2
    record, *options = ran.err.splitlines()
    assert "contacts/abc" in record
    assert [line.split(":")[0] for line in options] == ["--matter", "--reason", "--review-on"]


def test_holds_are_listed_with_reason_who_and_review(planned: House) -> None:
    planned("hold", "place", "deals/1", "--matter", "J-1", "--reason", "why", "--review-on", "2027-01-01")
    (found,) = planned("hold", "list", "--json").json
    assert found.pop("placed_at")
    assert found == {
        "hold": 1,
        "record": "deals/1",
        "matter": "J-1",
        "reason": "why",
        "placed_by": "anna",
        "review_on": "2027-01-01",
        "released_at": None,
    }


def test_the_list_of_holds_fits_on_80_columns_and_breaks_no_id(planned: House) -> None:
    planned("hold", "place", "contacts/123456789012", "--matter", "J-2026-000114", "--reason", "word " * 20)
    out = planned("hold", "list").out
    assert wide_lines(out) == []
    assert "contacts/123456789012" in out


def test_a_released_hold_is_listed_only_if_asked(planned: House) -> None:
    place(planned)
    ran = planned("hold", "release", "1")
    assert ran.out == "hold 1 on contacts/101, matter J-2026-1, is released\n"
    assert planned("hold", "list").out == "There is no hold.\n"
    assert "released" in planned("hold", "list", "--released").out


def test_a_hold_that_is_not_there_cannot_be_released(planned: House) -> None:
    ran = planned("hold", "release", "7")
    assert ran.code == 2
    assert "there is no hold 7" in ran.err


def test_a_request_is_recorded_with_the_end_of_its_clock(planned: House) -> None:
    ran = planned("request", "record", "contacts/103", "--kind", "access", "--received", "2026-01-31T10:00:00+01:00")
    assert ran.out == "request 1 for access of contacts/103 is recorded; answer it by 2026-02-28 10:00\n"


def test_requests_are_listed_with_the_days_left(planned: House) -> None:
    received = (Clock().now() - timedelta(days=3, hours=1)).isoformat()
    planned("request", "record", "contacts/103", "--kind", "erasure", "--received", received)
    (found,) = planned("request", "list", "--json").json
    assert (found["record"], found["kind"], found["recorded_by"]) == ("contacts/103", "erasure", "anna")
    assert found["days_left"] in (24, 25, 26)
    assert f"{found['days_left']} days" in planned("request", "list").out


def test_an_overdue_request_is_told(planned: House) -> None:
    planned("request", "record", "contacts/103", "--kind", "erasure", "--received", "2026-01-01")
    assert "overdue" in planned("request", "list").out


def test_a_closed_request_is_listed_only_if_asked(planned: House) -> None:
    planned("request", "record", "contacts/103", "--kind", "objection", "--received", "2026-01-01")
    ran = planned("request", "close", "1", "--as", "taken-back")
    assert ran.out == "request 1 of contacts/103 is closed: taken-back\n"
    assert planned("request", "list").out == "There is no request.\n"
    assert "taken-back" in planned("request", "list", "--closed").out
    assert planned("request", "list", "--closed", "--json").json[0]["end"] == "taken-back"


def test_an_open_access_request_holds_what_was_planned(planned: House) -> None:
    planned.approved("rights")
    planned("request", "record", "contacts/101", "--kind", "access", "--received", "2026-01-01")
    planned("plan", "apply", "1-rights")
    assert planned.is_in_view("contacts/101")


@pytest.mark.parametrize(
    "words",
    [
        ("contacts/103", "--kind", "nonsense", "--received", "2026-01-01"),
        ("deals/1", "--kind", "access", "--received", "2026-01-01"),
        ("contacts/103", "--kind", "access", "--received", "2026-01-01T10:00"),
        ("contacts/103", "--kind", "access", "--received", "2126-01-01"),
        ("contacts/103", "--kind", "access", "--received", "0001-01-01"),
        ("contacts/103", "--kind", "access", "--received", "0001-01-01T00:00:00+14:00"),
        ("contacts/103", "--kind", "access", "--received", "9999-12-31T23:59:59.999999-12:00"),
        ("contacts/103", "--kind", "access", "--received", "9999-12-31T23:59:59+00:00"),
        ("contacts/9223372036854775808", "--kind", "access", "--received", "2026-01-01"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(planned: House, words: tuple[str, ...]) -> None:
    ran = planned("request", "record", *words)
    assert (ran.code, "bug" in ran.err) == (2, False)
    assert planned("request", "list", "--json").json == []


def test_stop_wins_over_an_approved_plan_and_resume_lets_it_go_on(planned: House) -> None:
    planned.approved("rights")
    assert planned("stop", "--why", "something looks\n wrong").code == 0
    ran = planned("plan", "apply", "1-rights")
    assert ran.code == 4
    assert "anna: something looks wrong" in ran.err
    assert "anna: something looks wrong" in planned("resume").out
    assert planned("plan", "apply", "1-rights").code == 0


def test_resume_without_a_stop_says_so_and_writes_nothing(planned: House) -> None:
    assert planned("resume").out == "Nothing is stopped.\n"
    assert "kill-switch" not in planned("audit", "export").out


def test_a_stop_says_why(planned: House) -> None:
    assert planned("stop", "--why", "  ").code == 2


def test_a_start_that_moved_back_is_confirmed(house_of: MakeHouse) -> None:
    house = house_of(a_portal(contacts=[former_customer(101, "2030-04-30")]))
    house("plan", "new")
    house.act("edit", record="contacts/101", properties={"customer_until": "2018-04-30"})
    ran = house("confirm", "contacts/101")
    assert ran.code == 0
    assert ran.out == "contacts/101: customer_until 2018-04-30 is confirmed\n"
    assert "By rule former-customer it is due since 2020-05-01 00:00" in ran.err


def test_a_restored_record_is_confirmed(house_of: MakeHouse) -> None:
    house = house_of(a_portal(contacts=[inactive(101)]))
    house("plan", "new")
    house.approved("time")
    house("plan", "apply", "1-time")
    house.act("restore", record="contacts/101")
    house.act("edit", record="contacts/101", properties={"retention_confirmed_on": Clock().now().date().isoformat()})
    ran = house("confirm", "contacts/101")
    assert "contacts/101: that a person restored it is confirmed; the rules decide about it again\n" in ran.out
    assert ran.err == ""


def test_of_a_restored_record_that_is_still_due_it_is_not_said_that_it_stays(house_of: MakeHouse) -> None:
    house = house_of(a_portal(contacts=[inactive(101)]))
    house("plan", "new")
    house.approved("time")
    house("plan", "apply", "1-time")
    house.act("restore", record="contacts/101")
    ran = house("confirm", "contacts/101")
    assert "stays" not in ran.out
    assert "It does not stay by that. By rule inactive-contact it is due since 2015-01-10 10:00" in ran.err
    assert "inactive-contact archive" in house("plan", "new").out


def test_where_nothing_waits_there_is_nothing_to_confirm(planned: House) -> None:
    assert planned("confirm", "contacts/103").code == 2


def test_no_reason_and_no_why_is_in_the_audit_log(planned: House, tmp_path: Path) -> None:
    planned("hold", "place", "contacts/101", "--matter", "J-1", "--reason", "Jensen owes us")
    planned("plan", "reject", "1-time", "--why", "Jensen again")
    planned("stop", "--why", "Jensen once more")
    target = tmp_path / "log.jsonl"
    planned("audit", "export", str(target))
    text = target.read_text(encoding="utf-8")
    assert "Jensen" not in text
    assert {json.loads(line)["seq"] for line in text.splitlines()} == set(range(1, len(text.splitlines()) + 1))
