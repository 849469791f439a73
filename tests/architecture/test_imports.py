"""Who may import whom: the contracts of pyproject.toml."""

import os
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT


def test_the_import_contracts_are_kept(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--cache-dir", str(tmp_path)]
    wide = os.environ | {"COLUMNS": "120"}
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=wide)
    assert found.returncode == 0, found.stdout
