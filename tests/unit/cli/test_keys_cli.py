"""`audit key`: the keys of a log and of its witness."""

from pathlib import Path

import pytest

from hubspot_retention.cli.main import run
from hubspot_retention.core.audit.checkpoint import COSIGNATURE, ED25519
from hubspot_retention.evidence.keys import VerifyingKey


def test_a_new_key_is_kept_in_its_file_and_its_public_half_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "log.key"
    assert run(["audit", "key", "new", str(file), "--name", "log.example.dk"]) == 0
    made = capsys.readouterr().out

    assert run(["audit", "key", "show", str(file)]) == 0
    assert capsys.readouterr().out == made
    assert (VerifyingKey.read(made).name, VerifyingKey.read(made).kind) == ("log.example.dk", ED25519)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_witness_has_a_key_of_another_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["audit", "key", "new", str(tmp_path / "key"), "--name", "witness.example.dk", "--of", "witness"]
    assert run(words) == 0
    assert VerifyingKey.read(capsys.readouterr().out).kind == COSIGNATURE


def test_a_key_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["audit", "key", "new", str(tmp_path / "key"), "--name", "log.example.dk"]
    assert run(words) == 0
    assert run(words) == 2
    assert "cannot be written" in capsys.readouterr().err
