"""Dockets of contacts: whose subscriptions are asked for, and that nobody waits for the last answer of a chunk."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, current_thread
from types import SimpleNamespace
from typing import Any

import pytest

from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.facts.observation import OptOut, OptOutSource
from hubspot_retention.core.portal import Address, SeenContact
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.errors import PortalPausedError
from hubspot_retention.workflow.clerk import Clerk
from hubspot_retention.workflow.deciding import Findings
from tests.builders import a_contact, at

NOW = at("2026-11-22T09:00")
OUT = OptOut(None, OptOutSource.UNKNOWN)
LONG_ENOUGH_SECONDS = 20


class Portal:
    """Answers that somebody is opted out since now; `wait_for`: not before."""

    def __init__(self, wait_for: Event | None = None, error: Exception | None = None) -> None:
        self.asked: list[list[str]] = []
        self.wait_for, self.error = wait_for, error

    def opt_outs(self, addresses: Sequence[Address]) -> list[OptOut]:
        self.asked.append([address.text for address in addresses])
        if self.wait_for is not None and not self.wait_for.wait(LONG_ENOUGH_SECONDS):
            raise AssertionError("the next chunk was not taken meanwhile")
        if self.error is not None:
            raise self.error
        return [OptOut(NOW, OptOutSource.PERSON) for _ in addresses]


def a_clerk(portal: Portal, before: dict[RecordId, Remembered] | None = None) -> Clerk:
    """Nobody has neighbours, and the ledger knows nobody."""
    tx = SimpleNamespace(recall=lambda kind, ids: before or {}, obliged=lambda kind, ids: frozenset())

    @contextmanager
    def transaction() -> Iterator[Any]:
        yield tx

    source: Any = portal
    store: Any = SimpleNamespace(transaction=transaction)
    spool: Any = SimpleNamespace(neighbours=lambda seen: ())
    return Clerk(source, store, spool, NOW)


def somebody(record_id: int, *, is_out: bool = True) -> SeenContact:
    observed = a_contact(record_id, opt_out=OUT if is_out else None)
    return SeenContact(observed, Address(f"p{record_id}@example.dk"))


def test_while_the_subscriptions_of_one_chunk_are_asked_for_the_next_is_taken() -> None:
    taken = Event()

    def chunks() -> Iterator[list[SeenContact]]:
        yield [somebody(1)]
        taken.set()
        yield [somebody(2), somebody(3)]

    portal = Portal(wait_for=taken)
    dockets = list(a_clerk(portal).contacts(chunks()))
    assert [sorted(docket.statuses) for docket in dockets] == [[1], [2, 3]]
    assert sorted(portal.asked) == [["p1@example.dk"], ["p2@example.dk", "p3@example.dk"]]


def test_only_who_is_opted_out_and_not_remembered_is_asked_for() -> None:
    portal = Portal()
    before = {RecordId(3): Remembered(opted_out_at=NOW, opt_out_source=OptOutSource.PERSON)}
    everybody = [somebody(1), somebody(2, is_out=False), somebody(3)]
    (docket,) = a_clerk(portal, before).contacts([everybody])
    assert portal.asked == [["p1@example.dk"]]
    assert docket.statuses == {1: OptOut(NOW, OptOutSource.PERSON)}
    assert [seen.record_id for seen in docket.seen] == [1, 2, 3]


def test_a_portal_that_pauses_ends_it_and_nothing_is_given_out_without_its_answers() -> None:
    dockets = a_clerk(Portal(error=PortalPausedError("the day's quota is used"))).contacts([[somebody(1)]])
    with pytest.raises(PortalPausedError):
        next(dockets)


def test_a_page_however_long_is_handed_on_a_thousand_at_a_time() -> None:
    looked_at: list[int] = []
    lookout: Any = SimpleNamespace(look=lambda chunk, as_of: looked_at.append(len(chunk)))
    pages = [[somebody(number, is_out=False) for number in range(begin, begin + 700)] for begin in (0, 700, 1_400)]
    dockets = list(a_clerk(Portal()).all_contacts(pages, lookout))
    assert (looked_at, [len(docket.seen) for docket in dockets]) == ([1_000, 1_000, 100], [1_000, 1_000, 100])


def test_no_more_than_two_chunks_are_taken_before_one_is_given_out() -> None:
    taken: list[int] = []

    def chunks() -> Iterator[list[SeenContact]]:
        for number in range(1, 5):
            taken.append(number)
            yield [somebody(number)]

    dockets = a_clerk(Portal()).contacts(chunks())
    next(dockets)
    assert taken == [1, 2]
    next(dockets)
    assert taken == [1, 2, 3]


def left(*, pending: Sequence[int] = (), merged: Sequence[int] = ()) -> Findings:
    """Findings that leave these undecided."""
    some, others = (list(map(somebody, each)) for each in (pending, merged))
    return Findings(kind=ObjectType.CONTACT, pending=some, merged=others)


def test_those_who_wait_for_no_request_are_put_together_with_others_or_by_the_thousand() -> None:
    found = [left(merged=[1]), left(), left(merged=[2]), left(pending=[3]), left(merged=range(4, 1_104)), left()]
    dockets = a_clerk(Portal()).left([*found, left(merged=[5_000])])
    numbers = [[seen.record_id for seen in docket.seen] for docket in dockets]
    assert numbers == [[3, 1, 2], list(range(4, 1_104)), [5_000]]


def test_where_nobody_is_left_there_is_no_docket() -> None:
    assert list(a_clerk(Portal()).left([left(), left()])) == []


def test_fewer_answers_than_questions_are_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Portal, "opt_outs", lambda self, addresses: [])
    with pytest.raises(ValueError, match="shorter"):
        next(a_clerk(Portal()).contacts([[somebody(1)]]))


def test_a_thread_that_asks_for_subscriptions_says_so_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    def named(self: Portal, addresses: Sequence[Address]) -> list[OptOut]:
        names.append(current_thread().name)
        return [OptOut(NOW, OptOutSource.PERSON)]

    monkeypatch.setattr(Portal, "opt_outs", named)
    list(a_clerk(Portal()).contacts([[somebody(1)]]))
    assert names == ["statuses_0"]
