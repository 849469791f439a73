"""Full assessments, in a process of its own, through the same wiring as the command."""

import os
import tempfile
import time
from typing import TYPE_CHECKING, Any

from bench.child import cpu_seconds, main
from bench.portal import Portal

if TYPE_CHECKING:
    from hubspot_retention.bootstrap import Application


def assess() -> dict[str, Any]:
    """Read, decide, store: the whole portal, into a fresh database, which is made before. `BENCH_RUNS` > 1: again with
    its memory. Answers what each run took, and the server beside it."""
    from hubspot_retention.bootstrap import Options, application  # here: the second process imports this module, too

    runs = []
    portal = Portal.of(os.environ)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        environment = {**os.environ, "RETENTION_DATABASE_URL": f"sqlite:///{folder}/bench.db"}
        app = application(Options(actor="bench", environment=environment))
        app.policy()
        with app.store():
            pass
        for _ in range(int(os.environ.get("BENCH_RUNS", "1"))):
            portal.count_from_here()
            cpu = cpu_seconds()
            seconds, records = _one(app)
            runs.append(
                {
                    "assess_seconds": seconds,
                    "cpu_seconds": cpu_seconds() - cpu,
                    "contacts": records["deciding contacts"],
                    "records": records,
                    "server": portal.stats(),
                }
            )
    return {"runs": runs}


def _one(app: "Application") -> tuple[float, dict[str, int]]:
    from hubspot_retention.workflow.assess import Watcher

    records: dict[str, int] = {}

    def progress(phase: str, done: int, _total: int | None) -> None:
        records[phase] = records.get(phase, 0) + done

    started = time.perf_counter()
    with app.store() as store, app.portal(store) as portal:
        app.assess(portal, store, Watcher(progress=progress))
    return time.perf_counter() - started, records


if __name__ == "__main__":
    main({"assess": assess})
