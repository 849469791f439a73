"""The log's own period: its oldest entries go, and everything that is proved with it is proved as before.

A log of ten years, with a file and a witness as anchors; the policy keeps five of them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from shutil import copytree

import pytest

from hubspot_retention.core.audit.checkpoint import read_note, sign
from hubspot_retention.core.audit.cut import Cut, checkpoint_of
from hubspot_retention.core.audit.entry import Entry, read_entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.matters import OpenMatters, Removable
from hubspot_retention.core.audit.merkle import Frontier
from hubspot_retention.core.audit.rotation import Rotation
from hubspot_retention.core.audit.verify import Damage
from hubspot_retention.core.plan.model import PlanStatus
from hubspot_retention.errors import UsageError
from hubspot_retention.evidence import standalone
from hubspot_retention.evidence.keys import SigningKey
from hubspot_retention.evidence.sealing import checkpoint, receipt
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.workflow import shorten
from hubspot_retention.workflow.shorten import Shortened, Shortener
from hubspot_retention.workflow.succeed import Successor
from tests.contract.store.values import a_plan, a_run
from tests.faults.aged import BEGIN, DAY, POLICY, YEARS, Stand
from tests.stores import a_database
from tests.unit.evidence.anchored import LOG

NEXT = SigningKey.generate(LOG.name)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten years, of which a hold that was placed after two is in force, and the same without it."""
    folder = tmp_path_factory.mktemp("lived")
    for name, is_held in (("free", False), ("held", True)):
        (folder / name).mkdir()
        with open_store(a_database(folder / name / "retention.db")) as store:
            stand = Stand(folder / name, store)
            stand.live(720)
            if is_held:
                stand.tell(Subject.HOLD, Verb.PLACED, "contacts/7", hold_id=7)
            stand.live(YEARS - 720)
    return folder


@contextmanager
def _copied(lived: Path, folder: Path) -> Iterator[Stand]:
    copytree(lived, folder, dirs_exist_ok=True)
    with open_store(a_database(folder / "retention.db")) as store:
        made = Stand(folder, store)
        made.present = BEGIN + YEARS * DAY
        yield made


@pytest.fixture
def stand(lived: Path, tmp_path: Path) -> Iterator[Stand]:
    """Ten years."""
    with _copied(lived / "free", tmp_path) as made:
        yield made


@pytest.fixture
def held(lived: Path, tmp_path: Path) -> Iterator[Stand]:
    """Ten years, and a hold in force."""
    with _copied(lived / "held", tmp_path) as made:
        yield made


def test_five_of_ten_years_go_and_everything_still_verifies(stand: Stand) -> None:
    before = stand.store.audit_head().count
    early, late = stand.notes()[2], stand.notes()[-1]
    done = stand.shorten()
    assert 38 <= done.removed <= 44
    assert done.kept_for is None
    assert (
        timedelta(0) < POLICY.civil.start_of(POLICY.evidence.audit_log, stand.present) - stand.first() < 2 * 180 * DAY
    )
    report = stand.verified()
    assert (report.findings, report.removed) == ((), done.removed)
    assert report.entries == stand.store.audit_head().count == before + 3
    assert read_entry(list(stand.store.entries())[-2].body).kind == "log.cut"
    assert stand.export(anchors=(late, stand.notes()[-1])) == 0
    assert stand.export(anchors=(early,)) == 1


def test_the_anchors_and_the_gate_go_on(stand: Stand) -> None:
    stand.shorten()
    for _ in range(3):
        anchoring = stand.anchoring()
        anchoring.require()
        assert anchoring.stands()
        stand.live(20, every=10)
    assert stand.verified().intact
    assert stand.export(anchors=(stand.notes()[-1],)) == 0


def test_a_receipt_is_made_of_what_is_kept_and_one_made_before_stays_valid(stand: Stand, tmp_path: Path) -> None:
    old = receipt(stand.store, checkpoint(stand.store, [LOG], stand.present), "contacts/1000")
    stand.shorten()
    new = receipt(stand.store, checkpoint(stand.store, [LOG], stand.present), "contacts/4600")
    for name, text in (("old", old), ("new", new)):
        path = tmp_path / name
        path.write_text(text)
        assert standalone.main(["receipt", str(path), "--key", str(LOG.public)]) == 0
    with pytest.raises(
        UsageError, match=r"nothing of contacts/1000 since 20.*removed at the end of the log's own period"
    ):
        receipt(stand.store, checkpoint(stand.store, [LOG], stand.present), "contacts/1000")


