"""Nets around the service: whatever comes out of it is looked at for canaries."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hubspot_retention.cli.main import run
from hubspot_retention.core.alarm import AlarmRecord
from hubspot_retention.errors import RetentionError
from hubspot_retention.sandbox.calls import ApiError, Reply, answer
from hubspot_retention.sandbox.running import RunningSandbox
from hubspot_retention.service.words import message_of
from tests.documents import clienti
from tests.faults.canaries import canary, found_in

PLACES = {
    *("retention.db", "anchor.jsonl", "pseudonyms.json", "audit export", "audit receipt", "status", "explain"),
    *("metrics", "health", "an alarm", "an error", "an answer to a webhook", "what jobs are given"),
    *("the log of the service", "the log of a command", "report.html", "report.pdf, its text"),
}
"""Where there must have been something to look at."""


@dataclass(slots=True)
class Nets:
    """Everything that came out of the service. `caught`: canaries, and where; `errors`: every error of ours."""

    folder: Path
    sandbox: RunningSandbox
    capsys: pytest.CaptureFixture[str]
    caught: list[tuple[str, str]] = field(default_factory=list)
    errors: list[RetentionError] = field(default_factory=list)
    looked_at: Counter[str] = field(default_factory=Counter)

    def look_at(self, where: str, what: object) -> None:
        """Something that came out."""
        data = what if isinstance(what, bytes) else str(what).encode("utf-8", "surrogateescape")
        self.looked_at[where] += len(data)
        self.caught.extend((where, one) for one in found_in(data))

    def command(self, *words: str, code: int | None = 0) -> str:
        """Run the command with all it can say. `code`: what it must answer, if that matters."""
        self.capsys.readouterr()
        ended = run(["-vv", *words])
        said = self.capsys.readouterr()
        assert code is None or ended == code, f"{words}: {ended}\n{said.err[-3_000:]}"
        self.look_at(words[0] if words[0] in PLACES else " ".join(words[:2]), said.out)
        self.look_at("the log of a command", said.err)
        return said.out

    def approve(self, kind: str) -> str:
        """The newest plan of a kind, approved."""
        plans = json.loads(self.command("plan", "list", "--json"))
        plan = next(one for one in plans if one["kind"] == kind)
        self.command("plan", "approve", plan["plan_id"], "--digest", plan["digest"], "--who", "bent")
        return str(plan["plan_id"])

    def fault(self, kind: str, **more: Any) -> None:
        """Set a fault."""
        self.sandbox.gateway.faults.add({"kind": kind, **more})

    def files(self) -> None:
        """Every byte on the disk: the database, its journal, pages that are free again, whatever else lies there."""
        for path in self.folder.rglob("*"):
            if path.is_file():
                self.look_at(path.name, path.read_bytes())


def quoting(refusal: ApiError) -> Reply:
    """A refusal as HubSpot's can be: it repeats what was sent, or what stands in the record."""
    own = canary("refusal", 1)
    context = {"id": [own], "propertyName": [f"{own}@example.dk"]}
    detail = {"message": f"Contact {own} <{own}@example.dk> is locked", "context": context, "in": own}
    told = {"status": "error", "message": f"{own} {refusal.message}", "category": refusal.category, "links": {own: own}}
    return answer({**told, "context": context, "errors": [detail]}, refusal.status)


class Mailbox:
    """Alarms as a person would get them."""

    def __init__(self, nets: Nets) -> None:
        self._nets = nets

    def tell(self, records: Sequence[AlarmRecord], *, settled: bool = False) -> bool:
        """A message arrives."""
        self._nets.look_at("an alarm", message_of(records, clienti().civil, settled=settled))
        return True
