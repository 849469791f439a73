"""`serve`: the long-running service."""

import typer

from hubspot_retention.cli.given import PolicyFile, application, given

_LEVELS = ("info", "debug")


def serve(context: typer.Context, policy: PolicyFile = None) -> None:
    """Sweep on a schedule, hear of changes, and keep every deadline, until SIGTERM.

    Two listeners: webhooks (only if RETENTION_PUBLIC_URL and HUBSPOT_WEBHOOK_SECRETS are set), and operations with
    /health/live, /health/ready and /metrics. Log lines go to stderr.
    """
    from hubspot_retention import log
    from hubspot_retention.service.counting import Requests
    from hubspot_retention.service.serve import serve as run

    house = application(context, policy=policy)
    requests = Requests()
    log.configure(_LEVELS[min(given(context).verbose, len(_LEVELS) - 1)], requests)
    log.adopt_libraries()
    raise typer.Exit(run(house, requests))
