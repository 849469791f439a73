"""The workflow for a public forge: pinned, without rights, and running what is run here."""

import re
from typing import Any

import yaml

from tests.unit.deploy.exposition import ROOT

FILE = ROOT / ".github" / "workflows" / "ci.yml"
DOCUMENT: dict[Any, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = [step for job in DOCUMENT["jobs"].values() for step in job["steps"]]
RUN = "\n".join(step["run"] for step in STEPS if "run" in step)


def test_every_action_is_the_forges_own_and_pinned() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used
    assert [each for each in used if not re.fullmatch(r"actions/[\w-]+@(v\d+(\.\d+)*|[0-9a-f]{40})", each)] == []


def test_every_tool_is_pinned() -> None:
    assert re.findall(r"pipx run (?:--spec )?([\w-]+)(==[\d.]+)?", RUN) == [
        ("pip-audit", "==2.10.1"),
        ("cyclonedx-bom", "==7.5.0"),
    ]


def test_it_may_write_nothing_and_has_no_secret() -> None:
    assert DOCUMENT["permissions"] == {"contents": "read"}
    text = FILE.read_text(encoding="utf-8")
    assert "secrets." not in text
    assert "pull_request_target" not in text
    checkouts = [step for step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


def test_nothing_that_a_stranger_can_name_reaches_a_shell() -> None:
    assert "${{" not in RUN


def test_it_runs_what_is_promised() -> None:
    for wanted in (".ci/run", "docker build", "container.prove", "demo/run.sh", "pip-audit", "cyclonedx-py"):
        assert wanted in RUN


def test_every_job_ends() -> None:
    assert all(job["timeout-minutes"] <= 40 for job in DOCUMENT["jobs"].values())
