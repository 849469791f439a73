"""What is shown of the image, one sentence each. A check fails by an assertion, and answers its figures."""

import json
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from tests.acceptance.container.as_composed import composed, options
from tests.acceptance.container.engine import Engine
from tests.acceptance.container.house import DATA, SERVICE, UID, ContainerHouse, allow_unsubscribes
from tests.acceptance.serving import eventually

_LOOK: Final = Path(__file__).with_name("look_inside.py").read_text(encoding="utf-8")
_NEWSLETTER: Final = 501
_COPY: Final = (
    "from hubspot_retention.store.driver import DRIVER; source = DRIVER.connect('retention.db');"
    " target = DRIVER.connect('backup.db'); source.backup(target); target.close()"
)
"""As docs/container.md says."""
_TWO: Final = (
    "import os; from hubspot_retention.other_process import pool_of, processors\n"
    "with pool_of(1) as pool: print(pool.submit(os.getpid).result() != os.getpid(), processors())"
)


@dataclass(slots=True)
class Proof:
    """What is proved: an image, and the installation that runs it."""

    engine: Engine
    image: str
    house: ContainerHouse
    folder: Path

    def run(self, *words: str, entrypoint: str = "") -> subprocess.CompletedProcess[str]:
        """Something in a container of its own, without a volume of the installation."""
        other = ("--entrypoint", entrypoint) if entrypoint else ()
        hard = options(composed("retention"))
        return self.engine.finished(
            "run", "--rm", "--network", "none", *hard, *self.engine.limits, *other, self.image, *words
        )


def _inspected(proof: Proof) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(proof.engine("image", "inspect", proof.image))[0]
    return found


def _health_test(found: dict[str, Any]) -> list[str]:
    """Docker keeps it with the configuration, Podman beside it."""
    words: list[str] = (found["Config"].get("Healthcheck") or found["Healthcheck"])["Test"]
    return words


def it_is_told_what_it_is(proof: Proof) -> str:
    """The image names its user, its volume, its ports, its command, its health check and its version."""
    found = _inspected(proof)
    config = found["Config"]
    assert config["User"] == f"{UID}:{UID}"
    assert list(config["Volumes"]) == [DATA]
    assert sorted(config["ExposedPorts"]) == ["8080/tcp", "9090/tcp"]
    assert (config["Entrypoint"], config["Cmd"]) == (["hubspot-retention"], ["serve"])
    assert _health_test(found)[:2] == ["CMD", "python"]
    version = config["Labels"]["org.opencontainers.image.version"]
    assert proof.run("--version").stdout.split()[-1] == version
    own = proof.run("-sm", "/opt/hubspot-retention", entrypoint="du").stdout.split()[0]
    return f"version {version}, {found['Size'] / 1e6:.0f} MB with its base, {own} MiB of them the environment"


def it_can_do_no_more_than_it_must(proof: Proof) -> str:
    """Nobody's user without capabilities; no installer, no compiler, no package too many, two places to write to."""
    ran = proof.run("-c", _LOOK, entrypoint="python")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert (found["uid"], found["gid"], found["capabilities"]) == (UID, UID, 0)
    assert found["no_new_privileges"]
    assert found["seccomp"]
    assert (found["installers"], found["tools"], found["unneeded"]) == ([], [], [])
    assert found["writable"] == ["/tmp", DATA]
    powerful = proof.run("-c", "find / -xdev -type f -perm /6000", entrypoint="sh")
    assert powerful.stdout == ""
    assert (found["journal"] == "WAL") == (found["sqlite"] >= [3, 51, 3])
    inside = f"Python {found['python']}, {found['packages']} packages"
    return f"{inside}, SQLite {'.'.join(map(str, found['sqlite']))} with journal {found['journal']}"


def a_second_process_helps_it(proof: Proof) -> str:
    """What decides a large portal and reads a long log beside this one can be started in it: it needs shared memory."""
    ran = proof.run("-c", _TWO, entrypoint="python")
    is_other, processors = ran.stdout.split() or ("", ran.stderr)
    assert is_other == "True", processors
    return f"processors that it may use: {processors}"


