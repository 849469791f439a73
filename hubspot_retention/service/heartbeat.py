"""A sign of life for a dead-man's switch outside: a dead process raises no alarm."""

from typing import Final

import structlog

_log = structlog.get_logger("hubspot_retention.service")
_SECONDS: Final = 10.0


class Heartbeat:
    """Asks for one URL. That it cannot be reached is for the other side to notice: here it is only logged."""

    def __init__(self, url: str) -> None:
        self._url = url

    def beat(self) -> None:
        """Ask once."""
        import httpx

        try:
            answer = httpx.get(self._url, timeout=_SECONDS, follow_redirects=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            _log.warning("heartbeat.failed", code=type(error).__name__)
            return
        if not answer.is_success:
            _log.warning("heartbeat.failed", code=f"http-{answer.status_code}")
