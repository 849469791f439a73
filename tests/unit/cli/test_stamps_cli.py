"""Time-stamps from the command's side: asked for over HTTP, verified again, handed on."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from hubspot_retention.bootstrap import application
from hubspot_retention.clock import Clock
from hubspot_retention.evidence.keys import SigningKey
from tests.faults.people import a_portal
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import House
from tests.unit.evidence.authority import Authority, an_authority


class _Handler(BaseHTTPRequestHandler):
    """Answers what the authority answers."""

    authority: ClassVar[Authority]
    asked: ClassVar[list[bytes]]

    def do_POST(self) -> None:
        """Stamp."""
        request = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(request)
        answer = self.authority.answer(request)
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *words: object) -> None:
        """Nothing."""


@contextmanager
def serving(authority: Authority) -> Iterator[tuple[str, list[bytes]]]:
    """The authority behind a URL, and what it was asked."""
    asked: list[bytes] = []
    handler = type("Handler", (_Handler,), {"authority": authority, "asked": asked})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsr", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def anchored() -> None:
    """What a command does at the end of a run."""
    app = application()
    with app.store() as store:
        anchoring = app.anchoring(store)
        assert anchoring is not None
        anchoring.mark()


@pytest.fixture
def stamped(house_of: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """An installation whose log was stamped when it was first anchored, and not when it was the second time."""
    house, present = house_of(a_portal()), Clock().now()
    authority = an_authority(begins=present - timedelta(days=1)).answering(present)
    SigningKey.generate("log.example.dk").save(house.folder / "log.key")
    (house.folder / "roots.pem").write_bytes(authority.roots_pem)
    monkeypatch.setenv("RETENTION_LOG_KEY_FILE", str(house.folder / "log.key"))
    monkeypatch.setenv("RETENTION_TIMESTAMP_ROOTS", str(house.folder / "roots.pem"))
    with serving(authority) as (url, asked):
        monkeypatch.setenv("RETENTION_TIMESTAMP_URL", url)
        for _ in range(2):
            anchored()
        assert len(asked) == 1
        yield house


def test_a_stamped_log_is_verified_with_its_stamps(stamped: House, monkeypatch: pytest.MonkeyPatch) -> None:
    told = stamped("audit", "verify")
    assert told.code == 0
    assert "The audit log is intact" in told.out
    assert "1 time-stamps verify" in told.out
    assert "By CN=Time\\, example.dk under its policy 1.3.6.1.4.1.99999.1; the certificate ends" in told.out
    stamps = stamped("audit", "verify", "--json").json["timestamps"]
    assert (stamps["kept"], stamps["verified"], stamps["findings"]) == (1, 1, [])
    assert stamps["first"] == stamps["last"]

    (stamped.folder / "roots.pem").write_bytes(an_authority().roots_pem)
    told = stamped("audit", "verify")
    assert (told.code, told.err) == (1, "Not of this log: 1 time-stamp.\n")
    assert "does not verify under the certificates given" in told.out

    monkeypatch.delenv("RETENTION_TIMESTAMP_ROOTS")
    monkeypatch.delenv("RETENTION_TIMESTAMP_URL")
    monkeypatch.delenv("RETENTION_LOG_KEY_FILE")
    told = stamped("audit", "verify")
    assert (told.code, "1 time-stamps were kept and not verified" in told.out) == (0, True)
    assert stamped("audit", "verify", "--json").json["timestamps"]["verified"] is None


def verifier(*words: str) -> int:
    """Run the printed verifier."""
    return subprocess.run([sys.executable, "-I", *words], capture_output=True, check=False).returncode


def test_an_export_hands_on_the_stamps_as_others_read_them(stamped: House, tmp_path: Path) -> None:
    told = stamped("audit", "export", "-", "--tokens", str(tmp_path / "log.key"))
    assert (told.code, "--tokens" in told.err) == (2, True)
    told = stamped("audit", "export", str(tmp_path / "log.jsonl"), "--tokens", str(tmp_path / "tokens"))
    assert (told.code, told.err) == (0, f"1 time-stamps were written to {tmp_path / 'tokens'}.\n")
    public = stamped("audit", "key", "show", str(tmp_path / "log.key")).out.strip()
    program = tmp_path / "verify.py"
    program.write_text(stamped("audit", "verifier").out, encoding="utf-8")
    kept = str(tmp_path / "tokens" / "000001.checkpoint")
    words = ["export", str(tmp_path / "log.jsonl"), "--key", public, "--anchor", kept]
    (tmp_path / "other.pem").write_bytes(an_authority().roots_pem)
    for roots, code in (("roots.pem", 0), ("other.pem", 1)):
        assert verifier(str(program), *words, "--authority", str(tmp_path / roots)) == code
    if shutil.which("openssl"):
        words = ["-data", kept, "-in", kept.replace(".checkpoint", ".tsr"), "-CAfile", str(tmp_path / "roots.pem")]
        assert subprocess.run(["openssl", "ts", "-verify", *words], capture_output=True, check=False).returncode == 0


def test_who_is_told_only_is_nobody_to_bring_a_database_back_from(stamped: House) -> None:
    assert "a restored backup would not be noticed" in stamped("status").out
    (stamped.folder / "holds.json").write_text("[]")
    words = ("--by", "anna", "--why", "the disk broke", "--holds", str(stamped.folder / "holds.json"))
    told = stamped("audit", "recover", *words)
    assert (told.code, "no anchor is set that could be asked" in told.err) == (2, True)
