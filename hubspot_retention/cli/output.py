"""Data go to stdout, messages to stderr."""

import json
import sys
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


def print_json(content: Any) -> None:
    """Print JSON for a machine or a careful person."""
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False))


def console(*, stderr: bool = False) -> "Console":
    """Stdout or stderr as Rich sees it; nothing in a text is taken for markup."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def print_text(*parts: "RenderableType") -> None:
    """Print what a render function made."""
    out = console()
    for part in parts:
        out.print(part)


def refuse_unasked() -> None:
    """Raises UsageError where no person is there who could be asked."""
    from hubspot_retention.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError("nothing was done: nobody can be asked here; give --yes")


def say(message: str) -> None:
    """Tell a person something that is no data."""
    typer.echo(message, err=True)
