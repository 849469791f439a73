"""`status`: how the service stands, for a terminal and for a machine."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hubspot_retention.bootstrap import Application, application
from hubspot_retention.core.alarm import AlarmKind, AlarmLevel, AlarmRecord
from hubspot_retention.core.deadline.approval import StandingApproval
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.service.asking import Running
from tests.builders import at
from tests.faults.people import a_customer, a_portal, asks_to_go, inactive
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import House, wide_lines

HOUR = timedelta(hours=1)


def put(*, record: int = 101, hours: float = 100, **more: Any) -> None:
    """A line in the ledger: somebody unsubscribed."""
    house = application()
    now = house.clock.now()
    due = now + hours * HOUR - 120 * HOUR
    values: dict[str, Any] = {
        "record": RecordRef(ObjectType.CONTACT, RecordId(record)),
        "state": ObligationState.OPEN,
        "first_seen_at": due,
        "heard_at": now,
        "next_look_at": now,
        "rule": "unsubscribed",
        "disposition": Disposition.ERASE,
        "due_at": due,
        "erase_by": due + 120 * HOUR,
        "call_by": due + 120 * HOUR,
    }
    with house.store() as store, store.transaction() as tx:
        tx.save_obligations([Obligation(**values | more)])


def busy(house_of: MakeHouse) -> House:
    """A service that has run, of which much can be told."""
    house = house_of(a_portal(contacts=[asks_to_go(101), inactive(102), a_customer(103)]))
    house("plan", "new")
    put(hours=100)
    put(record=104, state=ObligationState.HELD)
    put(record=105, state=ObligationState.DONE, settled_at=application().clock.now())
    made = application()
    now = made.clock.now()
    with made.store() as store, store.transaction() as tx:
        for name in ("due", "full", "watch"):
            tx.tick_started(name, now)
            tx.tick_done(name, now - 5 * HOUR if name == "full" else now, 1.5)
        tx.tick_started("hot", now)
        tx.tick_done("hot", now, 1.0, "PortalDeniedError")
        tx.count("webhooks", "accepted", 1200)
        tx.count("webhooks", "forged", 3)
        tx.count("disposals", "unsubscribed/done", 1_234)
        tx.save_alarm(
            AlarmRecord(
                kind=AlarmKind.DEADLINE_NEAR,
                about="unsubscribed",
                level=AlarmLevel.URGENT,
                first_at=now,
                last_seen_at=now,
            )
        )
        tx.grant_standing(
            StandingApproval(
                approval_id=0,
                rule="unsubscribed",
                max_per_day=20,
                until_at=now + timedelta(days=30),
                granted_by="anna",
                granted_at=now,
                policy_digest="ab" * 32,
                used_on=made.policy()[0].civil.local_date(now),
                used=3,
            )
        )
    return house


def told(house: House) -> str:
    """The page, with blanks as one."""
    ran = house("status")
    assert ran.code == 0
    assert wide_lines(ran.out) == []
    return " ".join(ran.out.split())


def test_where_nothing_ever_ran_it_says_what_to_do(house_of: MakeHouse) -> None:
    page = told(house_of(a_portal()))
    assert "The service has never run here: start it with `serve`." in page
    assert "Alarms None." in page
    assert "Service No service answers on the operations port of these settings." in page
    assert "No record is past its date." in page
    assert "Nothing was disposed of yet." in page
    assert "There is no hold." in page
    assert "Plans that wait None." in page
    assert "None came yet." in page


def test_it_tells_how_everything_stands(house_of: MakeHouse) -> None:
    page = told(busy(house_of))
    assert "urgent deadline near unsubscribed" in page
    assert "due 0 s ago 1.5 s" in page or "due 1 s ago 1.5 s" in page
    assert "full 5 hours ago 1.5 s" in page
    assert "hot never 1.0 s PortalDeniedError" in page
    assert "watch 0 s ago 1.5 s" in page or "watch 1 s ago 1.5 s" in page
    assert "unsubscribed open 1 1" in page
    assert "unsubscribed held 1 1" in page
    assert "100.0% of what was done was done in time." in page
    assert "So far: unsubscribed done 1,234." in page
    assert "1-rights awaiting review: calls by" in page
    assert "1 erasure-request" in page
    assert "1 unsubscribed 20 17" in page
    assert "accepted 1,200; forged 3" in page


def test_the_debt_names_how_old_it_is(house_of: MakeHouse) -> None:
    house = house_of(a_portal())
    put(hours=120 - 30)
    put(record=102, hours=120 - 5)
    assert "Past their date: 2 records, the oldest by 30 hours." in told(house)


def test_open_requests_are_told_with_their_last_day_the_earliest_first(
    house_of: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = house_of(a_portal(contacts=[a_customer(101), a_customer(102)]))
    assert "Requests There is no request." in told(house)
    now = at("2026-11-27T12:00")
    monkeypatch.setattr("hubspot_retention.clock.Clock.now", lambda self: now)
    for record, kind, received in ((101, "access", "2026-11-20"), (102, "rectification", "2026-10-01")):
        house("request", "record", f"contacts/{record}", "--kind", kind, "--received", received)
    house("request", "record", "contacts/102", "--kind", "access", "--received", "2026-10-01")
    house("request", "close", "3", "--as", "answered")
    page = told(house)
    over = "2 contacts/102 rectification 2026-10-01 2026-10-30 23:00 overdue"
    assert over in page
    assert "1 contacts/101 access 2026-11-20 2026-12-20 00:00 22 days" in page
    assert page.index(over) < page.index("1 contacts/101 access")
    found = house("status", "--json").json["requests"]
    assert [(row["request"], row["answer_by"], row["days_left"]) for row in found] == [
        (2, "2026-10-30T23:00:00+01:00", -28),
        (1, "2026-12-20T00:00:00+01:00", 22),
    ]


def test_a_persons_stop_comes_first(house_of: MakeHouse) -> None:
    house = house_of(a_portal())
    house("stop", "--why", "the lawyer called")
    assert told(house).startswith("All disposals are stopped (anna: the lawyer called).")


def test_what_nobody_decided_yet_is_told_too(house_of: MakeHouse) -> None:
    house = house_of(a_portal())
    put(state=ObligationState.LOOK, rule="", disposition=None, due_at=None, erase_by=None, call_by=None)
    assert "(not decided yet) to be looked at 1 0" in told(house)


def test_an_approval_that_is_over_and_a_plan_that_has_expired_are_left_out(
    house_of: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = busy(house_of)
    later = application().clock.now() + timedelta(days=40)
    monkeypatch.setattr("hubspot_retention.clock.Clock.now", lambda self: later)
    page = told(house)
    assert "Standing approvals None" in page
    assert "Plans that wait None." in page
    assert "due 40 days ago" in page


def test_a_tick_that_succeeded_by_a_clock_ahead_is_late(house_of: MakeHouse) -> None:
    house = busy(house_of)
    made = application()
    with made.store() as store, store.transaction() as tx:
        tx.tick_done("due", made.clock.now() + 2 * HOUR, 1.5)
    assert "due by a clock that was ahead" in told(house)
    assert house("status", "--json").json["ticks"]["due"]["late"] is True


def test_a_machine_is_told_the_same(house_of: MakeHouse) -> None:
    found = busy(house_of)("status", "--json").json
    assert found["ticks"]["hot"] == {
        "last_success_at": None,
        "late": True,
        "seconds": 1.0,
        "last_error": "PortalDeniedError",
    }
    assert found["ticks"]["due"]["late"] is False
    assert found["debt"] == {"look": 0, "open": 2, "review": 0, "held": 1, "raised": 0}
    assert {(row["rule"], row["state"], row["records"]) for row in found["obligations"]} >= {
        ("unsubscribed", "open", 1),
        ("unsubscribed", "held", 1),
        ("unsubscribed", "done", 1),
    }
    assert found["on_time_ratio"] == 1
    assert found["disposals"] == [{"rule": "unsubscribed", "result": "done", "count": 1234}]
    assert found["next_deadline_seconds"] < 0
    assert found["anchors"] == []
    assert found["service"] is None
    assert found["webhooks"] == {"accepted": 1200, "forged": 3}
    assert found["standing_approvals"][0]["left_today"] == 17
    assert [plan["plan_id"] for plan in found["plans"]] == ["1-time", "1-rights"]
    assert found["alarms"][0]["about"] == "unsubscribed"


def answers(monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
    """A service runs, and says this of itself."""
    requests = {("GET /crm/objects/2026-03/contacts", "200"): 1_200, ("GET /crm/objects/2026-03/contacts", "503"): 3}
    values: dict[str, Any] = {"reasons": (), "requests": requests, "quota_used": 0.125}
    running = Running(**values | more)
    monkeypatch.setattr("hubspot_retention.service.asking.ask", lambda host, port: running)


def test_a_running_service_tells_what_it_asked_of_hubspot(house_of: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch)
    house = house_of(a_portal())
    page = told(house)
    assert "Service It is ready. 12.5% of the account's daily requests are used." in page
    assert "GET /crm/objects/2026-03/contacts 1,203 3" in page
    found = house("status", "--json").json["service"]
    assert (found["ready"], found["reasons"], found["quota_used_ratio"]) == (True, [], 0.125)
    assert found["requests"][1] == {"endpoint": "GET /crm/objects/2026-03/contacts", "status": "503", "count": 3}


def test_of_many_endpoints_the_busiest_are_shown(house_of: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, requests={(f"GET /{number}", "200"): number for number in range(1, 12)})
    page = told(house_of(a_portal()))
    assert "GET /11 11 0" in page
    assert "GET /3 " not in page
    assert "and 6 more to 3 endpoints." in page


def test_one_that_is_not_ready_says_why(house_of: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, reasons=("database", "tick-hot"), requests={}, quota_used=None)
    assert "Service It is not ready: database, tick-hot. Ticks" in told(house_of(a_portal()))


def test_a_log_without_a_key_is_said_to_be_kept_for_ever(house_of: MakeHouse) -> None:
    house = house_of(a_portal())
    assert (
        "Audit log Entries are kept for ever, though the policy says 5 years: the settings have no [anchors] key to"
        " sign for what is removed. Anchors" in told(house)
    )
    assert house("status", "--json").json["audit_log"] == {"kept_for": "P5Y", "may_be_cut": False, "can_be_cut": False}


def signed_log(house_of: MakeHouse, monkeypatch: pytest.MonkeyPatch, approved: str = "P5Y") -> House:
    """The log has a key, and a person approved the policy with that period of the log."""
    house, app = house_of(a_portal()), application()
    settings, text = app.settings(), app.policy()[1].replace('audit_log = "P5Y"', f'audit_log = "{approved}"')
    with app.store() as store, store.transaction() as tx:
        tx.approve_policy(parse_policy(text).digest, text, app.clock.now(), "bent")
    signed = replace(settings, anchors=replace(settings.anchors, key=Path("log.key")))
    monkeypatch.setattr(Application, "settings", lambda self: signed)
    return house


def test_a_log_with_a_key_is_kept_as_long_as_the_policy_says(
    house_of: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = signed_log(house_of, monkeypatch)
    assert "Audit log Entries are kept for 5 years. Anchors" in told(house)
    assert house("status", "--json").json["audit_log"] == {"kept_for": "P5Y", "may_be_cut": True, "can_be_cut": True}


def test_a_period_of_the_log_that_nobody_has_approved_is_not_said_to_be_kept_to(
    house_of: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = signed_log(house_of, monkeypatch, approved="P10Y")
    said = "Audit log No entry goes after 5 years: nobody has approved a policy that says so. Anchors"
    assert said in told(house)
    assert house("status", "--json").json["audit_log"] == {"kept_for": "P5Y", "may_be_cut": False, "can_be_cut": True}


def erasures(house: House) -> dict[str, int]:
    """How the ledger says that the erasure requests stand, by state."""
    found = house("status", "--json").json["obligations"]
    return {row["state"]: row["records"] for row in found if row["rule"] == "erasure-request"}


def test_what_a_plan_removed_is_no_longer_open(house_of: MakeHouse) -> None:
    house = house_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    house("plan", "new")
    assert erasures(house) == {"open": 2}
    assert house("plan", "apply", house.approved("rights")).code == 0
    assert erasures(house) == {"done": 2}
    assert "Past their date" not in told(house)


def test_what_a_plan_removed_before_hubspot_stopped_it_is_no_longer_open(
    house_of: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubspot_retention.workflow.dispose.BATCH", 1)
    house = house_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    house("plan", "new")
    house.sandbox.gateway.faults.add({"kind": "477", "path": "gdpr-delete", "skip": 1, "retry_after": 86400})
    assert house("plan", "apply", house.approved("rights")).code == 3
    assert erasures(house) == {"done": 1, "open": 1}


def test_it_can_be_asked_while_the_service_runs(house_of: MakeHouse) -> None:
    house = house_of(a_portal())
    with application().store():
        assert house("status").code == 0
        assert house("plan", "new").code == 1
