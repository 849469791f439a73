"""Nothing in the project knows the machine that it was made on."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, name

LOCKS = sorted(ROOT.glob("requirements*.lock"))
# Written so that this file does not find itself.
PLACES = re.compile(r"\.\./" r"shared\b|(?<![\w.])/" r"work/")


def tracked() -> list[Path]:
    """The files of the project, as far as git knows them; all text files where there is no git."""
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 0:
        return [ROOT / line for line in found.stdout.splitlines() if (ROOT / line).is_file()]
    folders = [ROOT / folder for folder in ("hubspot_retention", "tests", "docs", "config")]
    return [path for folder in folders for path in folder.rglob("*.*") if path.is_file()]


@pytest.mark.parametrize("path", LOCKS, ids=name)
def test_a_lock_file_names_packages_and_hashes_and_no_place(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "--hash=sha256:" in text
    assert re.findall(r"^.*(?://|--index-url|--find-links|--trusted-host|@ file:).*$", text, re.MULTILINE) == []


def test_there_are_lock_files() -> None:
    assert [path.name for path in LOCKS] == ["requirements-dev.lock", "requirements.lock"]


def test_no_file_names_a_place_of_one_machine() -> None:
    found = {}
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if places := PLACES.findall(text):
            found[name(path)] = places
    assert found == {}
