"""Starts in words that can be stored."""

from hubspot_retention.core.decision.history import read_starts, write_starts
from hubspot_retention.core.decision.model import StartValue
from hubspot_retention.core.facts.values import ONGOING
from tests.builders import at, on

STARTS: dict[str, StartValue] = {
    "unsubscribed_at": at("2026-11-20T13:30"),
    "customer_until": ONGOING,
    "event_on": on("2026-12-01"),
}
TEXT = "customer_until=ongoing;event_on=2026-12-01;unsubscribed_at=2026-11-20T13:30:00+00:00"


def test_starts_are_one_line_in_the_order_of_their_names() -> None:
    assert write_starts(STARTS.items()) == TEXT
    assert write_starts([("event_on", on("2026-12-01")), ("customer_until", ONGOING)]) == (
        "customer_until=ongoing;event_on=2026-12-01"
    )
    assert write_starts(()) == ""


def test_the_line_reads_back() -> None:
    assert read_starts(TEXT) == STARTS
    assert read_starts("") == {}
