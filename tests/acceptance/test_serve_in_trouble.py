"""The long-running service with real processes over HTTP, whatever fails between a click and the erasure."""

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubspot_retention.clock import Clock
from hubspot_retention.core.deadline.obligation import ObligationState
from tests.acceptance.moved_clock import AHEAD
from tests.acceptance.serving import QUICK, SLOW, House, a_house, ago, eventually, recent
from tests.faults.people import a_customer, a_portal
from tests.unit.office import Office, an_office

PEOPLE = a_portal(contacts=[*(recent(number) for number in range(101, 121)), a_customer(201, createdate=ago(days=400))])

CROWD = range(1_001, 1_251)
MANY = {**PEOPLE, "contacts": [*PEOPLE["contacts"], *map(recent, CROWD)]}


def waiting(house: House) -> int:
    """How many wait for a person."""
    with house.store() as store, store.transaction() as tx:
        return len(tx.obligations((ObligationState.REVIEW,)))


def is_gone(house: House, record: str) -> bool:
    return record in house.taken()


def is_done(house: House, record: str) -> bool:
    return "obligation.done" in house.told(record)


def is_swept(house: House) -> bool:
    return any((entry["subject"], entry["verb"]) == ("run", "finished") for entry in house.entries())


def test_without_any_webhook_the_hot_sweep_finds_who_unsubscribed_and_a_hold_inside_the_grace(tmp_path: Path) -> None:
    """And more people than a search pages through."""
    fewest = ("--search-results", "200")
    with a_house(tmp_path, MANY, portal=fewest, **QUICK, RETENTION_GRACE_HOURS="0.001") as house:
        house.run("hold", "place", "contacts/106", "--matter", "J-2026-114", "--reason", "tvist")
        with house.serving():
            house.control(
                "act",
                [
                    {"action": "unsubscribe", "record": "contacts/106", "subscriptionId": 501},
                    {"action": "unsubscribe", "record": "contacts/108", "subscriptionId": 501},
                    {"action": "edit", "record": "contacts/108", "properties": {"legal_hold": "true"}},
                    {"action": "unsubscribe", "record": "contacts/109", "subscriptionId": 501},
                ],
            )
            eventually(lambda: is_gone(house, "contacts/109"), "the erasure of who unsubscribed")
            eventually(lambda: house.state("contacts/106") == house.state("contacts/108") == "held", "both holds")
            assert house.taken() == ["contacts/109"]
            asks = {"action": "edit", "properties": {"erasure_requested_at": ago(hours=1)}}
            house.control("act", [{**asks, "record": f"contacts/{number}"} for number in CROWD])
            eventually(lambda: waiting(house) == len(CROWD), "all of a crowd to wait for a person")
            house.proves()


def test_who_subscribes_again_inside_the_grace_stays_and_both_are_in_the_log(tmp_path: Path) -> None:
    with a_house(tmp_path, PEOPLE, **SLOW, RETENTION_GRACE_HOURS="24") as house, house.serving():
        house.deliver()
        house.unsubscribe("contacts/105")
        eventually(lambda: "obligation.opened" in house.told("contacts/105"), "the obligation")
        house.act("resubscribe", "contacts/105", subscriptionId=501)
        eventually(lambda: "obligation.ended" in house.told("contacts/105"), "its end")
        assert house.taken() == []
        assert "disposal.sent" not in house.told("contacts/105")


def test_who_unsubscribed_while_nothing_ran_is_erased_by_a_reconciliation_or_after_the_start(tmp_path: Path) -> None:
    with a_house(tmp_path, PEOPLE, **SLOW) as house:
        house.run("reconcile")
        house.unsubscribe("contacts/102", at=ago(hours=26))
        house.run("reconcile")
        assert house.taken() == ["contacts/102"]
        assert house.told("contacts/102")[-1] == "obligation.done"
        house.unsubscribe("contacts/103", at=ago(hours=26))
        house.command.environment["RETENTION_FULL_HOURS"] = "0.0001"  # type: ignore[index]
        with house.serving():
            eventually(lambda: is_gone(house, "contacts/103"), "the erasure of who unsubscribed")
        house.proves()


Fault = dict[str, Any]
FAULTS: dict[str, Fault] = {
    "429": {"kind": "429", "probability": 0.2, "retry_after": 0},
    "503": {"kind": "error_before", "status": 503, "probability": 0.2},
    "cut after the effect": {"kind": "connection_cut_after_effect", "path": "gdpr-delete", "count": 2},
    "the account pauses": {"kind": "477", "count": 3, "retry_after": 1},
}
PATIENT_FAULTS: dict[str, Fault] = {
    "time-out after the effect": {"kind": "timeout_after_effect", "path": "gdpr-delete", "ms": 60_000, "count": 1},
    "down for long": {"kind": "error_before", "status": 503, "count": 12},
}
"""They take a minute each, most of it waiting: a call is given up after 30 seconds, and tried eight times."""

