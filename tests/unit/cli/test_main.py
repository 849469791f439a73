"""The command as a whole: global options, exit codes, how failures are told."""

import subprocess
import sys
from pathlib import Path

import pytest

from hubspot_retention import __version__
from hubspot_retention.cli import main, plan
from hubspot_retention.errors import BlockedError
from tests.faults.people import a_portal, asks_to_go
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import CLIENTI

HEAVY = ("pydantic", "sqlalchemy", "httpx", "msgspec", "rich", "structlog", "hubspot", "uvicorn", "starlette")
COMMANDS = (
    "policy check show schema approve",
    "plan new list show approve reject apply",
    "hold place list release",
    "request record list close",
    "audit verify export tail",
    "portal check probe setup",
    "sandbox serve act",
    "approval standing",
    "webhook subscriptions",
)


def a_failure(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make the command fail whatever it is asked."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(main, "app", fail)


def test_the_command_starts_without_loading_anything_heavy() -> None:
    code = f"import sys; import hubspot_retention.cli.main; print([n for n in {HEAVY!r} if n in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_help_is_printed_without_loading_anything_heavy() -> None:
    code = (
        "import sys; from hubspot_retention.cli.main import run; run(['--help']);"
        f"print([n for n in {HEAVY!r} if n in sys.modules], file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "reconcile" in ran.stdout
    assert ran.stderr.strip() == "[]"


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--version"]) == 0
    assert capsys.readouterr().out == f"hubspot-retention {__version__}\n"


@pytest.mark.parametrize("line", COMMANDS)
def test_every_group_has_its_commands(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    group, *commands = line.split()
    assert main.run([group, "--help"]) == 0
    out = capsys.readouterr().out
    assert [name for name in commands if f"\n  {name}" not in out] == []


@pytest.mark.parametrize("words", [["nonsense"], ["plan", "show"], ["plan", "new", "--nonsense"], []])
def test_a_usage_error_exits_two(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(words) == 2
    assert "Usage" in "".join(capsys.readouterr())


def test_a_failure_of_ours_is_told_in_words_with_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_failure(monkeypatch, BlockedError("a limit was broken"))
    assert main.run(["plan", "new"]) == 4
    assert capsys.readouterr().err == "a limit was broken\n"


def test_a_bug_exits_one_and_tells_no_more_than_its_kind(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_failure(monkeypatch, ZeroDivisionError("aksel@example.dk"))
    assert main.run(["plan", "new"]) == 1
    assert capsys.readouterr().err == (
        "This is a bug: ZeroDivisionError. To see where, run it again as `hubspot-retention -v plan new`.\n"
    )


def test_a_bug_repeats_nothing_that_was_given_with_an_option(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_failure(monkeypatch, ZeroDivisionError("contacts/101"))
    assert main.run(["audit", "find", "--email", "p101@example.dk"]) == 1
    assert capsys.readouterr().err.endswith("run it again as `hubspot-retention -v audit find …`.\n")


@pytest.mark.parametrize("option", ["-v", "-vv", "--verbose"])
def test_a_bug_shows_where_it_is_if_asked(
    option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_failure(monkeypatch, ZeroDivisionError("nothing"))
    assert main.run([option, "plan", "new"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_interruption_is_told_and_exits_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(plan, "application", interrupted)
    assert main.run(["plan", "list"]) == 1
    assert capsys.readouterr().err.strip().startswith("Interrupted.")


def test_a_closed_pipe_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from hubspot_retention.cli.main import main; main()"
    ran = subprocess.Popen(
        [sys.executable, "-c", code, "policy", "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert ran.stdout is not None
    assert ran.stderr is not None
    ran.stdout.close()
    assert ran.stderr.read() == b""
    ran.stderr.close()
    ran.wait()


def another_policy(folder: Path) -> str:
    """A policy that differs in its version alone."""
    path = folder / "other.toml"
    path.write_text(CLIENTI.read_text(encoding="utf-8").replace('version = "2026-11"', 'version = "other"'))
    return str(path)


def test_a_policy_may_be_named_before_the_command_after_it_or_by_the_environment(
    house_of: MakeHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = house_of(a_portal())
    other = another_policy(tmp_path)
    house("plan", "new")
    house("--policy", other, "plan", "new")
    house("plan", "new", "--policy", other)
    monkeypatch.setenv("RETENTION_POLICY", other)
    house("plan", "new")
    digests = [
        found["policy"] for found in (house("plan", "show", f"{run}-time", "--json").json for run in range(1, 5))
    ]
    assert digests[1] == digests[2] == digests[3] != digests[0]


def test_what_stands_after_the_command_goes_before_what_stands_in_front_of_it(house_of: MakeHouse) -> None:
    house = house_of(a_portal(contacts=[asks_to_go(101)]))
    house("--who", "bent", "plan", "new", "--who", "carl")
    assert house("plan", "show", "1-rights", "--json").json["requested_by"] == "carl"


def test_the_policy_of_the_group_policy_may_be_named_before_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["--policy", another_policy(tmp_path), "policy", "show", "--json"]) == 0
    assert '"version": "other"' in capsys.readouterr().out


def test_settings_may_be_named_before_the_command(house_of: MakeHouse, tmp_path: Path) -> None:
    house = house_of(a_portal())
    path = tmp_path / "service.toml"
    path.write_text("[portal]\nid = 1\n")
    ran = house("--settings", str(path), "plan", "new")
    assert ran.code == 4
    assert "the settings name portal 1" in ran.err


def test_a_name_that_no_log_may_hold_is_refused(house_of: MakeHouse) -> None:
    ran = house_of(a_portal())("--who", "Anna Andersen", "plan", "new")
    assert ran.code == 2
    assert "is no login" in ran.err


def test_without_a_token_it_is_told_where_to_put_it(house_of: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    house = house_of(a_portal())
    monkeypatch.delenv("HUBSPOT_ACCESS_TOKEN")
    ran = house("plan", "new")
    assert ran.code == 2
    assert "HUBSPOT_ACCESS_TOKEN" in ran.err
