"""The commands in the README and in `docs/` do what they say, on a real portal process."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hubspot_retention.cli.main import app
from hubspot_retention.core.plan.model import PlanKind
from hubspot_retention.store.database import open_store
from hubspot_retention.store.engine import Access
from tests.acceptance.processes import ROOT, Command, sandbox_process

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
_BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(
    r"`(?:hubspot-retention )?"
    r"((?:policy|plan|hold|request|audit|portal|sandbox|witness) [a-z]+(?:-[a-z]+)*"
    r"|explain|confirm|stop|resume|reconcile)\b"
)
_NAMES = ("hubspot-retention", ".venv/bin/hubspot-retention")
_ALLOWED = {"stop": (0,), "plan apply": (0, 3, 4)}


def _commands(page: Path) -> list[list[str]]:
    """The commands of a page in their order, but for those that do not end by themselves: other tests start these."""
    found = []
    for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words and words[0] in _NAMES and words[2:3] != ["serve"]:
                found.append(words[1:])
    return found


WITH_COMMANDS = [page for page in PAGES if _commands(page)]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Command]:
    """A portal with Clienti's cases, probed and set up, with plans that wait for review. One for each page: a log that
    another page signed by a key of its own is not the one that was written."""
    with sandbox_process(tmp_path, ["--load", str(ROOT / "tests/golden/portal.json")]) as command:
        assert command("portal", "probe", "--yes").returncode == 0
        assert command("plan", "new").returncode == 0
        yield command


def _real(words: list[str], command: Command) -> list[str]:
    """The documented words with plan ids and digests that exist."""
    if "plan" not in words:
        return [*words, "--yes"] if words[:2] in (["portal", "probe"], ["portal", "setup"]) else words
    with open_store(command.environment["RETENTION_DATABASE_URL"], Access.READ) as store, store.transaction() as tx:
        plan = next(plan for plan in tx.plans() if plan.kind is PlanKind.RIGHTS)
    found = [plan.plan_id if re.fullmatch(r"\d+-(rights|time)", word) else word for word in words]
    return [plan.digest if before == "--digest" else word for before, word in zip(["", *found], found, strict=False)]


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.name)
def test_every_documented_command_runs(page: Path, installation: Command) -> None:
    """One after the other: what a page makes, it goes on with."""
    for words in _commands(page):
        ran = installation(*_real(words, installation), RETENTION_MODE="review", RETENTION_ALLOW_ERASE="true")
        allowed = _ALLOWED.get(" ".join(words[:2]), _ALLOWED.get(words[0], (0,)))
        assert ran.returncode in allowed, f"{' '.join(words)}: {ran.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_exists(page: Path) -> None:
    for named in sorted(set(_INLINE.findall(page.read_text(encoding="utf-8")))):
        assert CliRunner().invoke(app, [*named.split(), "--help"]).exit_code == 0, f"{page.name} names {named}"
