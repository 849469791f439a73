"""One installation of containers: the portal, the service, and commands beside it, all of the same image."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.container.as_composed import composed, environment, options
from tests.acceptance.container.engine import Engine
from tests.acceptance.processes import ROOT, Command
from tests.acceptance.serving import SECRET, House, eventually, free_port
from tests.documents import clienti

DATA = "/var/lib/hubspot-retention"
SERVICE = "retention-proof-serve"
PORTAL = "retention-proof-portal"
UID = 10001


@dataclass(frozen=True, slots=True)
class Contained(Command):
    """`hubspot-retention` in a container of its own, on the volume of one installation."""

    engine: Engine
    image: str
    mounts: tuple[str, ...] = ()

    def options(self, settings: Mapping[str, str]) -> list[str]:
        """How compose.yaml has it run; here on the machine's own network, where the portal is."""
        given = {**self.environment, **settings}
        named = [word for name, value in given.items() for word in ("--env", f"{name}={value}")]
        return [*options(composed("retention")), *self.engine.limits, "--network", "host", *self.mounts, *named]

    def __call__(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end; `settings` are environment variables on top."""
        return self.engine.finished("run", "--rm", *self.options(settings), self.image, *words)


@dataclass(slots=True)
class ContainerHouse(House):
    """An installation whose service is a container. `public_port`: where HubSpot finds it, through the proxy."""

    public_port: int = 0

    @property
    def target(self) -> str:
        """Where HubSpot posts its events."""
        return f"http://127.0.0.1:{self.public_port}/webhooks/hubspot"

    def start(self) -> float:
        """Start the service; the seconds until it answers."""
        command = self.contained
        command.engine(
            "rm", "--force", "--ignore" if command.engine.name == "podman" else SERVICE, SERVICE, check=False
        )
        began = time.monotonic()
        command.engine("run", "--detach", "--name", SERVICE, *command.options(self.environment()), command.image)
        eventually(lambda: self.answers("/health/live") or self.has_ended(), "the service to answer")
        assert not self.has_ended(), self.log()
        return time.monotonic() - began

    def stop(self) -> float:
        """Stop it as an engine does; the seconds that it took. It must end in good order."""
        began = time.monotonic()
        self.contained.engine("stop", "--time", "45", SERVICE)
        seconds = time.monotonic() - began
        code = self.contained.engine("inspect", "--format", "{{.State.ExitCode}}", SERVICE).strip()
        assert code == "0", f"exit code {code}: {self.log()}"
        return seconds

    def inside(self, *words: str) -> str:
        """Run something in the container of the service."""
        return self.contained.engine("exec", SERVICE, *words)

    def in_volume(self, script: str) -> None:
        """Run a script of the shell on the volume, in a container of its own."""
        command = self.contained
        command.engine("run", "--rm", *command.options({}), "--entrypoint", "sh", command.image, "-c", script)

    def entries(self) -> list[dict[str, Any]]:
        """The audit log, as the image exports it: its volume is not ours to look into."""
        lines = map(json.loads, self.run("audit", "export").splitlines())
        return [json.loads(line["body"]) for line in lines if "body" in line]

    def has_ended(self) -> bool:
        """Whether the service is no longer there."""
        state = self.contained.engine("inspect", "--format", "{{.State.Running}}", SERVICE, check=False)
        return state.strip() != "true"

    def answers(self, path: str) -> bool:
        """Whether the operations port says yes."""
        import httpx

        try:
            return httpx.get(f"http://127.0.0.1:{self.operations_port}{path}").status_code == 200
        except httpx.TransportError:
            return False

    def log(self) -> str:
        """What the service wrote."""
        ran = self.contained.engine.finished("logs", SERVICE)
        return (ran.stdout + ran.stderr)[-6_000:]

    @property
    def contained(self) -> Contained:
        """The command, which is a container."""
        assert isinstance(self.command, Contained)
        return self.command


@contextmanager
def a_contained_house(
    engine: Engine, image: str, folder: Path, document: Mapping[str, Any], **settings: str
) -> Iterator[ContainerHouse]:
    """A portal with a document in it, an approved policy, and a standing approval for whoever unsubscribes."""
    (folder / "portal.json").write_text(json.dumps(document))
    (folder / "portal.json").chmod(0o444)
    volume = engine("volume", "create").strip()
    process, url, token = _portal(engine, image, folder / "portal.json")
    try:
        composed_environment = environment(composed("retention"), {"RETENTION_HOST": "example.dk"})
        place = {"HUBSPOT_BASE_URL": url, "RETENTION_ACTOR": "anna", "RETENTION_OPERATIONS_HOST": "127.0.0.1"}
        mounts = ("--volume", f"{volume}:{DATA}", *_secrets(folder / "secrets", token))
        command = Contained({**composed_environment, **place}, folder, engine, image, mounts)
        house = ContainerHouse(command, url, free_port(), free_port(), settings)
        with a_proxy(folder, house.webhook_port) as house.public_port:
            yield house
    finally:
        engine("rm", "--force", SERVICE, check=False)
        engine("rm", "--force", PORTAL, check=False)
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()
        engine("volume", "rm", "--force", volume, check=False)


@contextmanager
def a_proxy(folder: Path, webhook_port: int) -> Iterator[int]:
    """The proxy of deploy/Caddyfile, without TLS, where Caddy is installed; the port that HubSpot finds. Without it,
    the webhook port itself."""
    caddy = shutil.which("caddy")
    if caddy is None:
        yield webhook_port
        return
    port = free_port()
    place = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    site = {"RETENTION_SITE": f"http://127.0.0.1:{port}", "RETENTION_WEBHOOKS": f"127.0.0.1:{webhook_port}"}
    words = [caddy, "run", "--adapter", "caddyfile", "--config", str(ROOT / "deploy" / "Caddyfile")]
    process = subprocess.Popen(words, env={**place, **site}, stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(30)


def allow_unsubscribes(house: House) -> None:
    """What a person does once: approve the policy, and let who unsubscribes go without being asked each time."""
    house.run("policy", "approve", "--digest", clienti().digest)
    house.run("approval", "standing", "grant", "--rule", "unsubscribed", "--max-per-day", "9", "--until", "2027-06-30")


def _portal(engine: Engine, image: str, document: Path) -> tuple["subprocess.Popen[str]", str, str]:
    words = ["run", "--rm", "--name", PORTAL, "--network", "host", *options(composed("retention")), *engine.limits]
    mount = ("--volume", f"{document}:/portal.json:ro")
    process = subprocess.Popen(
        [*engine.words, *words, *mount, image, "sandbox", "serve", "--load", "/portal.json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().removeprefix("URL ").strip()
    return process, url, process.stdout.readline().removeprefix("TOKEN ").strip()


def _secrets(folder: Path, token: str) -> tuple[str, ...]:
    """The three files, each mounted where compose.yaml has it, for the user of the container only."""
    folder.mkdir()
    contents = {"hubspot_access_token": token, "hubspot_webhook_secrets": SECRET, "alarm_urls": ""}
    words: list[str] = []
    for name in composed("retention")["secrets"]:
        (folder / name).write_text(f"{contents[name]}\n")
        if os.geteuid() == 0:
            os.chown(folder / name, UID, UID)
        (folder / name).chmod(0o400 if os.geteuid() == 0 else 0o444)
        words += ["--volume", f"{folder / name}:/run/secrets/{name}:ro"]
    return tuple(words)
