"""`audit key new | show | rotate | retire`: the keys that sign what the log was, and what a witness saw of it."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubspot_retention.cli.given import Who, Yes, application
from hubspot_retention.cli.output import refuse_unasked, say
from hubspot_retention.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping

LogKeyFile = Annotated[Path, typer.Argument(help="The file of the log's key: `audit key new`.")]

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
    """Print the public half of a key; while one hands over to another that of both, the new one first."""
    from hubspot_retention.evidence.keys import SigningKey

    for each in SigningKey.load_all(file):
        typer.echo(str(each.public))


@app.command()
def rotate(context: typer.Context, file: LogKeyFile, who: Who = None) -> None:
    """Make the log's next key, which the present one hands over to; from now on both sign. Its public half is printed.

    The service must not be running. Called again, it tells the anchors again.
    """
    from hubspot_retention.core.audit.rotation import Rotation
    from hubspot_retention.evidence.succession import begin

    house = application(context, who=who)
    with house.store(makes=False) as store:
        keys = begin(file)
        rotation = Rotation(str(keys[1].public), str(keys[0].public))
        refused = house.successor(store, file, keys).announce(rotation)
    typer.echo(rotation.new)
    _done(
        refused, f"Both keys in {file} sign from now on. Publish the new one, then destroy the old: `audit key retire`."
    )


@app.command()
def retire(context: typer.Context, file: LogKeyFile, yes: Yes = False, who: Who = None) -> None:
    """Destroy the old key, after it handed over: only the new one signs from now on.

    Every anchor is shown the new key once more; refused unless each takes it. The service must not be running.
    """
    from hubspot_retention.core.audit.rotation import Rotation
    from hubspot_retention.evidence.succession import both, end

    house = application(context, who=who)
    with house.store(makes=False) as store:
        keys = both(file)
        rotation = Rotation(str(keys[1].public), str(keys[0].public))
        if not yes:
            _confirm(rotation.old)
        house.successor(store, file, keys).require_known(rotation)
        refused = house.successor(store, file, keys[:1]).tell_destroyed(rotation.old)
        end(file)
    _done(refused, f"The old key is destroyed: {rotation.old}. Destroy its backups as well.")


def _confirm(old: str) -> None:
    refuse_unasked()
    say(f"Whoever verifies with {old} alone can verify nothing that is signed from now on.")
    typer.confirm("Destroy it?", abort=True, err=True)


def _done(refused: "Mapping[str, str]", words: str) -> None:
    say(words)
    for name, code in refused.items():
        say(f"the anchor {name} was not shown it: {code}")
    raise typer.Exit(ExitCode.PARTLY_APPLIED if refused else ExitCode.DONE)
