"""`sandbox act` and the webhook options of `sandbox serve`: what they say, and what happens in the portal."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from hubspot_retention.cli.main import run
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import House, wide_lines
from tests.unit.sandbox.portals import a_document
from tests.unit.sandbox.receivers import PATIENCE_SECONDS, a_receiver


@pytest.fixture
def house(house_of: MakeHouse) -> House:
    return house_of(a_document())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("unsubscribe contacts/101", "contacts/101 unsubscribed from everything."),
        ("unsubscribe contacts/101 --type 501 --source Import", "contacts/101 unsubscribed from 501."),
        ("resubscribe contacts/101 --type 501", "contacts/101 subscribed to 501."),
        ("edit contacts/102 legal_hold=true lastname=", "Edited contacts/102: legal_hold, lastname."),
        ("create contacts email=ny@example.dk", "Created contacts/104."),
        ("merge contacts/103 contacts/101", "Merged contacts/103 into contacts/101."),
        ("merge contacts/103 contacts/101 --new-id", "Merged contacts/103 and contacts/101 into contacts/104."),
        ("archive deals/21", "Archived deals/21."),
        ("erase contacts/102", "Erased contacts/102."),
    ],
)
def test_an_act_is_told_in_a_sentence(house: House, words: str, sentence: str) -> None:
    ran = house("sandbox", "act", *words.split())
    assert (ran.code, ran.out, ran.err) == (0, f"{sentence}\n", "")


def test_acts_happen_in_the_portal(house: House) -> None:
    house("sandbox", "act", "unsubscribe", "contacts/101", "--source", "Import", "--at", "2026-11-20T12:30:00Z")
    state = house.sandbox.portal.subscriptions.wide_of("p101@example.dk")
    assert state is not None
    assert (state.status, state.source, state.timestamp) == ("UNSUBSCRIBED", "Import", "2026-11-20T12:30:00Z")
    house("sandbox", "act", "edit", "contacts/101", "legal_hold=true", "--change-source", "IMPORT")
    assert house.sandbox.portal.tables["contacts"].live["101"]["legal_hold"] == "true"
    house("sandbox", "act", "archive", "contacts/101")
    assert not house.is_in_view("contacts/101")
    assert house("sandbox", "act", "restore", "contacts/101").out == "Restored contacts/101.\n"
    assert house.is_in_view("contacts/101")
    house("sandbox", "act", "erase", "contacts/101")
    assert not house.is_in_view("contacts/101")


def test_the_clock_is_told_and_moved(house: House) -> None:
    before = house.sandbox.portal.now()
    assert house("sandbox", "act", "clock").out.startswith("It is ")
    ran = house("sandbox", "act", "clock", "--forward", "P1W1DT2H")
    assert ran.code == 0
    moved = house.sandbox.portal.now() - before
    assert 0 <= moved.total_seconds() - (8 * 86_400 + 2 * 3_600) < 60
    assert ran.out[: len("It is 2026-11-30")] == f"It is {house.sandbox.portal.now().date()}"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["archive", "contacts/999"], "contacts/999"),
        (["archive", "unicorns/1"], "expected a record in view"),
        (["restore", "contacts/101"], "in the bin"),
        (["erase", "deals/21"], "expected a contact"),
        (["merge", "contacts/101", "deals/21"], "into"),
        (["edit", "contacts/101", "legal_hold"], "NAME=VALUE"),
        (["edit", "contacts/101", "no_such=1"], "no_such"),
        (["edit", "contacts/101"], "NAME=VALUE"),
        (["unsubscribe", "contacts/101", "--at", "yesterday"], "yesterday"),
        (["unsubscribe", "contacts/101", "--change-source", "somehow"], "somehow"),
        (["clock", "--forward", "tomorrow"], "P1D"),
        (["clock", "--forward", "P"], "P1D"),
        (["clock", "--forward", "PT"], "P1D"),
        (["clock", "--forward", "P1DT"], "P1D"),
        (["clock", "--forward", "P99999999999999D"], "36525"),
        (["archive", "contacts/101", "--url", "https://api.hubapi.com"], "sandbox here"),
        (["archive", "contacts/101", "--url", "http://192.0.2.1:80"], "sandbox here"),
        (["archive", "contacts/101", "--url", "http://portal.example.dk"], "sandbox here"),
        (["archive", "contacts/101", "--url", ""], "--url"),
        (["dance"], "dance"),
    ],
)
def test_wrong_use_says_what_was_expected_and_does_nothing(house: House, words: list[str], told: str) -> None:
    before = json.dumps(httpx.get(f"{house.sandbox.url}/__sandbox/document").json()["contacts"])
    ran = house("sandbox", "act", *words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert json.dumps(httpx.get(f"{house.sandbox.url}/__sandbox/document").json()["contacts"]) == before


def test_where_no_sandbox_listens_it_says_how_to_start_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sandbox", "act", "archive", "contacts/101", "--url", "http://127.0.0.1:1"]) == 1
    assert "sandbox serve" in capsys.readouterr().err
    with a_receiver() as other:
        assert run(["sandbox", "act", "clock", "--url", f"http://127.0.0.1:{other.port}"]) == 1
    assert "found no sandbox" in capsys.readouterr().err


def test_without_an_address_it_asks_for_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sandbox", "act", "archive", "contacts/101"]) == 2
    assert "HUBSPOT_BASE_URL" in capsys.readouterr().err


def test_the_help_fits_on_eighty_columns(house: House) -> None:
    for words in (["act"], ["act", "unsubscribe"], ["act", "merge"], ["act", "clock"], ["serve"]):
        ran = house("sandbox", *words, "--help")
        assert ran.code == 0
        assert wide_lines(ran.out) == []


@pytest.mark.parametrize(
    "words",
    [
        ["--webhook-url", "http://127.0.0.1:1/hooks"],
        ["--webhook-secret", "s"],
        ["--webhook-url", "nowhere", "--webhook-secret", "s"],
        ["--webhook-url", "http://127.0.0.1:1/hooks", "--webhook-secret", ""],
        ["--webhook-retries-compressed", "0"],
    ],
)
def test_webhooks_that_cannot_be_delivered_are_refused_at_once(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sandbox", "serve", "--contacts", "1", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "--webhook" in captured.err


def test_a_served_sandbox_posts_webhooks_with_its_retries_compressed(tmp_path: Path) -> None:
    document = tmp_path / "portal.json"
    document.write_text(json.dumps(a_document()), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with a_receiver() as receiver:
        receiver.answer = lambda posted: 204 if posted.events[0]["attemptNumber"] == 2 else 500
        words = ["--load", str(document), "--webhook-url", receiver.url, "--webhook-secret", "a-secret"]
        command = [sys.executable, "-m", "hubspot_retention", "sandbox", "serve", *words]
        command += ["--webhook-retries-compressed", "100000"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = process.stdout.readline().split()[1]
            assert run(["sandbox", "act", "archive", "contacts/101", "--url", url]) == 0
            receiver.wait_for(3)
            counts = httpx.post(f"{url}/__sandbox/webhooks/flush", json={}, timeout=PATIENCE_SECONDS).json()
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_SECONDS) in (0, -signal.SIGTERM)
    assert (counts["delivered"], counts["retried"]) == (1, 2)
    assert [one["attemptNumber"] for one in receiver.events()] == [0, 1, 2]
