"""`policy check | show | schema`: data on stdout, messages on stderr, exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hubspot_retention.cli.policy import app
from tests.unit.core.policy.texts import ARCHIVE, EVERYBODY, HEAD, a_rule, clienti_text

RUN = CliRunner(env={"COLUMNS": "80"})


@pytest.fixture(autouse=True)
def _no_configured_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RETENTION_POLICY", raising=False)


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """A file with two problems."""
    path = tmp_path / "wrong.toml"
    path.write_text(HEAD + a_rule("r", '{ is = "nonsense" }', ARCHIVE.replace("P4M", "P3M")))
    return path


@pytest.fixture
def unfit(tmp_path: Path) -> Path:
    """A policy that parses, with an error over the whole of it."""
    path = tmp_path / "unfit.toml"
    never = '{ all = [{ is = "is_partner" }, { not = { is = "is_partner" } }] }'
    path.write_text(HEAD + EVERYBODY + a_rule("never", never, ARCHIVE))
    return path


def run(*arguments: str | Path) -> Result:
    return RUN.invoke(app, [str(argument) for argument in arguments])


def test_check_of_a_policy_without_errors_exits_zero_and_prints_its_findings() -> None:
    result = run("check")
    assert result.exit_code == 0
    assert "rules[agreement].dispose.after" in result.stdout
    assert result.stderr == "clienti.toml (shipped): the policy is right; 1 thing to consider.\n"


def test_check_of_a_policy_with_nothing_found_prints_no_data(tmp_path: Path) -> None:
    path = tmp_path / "clean.toml"
    text = clienti_text()
    start = text.index('# "Dette gør vi af hensyn til overholdelse')
    path.write_text(text[:start] + text[text.index('# "Øvrige oplysninger') :], encoding="utf-8")
    result = run("check", path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{path}: the policy is right; nothing to consider.\n"


def test_check_prints_every_problem_and_exits_one(wrong: Path) -> None:
    result = run("check", wrong)
    assert result.exit_code == 1
    assert "rules[r].when.is" in result.stdout
    assert "rules[r].dispose.within" in result.stdout
    assert result.stderr == f"{wrong}: 2 problems, nothing to consider.\n"


def test_an_error_over_the_whole_policy_exits_one_too(unfit: Path) -> None:
    result = run("check", unfit)
    assert result.exit_code == 1
    assert "its criteria" in result.stdout
    assert result.stderr == f"{unfit}: 1 problem, 3 things to consider.\n"


def test_check_as_json_is_whole_and_nothing_else_on_stdout(wrong: Path) -> None:
    result = run("check", wrong, "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (report["source"], report["digest"], report["findings"]) == (str(wrong), None, [])
    assert [problem["path"] for problem in report["problems"]] == [
        "rules[r].dispose.within",
        "rules[r].when.is",
    ]
    assert set(report["problems"][0]) == {"path", "found", "expected"}


def test_check_as_json_of_a_policy_has_its_digest_and_findings() -> None:
    report = json.loads(run("check", "--json").stdout)
    assert len(report["digest"]) == 64
    assert report["problems"] == []
    assert [finding["severity"] for finding in report["findings"]] == ["warning"]


def test_show_tells_every_rule_within_eighty_columns() -> None:
    result = run("show")
    assert result.exit_code == 0
    assert max(len(line) for line in result.stdout.splitlines()) <= 80
    for rule in ("processor-data", "unsubscribed", "agreement-correspondence", "other-correspondence"):
        assert rule in result.stdout
    assert "Kept: 24 months from the end of the customer" in result.stdout
    assert "Within: 5 days." in result.stdout


def test_show_as_json_has_a_row_for_every_rule() -> None:
    shown = json.loads(run("show", "--json").stdout)
    assert shown["name"] == "Clienti: Persondatapolitik"
    assert shown["timezone"] == "Europe/Copenhagen"
    assert len(shown["rules"]) == 18
    assert {"rule_id", "kept", "then", "within", "why", "in_hubspot"} <= set(shown["rules"][0])


def test_show_of_what_is_no_policy_tells_why_on_stderr(wrong: Path) -> None:
    result = run("show", wrong)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"{wrong} is no policy:\n")
    assert 'rules[r].when.is: found "nonsense"' in result.stderr


def test_text_of_the_policy_is_never_read_as_markup(tmp_path: Path) -> None:
    path = tmp_path / "markup.toml"
    path.write_text(HEAD + EVERYBODY.replace('"A rule"', '"[bold]A rule[/bold] [/nonsense]"'))
    assert "[bold]A rule[/bold] [/nonsense]" in run("show", path).stdout


def test_the_schema_is_json() -> None:
    result = run("schema")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["properties"]["rules"]["minItems"] == 1


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_file_that_cannot_be_read_is_a_usage_error(command: str, tmp_path: Path) -> None:
    result = run(command, tmp_path / "missing.toml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "missing.toml" in result.stderr


def test_a_file_that_is_no_text_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "binary.toml"
    path.write_bytes(b"\xff\xfe\x00")
    assert run("check", path).exit_code == 2


def test_help_needs_neither_rich_tables_nor_pydantic() -> None:
    code = "import sys, hubspot_retention.cli.policy;print(sorted({'pydantic', 'rich.table'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
