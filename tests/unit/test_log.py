"""The log: nothing in it names a person."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from hubspot_retention import log

CANARIES = {
    "an address": ("aksel.andersen@example.dk", "aksel"),
    "an address in a path": ("GET /subscriptions/aksel.andersen%40example.dk/status", "aksel"),
    "an address in a query": ("https://api.hubapi.com/x?email=aksel%40example.dk&a=1", "aksel"),
    "a query": ("/crm/objects?hapikey=hemmelig", "hemmelig"),
    "a fragment": ("https://example.dk/x#hemmelig", "hemmelig"),
    "a token": ("Bearer pat-eu1-1234abcd-hemmelig", "hemmelig"),
    "a password in a URL": ("postgresql+psycopg://retention:hemmelig@db.example.dk/x", "hemmelig"),
    "an address of alarms": ("mailtos://anna:hemmelig@example.dk?to=bent@example.dk", "hemmelig"),
    "a phone number": ("ring +45 69 14 11 00 nu", "69 14"),
    "a phone number without blanks": ("+4569141100", "69141100"),
    "a phone number with zeros": ("0045 6914 1100", "6914"),
    "a personal number": ("cpr 010190-1234", "010190"),
}
HARMLESS = (
    "contacts/6914110012",
    "2026-11-24T12:00:00+01:00",
    "2026-11-24 12:00:00.123456+01:00",
    "12-rights",
    "3f2a9c4466001122334455667788990011",
    "POST /crm/objects/2026-03/contacts/gdpr-delete",
    "http://127.0.0.1:9090",
    "who? nobody",
    "86400",
)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What was written, as JSON."""
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    log.configure("info")
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    structlog.reset_defaults()


@pytest.mark.parametrize("name", CANARIES)
def test_a_canary_is_never_written(name: str, lines: Any) -> None:
    text, canary = CANARIES[name]
    structlog.get_logger().info(
        "thing.happened", text=text, inside=[{"deep": (text, {text})}], error=ValueError(text), bytes=text.encode()
    )
    assert canary not in json.dumps(lines())


@pytest.mark.parametrize("text", HARMLESS)
def test_what_a_person_needs_is_left_as_it_is(text: str, lines: Any) -> None:
    structlog.get_logger().info("thing.happened", text=text)
    assert lines()[0]["text"] == text


def test_a_key_may_hold_one_too(lines: Any) -> None:
    structlog.get_logger().info("thing.happened", counts={"aksel@example.dk": 3})
    assert lines()[0]["counts"] == {"<address>": 3}


def test_so_may_an_exception(lines: Any) -> None:
    try:
        raise ValueError("aksel@example.dk")
    except ValueError:
        structlog.get_logger().error("thing.failed", exc_info=True)
    assert "aksel" not in json.dumps(lines())


def test_numbers_stay_numbers(lines: Any) -> None:
    structlog.get_logger().info("thing.happened", count=3, share=0.5, yes=True, nothing=None)
    found = lines()[0]
    assert (found["count"], found["share"], found["yes"], found["nothing"]) == (3, 0.5, True, None)


def test_what_goes_on_around_is_told_with_each_line(lines: Any) -> None:
    with structlog.contextvars.bound_contextvars(tick="due", run_id=7):
        structlog.get_logger().info("thing.happened")
    assert (lines()[0]["tick"], lines()[0]["run_id"]) == ("due", 7)


def test_who_listens_hears_what_is_below_the_level_and_it_is_not_written(
    lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    log.configure("info", lambda event: heard.append(event["event"]))
    structlog.get_logger().debug("request.answered")
    structlog.get_logger().info("thing.happened")
    assert heard == ["request.answered", "thing.happened"]
    assert [json.loads(line)["event"] for line in written.getvalue().splitlines()] == ["thing.happened"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("I/O operation on closed file")])
@pytest.mark.parametrize("failing", ["write", "flush"])
def test_a_line_that_cannot_be_written_is_let_go(
    failing: str, error: Exception, lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    full = io.StringIO()
    monkeypatch.setattr(full, failing, fail)
    monkeypatch.setattr("sys.stderr", full)
    log.configure("info")
    structlog.get_logger().error("tick.failed")


def test_of_a_library_the_sentence_is_told_and_not_what_was_filled_in(lines: Any) -> None:
    root = logging.getLogger()
    before = list(root.handlers)
    log.adopt_libraries()
    log.adopt_libraries()
    (made,) = [handler for handler in root.handlers if handler not in before]
    try:
        logging.getLogger("some.library").warning("cannot reach %s", "aksel")
        logging.getLogger("some.library").info("it goes on")
        try:
            raise ValueError("aksel")
        except ValueError:
            logging.getLogger("some.library").exception("failed")
    finally:
        root.removeHandler(made)
    first, second = lines()
    assert (first["event"], first["library"], first["template"]) == (
        "library.complained",
        "some.library",
        "cannot reach %s",
    )
    assert (second["level"], second["error"]) == ("error", "ValueError")
    assert "aksel" not in json.dumps([first, second])