LOST = "connection_cut_after_effect"
if "RETENTION_TEST_PATIENT_FAULTS" in os.environ:
    FAULTS |= PATIENT_FAULTS
    LOST = "timeout_after_effect"


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """Who is told of alarms."""
    with an_office() as found:
        yield found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, office: Office) -> Iterator[House]:
    """A service that has swept its portal and hears its webhooks; hours pass for it when a test says so."""
    folder = tmp_path_factory.mktemp("faults")
    (folder / "urls").write_text(f"json://127.0.0.1:{office.port}/alarms\n")
    told = {"RETENTION_ALARM_URLS_FILE": str(folder / "urls"), AHEAD: str(folder / "ahead")}
    with a_house(folder, PEOPLE, **SLOW, **told) as house, house.serving():
        eventually(lambda: is_swept(house), "the first sweep")
        house.deliver()
        yield house
        house.proves()


@pytest.mark.parametrize("name", FAULTS)
def test_hubspots_faults_delay_the_erasure_and_never_repeat_it(served: House, name: str) -> None:
    record = f"contacts/{110 + list(FAULTS).index(name)}"
    served.control("faults", [FAULTS[name]])
    served.unsubscribe(record)
    eventually(lambda: is_done(served, record), "the end of the obligation")
    served.no_faults()
    assert served.taken().count(record) == 1
    assert served.told(record).count("disposal.done") == 1


HOURS = [
    {"kind": "error_before", "status": 503, "for_seconds": 4 * 3_600},
    {"kind": "429", "retry_after": 0, "for_seconds": 8 * 3_600},
    {"kind": LOST, "path": "gdpr-delete", "ms": 60_000, "count": 1},
]
"""For four hours HubSpot is down, for four more it has too much to do; then the first answer to an erasure is lost."""


def test_hours_without_an_answer_cost_hours_and_no_deadline(served: House) -> None:
    def refused() -> int:
        return sum(fault["hits"] for fault in httpx.get(f"{served.url}/__sandbox/faults").json()["faults"][:2])

    served.control("faults", HOURS)
    served.unsubscribe("contacts/119")
    for _ in ("down", "too much to do"):
        before = refused()
        eventually(lambda: refused() > before, "a request that is refused")  # noqa: B023
        assert not is_gone(served, "contacts/119")
        served.pass_by(hours=4)
    eventually(lambda: is_done(served, "contacts/119"), "the erasure once HubSpot answers again")
    served.no_faults()
    assert served.taken().count("contacts/119") == 1
    assert served.told("contacts/119").count("disposal.done") == 1


def test_an_alarm_is_told_again_with_ever_longer_pauses_until_it_is_over(served: House, office: Office) -> None:
    def told() -> int:
        return office.titles.count("[urgent] HubSpot retention: somebody else deleted what must be kept (contacts/201)")

    served.act("archive", "contacts/201")
    eventually(lambda: told() == 1, "the first message")
    found = []
    for _ in range(4):
        served.pass_by(hours=1)
        found.append(told())
    assert found == [2, 2, 3, 3]
    served.act("restore", "contacts/201")
    eventually(lambda: ("foreign-deletion", "contacts/201") not in served.alarms(), "the end of the alarm")
    served.pass_by(hours=24)
    assert told() == 3


def test_a_standing_approval_that_has_run_out_lets_nobody_go(served: House) -> None:
    served.run("approval", "standing", "revoke", "1")
    until = (Clock().now() + timedelta(days=3)).date().isoformat()
    grant = ("approval", "standing", "grant", "--rule", "unsubscribed", "--max-per-day", "50", "--until", until)
    served.run(*grant)
    served.unsubscribe("contacts/117")
    eventually(lambda: is_gone(served, "contacts/117"), "the erasure while it is in force")
    served.pass_by(days=4)
    served.unsubscribe("contacts/118")
    eventually(lambda: served.state("contacts/118") == "review", "who unsubscribed later to wait for a person")
    assert not is_gone(served, "contacts/118")


def test_a_stopped_service_finishes_the_record_in_hand_and_a_killed_one_goes_on_where_it_was(tmp_path: Path) -> None:
    with a_house(tmp_path, PEOPLE, **SLOW) as house:
        with house.serving() as process:
            eventually(lambda: is_swept(house), "the first sweep")
            house.deliver()
            house.control("faults", [{"kind": "slow", "path": "gdpr-delete", "ms": 3_000, "count": 1}])
            house.unsubscribe("contacts/112")
            eventually(lambda: "disposal.sent" in house.told("contacts/112"), "the record to be in hand")
            house.unsubscribe("contacts/113")
            house.control("webhooks/flush", {})
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        assert house.told("contacts/112").count("disposal.done") == 1
        assert house.taken() == ["contacts/112"]
        with house.serving() as process:
            house.control("faults", [{"kind": "timeout_after_effect", "path": "gdpr-delete", "ms": 60_000, "count": 1}])
            eventually(lambda: not house.shows("contacts/113"), "the effect of the call, which is not answered")
            os.kill(process.pid, signal.SIGKILL)
            process.wait(30)
            process.returncode = 0
        assert "disposal.done" not in house.told("contacts/113")
        with house.serving():
            eventually(lambda: is_done(house, "contacts/113"), "the settlement")
        assert house.taken() == ["contacts/112", "contacts/113"]
        house.proves()
