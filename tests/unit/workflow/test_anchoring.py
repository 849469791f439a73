"""Anchoring: what is shown outside, what is remembered of it, and how old it may become."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import CapturedCall, CapturingLogger

from hubspot_retention.core.audit.anchor import AnchorError, Doubt, Grows
from hubspot_retention.core.audit.checkpoint import Checkpoint, open_note, read_note
from hubspot_retention.core.audit.entry import Entry, read_entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.errors import BlockedError
from hubspot_retention.evidence.keys import SigningKey
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.workflow import anchoring as module
from hubspot_retention.workflow.anchoring import Anchor, Anchoring, AnchorPlan, in_words
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
        return self.keeping(self.one, self.two)

    def keeping(self, *anchors: Anchor) -> Anchoring:
        """A process that has just started and keeps these."""
        plan = AnchorPlan(anchors=anchors, key=KEY, origin=KEY.name, stop_after=72 * HOUR, instance="a")
        return Anchoring(self.store, plan, lambda: self.present)

    def rows(self) -> dict[str, tuple[int, datetime | None, str]]:
        """What is remembered."""
        with self.store.transaction() as tx:
            return {row.name: (row.size, row.at, row.error) for row in tx.anchored()}

    def kinds(self) -> list[str]:
        """The log."""
        return [read_entry(entry.body).kind for entry in self.store.entries()]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> CapturingLogger:
    """What whoever runs the service reads."""
    made = CapturingLogger()
    monkeypatch.setattr(module, "_log", made)
    return made


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
    anchoring = stand.keeping(Somebody("three"))
    anchoring.look()
    assert anchoring.age() is None


def test_a_person_is_sent_for_only_where_waiting_does_not_help() -> None:
    assert in_words([Doubt.BEHIND]).endswith(
        "a second instance of the service. If this database is to go on, a named person brings it back: "
        "`audit recover` with every hold that it may lack."
    )
    assert "audit recover" not in in_words([Doubt.UNREADABLE])


def test_every_doubt_is_told_one_after_the_other() -> None:
    assert in_words([Doubt.UNREADABLE, Doubt.OLD]) == (
        "nothing is disposed of: no anchor can be read, so nobody knows whether the audit log is the newest; "
        "no anchor could be shown the audit log for too long. Let an anchor be reached again."
    )


def test_where_nobody_is_asked_nothing_is_doubted_from_the_start(stand: Stand) -> None:
    assert stand.keeping().doubts() == ()


def test_what_was_too_long_ago_is_told_only_once_an_anchor_was_read(stand: Stand) -> None:
    """Until then that none can be read says it all."""
    stand.started().require()
    stand.present += 73 * HOUR
    stand.one.is_away = stand.two.is_away = True
    assert stand.started().look() == (Doubt.UNREADABLE,)


def test_the_entry_that_anchors_are_shown_is_of_the_service_and_of_one_process_alone(stand: Stand) -> None:
    stand.started().require()
    (stored,) = stand.store.entries()
    entry = read_entry(stored.body)
    assert (entry.at, entry.actor, entry.facts) == (stand.present, "service", (("instance", "a"),))


def test_the_root_that_an_anchor_was_shown_is_remembered(stand: Stand) -> None:
    stand.keeping(stand.one).require()
    with stand.store.transaction() as tx:
        (row,) = tx.anchored()
    assert (row.size, row.root) == (1, stand.store.tree().root())


def test_who_cannot_be_read_or_shown_more_is_in_the_lines(stand: Stand, lines: CapturingLogger) -> None:
    stand.started().require()
    stand.two.is_away = True
    stand.started().require()
    said = {"anchor": "two", "why": "away"}
    assert lines.calls == [
        CapturedCall("warning", ("anchor.unreadable",), said),
        CapturedCall("warning", ("anchor.failed",), said | {"code": "anchor-unreadable"}),
    ]


# What is announced.


def word(at: datetime) -> Entry:
    """Something that everybody is to know."""
    return Entry(subject=Subject.LOG_KEY, verb=Verb.CHANGED, at=at, actor="anna.k")


def test_what_is_announced_is_signed_with_what_more_it_says_and_shown_to_everybody(stand: Stand) -> None:
    anchoring = stand.started()
    assert anchoring.announce(word(stand.present), ("more",)) == {}
    assert stand.kinds() == ["log-key.changed"]
    assert [open_note(seen.notes[-1], [KEY.public]).extension for seen in (stand.one, stand.two)] == [("more",)] * 2
    (kept,) = stand.store.checkpoints()
    assert [line.name for line in read_note(kept.note)[2]] == [KEY.name, "one.example.dk", "two.example.dk"]
    assert stand.rows() == {"one": (1, stand.present, ""), "two": (1, stand.present, "")}


def test_who_would_not_take_it_is_told_even_where_nobody_can_be_read(stand: Stand) -> None:
    stand.one.is_away = stand.two.is_away = True
    found = stand.started().announce(word(stand.present))
    assert found == {"one": "anchor-unreadable", "two": "anchor-unreadable"}
    assert stand.kinds() == ["log-key.changed"]


def test_of_a_log_that_only_a_person_can_bring_back_nothing_is_announced(stand: Stand) -> None:
    stand.started().require()
    stand.one.notes.clear()
    with pytest.raises(BlockedError) as error:
        stand.started().announce(word(stand.present))
    assert str(error.value) == in_words([Doubt.LOST])
    assert stand.kinds() == ["anchor.sent"]


# What they have been shown.


def test_everybody_has_been_shown_what_the_last_of_them_was_shown(stand: Stand) -> None:
    stand.keeping(stand.one).require()
    assert stand.started().least_shown() == 0
    for _ in range(2):
        stand.started().require()
    assert stand.started().least_shown() == 3
    stand.two.is_away = True
    stand.started().require()
    assert [stand.keeping(each).least_shown() for each in (stand.one, stand.two)] == [4, 3]
    assert stand.started().least_shown() == 3


def test_where_nobody_is_asked_nobody_has_been_shown_anything(stand: Stand) -> None:
    assert stand.keeping().least_shown() is None


def test_whoever_begins_anew_is_remembered_as_shown_and_who_would_not_says_why(stand: Stand) -> None:
    anchoring = stand.started()
    signed = anchoring.sign(word(stand.present))
    stand.present += HOUR
    stand.two.is_away = True
    assert anchoring.show_anew(signed) == {"two": "away"}
    assert stand.rows() == {"one": (1, stand.present, "")}
    assert (stand.one.notes, stand.two.notes) == ([signed.note], [])
    with stand.store.transaction() as tx:
        (row,) = tx.anchored()
    assert row.root == signed.root


def test_what_is_signed_without_more_to_say_says_no_more(stand: Stand) -> None:
    signed = stand.started().sign(word(stand.present))
    assert open_note(signed.note, [KEY.public]).extension == ()
    assert [kept.note for kept in stand.store.checkpoints()] == [signed.note]
