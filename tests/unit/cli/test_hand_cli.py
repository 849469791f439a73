"""`audit checkpoint`, `receipt`, `verifier`, and an export that is signed: what others verify by themselves."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hubspot_retention.core.audit.checkpoint import open_note
from hubspot_retention.evidence.keys import VerifyingKey
from tests.faults.people import a_portal, asks_to_go
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import House


@pytest.fixture
def signed(house_of: MakeHouse) -> House:
    """Somebody who asked to go has gone, and the log has a key."""
    house = house_of(a_portal(contacts=[asks_to_go(101)]))
    house("plan", "new")
    house.approved("rights")
    house("plan", "apply", "1-rights")
    (house.folder / "log.pub").write_text(house("audit", "key", "new", key(house), "--name", "log.example.dk").out)
    return house


def key(house: House) -> str:
    return str(house.folder / "log.key")


def check(house: House, *words: str) -> tuple[int, str]:
    """Run the printed verifier, away from the service's code, with the public key alone."""
    program = house.folder / "verify.py"
    program.write_text(house("audit", "verifier").out, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-I", str(program), *words, "--key", str(house.folder / "log.pub")],
        capture_output=True,
        text=True,
        check=False,
        cwd=house.folder,
    )
    return ran.returncode, ran.stdout


def test_a_signed_export_is_verified_by_the_printed_verifier(signed: House, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    assert signed("audit", "export", str(log), "--key", key(signed)).code == 0
    code, told = check(signed, "export", str(log))
    assert code == 0
    assert "1 checkpoints" in told
    lines = log.read_text().splitlines()
    assert list(json.loads(lines[0])) == ["checkpoint"]
    assert lines == signed("audit", "export").out.splitlines()
    log.write_text("\n".join(lines[:-1]) + "\n")
    code, told = check(signed, "export", str(log))
    assert code == 1
    assert "the end was cut off" in told


def test_a_checkpoint_kept_outside_verifies_a_later_export(signed: House, tmp_path: Path) -> None:
    kept, log = tmp_path / "kept.txt", tmp_path / "log.jsonl"
    kept.write_text(signed("audit", "checkpoint", "--key", key(signed)).out)
    signed("plan", "new")
    signed("audit", "export", str(log), "--key", key(signed))
    assert check(signed, "export", str(log), "--anchor", str(kept))[0] == 0


def test_a_key_hands_over_and_its_verifiers_read_on(signed: House, tmp_path: Path) -> None:
    log, path = tmp_path / "log.jsonl", tmp_path / "receipt.json"
    old = (signed.folder / "log.pub").read_text()
    signed("audit", "checkpoint", "--key", key(signed))

    ran = signed("audit", "key", "rotate", key(signed))
    assert (ran.code, ran.out != old) == (0, True)
    assert signed("audit", "key", "show", key(signed)).out == ran.out + old
    assert open_note(
        signed("audit", "checkpoint", "--key", key(signed)).out, map(VerifyingKey.read, (ran.out, old)), needed=2
    )
    assert signed("audit", "key", "retire", key(signed)).code == 2
    assert signed("audit", "key", "retire", key(signed), "--yes").code == 0
    assert signed("audit", "key", "show", key(signed)).out == ran.out
    assert signed("audit", "key", "retire", key(signed), "--yes").code == 2

    signed("audit", "export", str(log), "--key", key(signed))
    path.write_text(signed("audit", "receipt", "contacts/101", "--key", key(signed)).out)
    for published in (old, ran.out):
        (signed.folder / "log.pub").write_text(published)
        assert check(signed, "export", str(log))[0] == 0
        assert check(signed, "receipt", str(path))[0] == 0


def test_a_receipt_tells_what_became_of_one_record(signed: House, tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(signed("audit", "receipt", "contacts/101", "--key", key(signed)).out)
    code, told = check(signed, "receipt", str(path))
    assert code == 0
    assert "contacts/101: " in told
    assert "disposal.sent at" in told
