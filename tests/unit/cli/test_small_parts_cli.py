"""Small parts of the command: decisions as lines, a progress bar, what HubSpot stops half-way."""

import json
import re
import sys
from pathlib import Path

import pytest

from hubspot_retention.cli.decisions import decision_lines
from hubspot_retention.cli.plan_view import PlanView, Totals
from hubspot_retention.cli.progress import progress_bar
from hubspot_retention.cli.render_plan import bundle_words
from hubspot_retention.cli.render_run import outcome_text
from hubspot_retention.core.decision.model import Decision, Outcome
from hubspot_retention.core.plan.model import Bundle, ItemState
from hubspot_retention.core.policy.model import AttachmentPolicy
from hubspot_retention.core.record import RecordRef
from tests.documents import clienti
from tests.faults.people import a_portal, asks_to_go
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import wide_lines
from tests.unit.core.plan.plans import a_plan


def a_decision(record: str) -> Decision:
    """A record that is kept."""
    return Decision(record=RecordRef.parse(record), outcome=Outcome.RETAIN, reasons=())


def test_of_a_run_that_had_to_begin_again_only_the_last_decisions_count(tmp_path: Path) -> None:
    target = tmp_path / "decisions.jsonl"
    with decision_lines(clienti().civil, target) as lines:
        for record in ("contacts/1", "contacts/1", "contacts/2"):
            lines.write(a_decision(record))
        lines.finish(target, 2, [])
    records = [json.loads(line)["record"] for line in target.read_text(encoding="utf-8").splitlines()]
    assert records == ["contacts/1", "contacts/2"]


def test_decisions_that_are_not_finished_leave_nothing_behind(tmp_path: Path) -> None:
    with decision_lines(clienti().civil, tmp_path / "decisions.jsonl") as lines:
        lines.write(a_decision("contacts/1"))
    assert list(tmp_path.iterdir()) == []


def test_a_plan_says_whether_attachments_go() -> None:
    found = Bundle(attachments=2)
    assert bundle_words(found, AttachmentPolicy.REPORT) == "2 attachments reported"
    erased = "2 attachments erased (only reported while allow_erase is false)"
    assert bundle_words(found, AttachmentPolicy.ERASE) == erased


def test_where_nobody_watches_there_is_no_progress_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as progress:
        progress("deciding contacts", 10, 20)
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_progress_is_shown_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress_bar() as progress:
        progress("reading companies", 10, None)
        progress("deciding contacts", 10, 20)
        progress("deciding contacts", 10, 20)
    out, err = capsys.readouterr()
    assert out == ""
    assert "deciding contacts" in err
    assert "20/20" in err


def test_what_hubspot_stops_half_way_is_told_and_goes_on_later(house_of: MakeHouse) -> None:
    house = house_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    house("plan", "new")
    house.approved("rights")
    house.sandbox.gateway.faults.add({"kind": "477", "path": "gdpr-delete", "skip": 1, "retry_after": 86400})
    ran = house("plan", "apply", "1-rights")
    assert ran.code == 3
    assert "`plan apply 1-rights` goes on where it stopped" in ran.err
    assert house("plan", "apply", "1-rights").code == 0
    assert not house.is_in_view("contacts/101")
    assert not house.is_in_view("contacts/102")


@pytest.mark.parametrize("status", [401, 403])
def test_of_a_plan_that_hubspot_stops_each_record_is_told_and_what_to_do(house_of: MakeHouse, status: int) -> None:
    house = house_of(a_portal(contacts=[asks_to_go(number) for number in range(101, 117)]))
    house("plan", "new")
    house.approved("rights")
    house.sandbox.gateway.faults.add({"kind": "error_before", "path": "gdpr-delete", "status": status})
    ran = house("plan", "apply", "1-rights")
    house.sandbox.gateway.faults.clear()
    counts = {words.strip(): int(count) for count, words in re.findall(r"^  (\d+) ([^:\n]+)", ran.out, re.MULTILINE)}
    assert ran.code == 3
    assert counts.keys() == {"done", "sent, not read back yet", "waiting, not begun"}
    assert sum(counts.values()) == 16
    assert "`portal check` tells what this one lacks" in ran.err
    assert "nothing is done twice, and nothing stays half done" in ran.err
    assert wide_lines(ran.out) == []
    assert house("plan", "apply", "1-rights").out.splitlines()[1] == "  16 done"


def test_what_waits_for_another_try_is_counted_once() -> None:
    tried = {(ItemState.PENDING, "http-429"): 2}
    told = Totals(items=5, states={ItemState.DONE: 1, ItemState.PENDING: 3, ItemState.PREPARED: 1}, codes=tried)
    lines = [str(line) for line in outcome_text(PlanView(a_plan(), told)).renderables][1:]
    assert lines == [
        "  1 done",
        "  2 to be tried again: http 429",
        "  2 waiting, not begun: nothing has happened to them",
    ]


def test_what_hubspot_refuses_before_anything_was_done_is_a_failure(house_of: MakeHouse) -> None:
    house = house_of(a_portal(contacts=[asks_to_go(101)]))
    house("plan", "new")
    house.approved("rights")
    house.sandbox.gateway.faults.add({"kind": "477", "path": "account-info", "retry_after": 86400})
    ran = house("plan", "apply", "1-rights")
    assert ran.code == 1
    assert house.effects() == []
