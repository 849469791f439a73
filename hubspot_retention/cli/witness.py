"""`witness serve`: a small server, on a machine of somebody else, that sees to it that a log only ever grows."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Witness the audit logs of others.", no_args_is_help=True)


@app.callback()
def witness() -> None:
    """Witness the audit logs of others."""


@app.command()
def serve(
    state: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the witness keeps what it saw.")],
    key: Annotated[Path, typer.Option(metavar="FILE", help="Its key: `audit key new FILE --of witness`.")],
    log: Annotated[list[str], typer.Option(metavar="PUBLIC-KEY", help="A log that it witnesses; may be repeated.")],
    host: Annotated[str, typer.Option(help="Where it listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Where it listens; 0 takes a free one.")] = 8081,
) -> None:
    """Serve until SIGTERM. One line on stdout tells the URL, one the public key.

    It learns the name, the size and the root of a log, and nothing of what is in it.
    """
    from hubspot_retention.clock import Clock
    from hubspot_retention.evidence.keys import SigningKey, VerifyingKey
    from hubspot_retention.evidence.witness import KeptLogs, Witness, witness_app
    from hubspot_retention.evidence.witnessing import alone_in, witness_key
    from hubspot_retention.service.listener import Listener
    from hubspot_retention.service.serve import Signals

    own = witness_key(SigningKey.load(key))
    keys = [VerifyingKey.read(written) for written in log]
    with alone_in(state):
        made = witness_app(Witness(own, {each.name: each for each in keys}, KeptLogs(state), Clock().now))
        listener = Listener("witness", made, host, port, "Choose another --host or --port.")
        signals = Signals()
        signals.install()
        listener.start()
        typer.echo(f"URL {listener.url}\nKEY {own.public}")
        signals.wait_while(listener.is_alive)
        listener.stop(seconds=5)


@app.command()
def forget(
    state: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the witness keeps what it saw.")],
    log: Annotated[str, typer.Option(metavar="PUBLIC-KEY", help="The log that begins anew.")],
) -> None:
    """Let a log begin anew, after its owner has said why: it lost its end, and a named person brought it back.

    What was kept is put aside, not deleted: it is evidence. The witness must not be running.
    """
    from hubspot_retention.clock import Clock
    from hubspot_retention.evidence.keys import VerifyingKey
    from hubspot_retention.evidence.witness import KeptLogs
    from hubspot_retention.evidence.witnessing import alone_in

    origin = VerifyingKey.read(log).name
    with alone_in(state):
        aside = KeptLogs(state).forget(origin, Clock().now())
    typer.echo(f"Nothing was kept of {origin}." if aside is None else f"What was kept of {origin} is now in {aside}.")
