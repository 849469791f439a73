"""One full assessment, in a process of its own, through the same wiring as the command."""

import os
import tempfile
import time
from typing import Any

from bench.child import main
from hubspot_retention.bootstrap import Options, application
from hubspot_retention.workflow.assess import Watcher


def assess() -> dict[str, Any]:
    """Read, decide, store: the whole portal, into a fresh database. `BENCH_RUNS` > 1: again with its memory."""
    records: dict[str, int] = {}
    seconds: list[float] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        environment = {**os.environ, "RETENTION_DATABASE_URL": f"sqlite:///{folder}/bench.db"}
        app = application(Options(actor="bench", environment=environment))
        app.policy()
        for _ in range(int(os.environ.get("BENCH_RUNS", "1"))):
            records = {}

            def progress(phase: str, done: int, _total: int | None, into: dict[str, int] = records) -> None:
                into[phase] = into.get(phase, 0) + done

            started = time.perf_counter()
            with app.store() as store, app.portal(store) as portal:
                app.assess(portal, store, Watcher(progress=progress))
            seconds.append(time.perf_counter() - started)
    return {"assess_seconds": seconds[-1], "contacts": records["deciding contacts"], "records": records}


if __name__ == "__main__":
    main({"assess": assess})
