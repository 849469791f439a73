"""Logging: structlog to stderr, one event per unit of work, and nothing in it that could name a person.

Event names are `subject.past_verb`. JSON where no terminal is attached.
"""

import logging
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import IO, Any, TextIO, cast

_CREDENTIALS = re.compile(r"([a-z][a-z0-9+.-]*://)[^\s/@]*(?:@|%40)", re.IGNORECASE)
_QUERY = re.compile(r"([a-z][a-z0-9+.-]*://[^\s?#\"'<>]*|/[^\s?#\"'<>]*)[?#][^\s\"'<>]+", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@/'\"<>]+(?:@|%40)[^\s@/'\"<>]+\.[^\s@/'\"<>]+", re.IGNORECASE)
_TOKEN = re.compile(r"pat-[a-z0-9]+-[A-Za-z0-9-]+")
_PHONE = re.compile(r"(?<![\w:.-])(?:\+|00)[1-9][\d ().-]{6,18}\d(?!\w)")
_PERSONAL_NUMBER = re.compile(r"(?<![\w-])\d{6}-\d{4}(?![\w-])")
_STRUCK_OUT = (
    (_CREDENTIALS, r"\1"),
    (_QUERY, r"\1?<query>"),
    (_ADDRESS, "<address>"),
    (_TOKEN, "<token>"),
    (_PHONE, "<phone>"),
    (_PERSONAL_NUMBER, "<number>"),
)
"""In this order: an address may stand in a query, a password before the host of a URL."""

Listen = Callable[[Mapping[str, Any]], None]


def redact(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Strike out whatever looks like an e-mail address, a phone number, a personal number, a token, a password in a
    URL or a query, wherever it stands."""
    for key, value in event.items():
        event[key] = _redacted(value)
    return event


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        for pattern, instead in _STRUCK_OUT:
            value = pattern.sub(instead, value)
        return value
    if isinstance(value, Mapping):
        return {_redacted(key): _redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else _redacted(str(value))


class _Unfailing:
    """A stream that lets go what it cannot write: of a full disk, or of a pipe that nobody reads, nobody can be told
    here, and a thread must not end because of a line. What matters is in the audit log, where a failure does stop."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write, if that can be."""
        with suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        """Flush, if that can be."""
        with suppress(OSError, ValueError):
            self._stream.flush()


def configure(level: str = "info", listen: Listen | None = None) -> None:
    """Set up logging for the process. `level`: debug, info, warning or error. `listen` is told of every event, also of
    those that are below the level and are not written."""
    import structlog

    lowest = getattr(logging, level.upper())
    on_terminal = sys.stderr.isatty()
    renderer: Any = structlog.dev.ConsoleRenderer() if on_terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            *([] if listen is None else [_listening(listen, lowest)]),
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(lowest if listen is None else logging.DEBUG),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Unfailing(sys.stderr))),
        cache_logger_on_first_use=False,
    )
    # httpx logs whole URLs at INFO, and the path of a subscription status holds an address.
    for name in ("httpx", "httpcore", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _listening(listen: Listen, lowest: int) -> Any:
    import structlog

    def process(_: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        listen(event)
        if getattr(logging, method.upper(), logging.CRITICAL) < lowest:
            raise structlog.DropEvent
        return event

    return process


class _Libraries(logging.Handler):
    """What libraries log: where, and the sentence without what was filled in, which may be anything."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write it down as an event of ours."""
        import structlog

        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        log = structlog.get_logger(record.name)
        write = log.error if record.levelno >= logging.ERROR else log.warning
        write("library.complained", library=record.name, template=str(record.msg), error=kind)


def adopt_libraries() -> None:
    """From now on warnings of libraries are events like ours; for a process that goes on for long."""
    root = logging.getLogger()
    if not any(isinstance(handler, _Libraries) for handler in root.handlers):
        root.addHandler(_Libraries(logging.WARNING))
