"""`sandbox serve | act`: a portal on this machine that behaves like HubSpot, for rehearsals, the demo and tests."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from urllib.parse import urlsplit

import typer

from hubspot_retention.cli import sandbox_act

if TYPE_CHECKING:
    from hubspot_retention.sandbox.options import SandboxOptions

app = typer.Typer(help="A portal on this machine that behaves like HubSpot.", no_args_is_help=True)
app.add_typer(sandbox_act.app, name="act")

_FAILED = 1
_USAGE = 2


class Switch(StrEnum):
    """Whether something is done."""

    ON = "on"
    OFF = "off"


class TierChoice(StrEnum):
    """HubSpot's editions."""

    FREE = "free"
    STARTER = "starter"
    PROFESSIONAL = "professional"
    ENTERPRISE = "enterprise"


@app.callback()
def sandbox() -> None:
    """A portal on this machine that behaves like HubSpot."""


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    limits: Annotated[Switch, typer.Option(help="Enforce HubSpot's rate limits.")] = Switch.OFF,
    tier: Annotated[TierChoice | None, typer.Option(help="HubSpot edition; the document's unless given.")] = None,
    latency_ms: Annotated[
        tuple[int, int],
        typer.Option(help="Least and most milliseconds that an answer waits.", metavar="LO HI"),
    ] = (0, 0),
    load: Annotated[Path | None, typer.Option(help="Portal document to load instead of a seeded company.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the invented company.")] = 1,
    contacts: Annotated[int, typer.Option(min=1, help="How many contacts the invented company has.")] = 2000,
    without_setup: Annotated[bool, typer.Option(help="Leave the Retention properties undefined.")] = False,
    index_lag_s: Annotated[float, typer.Option(min=0, help="Seconds by which search is late.")] = 0.0,
    search_results: Annotated[
        int, typer.Option(min=200, max=10_000, help="How many results of a search can be paged through.")
    ] = 10_000,
    webhook_url: Annotated[str | None, typer.Option(help="Post webhooks of everything that happens there.")] = None,
    webhook_secret: Annotated[str | None, typer.Option(help="The secret that webhooks are signed with.")] = None,
    webhook_retries_compressed: Annotated[
        float, typer.Option(min=1, metavar="FACTOR", help="How many times sooner than HubSpot's retries come.")
    ] = 1.0,
) -> None:
    """Serve a portal until interrupted.

    Two lines on stdout tell its URL and its token; control endpoints are under /__sandbox/.
    """
    low, high = latency_ms
    if not 0 <= low <= high:
        _refuse(f"--latency-ms: found {low} {high}, expected two numbers from 0 up, the lower one first")
    _check_webhooks(webhook_url, webhook_secret)
    from hubspot_retention.sandbox.options import SandboxOptions

    options = SandboxOptions(
        limits=limits is Switch.ON,
        tier=None if tier is None else str(tier),
        latency_ms=latency_ms,
        with_setup=not without_setup,
        index_lag_seconds=index_lag_s,
        search_results=search_results,
        webhook_url=webhook_url,
        webhook_secret=webhook_secret,
        webhook_time_factor=1 / webhook_retries_compressed,
    )
    document = _seeded(seed, contacts) if load is None else _loaded(load)
    _serve(document, port, options)


def _check_webhooks(url: str | None, secret: str | None) -> None:
    if (url is None) is not (secret is None):
        _refuse("found one of --webhook-url and --webhook-secret, expected both or neither")
    if url is not None and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        _refuse(f"--webhook-url: found {url!r}, expected a URL such as http://127.0.0.1:8080/webhooks/hubspot")
    if secret == "":
        _refuse("--webhook-secret: found none, expected a text")


def _serve(document: dict[str, Any], port: int, options: "SandboxOptions") -> None:
    from hubspot_retention.sandbox.portal import DocumentError
    from hubspot_retention.sandbox.server import serve as serve_document

    try:
        serve_document(document, port=port, options=options)
    except DocumentError as error:
        for problem in error.problems:
            sys.stderr.write(f"{problem}\n")
        raise typer.Exit(_USAGE) from error
    except OSError as error:
        sys.stderr.write(f"--port: found {port}, which cannot be listened on ({error.strerror}), expected a free one\n")
        raise typer.Exit(_FAILED) from error
    except KeyboardInterrupt:
        return


def _seeded(seed: int, contacts: int) -> dict[str, Any]:
    from hubspot_retention.sandbox.clock import now
    from hubspot_retention.sandbox.seed import seeded_document

    return seeded_document(seed=seed, contacts=contacts, as_of=now())


def _loaded(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        _refuse(f"--load: found no readable file at {path} ({error.strerror}), expected a portal document")
    except ValueError as error:
        _refuse(f"--load: found no JSON in {path} ({error}), expected a portal document")
    if not isinstance(document, dict):
        _refuse(f"--load: found no object in {path}, expected a portal document")
    return dict(document)


def _refuse(message: str) -> NoReturn:
    sys.stderr.write(f"{message}\n")
    raise typer.Exit(_USAGE)
