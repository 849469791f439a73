"""`audit checkpoint | export | receipt | verifier`: what is handed to those who verify without trusting the service."""

import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubspot_retention.cli.audit_stamps import write_tokens
from hubspot_retention.cli.given import application
from hubspot_retention.cli.output import say
from hubspot_retention.errors import UsageError

if TYPE_CHECKING:
    from hubspot_retention.bootstrap.application import Application
    from hubspot_retention.core.audit.whole import StoredCheckpoint

KeyFile = Annotated[Path, typer.Option("--key", metavar="FILE", help="The log's signing key: `audit key new`.")]


def checkpoint(context: typer.Context, key: KeyFile) -> None:
    """Print what the log is now, signed: three lines and a signature, to be kept by somebody outside."""
    typer.echo(_signed(application(context), key).note, nl=False)


def receipt(
    context: typer.Context,
    record: Annotated[str, typer.Argument(help="A record, such as contacts/101.")],
    key: KeyFile,
) -> None:
    """Print a receipt for one record: what the log says of it, with the proof that it is in the log."""
    from hubspot_retention.evidence.sealing import receipt as made

    house = application(context)
    signed = _signed(house, key)
    with house.store("read") as store:
        typer.echo(made(store, signed, record), nl=False)


def export(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Where to; stdout unless given (or -).")] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="Sign it with the log's key.")] = None,
    tokens: Annotated[
        Path | None, typer.Option("--tokens", metavar="FOLDER", help="Write the time-stamps as files, too.")
    ] = None,
) -> None:
    """Export the log as JSON lines: first every checkpoint that was ever signed of it, then number, hash, and the exact
    text that was hashed of each entry; with a key, the last checkpoint is one of exactly these entries."""
    from hubspot_retention.evidence.sealing import exported

    house = application(context)
    signed = None if key is None else _signed(house, key)
    with house.store("read") as store:
        if tokens is not None:
            say(f"{write_tokens(store, tokens):,} time-stamps were written to {tokens}.")
        with store.transaction() as tx:
            kept = tx.tokens()
        lines = exported(store, None if signed is None else signed.size, kept, _epochs(house))
        if file is None or str(file) == "-":
            sys.stdout.writelines(lines)
            return
        part = file.with_name(f".{file.name}.part")
        try:
            with part.open("w", encoding="utf-8") as out:
                out.writelines(lines)
            part.replace(file)
        except OSError as error:
            raise UsageError(f"{file} cannot be written: {error.strerror}") from error


def _epochs(house: "Application") -> tuple[str, ...] | None:
    """The years whose keys of pseudonyms are kept; `None` where that cannot be told: the export is whole without."""
    try:
        ring = house.keyring()
        return None if ring is None else ring.keys().epochs
    except UsageError as error:
        say(f"The export does not say which keys of pseudonyms are kept: {error}")
        return None


def _signed(house: "Application", key: Path) -> "StoredCheckpoint":
    """The log as it is now, verified, signed, and what was signed stored."""
    from hubspot_retention.evidence.keys import SigningKey, lost_keys
    from hubspot_retention.evidence.sealing import checkpoint

    with house.store("read") as store:
        signed = checkpoint(store, SigningKey.load_all(key), house.clock.now(), lost_keys(key))
    with house.store("brief") as store, store.transaction() as tx:
        tx.save_checkpoint(signed)
    return signed


def verifier() -> None:
    """Print the program with which anybody verifies an export or a receipt: one file of Python."""
    typer.echo(files("hubspot_retention.evidence").joinpath("standalone.py").read_text(encoding="utf-8"), nl=False)
