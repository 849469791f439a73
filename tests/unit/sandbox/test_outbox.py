"""What is posted next, what is tried again, and what became of it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hubspot_retention.sandbox.events import Happening
from hubspot_retention.sandbox.object_types import OBJECT_TYPES
from hubspot_retention.sandbox.origins import PERSON
from hubspot_retention.sandbox.outbox import DeliveryOptions, Outbox, Parcel
from hubspot_retention.sandbox.webhook_app import WebhookApp

BEGIN = datetime(2026, 11, 22, 9, tzinfo=UTC)
DAY = timedelta(days=1)


class Case:
    """An outbox with a clock that stands still until it is moved."""

    def __init__(self, **options: Any) -> None:
        self.now = BEGIN
        self.app = WebhookApp(25412345, "2026-01-01T00:00:00Z")
        self.app.everything = True
        self.outbox = Outbox(self.app, lambda: self.now, DeliveryOptions(**options))

    def happen(self, *records: int) -> None:
        """Contacts are deleted."""
        self.outbox.tell(
            [
                Happening(
                    what="deletion",
                    kind=OBJECT_TYPES["contacts"],
                    record_id=str(record),
                    at=self.now,
                    number=record,
                    by=PERSON,
                )
                for record in records
            ]
        )

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)

    def take(self) -> Parcel:
        parcel = self.outbox.take()
        assert parcel is not None
        return parcel

    def all(self, answer: str = "204") -> list[list[int]]:
        """The records of every request that is due, each answered."""
        found = []
        while parcel := self.outbox.take():
            found.append(records(parcel))
            self.outbox.settle(parcel, answer)
        return found


def flat(found: list[list[int]]) -> list[int]:
    return [record for each in found for record in each]


def records(parcel: Parcel) -> list[int]:
    return [event["objectId"] for event in parcel.events]


def test_a_request_has_at_most_a_hundred_events_in_no_order() -> None:
    case = Case()
    for record in range(1, 251):
        case.happen(record)
        case.pass_by(milliseconds=1)
    found = case.all()
    assert [len(each) for each in found] == [100, 100, 50]
    assert sorted(flat(found)) == list(range(1, 251))
    assert found[0] != sorted(found[0])


def test_no_more_requests_are_in_flight_than_the_app_wants() -> None:
    case = Case()
    case.app.max_concurrent = 2
    case.happen(*range(1, 400))
    first, second = case.take(), case.take()
    assert case.outbox.take() is None
    case.outbox.settle(first, "200")
    case.outbox.settle(second, "200")
    assert case.outbox.take() is not None


@pytest.mark.parametrize("answer", ["200", "204", "299"])
def test_any_2xx_is_a_success(answer: str) -> None:
    case = Case()
    case.happen(1)
    case.all(answer)
    counts = case.outbox.counts()
    assert (counts["delivered"], counts["pending"], counts["answers"]) == (1, 0, {answer: 1})


@pytest.mark.parametrize("answer", ["302", "401", "413", "500", "503", "timeout", "refused", "cut", "20"])
def test_anything_else_is_tried_again_ten_times_within_a_day_and_then_lost(answer: str) -> None:
    case = Case()
    case.happen(1, 2)
    attempts = []
    for _ in range(20):
        while (parcel := case.outbox.take()) is None and case.now < BEGIN + DAY:
            case.pass_by(minutes=1)
        if parcel is None:
            break
        last_at = case.now
        attempts.append({event["attemptNumber"] for event in json.loads(parcel.body())})
        case.outbox.settle(parcel, answer)
    assert attempts == [{number} for number in range(11)]
    assert BEGIN + DAY / 4 < last_at < BEGIN + DAY
    counts = case.outbox.counts()
    assert (counts["failed"], counts["retried"], counts["delivered"], counts["pending"]) == (2, 20, 0, 0)
    case.pass_by(days=30)
    assert case.outbox.take() is None


def test_the_waits_before_retries_vary_from_one_request_to_the_next() -> None:
    case = Case()
    case.app.max_concurrent = 100
    for record in range(1, 21):
        case.happen(record)
        case.all("500")
    case.pass_by(seconds=45)
    due = len(case.all())
    assert 0 < due < 20


def test_retries_come_sooner_by_the_factor() -> None:
    case = Case(time_factor=0.001)
    case.happen(1)
    case.all("500")
    assert case.outbox.take() is None
    case.pass_by(seconds=0.07)
    assert records(case.take()) == [1]


def test_a_share_is_dropped_and_a_share_is_doubled_whoever_delivers_by_the_seed() -> None:
    def outcome(seed: int) -> tuple[list[list[int]], Any]:
        case = Case(seed=seed, drop=0.3, duplicate=0.5, paused=False)
        case.happen(*range(1, 301))
        case.pass_by(seconds=2)
        return case.all(), case.outbox.counts()

    (found, counts), again = outcome(7), outcome(7)
    assert (found, counts) == again
    assert outcome(8)[0] != found
    assert counts["events"] == 300
    assert 60 < counts["dropped"] < 120
    assert 60 < counts["doubled"] < 150
    assert counts["delivered"] == 300 - counts["dropped"] + counts["doubled"]
    assert len(set(flat(found))) == 300 - counts["dropped"]


def test_whole_copies_always_come_and_the_rest_of_the_share_sometimes() -> None:
    case = Case(duplicate=2.5, spread_seconds=0)
    case.happen(*range(1, 101))
    found = flat(case.all())
    times = {found.count(record) for record in range(1, 101)}
    assert times == {3, 4}


def test_what_is_shuffled_comes_later_than_what_happened_after_it() -> None:
    case = Case(shuffle=0.5, spread_seconds=60)
    case.happen(*range(1, 101))
    at_once = flat(case.all())
    assert 0 < len(at_once) < 100
    case.pass_by(seconds=60)
    assert sorted(at_once + flat(case.all())) == list(range(1, 101))


def test_nothing_leaves_while_it_is_paused_and_all_of_it_afterwards() -> None:
    case = Case(paused=True)
    case.happen(1, 2)
    assert case.outbox.take() is None
    assert case.outbox.due_in() is None
    assert case.outbox.pending == 2
    case.outbox.options = DeliveryOptions()
    assert sorted(flat(case.all())) == [1, 2]


def test_what_is_in_flight_is_pending_until_it_is_settled() -> None:
    case = Case()
    case.happen(1, 2, 3)
    parcel = case.take()
    assert case.outbox.pending == 3
    case.outbox.settle(parcel, "503")
    assert case.outbox.pending == 3
    case.outbox.hurry()
    assert case.outbox.due_in() == 0
    case.all()
    assert case.outbox.pending == 0
    assert case.outbox.due_in() is None
