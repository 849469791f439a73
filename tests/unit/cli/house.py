"""The command as a test runs it, and what it answered."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hubspot_retention.bootstrap import application
from hubspot_retention.cli.main import run
from hubspot_retention.core.probe import ProbeQuestion, ProbeResult
from hubspot_retention.core.record import PortalId
from hubspot_retention.sandbox.act import act
from hubspot_retention.sandbox.running import RunningSandbox

PORTAL = PortalId(25412345)
GOLDEN = Path(__file__).parents[2] / "golden"
CLIENTI = Path(__file__).parents[3] / "config" / "clienti.toml"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run of the command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its data."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class House:
    """A sandbox portal, a database, and the command between them."""

    sandbox: RunningSandbox
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: str) -> Ran:
        """Run the command."""
        self.capsys.readouterr()
        code = run(words)
        captured = self.capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    def plans(self) -> dict[str, Any]:
        """The newest plan of each kind."""
        listed = self("plan", "list", "--json").json
        return {plan["kind"]: plan for plan in reversed(listed)}

    def approved(self, kind: str) -> str:
        """The id of the newest plan of a kind, approved by its digest."""
        plan = self.plans()[kind]
        assert self("plan", "approve", plan["plan_id"], "--digest", plan["digest"], "--who", "bent").code == 0
        return str(plan["plan_id"])

    def verified(self) -> None:
        """The probe has seen that correspondence survives on this portal."""
        gates = (ProbeQuestion.CORRESPONDENCE_SURVIVES, ProbeQuestion.DETACHED_SURVIVES)
        house = application()
        with house.store() as store, store.transaction() as tx:
            tx.save_probe(PORTAL, [ProbeResult(question, "yes") for question in gates], house.clock.now())

    def act(self, action: str, **more: Any) -> None:
        """Something that a person does in the portal."""
        act(self.sandbox.portal, {"action": action, **more})

    def is_in_view(self, record: str) -> bool:
        """Whether a record is in view in the portal."""
        kind, _, number = record.partition("/")
        return number in self.sandbox.portal.tables[kind].live

    def effects(self) -> list[str]:
        """What was really taken away in the portal."""
        words = ("archived", "erased", "removed")
        found = [effect for call in self.sandbox.journal.entries() for effect in call.effects]
        return [effect for effect in found if effect.startswith(words)]


def wide_lines(text: str) -> list[str]:
    """Lines that do not fit on 80 columns."""
    return [line for line in text.splitlines() if len(line.rstrip()) > 80]
