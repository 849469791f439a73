"""Logging: structlog to stderr, one event per unit of work, and nothing in it that could name a person.

Event names are `subject.past_verb`. JSON where no terminal is attached.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

_ADDRESS = re.compile(r"[^\s@/'\"<>]+(?:@|%40)[^\s@/'\"<>]+\.[^\s@/'\"<>]+", re.IGNORECASE)
_TOKEN = re.compile(r"pat-[a-z0-9]+-[A-Za-z0-9-]+")


def redact(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Strike out whatever looks like an e-mail address or a token, wherever it stands."""
    for key, value in event.items():
        event[key] = _redacted(value)
    return event


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return _TOKEN.sub("<token>", _ADDRESS.sub("<address>", value))
    if isinstance(value, dict):
        return {_redacted(key): _redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item) for item in value]
    return value


def configure(level: str = "info") -> None:
    """Set up logging for the process. `level`: debug, info, warning or error."""
    import structlog

    on_terminal = sys.stderr.isatty()
    renderer: Any = structlog.dev.ConsoleRenderer() if on_terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # httpx logs whole URLs at INFO, and the path of a subscription status holds an address.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpcore").setLevel(logging.WARNING)
