"""The golden portal: 105 records of one portal, each a case of its own, and what must follow for each."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from hubspot_retention.core.decision.wire import decision_json
from tests.documents import clienti, decide_document

HERE = Path(__file__).parent
DECISIONS = HERE / "decisions.json"


def read(name: str) -> Any:
    """One of the files beside this one."""
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def decisions() -> dict[str, Any]:
    """Every decision on the golden portal, with its reasons, as JSON."""
    portal = read("portal.json")
    found = decide_document(portal, datetime.fromisoformat(portal["as_of"]))
    return {key: decision_json(decision, clienti().civil) for key, decision in sorted(found.items())}


def as_text(found: dict[str, Any]) -> str:
    """Decisions as they stand in the file: for a person who reads a diff."""
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"
