"""The portal that is measured against: a sandbox in a process of its own, or the one that HUBSPOT_BASE_URL names."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

_STARTS_WITHIN_SECONDS = 900
_SANDBOX = "BENCH_SANDBOX"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the sandbox is to be: an invented company of so many contacts, or a document; its limits and latency."""

    contacts: int = 0
    document: dict[str, Any] | None = None
    latency_ms: int = 0
    limits: bool = False


@dataclass(frozen=True, slots=True)
class Portal:
    """Where a portal listens. `stats` are the server's own counts; another portal than a sandbox has none."""

    url: str
    token: str
    is_sandbox: bool

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find the portal."""
        found = {"HUBSPOT_BASE_URL": self.url, "HUBSPOT_ACCESS_TOKEN": self.token}
        return found | {_SANDBOX: "yes"} if self.is_sandbox else found

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Portal":
        """The portal that `environment` leads to."""
        url, token = environment["HUBSPOT_BASE_URL"], environment["HUBSPOT_ACCESS_TOKEN"]
        return cls(url, token, is_sandbox=_SANDBOX in environment)

    def count_from_here(self) -> None:
        """Let the server's counts begin anew."""
        if self.is_sandbox:
            httpx.delete(f"{self.url}/__sandbox/journal")

    def stats(self) -> dict[str, Any]:
        """Requests, answers of 429, the fullest ten seconds, CPU seconds of the server, since `count_from_here`."""
        if not self.is_sandbox:
            return {}
        found: dict[str, Any] = httpx.get(f"{self.url}/__sandbox/stats").json()
        return found


@contextmanager
def running(wanted: Wanted) -> Iterator[Portal]:
    """The portal named by HUBSPOT_BASE_URL, else a sandbox as wanted, ended with the block."""
    url = os.environ.get("HUBSPOT_BASE_URL")
    if url and wanted.document is None:
        yield Portal(url.rstrip("/"), os.environ.get("HUBSPOT_ACCESS_TOKEN", ""), is_sandbox=False)
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        process = subprocess.Popen(_command(wanted, Path(folder)), stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            told = dict(process.stdout.readline().split() for _ in range(2))
            yield Portal(told["URL"], told["TOKEN"], is_sandbox=True)
        finally:
            process.terminate()
            process.wait(_STARTS_WITHIN_SECONDS)


def _command(wanted: Wanted, folder: Path) -> list[str]:
    command = [sys.executable, "-m", "bench.serve", "serve", "--tier", "professional"]
    command += ["--latency-ms", str(wanted.latency_ms), str(wanted.latency_ms)]
    command += ["--limits", "on" if wanted.limits else "off"]
    if wanted.document is None:
        return [*command, "--contacts", str(wanted.contacts)]
    path = folder / "portal.json"
    path.write_text(json.dumps(wanted.document), encoding="utf-8")
    return [*command, "--load", str(path)]
