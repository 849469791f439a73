"""`witness serve` as a process."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hubspot_retention.core.audit.checkpoint import COSIGNATURE
from hubspot_retention.evidence.keys import SigningKey, VerifyingKey
from tests.acceptance.processes import COMMAND, environment


@contextmanager
def witness_process(folder: Path, *logs: VerifyingKey) -> Iterator[tuple[str, VerifyingKey]]:
    """A witness of some logs: its URL and its public key. Its key and what it saw stay in the folder."""
    key = folder / "witness.key"
    if not key.exists():
        SigningKey.generate("witness.example.dk", COSIGNATURE).save(key)
    known = [word for log in logs for word in ("--log", str(log))]
    words = ["witness", "serve", "--state", str(folder / "seen"), "--key", str(key), "--port", "0", *known]
    process = subprocess.Popen([*COMMAND, *words], cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("URL ").strip()
        written = process.stdout.readline().removeprefix("KEY ").strip()
        yield url, VerifyingKey.read(written)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(30)
        if process.stdout is not None:
            process.stdout.close()