def every_command_is_there(proof: Proof) -> str:
    """The same image answers `--help` and checks the policy, and says no to what is no command."""
    began = time.monotonic()
    helped = proof.run("--help")
    seconds = time.monotonic() - began
    assert all(command in helped.stdout for command in ("serve", "reconcile", "plan", "audit", "sandbox"))
    assert proof.run("policy", "check").returncode == 0
    assert proof.run("nonsense").returncode == 2
    return f"--help in {seconds:.1f} s, the container's start included"


def reconcile_reads_and_writes_nothing_by_default(proof: Proof) -> str:
    """`reconcile` as a container of its own, with its token from a file, plans and disposes of nothing."""
    ran = proof.house.contained("reconcile")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert proof.house.taken() == []
    return " ".join(ran.stdout.split())[:100]


def an_unsubscribe_becomes_an_erasure(proof: Proof) -> str:
    """`serve` hears of a click by a signed webhook and has the person gone; the log proves it."""
    house = proof.house
    allow_unsubscribes(house)
    answering = house.start()
    began = time.monotonic()
    eventually(house.ready, "the service to be ready")
    until_ready = answering + time.monotonic() - began
    house.deliver()
    clicked = time.monotonic()
    _click(house, "contacts/101")
    eventually(lambda: "contacts/101" in house.taken(), "the erasure of who unsubscribed")
    seconds = time.monotonic() - clicked
    eventually(lambda: "obligation.done" in house.told("contacts/101"), "the end of the obligation")
    assert house.taken() == ["contacts/101"]
    house.proves()
    return f"answers after {answering:.1f} s, ready after {until_ready:.1f} s, erased {seconds:.1f} s after the click"


def the_proxy_lets_nothing_else_through(proof: Proof) -> str:
    """Of what stands on the internet, one path takes one method; the rest is not there, and a large body is refused."""
    house = proof.house
    if house.public_port == house.webhook_port:
        return "not tried: Caddy is not installed"
    there = f"http://127.0.0.1:{house.public_port}"
    unsigned = httpx.post(house.target, content=b"[]").status_code
    others = [("GET", "/webhooks/hubspot"), ("POST", "/"), ("GET", "/metrics"), ("GET", "/health/ready")]
    answers = [httpx.request(method, f"{there}{path}").status_code for method, path in others]
    large = httpx.post(house.target, content=b"x" * (1024 * 1024 + 1)).status_code
    assert (unsigned, answers) == (401, [404] * len(others))
    assert large in (413, 502)  # the service hangs up on it, which some versions of Caddy tell as their own trouble
    return f"unsigned {unsigned}, anything else 404, more than 1 MiB {large}"


def it_is_healthy(proof: Proof) -> str:
    """The image's own health check says yes inside, the service that it is ready; memory keeps within its limit."""
    proof.house.inside(*_health_test(_inspected(proof))[1:])
    assert "retention_ready 1.0" in proof.house.metrics()
    status = proof.house.inside("cat", "/proc/1/status")
    memory = {line.split(":")[0]: int(line.split()[1]) for line in status.splitlines() if line.startswith("Vm")}
    assert memory["VmHWM"] < 512 * 1024
    return f"{memory['VmRSS'] / 1024:.0f} MiB resident, {memory['VmHWM'] / 1024:.0f} MiB at most so far"


def the_metrics_tell_of_the_erasure(proof: Proof) -> str:
    """Prometheus is told what went, by which rule, and that the one webhook was taken."""
    metrics = proof.house.metrics()
    assert re.search(r'retention_webhooks_total\{answer="accepted"\} [1-9]', metrics)
    assert re.search(r'retention_disposals_total\{(?=.*rule="unsubscribed").*result="done".*\} 1\.0', metrics)
    return f"{len([line for line in metrics.splitlines() if not line.startswith('#')])} series"


