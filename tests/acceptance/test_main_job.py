"""The main job with real processes: the command, a sandbox portal beside it, HTTP and a database between them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.processes import ROOT, Command, sandbox_process
from tests.faults.people import a_customer, a_letter, a_portal, asks_to_go, inactive

ALLOWED = {"RETENTION_MODE": "review", "RETENTION_ALLOW_ERASE": "true"}
Run = Callable[..., tuple[int, str, str]]


def plans_of(run: Run) -> dict[str, Any]:
    """The newest plan of each kind."""
    return {plan["kind"]: plan for plan in reversed(json.loads(run("plan", "list", "--json")[1]))}


def runner(command: Command, **settings: str) -> Run:
    """The command with settings of its own; answers exit code, stdout, stderr."""

    def run(*words: str, **more: str) -> tuple[int, str, str]:
        ran = command(*words, **{**settings, **more})
        return ran.returncode, ran.stdout, ran.stderr

    return run


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A portal with two people who asked to go, one of them with correspondence to keep. No test changes it."""
    folder = tmp_path_factory.mktemp("small")
    document = a_portal(
        contacts=[asks_to_go(101), asks_to_go(102), inactive(103), a_customer(104)],
        notes=[a_letter(31)],
        links=(("contacts/102", "notes/31"), ("contacts/104", "notes/31")),
    )
    (folder / "portal.json").write_text(json.dumps(document))
    with sandbox_process(folder, ["--load", str(folder / "portal.json")]) as command:
        yield command


@pytest.fixture(scope="module")
def run(small: Command) -> Run:
    """The command with an approved plan of rights; no test carries it out."""
    made = runner(small, **ALLOWED)
    assert made("plan", "new")[0] == 0
    approve(made)
    return made


def approve(run: Run) -> None:
    """Approve the first plan of rights."""
    assert run("plan", "approve", "1-rights", "--digest", plans_of(run)["rights"]["digest"], "--who", "bent")[0] == 0


def test_from_a_plan_to_a_second_plan_with_nothing_due(tmp_path: Path) -> None:
    with sandbox_process(tmp_path, ["--seed", "7", "--contacts", "200"]) as command:
        run = runner(command, **ALLOWED)
        assert run("portal", "probe", "--yes")[0] == 0
        assert run("plan", "new")[0] == 0
        first = plans_of(run)
        shown = json.loads(run("plan", "show", first["rights"]["plan_id"], "--json", "--all")[1])["items"]
        others = json.loads(run("plan", "show", first["time"]["plan_id"], "--json", "--all")[1])["items"]
        for plan in first.values():
            assert run("plan", "approve", plan["plan_id"], "--digest", plan["digest"])[0] == 0
            code, out, err = run("plan", "apply", plan["plan_id"])
            assert code == 0, out + err

        erased = next(item["record"] for item in shown if item["action"] == "erase")
        held = next(item["record"] for item in others if item["outcome"] == "held")
        assert "this service erased it on" in " ".join(run("explain", erased)[1].split())
        assert "Held: nothing may happen to it." in run("explain", held)[1]
        assert run("audit", "verify")[1].startswith("The audit log is intact")

        assert run("plan", "new")[0] == 0
        again = plans_of(run)
        assert [rule for plan in again.values() for rule in plan["rules"]] == []


def test_the_log_of_an_applied_plan_accounts_for_every_record(tmp_path: Path) -> None:
    (tmp_path / "portal.json").write_text(json.dumps(a_portal(contacts=[asks_to_go(101), asks_to_go(102)])))
    with sandbox_process(tmp_path, ["--load", str(tmp_path / "portal.json")]) as command:
        run = runner(command, **ALLOWED)
        run("plan", "new")
        plan = plans_of(run)["rights"]
        run("plan", "approve", plan["plan_id"], "--digest", plan["digest"], "--who", "bent")
        assert run("plan", "apply", plan["plan_id"])[0] == 0
        entries = [json.loads(json.loads(line)["body"]) for line in run("audit", "export")[1].splitlines()]
    for record in ("contacts/101", "contacts/102"):
        told = [one["verb"] for one in entries if one.get("record") == record and one["subject"] == "disposal"]
        assert told == ["intended", "sent", "done"]
    (approved,) = [one for one in entries if (one["subject"], one["verb"]) == ("plan", "approved")]
    assert (approved["actor"], approved["plan_digest"]) == ("bent", plan["digest"])


