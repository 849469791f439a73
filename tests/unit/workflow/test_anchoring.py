"""Anchoring: what is shown outside, what is remembered of it, and how old it may become."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hubspot_retention.core.audit.anchor import AnchorError, Doubt, Grows
from hubspot_retention.core.audit.checkpoint import Checkpoint, open_note, read_note
from hubspot_retention.core.audit.entry import read_entry
from hubspot_retention.errors import BlockedError
from hubspot_retention.evidence.keys import SigningKey
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.workflow.anchoring import Anchoring, AnchorPlan, in_words
from tests.stores import a_database

KEY = SigningKey.generate("log.example.dk")
HOUR = timedelta(hours=1)


class Somebody:
    """An anchor that can be out of reach."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.notes: list[str] = []
        self.is_away = False

    def latest(self) -> Checkpoint | None:
        """What it saw."""
        self._answer()
        return open_note(self.notes[-1], [KEY.public]) if self.notes else None

    def show(self, note: str, log: Grows) -> str:
        """Keep it, and sign it."""
        seen = self.latest()
        assert seen is None or log.doubt_of(seen) is None
        self.notes.append(note)
        return SigningKey.generate(f"{self.name}.example.dk").sign(note.encode()).line()

    def show_anew(self, note: str) -> None:
        """Keep it."""
        self._answer()
        self.notes.append(note)

    def _answer(self) -> None:
        if self.is_away:
            raise AnchorError("away")


