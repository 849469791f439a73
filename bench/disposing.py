"""Disposals: a plan of contacts that must go, applied in a process of its own, through the command's own wiring."""

import os
import re
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.child import main
from hubspot_retention.bootstrap import Application, Options, application, as_store
from hubspot_retention.clock import Clock
from hubspot_retention.core.plan.model import Plan, PlanKind
from hubspot_retention.documents import policy_text
from hubspot_retention.workflow.assess import Watcher

_WINDOW_SECONDS = 11.0
"""Until the requests of the assessment have left HubSpot's window of ten seconds: they are not what is measured."""

_SETTINGS = """
[mode]
mode = "review"
allow_erase = true
[guardrails]
max_disposals = 1000000
max_percent = 100
"""


def portal_of(contacts: int, *, erase: bool) -> dict[str, Any]:
    """A portal of people with nothing attached, who all must go: by a request of yesterday, or long inactive."""
    present = Clock().now()
    asked = (present - timedelta(days=1)).isoformat(timespec="seconds")
    made = datetime(2019, 3, 1, tzinfo=UTC).isoformat()
    rows = [
        {
            "id": str(number),
            "properties": {
                "createdate": made,
                "email": f"p{number}@example.dk",
                "lifecyclestage": "lead",
                "hs_email_optout": "false",
                **({"erasure_requested_at": asked} if erase else {}),
            },
            "subscriptions": [],
        }
        for number in range(1001, 1001 + contacts)
    ]
    newsletter = {"id": 501, "name": "Nyhedsbrev", "newsletter": True}
    account = {"id": 25412345, "timeZone": "Europe/Copenhagen", "accountType": "STANDARD", "tier": "professional"}
    return {
        "portal": account,
        "subscriptionTypes": [newsletter],
        "companies": [],
        "contacts": rows,
        "deals": [],
        "associations": [],
        "as_of": present.isoformat(),
    }


def _unguarded(policy: str) -> str:
    """The policy without its guardrails against what is wanted here: a plan that disposes of everybody."""
    loose = re.sub(r"(?m)^max_disposals = .*$", "max_disposals = 1000000", policy)
    return re.sub(r"(?m)^max_percent = .*$", "max_percent = 100", loose)


def _approved(app: Application, kind: PlanKind) -> Plan:
    """The plan of a fresh assessment, approved."""
    with app.store() as store, app.portal(as_store(store)) as portal:
        rights, time_rules = app.assess(portal, as_store(store), Watcher())
        plan = rights if kind is PlanKind.RIGHTS else time_rules
        return app.reviewer(as_store(store)).approve(plan.plan_id, plan.digest, app.policy()[1], app.clock.now())


def _apply(kind: PlanKind) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        settings = Path(folder) / "service.toml"
        settings.write_text(_SETTINGS)
        policy = Path(folder) / "policy.toml"
        policy.write_text(_unguarded(policy_text(None, {})[0]))
        environment = {**os.environ, "RETENTION_DATABASE_URL": f"sqlite:///{folder}/bench.db"}
        app = application(Options(actor="bench", policy=policy, settings=settings, environment=environment))
        plan = _approved(app, kind)
        with app.store() as store, app.portal(as_store(store)) as portal:
            time.sleep(_WINDOW_SECONDS)
            portal.identity()
            _count_from_here()
            started = time.perf_counter()
            report = app.applier(portal, as_store(store)).apply(plan.plan_id, "bench")
            seconds = time.perf_counter() - started
    return {"apply_seconds": seconds, "done": report.done, "left": report.waiting + report.unsettled + report.failed}


def _count_from_here() -> None:
    """The server counts the requests of the application alone."""
    import httpx

    httpx.delete(f"{os.environ['HUBSPOT_BASE_URL']}/__sandbox/journal")


def erase() -> dict[str, Any]:
    """Erase everybody who asked."""
    return _apply(PlanKind.RIGHTS)


def archive() -> dict[str, Any]:
    """Archive everybody who is inactive."""
    return _apply(PlanKind.TIME)


if __name__ == "__main__":
    main({"erase": erase, "archive": archive})
