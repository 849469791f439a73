import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import pytest

from hubspot_retention.core.webhook.event import Event
from hubspot_retention.core.webhook.reading import read_events
from hubspot_retention.web.group_commit import (
    MOST_IN_A_TRANSACTION,
    BusyError,
    GroupCommit,
    NotStoredError,
)
from tests.faults.forgeries import NOON, a_body, an_event

PATIENCE = 30.0


def an_arrival(number: int) -> tuple[Event, ...]:
    return read_events(a_body(an_event(objectId=number)))


class FakeInbox:
    """A store in memory. Its transactions stand still until `gate` is open; the next ones `fail`."""

    def __init__(self) -> None:
        self.transactions: list[int] = []
        self.durable: list[Event] = []
        self.seen: set[Event] = set()
        self.received_at: list[datetime] = []
        self.begun = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()
        self.failures: list[Exception] = []

    @contextmanager
    def transaction(self) -> Iterator["FakeInbox"]:
        self._calls, self._pending = 0, list[Event]()
        self.begun.release()
        assert self.gate.wait(PATIENCE)
        yield self
        if self.failures:
            raise self.failures.pop(0)
        self.transactions.append(self._calls)
        self.durable += self._pending
        self.seen.update(self._pending)

    def add_events(self, events: Sequence[Event], received_at: datetime) -> int:
        self._calls += 1
        new = [event for event in events if event not in self.seen]
        self._pending += new
        self.received_at.append(received_at)
        return len(new)


def in_order(inbox: FakeInbox) -> list[int]:
    return [event.object_id for event in inbox.durable]


async def _until(inbox: FakeInbox) -> None:
    """Until the writing thread is inside a transaction."""
    assert await asyncio.to_thread(inbox.begun.acquire, timeout=PATIENCE)


async def _waiting(commit: GroupCommit, number: int) -> None:
    """Until so many requests wait; each step lets the event loop go once around."""
    while commit.waiting < number:
        await asyncio.sleep(0)


def test_a_request_is_answered_with_how_many_of_its_events_were_new_once_they_are_durable() -> None:
    inbox = FakeInbox()

    async def story() -> None:
        assert await commit.accept(an_arrival(1), NOON) == 1
        assert in_order(inbox) == [1]
        assert await commit.accept((*an_arrival(1), *an_arrival(2)), NOON) == 1

    with GroupCommit(inbox) as commit:
        asyncio.run(story())
    assert in_order(inbox) == [1, 2]
    assert inbox.received_at == [NOON, NOON]


def test_what_arrives_while_one_is_written_goes_together_into_the_next_at_most_64() -> None:
    inbox = FakeInbox()

    async def story() -> None:
        inbox.gate.clear()
        first = asyncio.ensure_future(commit.accept(an_arrival(1), NOON))
        await _until(inbox)
        rest = [asyncio.ensure_future(commit.accept(an_arrival(number), NOON)) for number in range(2, 72)]
        await _waiting(commit, 70)
        assert not first.done()
        inbox.gate.set()
        assert await asyncio.gather(first, *rest) == [1] * 71

    with GroupCommit(inbox) as commit:
        asyncio.run(story())
    assert inbox.transactions == [1, MOST_IN_A_TRANSACTION, 6]
    assert in_order(inbox) == list(range(1, 72))


def test_a_full_queue_is_told_at_once_and_takes_again_when_it_has_room() -> None:
    inbox = FakeInbox()

    async def story() -> None:
        inbox.gate.clear()
        held = [asyncio.ensure_future(commit.accept(an_arrival(1), NOON))]
        await _until(inbox)
        held += [asyncio.ensure_future(commit.accept(an_arrival(number), NOON)) for number in (2, 3)]
        await _waiting(commit, 2)
        with pytest.raises(BusyError):
            await commit.accept(an_arrival(4), NOON)
        inbox.gate.set()
        assert await asyncio.gather(*held) == [1, 1, 1]
        assert await commit.accept(an_arrival(4), NOON) == 1

    with GroupCommit(inbox, waiting=2) as commit:
        asyncio.run(story())
    assert in_order(inbox) == [1, 2, 3, 4]


