"""Those who are told only: when, how often, and that they have no say in anything."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import CapturedCall, CapturingLogger

from hubspot_retention.core.audit.anchor import AnchorError, Doubt
from hubspot_retention.core.audit.checkpoint import open_note
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.workflow import telling as module
from hubspot_retention.workflow.anchoring import Anchoring, AnchorPlan
from hubspot_retention.workflow.telling import Told
from tests.stores import a_database
from tests.unit.workflow.test_anchoring import HOUR, KEY, Somebody


@dataclass
class Listener:
    """Somebody who is told."""

    name: str = "timestamp"
    every: timedelta = 24 * HOUR
    answer: bytes = b"token"
    notes: list[str] = field(default_factory=list)
    asked: int = 0
    is_away: bool = False

    def tell(self, note: str) -> bytes:
        """Listen."""
        self.asked += 1
        if self.is_away:
            raise AnchorError("away")
        self.notes.append(note)
        return self.answer


class Stand:
    """A store, an anchor, a listener, a clock."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.anchor = Somebody("file")
        self.listener = Listener()
        self.present = datetime(2026, 11, 25, 12, tzinfo=UTC)

    def started(self, *told: Told, anchors: bool = True) -> Anchoring:
        """A process that has just started and looked."""
        plan = AnchorPlan(
            anchors=[self.anchor] if anchors else [],
            told=told or [self.listener],
            key=KEY,
            origin=KEY.name,
            stop_after=72 * HOUR,
            instance="a",
        )
        anchoring = Anchoring(self.store, plan, lambda: self.present)
        anchoring.look()
        return anchoring

    def sizes(self) -> dict[str, tuple[int, str]]:
        """What is remembered of each."""
        with self.store.transaction() as tx:
            return {row.name: (row.size, row.error) for row in tx.anchored()}

    def tokens(self) -> list[tuple[int, bytes]]:
        """The proofs that were kept, with what they are of."""
        with self.store.transaction() as tx:
            return [(open_note(token.note, [KEY.public]).size, token.answer) for token in tx.tokens()]


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    with open_store(a_database(tmp_path / "retention.db")) as store:
        yield Stand(store)


def test_it_is_told_what_the_anchors_are_shown_and_its_answer_is_kept(stand: Stand) -> None:
    stand.started().mark()
    (shown,), (told,) = stand.anchor.notes, stand.listener.notes
    assert told.startswith(shown)
    assert stand.sizes() == {"file": (1, ""), "timestamp": (1, "")}
    assert stand.tokens() == [(1, b"token")]
    with stand.store.transaction() as tx:
        assert {row.root for row in tx.anchored()} == {stand.store.tree().root()}


def test_one_that_answers_nothing_leaves_no_proof(stand: Stand) -> None:
    mailbox = Listener(name="message", answer=b"")
    stand.started(mailbox).mark()
    assert stand.sizes()["message"] == (1, "")
    assert stand.tokens() == []


def test_it_is_told_again_when_its_interval_is_over_also_by_another_process(stand: Stand) -> None:
    for hours, size in ((0, 1), (23, 1), (1, 3), (23, 3), (24, 5)):
        stand.present += hours * HOUR
        stand.started().mark()
        assert stand.sizes()["timestamp"][0] == size
    assert [size for size, _ in stand.tokens()] == [1, 3, 5]


def test_one_that_is_away_is_noted_left_alone_for_an_hour_and_holds_nobody_up(stand: Stand) -> None:
    stand.listener.is_away = True
    anchoring = stand.started()
    for minutes in (0, 30, 29):
        stand.present += timedelta(minutes=minutes)
        anchoring.require()
    assert stand.listener.asked == 1
    assert anchoring.stands()
    assert stand.sizes()["timestamp"] == (0, "anchor-unreadable")
    stand.listener.is_away = False
    stand.present += timedelta(minutes=1)
    anchoring.require()
    assert stand.sizes()["timestamp"] == (4, "")
    stand.present += 25 * HOUR
    anchoring.mark()
    assert stand.listener.asked == 3


def test_that_one_is_away_is_in_the_lines(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = CapturingLogger()
    monkeypatch.setattr(module, "_log", lines)
    stand.listener.is_away = True
    stand.started().mark()
    said = {"anchor": "timestamp", "code": "anchor-unreadable", "why": "away"}
    assert lines.calls == [CapturedCall("warning", ("anchor.failed",), said)]


def test_what_it_was_told_before_stands_while_it_is_away(stand: Stand) -> None:
    anchoring = stand.started()
    anchoring.mark()
    stand.listener.is_away = True
    stand.present += 24 * HOUR
    anchoring.mark()
    assert stand.sizes()["timestamp"] == (1, "anchor-unreadable")


def test_nobody_is_told_of_a_log_that_is_doubtful(stand: Stand) -> None:
    stand.started().mark()
    stand.present += 24 * HOUR
    stand.anchor.notes.clear()
    stand.started().mark()
    assert len(stand.listener.notes) == 1


def test_nobody_is_told_of_a_log_that_an_anchor_finds_forked_when_it_is_shown(stand: Stand) -> None:
    anchoring = stand.started()

    def fork(note: str, log: object) -> str:
        raise AnchorError("another log", Doubt.FORKED)

    stand.anchor.show = fork  # type: ignore[method-assign]
    anchoring.mark()
    assert stand.listener.notes == []


def test_it_does_not_make_up_for_an_anchor_that_cannot_be_read(stand: Stand) -> None:
    stand.started().mark()
    stand.anchor.is_away = True
    assert not stand.started().stands()


def test_where_nobody_is_asked_nothing_is_doubted_and_the_log_grows_only_when_somebody_is_told(stand: Stand) -> None:
    anchoring = stand.started(anchors=False)
    assert anchoring.stands()
    for _ in range(3):
        anchoring.require()
    assert [entry.seq for entry in stand.store.entries()] == [1]
    assert stand.tokens() == [(1, b"token")]
    stand.listener.is_away = True
    stand.present += 1_000 * HOUR
    anchoring.require()
    assert anchoring.stands()
    assert anchoring.age() is None


def test_one_who_was_told_by_a_clock_that_was_ahead_is_told_again_now(stand: Stand) -> None:
    """Else nobody would hear of the log until that day, however many years ahead."""
    right = stand.present
    anchoring = stand.started()
    stand.present += timedelta(days=3_650)
    anchoring.mark()
    stand.present = right
    anchoring.mark()
    assert stand.listener.asked == 2


def test_one_who_was_away_while_the_clock_was_ahead_is_tried_again_now(stand: Stand) -> None:
    right, stand.listener.is_away = stand.present, True
    anchoring = stand.started()
    stand.present += timedelta(days=3_650)
    anchoring.mark()
    stand.present, stand.listener.is_away = right, False
    anchoring.mark()
    assert (stand.listener.asked, len(stand.listener.notes)) == (2, 1)
