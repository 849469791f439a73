"""A log's key hands over: the log and its anchors are told by both keys, and the old one is needed until they were."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from hubspot_retention.core.audit.checkpoint import open_note, read_note
from hubspot_retention.core.audit.entry import Entry, read_entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.rotation import Rotation
from hubspot_retention.errors import BlockedError
from hubspot_retention.evidence.anchor_file import FileAnchor
from hubspot_retention.evidence.anchor_witness import WitnessAnchor
from hubspot_retention.evidence.keys import SigningKey
from hubspot_retention.evidence.witness import KeptLogs
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.workflow.anchoring import Anchor, Anchoring, AnchorPlan
from hubspot_retention.workflow.succeed import Successor
from tests.stores import a_database
from tests.unit.evidence.anchored import LOG, WITNESS, a_witness


def a_key_with_a_plus() -> SigningKey:
    """A key whose base64 holds the sign that also parts it from its name and id; half of them do."""
    while "+" not in str((key := SigningKey.generate(LOG.name)).public)[-44:]:
        pass
    return key


NEW = a_key_with_a_plus()
ROTATION = Rotation(str(LOG.public), str(NEW.public))
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Stand:
    """A store whose log a file and a witness are shown."""

    def __init__(self, store: SqlStore, folder: Path) -> None:
        self.store = store
        self.file = folder / "volume" / "anchor.jsonl"
        self.file.parent.mkdir()
        self.witness = a_witness(folder, lambda: NOW)
        self.kept = KeptLogs(folder)

    def anchoring(self, key: SigningKey, *former: SigningKey) -> Anchoring:
        """With the keys of a moment."""
        file = FileAnchor(self.file, key.public, [each.public for each in former])
        anchors: list[Anchor] = [file, self.witness]
        plan = AnchorPlan(
            anchors=anchors, key=key, former=former, origin=key.name, stop_after=timedelta(hours=72), instance="a"
        )
        return Anchoring(self.store, plan, lambda: NOW)

    @contextmanager
    def witness_down(self) -> Iterator[None]:
        """While the witness answers nothing but 503."""
        up, down = self.witness, httpx.MockTransport(lambda _: httpx.Response(503))
        self.witness = WitnessAnchor(
            "http://witness.example.dk", WITNESS.public, LOG.name, lambda: NOW, httpx.Client(transport=down)
        )
        yield
        self.witness = up

    def keys_known_to_the_witness(self) -> tuple[str, ...]:
        """Those of the log that it followed, the newest last."""
        return self.kept.read(LOG.name).keys

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
    assert told == [None, ROTATION, None, ROTATION, None, None]
    assert [open_note(note, [NEW.public, LOG.public], needed=2).size for note in notes[1:4]] == [2, 3, 4]
    assert [open_note(note, [NEW.public]).size for note in notes[1:]] == [2, 3, 4, 5, 6]
    assert [read_entry(entry.body).kind for entry in stand.store.entries()] == [
        "anchor.sent",
        "log-key.changed",
        "anchor.sent",
        "log-key.changed",
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
    assert [read_entry(entry.body).kind for entry in stand.store.entries()] == ["anchor.sent"]


def test_the_old_key_is_needed_until_every_anchor_was_shown_the_new_one(stand: Stand) -> None:
    away = stand.file.parent.with_name("away")
    stand.file.parent.rename(away)
    assert stand.successor(NEW, LOG).announce(ROTATION) == {"file": "anchor-unreadable"}
    why = r"file \(anchor-unreadable\)"
    with pytest.raises(
        BlockedError, match=rf"^not shown the new key yet: {why}\. .* until then the old key is needed$"
    ):
        stand.successor(NEW, LOG).require_known(ROTATION)
    why += r", witness \(anchor-unreadable\)"
    with stand.witness_down(), pytest.raises(BlockedError, match=rf"^not shown the new key yet: {why}\. "):
        stand.successor(NEW, LOG).require_known(ROTATION)

    away.rename(stand.file.parent)
    stand.successor(NEW, LOG).require_known(ROTATION)


def test_a_witness_that_missed_the_announcement_is_told_before_the_old_key_goes(stand: Stand) -> None:
    with stand.witness_down():
        assert stand.successor(NEW, LOG).announce(ROTATION) == {"witness": "anchor-unreadable"}
    stand.anchoring(NEW, LOG).require()
    assert stand.keys_known_to_the_witness() == (ROTATION.old,)

    stand.successor(NEW, LOG).require_known(ROTATION)
    assert stand.keys_known_to_the_witness() == (ROTATION.old, ROTATION.new)
    assert stand.successor(NEW).tell_destroyed(ROTATION.old) == {}


def test_a_witness_that_missed_the_announcement_keeps_the_old_key_for_as_long_as_it_does_not_answer(
    stand: Stand,
) -> None:
    with stand.witness_down():
        stand.successor(NEW, LOG).announce(ROTATION)
    stand.anchoring(NEW, LOG).require()
    with stand.witness_down(), pytest.raises(BlockedError, match=r"^not shown the new key yet: witness \(anchor-unr"):
        stand.successor(NEW, LOG).require_known(ROTATION)


def test_a_witness_that_was_set_up_anew_since_is_told_before_the_old_key_goes(stand: Stand) -> None:
    stand.successor(NEW, LOG).announce(ROTATION)
    stand.kept.forget(LOG.name, NOW)
    anchoring = stand.anchoring(NEW, LOG)
    recovered = Entry(subject=Subject.RECOVERY, verb=Verb.CONFIRMED, at=NOW, actor="anna.k")
    assert anchoring.show_anew(anchoring.sign(recovered)) == {}
    assert stand.keys_known_to_the_witness() == (ROTATION.old,)

    stand.successor(NEW, LOG).require_known(ROTATION)
    assert stand.keys_known_to_the_witness() == (ROTATION.old, ROTATION.new)


def test_of_a_log_that_is_not_the_anchored_one_nothing_is_handed_over(stand: Stand, tmp_path: Path) -> None:
    with open_store(a_database(tmp_path / "other.db")) as other:
        behind = Stand.__new__(Stand)
        behind.store, behind.file, behind.witness = other, stand.file, stand.witness
        with pytest.raises(BlockedError, match="shorter than its anchor"):
            behind.successor(NEW, LOG).announce(ROTATION)
        assert list(other.entries()) == []
