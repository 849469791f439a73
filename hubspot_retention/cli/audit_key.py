"""`audit key new | show`: the keys that sign what the log was, and what a witness saw of it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hubspot_retention.cli.output import say

app = typer.Typer(help="Keys that sign what the audit log was.", no_args_is_help=True)


class Signer(StrEnum):
    """Whose key it is."""

    LOG = "log"
    WITNESS = "witness"


@app.callback()
def key() -> None:
    """Keys that sign what the audit log was."""


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="A new file, which only its owner may read.")],
    name: Annotated[str, typer.Option(help="What the log or the witness is called for good, such as log.example.dk.")],
    of: Annotated[Signer, typer.Option(help="Whose key it is.")] = Signer.LOG,
) -> None:
    """Make a key; its public half is printed, for those who verify."""
    from hubspot_retention.core.audit.checkpoint import COSIGNATURE, ED25519
    from hubspot_retention.evidence.keys import SigningKey

    made = SigningKey.generate(name, ED25519 if of is Signer.LOG else COSIGNATURE)
    made.save(file)
    typer.echo(str(made.public))
    say(f"The private half is in {file}, and nowhere else: keep it away from the backups of the database.")


@app.command()
def show(file: Annotated[Path, typer.Argument(help="The file of a key.")]) -> None:
    """Print the public half of a key."""
    from hubspot_retention.evidence.keys import SigningKey

    typer.echo(str(SigningKey.load(file).public))