def test_a_failed_transaction_fails_for_all_in_it_and_the_next_one_goes_on() -> None:
    inbox = FakeInbox()
    inbox.failures.append(OSError("disk full"))

    async def story() -> list[int | BaseException]:
        inbox.gate.clear()
        first = asyncio.ensure_future(commit.accept(an_arrival(1), NOON))
        await _until(inbox)
        inbox.failures.append(OSError("disk full"))
        more = [asyncio.ensure_future(commit.accept(an_arrival(number), NOON)) for number in (2, 3)]
        await _waiting(commit, 2)
        inbox.gate.set()
        failed = await asyncio.gather(first, *more, return_exceptions=True)
        assert await commit.accept(an_arrival(4), NOON) == 1
        return list(failed)

    with GroupCommit(inbox) as commit:
        failed = asyncio.run(story())
    assert [type(each) for each in failed] == [NotStoredError] * 3
    assert in_order(inbox) == [4]


def test_closing_writes_what_waits_and_takes_nothing_more() -> None:
    inbox = FakeInbox()
    commit = GroupCommit(inbox)

    async def story() -> None:
        inbox.gate.clear()
        held = [asyncio.ensure_future(commit.accept(an_arrival(1), NOON))]
        await _until(inbox)
        held.append(asyncio.ensure_future(commit.accept(an_arrival(2), NOON)))
        await _waiting(commit, 1)
        commit.close(0)
        inbox.gate.set()
        assert await asyncio.wait_for(asyncio.gather(*held), PATIENCE) == [1, 1]
        commit.close(PATIENCE)
        with pytest.raises(BusyError):
            await commit.accept(an_arrival(3), NOON)

    asyncio.run(story())
    assert in_order(inbox) == [1, 2]


def test_who_gave_up_waiting_does_not_disturb_the_others() -> None:
    inbox = FakeInbox()

    async def story() -> None:
        inbox.gate.clear()
        first = asyncio.ensure_future(commit.accept(an_arrival(1), NOON))
        await _until(inbox)
        impatient = asyncio.ensure_future(commit.accept(an_arrival(2), NOON))
        patient = asyncio.ensure_future(commit.accept(an_arrival(3), NOON))
        await _waiting(commit, 2)
        impatient.cancel()
        inbox.gate.set()
        assert await first == 1
        assert await patient == 1
        assert impatient.cancelled()

    with GroupCommit(inbox) as commit:
        asyncio.run(story())
    assert in_order(inbox) == [1, 2, 3]


def test_an_event_loop_that_ended_takes_the_writing_thread_not_with_it() -> None:
    inbox = FakeInbox()

    async def abandoned() -> None:
        inbox.gate.clear()
        asked = asyncio.ensure_future(commit.accept(an_arrival(1), NOON))
        await _until(inbox)
        asked.cancel()

    async def story() -> None:
        assert await commit.accept(an_arrival(2), NOON) == 1

    with GroupCommit(inbox) as commit:
        asyncio.run(abandoned())
        inbox.gate.set()
        asyncio.run(story())
    assert in_order(inbox) == [1, 2]


def test_new_events_are_told_of_after_the_commit_and_old_ones_are_not() -> None:
    inbox = FakeInbox()
    told: list[list[int]] = []

    async def story() -> None:
        await commit.accept(an_arrival(1), NOON)
        await commit.accept(an_arrival(1), NOON)

    with GroupCommit(inbox, lambda: told.append(in_order(inbox))) as commit:
        asyncio.run(story())
    assert told == [[1]]


def test_whoever_is_told_may_fail_and_the_writing_goes_on() -> None:
    inbox = FakeInbox()

    def fails() -> None:
        raise RuntimeError("no")

    async def story() -> None:
        assert await commit.accept(an_arrival(1), NOON) == 1
        assert await commit.accept(an_arrival(2), NOON) == 1

    with GroupCommit(inbox, fails) as commit:
        asyncio.run(story())
