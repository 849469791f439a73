"""`audit checkpoint | receipt | verifier`: what is handed to those who verify without trusting this service."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from hubspot_retention.cli.given import application

KeyFile = Annotated[Path, typer.Option("--key", metavar="FILE", help="The log's signing key: `audit key new`.")]


def checkpoint(context: typer.Context, key: KeyFile) -> None:
    """Print what the log is now, signed: three lines and a signature, to be kept by somebody outside."""
    from hubspot_retention.evidence.keys import SigningKey
    from hubspot_retention.evidence.sealing import checkpoint as sealed

    signer = SigningKey.load(key)
    with application(context).store("read") as store:
        typer.echo(sealed(store, signer).note, nl=False)


def receipt(
    context: typer.Context,
    record: Annotated[str, typer.Argument(help="A record, such as contacts/101.")],
    key: KeyFile,
) -> None:
    """Print a receipt for one record: what the log says of it, with the proof that it is in the log."""
    from hubspot_retention.evidence.keys import SigningKey
    from hubspot_retention.evidence.sealing import receipt as made

    signer = SigningKey.load(key)
    with application(context).store("read") as store:
        typer.echo(made(store, signer, record), nl=False)


def verifier() -> None:
    """Print the program with which anybody verifies an export or a receipt: one file of Python."""
    typer.echo(files("hubspot_retention.evidence").joinpath("standalone.py").read_text(encoding="utf-8"), nl=False)
