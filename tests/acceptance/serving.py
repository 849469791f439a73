"""`serve` as a process beside a sandbox that delivers webhooks to it, and what a test asks of the two."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from hubspot_retention.clock import Clock
from hubspot_retention.core.alarm import AlarmRecord
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.store.engine import Access
from tests.acceptance.moved_clock import AHEAD, ahead
from tests.acceptance.processes import Command, sandbox_process
from tests.documents import clienti
from tests.faults.people import a_contact
from tests.faults.world import ref

SECRET = "a-secret-of-the-sandbox"
PATIENCE = 150.0
"""Seconds after which a test gives up waiting for what must come."""

ENFORCED = {
    "RETENTION_MODE": "review",
    "RETENTION_ALLOW_ERASE": "true",
    "RETENTION_GRACE_HOURS": "0",
    "RETENTION_DUE_SECONDS": "0.5",
    "HUBSPOT_WEBHOOK_SECRETS": SECRET,
}


SLOW = {"RETENTION_HOT_MINUTES": "1440"}
"""No hot sweep comes to the help of what is tried."""

QUICK = {"RETENTION_HOT_MINUTES": "0.05"}


def ago(**span: float) -> str:
    """An instant in the past as HubSpot writes it."""
    return (Clock().now() - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


def recent(record_id: int) -> dict[str, Any]:
    """Somebody whom there is no reason to dispose of."""
    return a_contact(record_id, createdate=ago(days=20))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(holds: Callable[[], Any], what: str) -> Any:
    """Wait until something holds; its value. Fails with `what` was waited for."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        found = holds()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {PATIENCE:.0f} s in vain for: {what}")


