"""Real processes: the command, and a sandbox portal beside it."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
COMMAND = (sys.executable, "-m", "hubspot_retention")


@dataclass(frozen=True, slots=True)
class Command:
    """`hubspot-retention` as a process, with the environment of one installation. `program`: what is run for it."""

    environment: Mapping[str, str]
    cwd: Path
    program: Sequence[str] = field(default=COMMAND, kw_only=True)

    def __call__(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end; `settings` are environment variables on top."""
        environment = {**self.environment, **settings}
        return subprocess.run(
            [*self.program, *words],
            cwd=self.cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )


def environment(**more: str) -> dict[str, str]:
    """This process's environment without any setting of an installation, and with more."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HUBSPOT_", "RETENTION_"))}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "80", **more}


@contextmanager
def sandbox_process(cwd: Path, words: Sequence[str]) -> Iterator[Command]:
    """`sandbox serve` as a process, and the command that is pointed at it."""
    process = subprocess.Popen(
        [*COMMAND, "sandbox", "serve", *words], cwd=cwd, env=environment(), stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("URL ").strip()
        token = process.stdout.readline().removeprefix("TOKEN ").strip()
        yield Command(
            environment(
                HUBSPOT_BASE_URL=url,
                HUBSPOT_ACCESS_TOKEN=token,
                RETENTION_DATABASE_URL=f"sqlite:///{cwd / 'retention.db'}",
                RETENTION_ACTOR="anna",
            ),
            cwd,
        )
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()