def a_second_writer_is_refused(proof: Proof) -> str:
    """While it serves, `reconcile` on the same volume is refused and told by whom; a hold is placed all the same."""
    refused = proof.house.contained("reconcile")
    assert refused.returncode != 0
    assert "is in use by" in refused.stderr
    assert "serve" in refused.stderr
    _hold(proof.house, "contacts/102")
    return refused.stderr.strip().splitlines()[-1][:140]


def a_backup_of_the_running_service_is_whole(proof: Proof) -> str:
    """The documented copy, made while it serves, holds a log that verifies, and the newest hold."""
    house = proof.house
    house.inside("python", "-c", _COPY)
    elsewhere = {"RETENTION_DATABASE_URL": f"sqlite:///{DATA}/backup.db"}
    assert house.contained("audit", "verify", **elsewhere).returncode == 0
    assert "contacts/102" in house.contained("hold", "list", **elsewhere).stdout
    return house.inside("ls", "-l", "backup.db").split()[4] + " bytes"


def it_stops_in_good_order_and_goes_on(proof: Proof) -> str:
    """SIGTERM ends it with code 0; a new container on the same volume knows everything, and the held one stays."""
    seconds = proof.house.stop()
    proof.house.start()
    eventually(proof.house.ready, "the service to be ready again")
    for record in ("contacts/102", "contacts/103"):
        _click(proof.house, record)
    eventually(lambda: "contacts/103" in proof.house.taken(), "the erasure of the other")
    assert proof.house.taken() == ["contacts/101", "contacts/103"]
    proof.house.proves()
    return f"stopped in {seconds:.1f} s"


def a_restored_backup_waits_for_its_holds(proof: Proof) -> str:
    """A backup has forgotten newer holds; begun as documented, it does nothing until they are placed anew."""
    house = proof.house
    _hold(house, "contacts/104")
    house.stop()
    house.in_volume(
        'for end in "" -wal -shm; do '
        '[ ! -e "retention.db$end" ] || mv "retention.db$end" "before.db$end" || exit 1; done'
    )
    house.in_volume("set -C; umask 077; cat backup.db > retention.db")
    assert "contacts/104" not in house.run("hold", "list")
    house.run("stop", "--why", "restored from a backup")
    house.start()
    _click(house, "contacts/104")
    eventually(lambda: "obligation.opened" in house.told("contacts/104"), "the obligation")
    assert house.taken() == ["contacts/101", "contacts/103"]
    _hold(house, "contacts/104")
    house.run("resume")
    _click(house, "contacts/105")
    eventually(lambda: "contacts/105" in house.taken(), "the erasure of the other")
    assert "contacts/104" not in house.taken()
    house.proves()
    return "stopped until the hold was there again, then went on without the held one"


def _click(house: ContainerHouse, record: str) -> None:
    """The person follows the link in a newsletter."""
    house.act("unsubscribe", record, subscriptionId=_NEWSLETTER)


def _hold(house: ContainerHouse, record: str) -> None:
    house.run("hold", "place", record, "--matter", "J-1", "--reason", "tvist")


def nothing_personal_is_in_its_log(proof: Proof) -> str:
    """What the containers wrote names nobody."""
    log = proof.engine.finished("logs", SERVICE)
    text = log.stdout + log.stderr
    assert text
    assert "@" not in text
    assert "pat-" not in text
    return f"{len(text.splitlines())} lines"


CHECKS: Final[tuple[Callable[[Proof], str], ...]] = (
    it_is_told_what_it_is,
    it_can_do_no_more_than_it_must,
    a_second_process_helps_it,
    every_command_is_there,
    reconcile_reads_and_writes_nothing_by_default,
    an_unsubscribe_becomes_an_erasure,
    the_proxy_lets_nothing_else_through,
    it_is_healthy,
    the_metrics_tell_of_the_erasure,
    a_second_writer_is_refused,
    a_backup_of_the_running_service_is_whole,
    it_stops_in_good_order_and_goes_on,
    a_restored_backup_waits_for_its_holds,
    nothing_personal_is_in_its_log,
)
"""In this order: each finds the installation as the one before left it."""
