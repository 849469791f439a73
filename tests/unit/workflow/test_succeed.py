"""A log's key hands over: the log and its anchors are told by both keys, and the old one is needed until they were."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hubspot_retention.core.audit.checkpoint import open_note, read_note
from hubspot_retention.core.audit.entry import read_entry
from hubspot_retention.core.audit.rotation import Rotation
from hubspot_retention.errors import BlockedError
from hubspot_retention.evidence.anchor_file import FileAnchor
from hubspot_retention.evidence.keys import SigningKey
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.workflow.anchoring import Anchor, Anchoring, AnchorPlan
from hubspot_retention.workflow.succeed import Successor
from tests.stores import a_database
from tests.unit.evidence.anchored import LOG, a_witness

NEW = SigningKey.generate(LOG.name)
ROTATION = Rotation(str(LOG.public), str(NEW.public))
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Stand:
    """A store whose log a file and a witness are shown."""

    def __init__(self, store: SqlStore, folder: Path) -> None:
        self.store = store
        self.file = folder / "volume" / "anchor.jsonl"
        self.file.parent.mkdir()
        self.witness = a_witness(folder, lambda: NOW)

    def anchoring(self, key: SigningKey, *former: SigningKey) -> Anchoring:
        """With the keys of a moment."""
        file = FileAnchor(self.file, key.public, [each.public for each in former])
        anchors: list[Anchor] = [file, self.witness]
        plan = AnchorPlan(
            anchors=anchors, key=key, former=former, origin=key.name, stop_after=timedelta(hours=72), instance="a"
        )
        return Anchoring(self.store, plan, lambda: NOW)

    def successor(self, key: SigningKey, *former: SigningKey) -> Successor:
        """In the name of a person."""
        return Successor(self.store, self.anchoring(key, *former), "anna.k", lambda: NOW)


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """It was anchored before."""
    with open_store(a_database(tmp_path / "retention.db")) as store:
        found = Stand(store, tmp_path)
        found.anchoring(LOG).require()
        yield found


def test_a_key_hands_over_and_goes_and_the_anchors_go_on_with_the_new_one(stand: Stand) -> None:
    assert stand.successor(NEW, LOG).announce(ROTATION) == {}
    stand.anchoring(NEW, LOG).require()
    stand.successor(NEW, LOG).require_known(ROTATION)
    assert stand.successor(NEW).tell_destroyed(ROTATION.old) == {}
    stand.anchoring(NEW).require()

    notes = [signed.note for signed in stand.store.checkpoints()]
    told = [Rotation.of(read_note(note)[0]) for note in notes]
    assert told == [None, ROTATION, None, None, None]
    assert [open_note(note, [NEW.public, LOG.public], needed=2).size for note in notes[1:3]] == [2, 3]
    assert [open_note(note, [NEW.public]).size for note in notes[1:]] == [2, 3, 4, 5]
    assert [read_entry(entry.body).kind for entry in stand.store.entries()] == [
        "anchor.sent",
        "log-key.changed",
        "anchor.sent",
        "log-key.erased",
        "anchor.sent",
    ]
    entry = read_entry(list(stand.store.entries())[1].body)
    assert (entry.actor, entry.at) == ("anna.k", NOW)
    facts = dict(entry.facts)
    assert [f"+{facts[name]}" for name in ("old", "new")] == [ROTATION.old[-45:], ROTATION.new[-45:]]
    assert stand.store.verify_log().intact


def test_the_old_key_is_needed_until_somebody_was_told(stand: Stand) -> None:
    with pytest.raises(BlockedError, match=r"^nobody was told of the new key yet: `audit key rotate` comes first$"):
        stand.successor(NEW, LOG).require_known(ROTATION)


def test_the_old_key_is_needed_until_every_anchor_was_shown_the_new_one(stand: Stand) -> None:
    away = stand.file.parent.with_name("away")
    stand.file.parent.rename(away)
    assert stand.successor(NEW, LOG).announce(ROTATION) == {"file": "anchor-unreadable"}
    with pytest.raises(BlockedError, match=r"^not shown the new key yet: file\. .* until then the old key is needed$"):
        stand.successor(NEW, LOG).require_known(ROTATION)

    away.rename(stand.file.parent)
    assert stand.successor(NEW, LOG).announce(ROTATION) == {}
    stand.successor(NEW, LOG).require_known(ROTATION)


def test_an_anchor_that_was_shown_nothing_yet_has_not_been_shown_the_new_key(tmp_path: Path) -> None:
    with open_store(a_database(tmp_path / "retention.db")) as store:
        stand = Stand(store, tmp_path)
        stand.successor(NEW, LOG).announce(ROTATION)
        stand.successor(NEW, LOG).require_known(ROTATION)
        with store.transaction() as tx:
            tx.forget_anchored()
        with pytest.raises(BlockedError, match=r"^not shown the new key yet: file, witness\. "):
            stand.successor(NEW, LOG).require_known(ROTATION)


def test_of_a_log_that_is_not_the_anchored_one_nothing_is_handed_over(stand: Stand, tmp_path: Path) -> None:
    with open_store(a_database(tmp_path / "other.db")) as other:
        behind = Stand.__new__(Stand)
        behind.store, behind.file, behind.witness = other, stand.file, stand.witness
        with pytest.raises(BlockedError, match="shorter than its anchor"):
            behind.successor(NEW, LOG).announce(ROTATION)
        assert list(other.entries()) == []