def test_what_is_not_old_yet_stays_and_what_was_cut_lately_is_left_for_a_day(stand: Stand) -> None:
    assert stand.shorten().removed > 0
    stand.present += timedelta(hours=23)
    assert stand.shorten() == Shortened()
    stand.present += 185 * DAY
    assert stand.shorten().removed > 0
    assert stand.shorten() == Shortened()
    assert stand.verified().intact
    assert stand.export() == 0


def test_a_hold_in_force_keeps_its_entry_until_it_is_over(held: Stand) -> None:
    done = held.shorten()
    kinds = [read_entry(entry.body).kind for entry in held.store.entries()]
    assert (done.kept_for, "hold.placed" in kinds) == (Subject.HOLD, True)
    assert held.first() == BEGIN + 720 * DAY
    held.tell(Subject.HOLD, Verb.RELEASED, "contacts/7", hold_id=7)
    held.live(365 * 5 + 200)
    assert held.shorten().kept_for is None
    assert held.first() > BEGIN + 9 * 365 * DAY
    assert held.export() == 0


def test_a_plan_that_may_yet_be_carried_out_keeps_what_was_written_since_it_was_built(stand: Stand) -> None:
    built = BEGIN + 365 * DAY
    with stand.store.transaction() as tx:
        run_id = tx.start_run(a_run())
        plan = replace(
            a_plan(run_id), built_at=built, expires_at=stand.present + DAY, status=PlanStatus.AWAITING_REVIEW
        )
        tx.add_plan(plan)
    stand.shorten()
    assert stand.first() < built
    with stand.store.transaction() as tx:
        tx.save_plan(replace(plan, expires_at=stand.present - DAY))
    stand.present += DAY
    stand.shorten()
    assert stand.first() > built + 3 * 365 * DAY


def test_nothing_goes_that_an_anchor_has_not_been_shown(stand: Stand) -> None:
    anchoring = stand.anchoring()
    anchoring.require()
    with stand.store.transaction() as tx:
        (row,) = [each for each in tx.anchored() if each.name == "witness"]
        tx.save_anchored([replace(row, size=8)])
    assert Shortener(stand.store, anchoring, POLICY, stand.verified).run(stand.present) == Shortened(8)


def test_nothing_goes_while_the_log_is_doubted_or_disposals_are_stopped(stand: Stand) -> None:
    with stand.store.transaction() as tx:
        tx.set_kill_switch("anna.k: wait")
    assert stand.shorten().removed == 0
    with stand.store.transaction() as tx:
        tx.set_kill_switch(None)
    (stand.folder / "anchor.jsonl").unlink()
    anchoring = stand.anchoring()
    anchoring.look()
    assert Shortener(stand.store, anchoring, POLICY, stand.verified).run(stand.present) == Shortened()


def test_a_log_that_is_damaged_is_not_shortened(stand: Stand) -> None:
    with stand.store.transaction() as tx:
        tx._connection.exec_driver_sql("DROP TRIGGER audit_entry_stays")
        tx._connection.exec_driver_sql("UPDATE audit_entry SET body = hash WHERE seq = 30")
    assert stand.shorten().removed == 0


def test_who_removed_the_beginning_is_known_through_a_change_of_keys(stand: Stand) -> None:
    stand.shorten()
    stand.keys = (NEXT, LOG)
    rotation = Rotation(str(LOG.public), str(NEXT.public))
    now = lambda: stand.present  # noqa: E731
    Successor(stand.store, stand.anchoring(), "anna.k", now).announce(rotation)
    stand.keys = (NEXT,)
    Successor(stand.store, stand.anchoring(), "anna.k", now).tell_destroyed(rotation.old)
    assert stand.verified().intact
    assert [stand.export(key=key) for key in (LOG, NEXT)] == [0, 0]
    stand.live(365 * 5 + 200)
    assert stand.shorten().removed > 0
    kinds = {read_entry(entry.body).kind for entry in stand.store.entries()}
    assert "log-key.erased" not in kinds
    assert stand.verified().intact
    assert [stand.export(key=key) for key in (LOG, NEXT)] == [0, 0]


def _handed_over(stand: Stand) -> None:
    """The log's key hands over to the next and is destroyed, and time passes."""
    rotation, now = Rotation(str(LOG.public), str(NEXT.public)), lambda: stand.present
    stand.keys = (NEXT, LOG)
    Successor(stand.store, stand.anchoring(), "anna.k", now).announce(rotation)
    stand.keys = (NEXT,)
    Successor(stand.store, stand.anchoring(), "anna.k", now).tell_destroyed(rotation.old)
    stand.live(400)


