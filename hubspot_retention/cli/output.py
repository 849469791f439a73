"""Data go to stdout, messages to stderr."""

import json
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


def say(message: str) -> None:
    """Tell a person something that is no data."""
    typer.echo(message, err=True)
