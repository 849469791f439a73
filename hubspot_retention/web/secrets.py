"""The secrets that webhooks are signed with, current at every request: rotation needs no restart.

A file that is being replaced may be gone or empty for a moment. Then the last good secrets stay in force: refusing
HubSpot's own requests for that moment would lose them.
"""

import os
from collections.abc import Mapping

import structlog

from hubspot_retention.credentials import read_webhook_secrets
from hubspot_retention.errors import UsageError

_log = structlog.get_logger("hubspot_retention.web")

_FILE = "HUBSPOT_WEBHOOK_SECRETS_FILE"
_State = tuple[int, int, int]


class CurrentSecrets:
    """Answers the current secrets when called; reads the file again only when it has changed.

    Raises UsageError when it is made and the secrets cannot be read, or there are none.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._path = environment.get(_FILE, "")
        self._state = self._look()
        self._secrets = read_webhook_secrets(environment)
        if not self._secrets:
            raise UsageError(
                f"there is no secret to check webhooks with: set HUBSPOT_WEBHOOK_SECRETS or {_FILE} to the client "
                "secret of the app that HubSpot sends them for"
            )

    def __call__(self) -> tuple[str, ...]:
        """The current secrets."""
        state = self._look()
        if state != self._state:
            self._state = state
            self._read_again()
        return self._secrets

    def _look(self) -> _State | None:
        """What tells one state of the file from another; a secret that is mounted changes by a link."""
        if not self._path:
            return None
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _read_again(self) -> None:
        try:
            found = read_webhook_secrets(self._environment)
        except UsageError:
            found = ()
        if not found:
            _log.warning("webhook_secrets.unreadable", kept=len(self._secrets))
            return
        if found != self._secrets:
            _log.info("webhook_secrets.changed", secrets=len(found))
        self._secrets = found
