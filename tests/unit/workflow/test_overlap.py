"""Batches that overlap: what is read ahead, what is not, and what a failure does."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event, Lock
from typing import Any, cast

import pytest

from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.plan.model import Action, PlanItem
from hubspot_retention.core.portal import Engagement
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.errors import PortalTemporaryError
from hubspot_retention.workflow import overlap
from hubspot_retention.workflow.carry import Carrier
from hubspot_retention.workflow.looking import Looked
from hubspot_retention.workflow.overlap import Overlap
from hubspot_retention.workflow.protocol import Prepared
from tests.simulator.inline import InlineExecutor
from tests.unit.core.plan.plans import an_item

_PATIENCE = 5.0


def a_batch(first: int, action: Action = Action.ERASE, kind: str = "contacts") -> list[PlanItem]:
    return [an_item(f"{kind}/{number}", action=action) for number in (first, first + 1)]


class FakeCarrier:
    """Notes what is asked of it, by the number of the first record."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.claims: dict[int, frozenset[RecordRef]] = {}
        self.claimed: dict[int, frozenset[RecordRef]] = {}
        self.looking_at: dict[int, Event] = {}
        self.awaited: dict[int, int] = {}
        self.look_waits_for: dict[int, int] = {}
        self.broken: set[str] = set()
        self._lock = Lock()

    def _say(self, what: str, number: int) -> None:
        with self._lock:
            self.said.append(f"{what} {number}")
        if f"{what} {number}" in self.broken:
            raise PortalTemporaryError(f"{what} {number}")

    def look(self, batch: Sequence[PlanItem], claimed: frozenset[RecordRef] = frozenset()) -> Looked:
        number = int(batch[0].record.record_id)
        self.looking_at.setdefault(number, Event()).set()
        self.claimed[number] = claimed
        other = self.look_waits_for.get(number)
        if other is not None:
            assert self.looking_at.setdefault(other, Event()).wait(_PATIENCE), "the two were not read side by side"
        self._say("look", number)
        letters = {
            RecordId(number): tuple(
                Engagement(ref=ref, occurred_at=None, contacts=(), deals=(), tickets=UNKNOWN, files=())
                for ref in self.claims.get(number, ())
            )
        }
        return Looked(prepared=cast(Prepared, None), fresh={}, letters=letters, due=batch, later=())

    def act(self, looked: Looked, nearly_done: Callable[[], None]) -> Sequence[PlanItem]:
        number = int(looked.due[0].record.record_id)
        nearly_done()
        following = self.awaited.get(number)
        if following is not None:
            assert self.looking_at.setdefault(following, Event()).wait(_PATIENCE), "the next batch was not read ahead"
        self._say("act", number)
        return looked.due

    def settle(self, batch: Sequence[PlanItem]) -> None:
        self._say("settle", int(batch[0].record.record_id))


def run(carrier: FakeCarrier, *batches: list[PlanItem]) -> list[str | None]:
    outcomes = Overlap(cast(Carrier, carrier), batches).outcomes()
    return [None if error is None else str(error) for _, error in outcomes]


@pytest.fixture
def carrier() -> FakeCarrier:
    return FakeCarrier()


def test_the_next_batch_is_read_before_the_calls_of_this_one_have_ended(carrier: FakeCarrier) -> None:
    carrier.awaited = {10: 20}
    assert not any(run(carrier, a_batch(10), a_batch(20)))
    assert carrier.said.index("look 20") < carrier.said.index("act 10")


def test_every_batch_is_looked_at_acted_on_and_read_back_once_in_this_order(carrier: FakeCarrier) -> None:
    numbers = [10, 20, 30, 40, 50]
    assert not any(run(carrier, *[a_batch(number, Action.ARCHIVE) for number in numbers]))
    for number in numbers:
        assert [word for word in carrier.said if word.endswith(f" {number}")] == [
            f"{what} {number}" for what in ("look", "act", "settle")
        ]
    assert [word for word in carrier.said if word.startswith("act")] == [f"act {number}" for number in numbers]


def test_contacts_that_are_archived_are_read_side_by_side_from_the_first_batch_on(carrier: FakeCarrier) -> None:
    carrier.look_waits_for = {10: 20}
    assert not any(run(carrier, a_batch(10, Action.ARCHIVE), a_batch(20, Action.ARCHIVE)))


@pytest.mark.parametrize(
    "following",
    [a_batch(20, Action.ARCHIVE), a_batch(20, Action.END_MARKETING), a_batch(20, Action.ARCHIVE, "deals")],
)
def test_a_batch_of_another_kind_is_read_only_when_this_one_has_gone(
    carrier: FakeCarrier, following: list[PlanItem]
) -> None:
    assert not any(run(carrier, a_batch(10), following))
    assert carrier.said.index("act 10") < carrier.said.index("look 20")


def test_the_end_of_marketing_is_never_read_ahead(carrier: FakeCarrier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "ThreadPoolExecutor", InlineExecutor)  # what is read ahead is read at once
    assert not any(run(carrier, *([an_item(f"contacts/{number}", action=Action.END_MARKETING)] for number in (10, 20))))
    assert carrier.said == ["look 10", "act 10", "settle 10", "look 20", "act 20", "settle 20"]


def test_a_batch_that_is_read_ahead_is_told_which_correspondence_may_change_meanwhile(carrier: FakeCarrier) -> None:
    letter, other = RecordRef(ObjectType.NOTE, RecordId(7)), RecordRef(ObjectType.EMAIL, RecordId(8))
    carrier.claims = {10: frozenset({letter}), 20: frozenset({other})}
    carrier.awaited = {10: 20, 20: 30}
    assert not any(run(carrier, a_batch(10), a_batch(20), a_batch(30)))
    assert carrier.claimed == {10: frozenset(), 20: {letter}, 30: {other}}


@pytest.mark.parametrize("what", ["look 20", "act 20", "settle 20"])
def test_what_stands_in_the_way_of_one_batch_is_told_and_stops_no_other(carrier: FakeCarrier, what: str) -> None:
    carrier.broken = {what}
    batches = [a_batch(number) for number in (10, 20, 30, 40)]
    assert [error for error in run(carrier, *batches) if error] == [what]
    assert {"settle 10", "settle 30", "settle 40"} <= set(carrier.said)


def test_a_batch_is_read_back_beside_two_others_and_told_of_with_the_batch_after_them(carrier: FakeCarrier) -> None:
    carrier.broken = {"settle 20"}
    batches = [a_batch(number) for number in (10, 20, 30, 40)]
    assert run(carrier, *batches) == [None, None, None, "settle 20", None, None]


def test_two_are_read_and_two_read_back_at_once_and_what_is_not_begun_when_it_is_closed_is_dropped(
    carrier: FakeCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []

    class Pool(ThreadPoolExecutor):
        def __init__(self, most: int | None = None) -> None:
            said.append(most)
            super().__init__(most)

        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            said.append(cancel_futures)
            super().shutdown(wait, cancel_futures=cancel_futures)

    monkeypatch.setattr(overlap, "ThreadPoolExecutor", Pool)
    run(carrier, a_batch(10))
    assert said == [2, 2, True, False]


def test_closing_it_leaves_the_batches_that_have_not_begun_alone(carrier: FakeCarrier) -> None:
    with closing(Overlap(cast(Carrier, carrier), [a_batch(10), a_batch(20), a_batch(30)]).outcomes()) as outcomes:
        next(outcomes)
    assert "act 10" in carrier.said
    assert "settle 10" in carrier.said
    assert not {"act 20", "act 30", "look 30"} & set(carrier.said)
