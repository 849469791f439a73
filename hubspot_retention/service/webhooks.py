"""The webhook listener of the service: nothing else is on it. It is there only if webhooks can be checked.

Until the portal is known, every request is answered «try again later»: HubSpot does, for a day.
"""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import structlog

from hubspot_retention.credentials import read_webhook_secrets
from hubspot_retention.service.counting import WEBHOOKS
from hubspot_retention.service.listener import Listener
from hubspot_retention.service.names import INBOX

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from hubspot_retention.core.record import PortalId
    from hubspot_retention.service.house import House

_log = structlog.get_logger("hubspot_retention.service")
_CLOSING_SECONDS: Final = 5.0


class Webhooks:
    """The listener, as far as the settings want it. Raises UsageError for a port that is taken or a secret that cannot
    be read."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self._door = _Door()
        self._listener: Listener | None = None
        self._open = ExitStack()
        settings = house.app.settings().service
        if not settings.public_url:
            _log.info("webhooks.left_out", why="[service] public_url is not set: changes are found by the sweeps alone")
        elif not read_webhook_secrets(house.app.environment):
            _log.warning("webhooks.left_out", why="HUBSPOT_WEBHOOK_SECRETS is not set: no webhook could be checked")
        else:
            self._listener = Listener("webhook", self._door, settings.webhook_host, settings.webhook_port)

    @property
    def url(self) -> str | None:
        """Where they are listened for."""
        return None if self._listener is None else self._listener.url

    def start(self) -> None:
        """Answer from now on."""
        if self._listener is not None:
            self._listener.start()
            self.accept()

    def accept(self) -> None:
        """Take events as soon as it is known of which portal they must be."""
        portal = self._house.portal or self._house.signs.portal_id
        if self._listener is not None and self._door.app is None and portal is not None:
            self._door.app = self._application(portal)

    def are_served(self) -> bool:
        """Whether webhooks are taken, if they are to be."""
        return self._listener is None or (self._listener.is_alive() and self._door.app is not None)

    def stop(self, seconds: float) -> None:
        """Take no more; what was taken is stored."""
        if self._listener is not None:
            self._listener.stop(seconds)
        self._open.close()

    def _application(self, portal: "PortalId") -> "ASGIApp":
        from hubspot_retention.web.group_commit import GroupCommit
        from hubspot_retention.web.secrets import CurrentSecrets
        from hubspot_retention.web.webhook import WebhookOptions, webhook_app

        house = self._house
        commit = GroupCommit(house.store, stored=lambda: house.want(INBOX))
        self._open.callback(commit.close, _CLOSING_SECONDS)
        return webhook_app(
            WebhookOptions(
                secrets=CurrentSecrets(house.app.environment),
                public_uri=house.app.settings().service.public_url,
                portal_id=portal,
                now=house.app.clock.now,
                accept=commit.accept,
                counted=lambda answered: house.webhooks.add(WEBHOOKS, answered.value),
            )
        )


class _Door:
    """An application that is put in later."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if self.app is not None:
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 503, "headers": [(b"retry-after", b"10")]})
            await send({"type": "http.response.body", "body": b""})
