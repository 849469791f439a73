import json
import os
import signal
import subprocess
import sys
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.portal import DocumentError
from hubspot_retention.sandbox.running import running_sandbox
from hubspot_retention.sandbox.server import listening_socket, serve
from tests.unit.sandbox.portals import CONTACTS, a_document, ids


def test_a_running_sandbox_answers_over_http_with_a_date() -> None:
    with running_sandbox(a_document()) as sandbox:
        answer = httpx.get(f"{sandbox.url}{CONTACTS}", headers={"Authorization": f"Bearer {sandbox.token}"})
        refused = httpx.get(f"{sandbox.url}{CONTACTS}")
    assert ids(answer.json()) == ["101", "102", "103"]
    assert refused.status_code == 401
    assert parsedate_to_datetime(answer.headers["date"])
    assert refused.headers["date"]
    assert len(sandbox.journal.entries()) == 2


def test_two_sandboxes_run_side_by_side() -> None:
    with running_sandbox(a_document()) as one, running_sandbox(a_document(contacts=[], associations=[])) as other:
        found = [
            httpx.get(f"{each.url}{CONTACTS}", headers={"Authorization": f"Bearer {each.token}"}).json()
            for each in (one, other)
        ]
    assert [len(body["results"]) for body in found] == [3, 0]


def test_every_answer_waits_for_the_latency() -> None:
    with running_sandbox(a_document(), SandboxOptions(latency_ms=(30, 31))) as sandbox:
        answer = httpx.get(f"{sandbox.url}{CONTACTS}", headers={"Authorization": f"Bearer {sandbox.token}"})
    assert answer.elapsed.total_seconds() >= 0.03


def test_a_document_that_is_none_is_refused_before_the_port_is_taken() -> None:
    with pytest.raises(DocumentError):
        serve({}, port=0)


def test_a_port_that_is_taken_is_refused() -> None:
    with listening_socket("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            serve(a_document(), port=taken.getsockname()[1])


RUN = "from hubspot_retention.cli.sandbox import app; app()"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_command_prints_two_lines_when_it_listens(tmp_path: Path) -> None:
    document = tmp_path / "portal.json"
    document.write_text(json.dumps(a_document()), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    arguments = [sys.executable, "-c", RUN, "serve", "--load", str(document), "--tier", "free", "--limits", "on"]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()
        token = process.stdout.readline().split()
        assert (url[0], token) == ("URL", ["TOKEN", "pat-eu1-sandbox-25412345"])
        answer = httpx.get(f"{url[1]}{CONTACTS}", headers={"Authorization": f"Bearer {token[1]}"})
        assert answer.headers["x-hubspot-ratelimit-max"] == "100"
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert rest == ""


def test_the_command_tells_every_problem_of_a_document(tmp_path: Path) -> None:
    document = tmp_path / "portal.json"
    document.write_text('{"portal": {"id": "x"}, "contacts": {}}', encoding="utf-8")
    done = run("serve", "--load", str(document))
    assert done.returncode == 2
    assert "portal.id" in done.stderr
    assert "contacts" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--load", "no-such-file.json"], "--load"),
        (["--latency-ms", "20", "10"], "--latency-ms"),
        (["--tier", "gold"], "--tier"),
    ],
)
def test_the_command_refuses_what_it_cannot_do(arguments: list[str], told: str) -> None:
    done = run("serve", *arguments)
    assert done.returncode == 2
    assert told in done.stderr
