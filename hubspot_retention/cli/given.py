"""What every command is given: the global options, and the application that is made of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubspot_retention.errors import UsageError

if TYPE_CHECKING:
    from hubspot_retention.bootstrap import Application

_LEVELS = ("warning", "info", "debug")

PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="The policy (RETENTION_POLICY; else the one shipped)."),
]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", metavar="FILE", help="The service settings (RETENTION_SETTINGS).")
]
Who = Annotated[str | None, typer.Option("--who", metavar="NAME", help="Who acts (RETENTION_ACTOR; else the login).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask first.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The options before the command. `verbose` is 0, 1 or 2."""

    policy: Path | None = None
    settings: Path | None = None
    who: str | None = None
    verbose: int = 0


def given(context: typer.Context) -> Given:
    """The options before the command."""
    found = context.find_root().obj
    return found if isinstance(found, Given) else Given()


def told_together(*readings: Callable[[], object]) -> None:
    """Read everything that was given, and tell all that is wrong with it at once. Raises UsageError."""
    wrong = []
    for reading in readings:
        try:
            reading()
        except UsageError as error:
            wrong.append(str(error))
    if wrong:
        raise UsageError("\n".join(wrong))


def why_given(why: str, expected: str, option: str = "--why") -> str:
    """The words of an option, on one line. Raises UsageError if there are none; `expected`: what they should be."""
    words = " ".join(why.split())
    if not words:
        raise UsageError(f"{option}: found nothing, expected {expected}")
    return words


def application(context: typer.Context, *, policy: Path | None = None, who: str | None = None) -> "Application":
    """The application; what stands after the command goes before what stands in front of it."""
    from hubspot_retention import bootstrap, log

    before = given(context)
    log.configure(_LEVELS[min(before.verbose, len(_LEVELS) - 1)])
    options = bootstrap.Options(policy=policy or before.policy, settings=before.settings, actor=who or before.who)
    return bootstrap.application(options)