class Stand:
    """A store, two anchors, a clock."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.one, self.two = Somebody("one"), Somebody("two")
        self.present = datetime(2026, 11, 25, 12, tzinfo=UTC)

    def started(self) -> Anchoring:
        """A process that has just started."""
        plan = AnchorPlan(anchors=[self.one, self.two], key=KEY, origin=KEY.name, stop_after=72 * HOUR, instance="a")
        return Anchoring(self.store, plan, lambda: self.present)

    def rows(self) -> dict[str, tuple[int, datetime | None, str]]:
        """What is remembered."""
        with self.store.transaction() as tx:
            return {row.name: (row.size, row.at, row.error) for row in tx.anchored()}

    def kinds(self) -> list[str]:
        """The log."""
        return [read_entry(entry.body).kind for entry in self.store.entries()]


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    with open_store(a_database(tmp_path / "retention.db")) as store:
        yield Stand(store)


def test_a_process_that_has_not_looked_yet_disposes_of_nothing(stand: Stand) -> None:
    anchoring = stand.started()
    assert not anchoring.stands()
    anchoring.mark()
    assert stand.kinds() == []


def test_what_was_signed_is_kept_with_what_the_anchors_signed(stand: Stand) -> None:
    stand.started().require()

    (kept,) = stand.store.checkpoints()
    checkpoint, _, signatures = read_note(kept.note)
    assert (checkpoint.size, checkpoint.root) == (1, stand.store.tree().root())
    assert [line.name for line in signatures] == ["log.example.dk", "one.example.dk", "two.example.dk"]
    assert stand.store.verify_log().intact


def test_the_first_look_shows_every_anchor_an_entry_of_its_own(stand: Stand) -> None:
    anchoring = stand.started()
    anchoring.require()
    assert anchoring.stands()
    assert stand.kinds() == ["anchor.sent"]
    assert stand.rows() == {"one": (1, stand.present, ""), "two": (1, stand.present, "")}
    assert [line.count("\n") for line in stand.one.notes] == [5]


def test_one_that_is_away_is_noted_and_made_up_for_by_the_other(stand: Stand) -> None:
    stand.started().require()
    before = stand.present
    stand.present += HOUR
    stand.two.is_away = True
    anchoring = stand.started()
    anchoring.require()
    assert anchoring.stands()
    assert stand.rows() == {"one": (2, stand.present, ""), "two": (1, before, "anchor-unreadable")}


def test_when_all_are_away_at_the_start_nothing_is_disposed_of(stand: Stand) -> None:
    stand.started().require()
    stand.one.is_away = stand.two.is_away = True
    anchoring = stand.started()
    with pytest.raises(BlockedError, match="no anchor can be read"):
        anchoring.require()
    stand.one.is_away = False
    anchoring.require()
    assert anchoring.stands()


def test_when_nobody_could_ever_be_shown_anything_nothing_is_disposed_of(stand: Stand) -> None:
    anchoring = stand.started()
    anchoring.look()
    stand.one.is_away = stand.two.is_away = True
    anchoring.mark()
    assert not anchoring.stands()
    with pytest.raises(BlockedError, match="no anchor can be read"):
        anchoring.require()
    assert anchoring.age() is None


def test_when_all_are_away_later_the_work_goes_on_until_that_is_too_long(stand: Stand) -> None:
    anchoring = stand.started()
    anchoring.require()
    stand.one.is_away = stand.two.is_away = True
    stand.present += 72 * HOUR
    anchoring.require()
    assert (anchoring.stands(), anchoring.age()) == (True, 72 * HOUR)
    stand.present += timedelta(seconds=1)
    assert anchoring.doubts() == (Doubt.OLD,)
    assert not anchoring.stands()
    with pytest.raises(BlockedError, match=r"for too long\. Let an anchor be reached again"):
        anchoring.require()
    stand.one.is_away = False
    anchoring.require()
    assert anchoring.stands()


def test_what_was_shown_by_a_clock_that_was_ahead_does_not_make_an_anchor_new(stand: Stand) -> None:
    """Else nothing would be too old until that day, however many years ahead."""
    anchoring, right = stand.started(), stand.present
    stand.present += timedelta(days=3_650)
    anchoring.require()
    stand.present = right
    stand.one.is_away = stand.two.is_away = True
    with pytest.raises(BlockedError):
        anchoring.require()
    assert (anchoring.stands(), anchoring.age()) == (False, None)
    stand.one.is_away = False
    anchoring.require()
    assert (anchoring.stands(), anchoring.age()) == (True, timedelta())


def test_an_anchor_that_was_shown_by_a_clock_a_little_ahead_is_new(stand: Stand) -> None:
    """Clocks differ by a few minutes; so much is borne everywhere."""
    anchoring = stand.started()
    anchoring.require()
    stand.present -= timedelta(minutes=5)
    stand.one.is_away = stand.two.is_away = True
    anchoring.require()
    assert anchoring.stands()
    stand.present -= timedelta(seconds=1)
    with pytest.raises(BlockedError):
        anchoring.require()


def test_an_anchor_that_lost_what_it_saw_is_not_shown_more(stand: Stand) -> None:
    anchoring = stand.started()
    anchoring.require()
    stand.one.notes.clear()
    assert anchoring.look() == (Doubt.LOST,)
    anchoring.mark()
    assert stand.one.notes == []
    assert stand.kinds() == ["anchor.sent"]


def test_an_anchor_that_finds_a_fork_when_it_is_shown_the_log_closes_the_gate(stand: Stand) -> None:
    anchoring = stand.started()
    anchoring.require()

    def fork(note: str, log: Grows) -> str:
        raise AnchorError("another log", Doubt.FORKED)

    stand.two.show = fork  # type: ignore[method-assign]
    with pytest.raises(BlockedError, match="not the one that its anchor saw"):
        anchoring.require()
    assert stand.rows()["two"][2] == "log-not-the-anchored-one"


def test_what_was_shown_to_an_anchor_that_is_set_no_more_does_not_count(stand: Stand) -> None:
    stand.started().require()
    plan = AnchorPlan(anchors=[Somebody("three")], key=KEY, origin=KEY.name, stop_after=72 * HOUR, instance="a")
    anchoring = Anchoring(stand.store, plan, lambda: stand.present)
    anchoring.look()
    assert anchoring.age() is None


def test_a_person_is_sent_for_only_where_waiting_does_not_help() -> None:
    assert "audit recover" in in_words([Doubt.BEHIND])
    assert "audit recover" not in in_words([Doubt.UNREADABLE])
