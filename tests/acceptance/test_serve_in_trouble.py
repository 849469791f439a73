"""The long-running service with real processes over HTTP, whatever fails between a click and the erasure."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.serving import QUICK, SLOW, House, a_house, ago, eventually, recent
from tests.faults.people import a_portal

PEOPLE = a_portal(contacts=[recent(number) for number in range(101, 121)])


def is_gone(house: House, record: str) -> bool:
    return record in house.taken()


def is_done(house: House, record: str) -> bool:
    return "obligation.done" in house.told(record)


def is_swept(house: House) -> bool:
    return any((entry["subject"], entry["verb"]) == ("run", "finished") for entry in house.entries())


def test_without_any_webhook_the_hot_sweep_finds_who_unsubscribed_and_a_hold_inside_the_grace(tmp_path: Path) -> None:
    with a_house(tmp_path, PEOPLE, **QUICK, RETENTION_GRACE_HOURS="0.001") as house:
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

if "RETENTION_TEST_PATIENT_FAULTS" in os.environ:
    FAULTS |= PATIENT_FAULTS


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service that has swept its portal and hears its webhooks."""
    with a_house(tmp_path_factory.mktemp("faults"), PEOPLE, **SLOW) as house, house.serving():
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