def _cut_by(stand: Stand, key: SigningKey, size: int) -> None:
    """Somebody with a key and the database removes the beginning."""
    last, edge = stand.store.entry(size), stand.store.tree_at(size)
    assert last is not None
    assert edge is not None
    cut = Cut(size=size, hash=last.hash, edge=edge.encoded(), before=stand.present.replace(microsecond=0))
    with stand.store.transaction() as tx:
        told = Entry(subject=Subject.LOG, verb=Verb.CUT, at=stand.present, actor="service", facts=cut.facts())
        seq = tx.audit(told)
        tx.cut_log(replace(cut, note=sign(checkpoint_of(cut, LOG.name), [key]), entry_seq=seq))
    stand.anchoring().require()


@pytest.mark.parametrize("since", [-1, 2], ids=["before the handing over", "with the word of it"])
def test_a_key_that_was_handed_over_signs_no_beginning_away_any_more(stand: Stand, since: int) -> None:
    """Not even where the entry that tells of its end is among those that it removes."""
    _handed_over(stand)
    assert stand.verified().intact
    sizes = [signed.size for signed in stand.store.checkpoints()]
    handed = next(s.size for s in stand.store.checkpoints() if Rotation.of(read_note(s.note)[0]) is not None)

    _cut_by(stand, LOG, sizes[sizes.index(handed) + since])
    assert {finding.damage for finding in stand.verified().findings} == {Damage.BEGIN}
    assert [stand.export(key=key) for key in (LOG, NEXT)] == [1, 1]


def test_while_both_keys_sign_the_old_one_alone_signs_no_beginning_away(stand: Stand) -> None:
    stand.keys = (NEXT, LOG)
    rotation = Rotation(str(LOG.public), str(NEXT.public))
    Successor(stand.store, stand.anchoring(), "anna.k", lambda: stand.present).announce(rotation)
    stand.live(400)

    _cut_by(stand, LOG, stand.store.checkpoints()[9].size)
    assert {finding.damage for finding in stand.verified().findings} == {Damage.BEGIN}
    assert [stand.export(key=key) for key in (LOG, NEXT)] == [1, 1]


def test_the_new_key_signs_for_what_is_removed_after_a_handing_over(stand: Stand) -> None:
    _handed_over(stand)

    _cut_by(stand, NEXT, stand.store.checkpoints()[9].size)
    assert stand.verified().intact
    assert [stand.export(key=key) for key in (LOG, NEXT)] == [0, 0]


def test_a_cut_that_somebody_else_signed_is_found(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the key the service finds nothing at hand to find it by; with it, and the verifier, it does."""
    anchoring = stand.anchoring()
    anchoring.require()
    monkeypatch.setattr(anchoring, "_plan", replace(anchoring._plan, key=SigningKey.generate(LOG.name)))
    monkeypatch.setattr(anchoring, "mark", lambda: None)
    assert Shortener(stand.store, anchoring, POLICY, stand.verified).run(stand.present).removed > 0
    assert stand.verified().findings[0].damage is Damage.BEGIN
    assert stand.export() == 1


Break = Callable[[pytest.MonkeyPatch], None]


def _too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shorten, "removable", lambda entries, before: Removable(50))


def _hold_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OpenMatters, "first", lambda self, at: None)


def _without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cut, "facts", lambda self, more=(): (("size", self.size),))


def _of_another_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    true = Shortener._cut

    def cut(self: Shortener, size: int, before: datetime, now: datetime) -> int:
        monkeypatch.setattr(SqlStore, "tree_at", _edge_of)
        return true(self, size, before, now)

    monkeypatch.setattr(Shortener, "_cut", cut)


def _edge_of(store: SqlStore, size: int) -> Frontier:
    edge = Frontier.of(entry.body for entry in islice(store.entries(), size))
    return Frontier(edge.size, [bytes(32), *edge.nodes[1:]])


def is_sound(stand: Stand) -> bool:
    """What must hold after any cut: the log verifies, here and outside; what was in force is told; nothing young
    went."""
    kept = [read_entry(entry.body) for entry in stand.store.entries()]
    in_force = any(entry.kind == "hold.placed" for entry in kept)
    old_enough = kept[0].at < POLICY.civil.start_of(POLICY.evidence.audit_log, stand.present)
    return stand.verified().intact and stand.export() == 0 and in_force and old_enough


@pytest.mark.parametrize(
    "breaks",
    [None, _too_much, _hold_forgotten, _without_a_word, _of_another_tree],
    ids=lambda each: each.__name__ if each else "as it is",
)
def test_each_way_in_which_a_cut_can_be_wrong_is_seen(
    held: Stand, monkeypatch: pytest.MonkeyPatch, breaks: Break | None
) -> None:
    if breaks is not None:
        breaks(monkeypatch)
    assert held.shorten().removed > 0
    monkeypatch.undo()
    assert is_sound(held) is (breaks is None)
