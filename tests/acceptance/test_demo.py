"""`make demo` from end to end: the script that it runs, with real processes."""

import subprocess
from pathlib import Path

import pytest

from tests.acceptance.processes import ROOT

DEMO = ROOT / "demo" / "run.sh"


@pytest.mark.skipif(
    not (ROOT / ".venv/bin/hubspot-retention").exists(), reason="the demo runs the command that `make` sets up"
)
def test_the_demo_does_the_main_job_and_leaves_nothing_due(tmp_path: Path) -> None:
    ran = subprocess.run(
        ["sh", str(DEMO)],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
        env={"PATH": "/usr/bin:/bin", "DEMO_WORK": str(tmp_path / "work"), "COLUMNS": "80"},
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    last = ran.stdout[ran.stdout.index("8. A second plan") :]
    assert "nothing is due" in last.splitlines()[0]
    assert "erase " not in last
    assert "archive " not in last