def test_every_decision_of_clientis_cases_is_as_expected(tmp_path: Path) -> None:
    golden = ROOT / "tests" / "golden"
    expected = json.loads((golden / "expected.json").read_text(encoding="utf-8"))
    with sandbox_process(tmp_path, ["--load", str(golden / "portal.json")]) as command:
        run = runner(command)
        code, out, _ = run("plan", "new", "--as-of", expected["as_of"], "--decisions", "-")
    assert code == 0
    found = {decision["record"]: decision for decision in map(json.loads, out.splitlines())}
    assert set(found) == set(expected["expected"])
    for record, wanted in expected["expected"].items():
        assert {key: found[record][key] for key in wanted if key != "case"} == {
            key: value for key, value in wanted.items() if key != "case"
        }, record


def test_an_unknown_option_exits_two(run: Run) -> None:
    assert run("plan", "new", "--nonsense")[0] == 2


def test_a_policy_with_problems_exits_two_and_names_them(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text('name = "x"\n')
    code, _, err = run("plan", "new", "--policy", str(tmp_path / "wrong.toml"))
    assert code == 2
    assert "timezone" in err


def test_a_token_that_is_refused_exits_one(run: Run) -> None:
    code, _, err = run("plan", "new", HUBSPOT_ACCESS_TOKEN="nobody")
    assert code == 1
    assert "Traceback" not in err


def test_a_wrong_digest_exits_four(run: Run) -> None:
    code, _, err = run("plan", "approve", "1-time", "--digest", "0" * 64)
    assert code == 4
    assert "its digest is not" in err


def test_observe_is_the_default_and_refuses(run: Run) -> None:
    code, _, err = run("plan", "apply", "1-rights", RETENTION_MODE="", RETENTION_ALLOW_ERASE="true")
    assert code == 4
    assert "the mode is observe" in err


def test_erasing_that_is_not_allowed_is_refused(run: Run) -> None:
    code, _, err = run("plan", "apply", "1-rights", RETENTION_ALLOW_ERASE="")
    assert code == 4
    assert "erasing is not allowed" in err


def test_a_plan_of_another_policy_is_stale(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    text = (ROOT / "config" / "clienti.toml").read_text(encoding="utf-8")
    other.write_text(text.replace('version = "2026-11"', 'version = "other"'))
    code, _, err = run("plan", "apply", "1-rights", RETENTION_POLICY=str(other))
    assert code == 4
    assert "another policy" in err


def test_a_plan_as_of_another_day_is_not_applied(run: Run) -> None:
    run("plan", "new", "--as-of", "2027-01-01")
    code, _, err = run("plan", "apply", "2-rights")
    assert code == 4
    assert "it can be read, not applied" in err


def test_a_broken_limit_exits_four_and_names_the_figure(run: Run, tmp_path: Path) -> None:
    (tmp_path / "service.toml").write_text("[guardrails]\nmax_disposals = 1\n")
    own = f"sqlite:///{tmp_path / 'own.db'}"
    code, out, err = run("plan", "new", RETENTION_SETTINGS=str(tmp_path / "service.toml"), RETENTION_DATABASE_URL=own)
    assert code == 4
    assert "contacts: 2 disposals, at most 1 may go" in err
    assert "blocked" in out


def test_what_is_blocked_exits_three(tmp_path: Path) -> None:
    document = a_portal(
        contacts=[asks_to_go(101), asks_to_go(102), a_customer(104)],
        notes=[a_letter(31)],
        links=(("contacts/102", "notes/31"), ("contacts/104", "notes/31")),
    )
    (tmp_path / "portal.json").write_text(json.dumps(document))
    with sandbox_process(tmp_path, ["--load", str(tmp_path / "portal.json")]) as command:
        run = runner(command, **ALLOWED)
        run("plan", "new")
        approve(run)
        code, out, _ = run("plan", "apply", "1-rights")
    assert code == 3
    assert "1 done" in out
    assert "1 blocked: correspondence must be kept" in out


def test_a_stop_refuses_until_it_is_resumed(run: Run) -> None:
    assert run("stop", "--why", "wait")[0] == 0
    code, _, err = run("plan", "apply", "1-rights")
    assert run("resume")[0] == 0
    assert code == 4
    assert "all disposals are stopped" in err