@dataclass(slots=True)
class House:
    """One installation: the sandbox's control endpoints, the command, and the service while it runs."""

    command: Command
    url: str
    webhook_port: int
    operations_port: int
    settings: Mapping[str, str]
    errors: list[str] = field(default_factory=list)

    @property
    def target(self) -> str:
        """Where HubSpot posts its events."""
        return f"http://127.0.0.1:{self.webhook_port}/webhooks/hubspot"

    def control(self, path: str, body: object) -> Any:
        """Ask the sandbox to do something."""
        answer = httpx.post(f"{self.url}/__sandbox/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def act(self, action: str, record: str, **more: Any) -> None:
        """A person does something in the portal."""
        self.control("act", {"action": action, "record": record, **more})

    def unsubscribe(self, record: str, **more: Any) -> None:
        """The person clicks on «unsubscribe» in a newsletter. (Of who leaves all lists HubSpot names no source.)"""
        self.act("unsubscribe", record, subscriptionId=501, **more)

    def deliver(self, **how: Any) -> None:
        """From now on the portal delivers webhooks to the service."""
        self.control("webhooks", {"target": self.target, "secret": SECRET, "time_factor": 0.0001, **how})

    def taken(self) -> list[str]:
        """The contacts and deals that were taken away, in order."""
        rows = httpx.get(f"{self.url}/__sandbox/journal", params={"destructive": "1"}).json()["entries"]
        kinds = ("contacts", "deals")
        return [
            f"{kind}/{record}"
            for row in rows
            if row["effect"]
            for kind in kinds
            if f"/{kind}" in row["path"]
            for record in row["ids"]
        ]

    def shows(self, record: str) -> bool:
        """Whether the portal shows a record; a call that it has not answered yet may have taken it away already."""
        bearer = {"Authorization": f"Bearer {self.command.environment['HUBSPOT_ACCESS_TOKEN']}"}
        return httpx.get(f"{self.url}/crm/objects/2026-03/{record}", headers=bearer).status_code == 200

    def pass_by(self, **span: float) -> None:
        """Time goes by, for the portal and then for the service, if the settings name a file by `AHEAD`."""
        file, passed = Path(self.settings[AHEAD]), timedelta(**span)
        self.control("clock", {"forward_seconds": passed.total_seconds()})
        new = file.with_suffix(".new")
        new.write_text(str((ahead(file) + passed).total_seconds()))
        new.replace(file)
        at = Clock().now() + ahead(file)
        eventually(lambda: self.has_looked_since(at), "the service to look at itself")

    def has_looked_since(self, at: datetime) -> bool:
        """Whether the service began to look for alarms no earlier than then, and came to the end of it."""
        with self.store() as store, store.transaction() as tx:
            look = tx.ticks()["watch"]
        began, ended = look.last_started_at, look.last_done_at
        return began is not None and ended is not None and at <= began <= ended

    def no_faults(self) -> None:
        """From now on nothing goes wrong in the portal."""
        assert httpx.delete(f"{self.url}/__sandbox/faults").is_success

    def run(self, *words: str) -> str:
        """The command to its end, beside the service."""
        ran = self.command(*words, **self.settings)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def entries(self) -> list[dict[str, Any]]:
        """The audit log, read beside the service: a command for each look would take the processor from it."""
        with self.store() as store:
            return [json.loads(entry.body) for entry in store.entries()]

    def store(self) -> SqlStore:
        """The database, to be read beside the service."""
        return open_store(self.environment()["RETENTION_DATABASE_URL"], Access.READ)

    def state(self, record: str) -> str:
        """How the deadline ledger has a record; empty if it does not."""
        with self.store() as store, store.transaction() as tx:
            found = tx.obligation(ref(record))
        return "" if found is None else found.state.value

    def alarms(self) -> dict[tuple[str, str], AlarmRecord]:
        """The open alarms, by kind and what they are about."""
        with self.store() as store, store.transaction() as tx:
            return {(found.kind.value, found.about): found for found in tx.alarms(open_only=True)}

    def told(self, record: str) -> list[str]:
        """What the audit log says of a record, as `subject.verb`."""
        return [f"{one['subject']}.{one['verb']}" for one in self.entries() if one.get("record") == record]

    def proves(self) -> None:
        """The audit log is the one that was written."""
        assert self.run("audit", "verify").startswith("The audit log is intact")

    def ready(self) -> bool:
        """Whether the service says that it is ready."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.operations_port}/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def metrics(self) -> str:
        """What the service tells a monitoring system."""
        return httpx.get(f"http://127.0.0.1:{self.operations_port}/metrics").text

    def environment(self) -> dict[str, str]:
        """What the service is started with."""
        ports = {
            "RETENTION_PUBLIC_URL": self.target,
            "RETENTION_WEBHOOK_PORT": str(self.webhook_port),
            "RETENTION_OPERATIONS_PORT": str(self.operations_port),
        }
        return {**self.command.environment, **ports, **self.settings}

    @contextmanager
    def serving(self, *, until_ready: bool = True) -> Iterator[subprocess.Popen[str]]:
        """`serve` as a process; stopped in good order at the end, with exit code 0."""
        log = (self.command.cwd / "serve.log").open("a", encoding="utf-8")
        with log:
            process = subprocess.Popen(
                [*self.command.program, "serve"],
                cwd=self.command.cwd,
                env=self.environment(),
                stdout=log,
                stderr=log,
                text=True,
            )
            try:
                if until_ready:
                    eventually(lambda: self.ready() or process.poll() is not None, "the service to be ready")
                    assert process.poll() is None, self.log()
                yield process
            except BaseException:
                process.kill()
                process.wait(30)
                raise
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0, self.log()

    def log(self) -> str:
        """The end of what the service wrote so far."""
        return self.lines()[-6_000:]

    def lines(self) -> str:
        """All that the service wrote so far."""
        return (self.command.cwd / "serve.log").read_text(encoding="utf-8")


@contextmanager
def a_house(
    folder: Path, document: Mapping[str, Any], *, portal: Sequence[str] = (), **settings: str
) -> Iterator[House]:
    """A portal with a document in it, an approved policy, and a standing approval for whoever unsubscribes. `portal`:
    options of the sandbox. Where the settings name a file by `AHEAD`, time may be let pass."""
    (folder / "portal.json").write_text(json.dumps(document))
    with sandbox_process(folder, ["--load", str(folder / "portal.json"), *portal]) as command:
        if AHEAD in settings:
            Path(settings[AHEAD]).write_text("0")
            command = replace(command, program=(sys.executable, "-m", "tests.acceptance.moved_clock"))
        url = command.environment["HUBSPOT_BASE_URL"]
        house = House(command, url, free_port(), free_port(), {**ENFORCED, **settings})
        house.run("policy", "approve", "--digest", clienti().digest)
        house.run(
            "approval", "standing", "grant", "--rule", "unsubscribed", "--max-per-day", "50", "--until", "2027-06-30"
        )
        yield house
