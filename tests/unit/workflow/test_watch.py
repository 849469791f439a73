"""The service looks at itself: what stops disposals, what is told to whom and when."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import structlog
from structlog.testing import capture_logs

from hubspot_retention.core.alarm import EVENTS, Alarm, AlarmKind, AlarmLevel, AlarmRecord, Outcome
from hubspot_retention.core.audit.chain import Head
from hubspot_retention.core.audit.entry import read_entry
from hubspot_retention.core.audit.verify import Damage, Finding, VerifyReport
from hubspot_retention.core.portal import PortalDetails
from hubspot_retention.core.record import PortalId
from hubspot_retention.errors import BlockedError, RetentionError
from hubspot_retention.store.database import SqlStore, SqlTransaction, open_store
from hubspot_retention.workflow.alarms import settle_alarm
from hubspot_retention.workflow.ports import Store
from hubspot_retention.workflow.watch import (
    ANOTHER_PORTAL,
    AUDIT_DAMAGED,
    CLOCKS_DIFFER,
    AuditDamagedError,
    Found,
    Rejections,
    SelfCheck,
    Signs,
    Watch,
    raise_alarm,
)
from tests.builders import at
from tests.stores import a_database

NOW = at("2026-11-24T12:00")
HOUR = timedelta(hours=1)
OURS = PortalId(25412345)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """A store of its own."""
    with open_store(a_database(tmp_path / "retention.db")) as opened:
        yield opened


def told(store: SqlStore) -> list[tuple[str, str | None]]:
    """The audit log: kinds and codes."""
    return [(entry.kind, entry.code) for entry in (read_entry(stored.body) for stored in store.entries())]


# The self-check.


class Log:
    """An audit log that is as somebody says it is."""

    def __init__(self) -> None:
        self.intact, self.read = True, 0

    def __call__(self) -> VerifyReport:
        """Verify it."""
        self.read += 1
        findings = () if self.intact else (Finding(Damage.CHANGED, 2, 2),)
        return VerifyReport(entries=9, head=Head(9, b"\x00" * 32), findings=findings)


class Check:
    """A self-check, and what it says."""

    def __init__(self, store: SqlStore, expected: PortalId | None = None) -> None:
        self.now = NOW
        self.log, self.signs = Log(), Signs(NOW)
        self.check = SelfCheck(self.signs, store, self.log, expected, lambda: self.now)

    def identify(self, portal: int = OURS, skew: float = 0.5) -> str:
        """The portal says who it is; answers what is wrong with that."""
        details = PortalDetails(
            portal_id=PortalId(portal), account_type="STANDARD", time_zone="", clock_skew_seconds=skew
        )
        try:
            self.check.identify(details)
        except BlockedError as error:
            return str(error)
        return ""


@pytest.fixture
def checked(store: SqlStore) -> Check:
    """A self-check of an installation that names no portal."""
    return Check(store)


def test_the_portal_that_is_seen_first_is_the_one(checked: Check) -> None:
    assert checked.identify() == ""
    assert (checked.signs.portal_id, checked.signs.portal_seen_at, checked.signs.clock_skew_seconds) == (OURS, NOW, 0.5)
    assert checked.identify(999) == (
        "the token belongs to portal 999, this installation is for portal 25412345: nothing is read or disposed of. "
        "Use the right token; another portal needs a database of its own."
    )
    assert checked.signs.gate.codes() == (ANOTHER_PORTAL,)


def test_another_portal_closes_the_gate_until_the_right_one_is_seen(store: SqlStore) -> None:
    checked = Check(store, expected=OURS)
    assert "portal 999" in checked.identify(999)
    assert checked.signs.portal_seen_at is None
    assert "portal 999" in checked.identify(999)
    assert checked.identify() == ""
    assert checked.signs.gate.codes() == ()


@pytest.mark.parametrize(("skew", "closed"), [(300.0, False), (301.0, True), (-301.0, True), (-300.0, False)])
def test_clocks_that_differ_by_more_than_five_minutes_close_it(checked: Check, skew: float, closed: bool) -> None:
    why = f"our clock and HubSpot's differ by {skew:.0f} seconds: nothing is disposed of. Set the clock."
    assert checked.identify(skew=skew) == (why if closed else "")
    assert checked.signs.gate.codes() == ((CLOCKS_DIFFER,) if closed else ())
    assert checked.identify() == ""
    assert checked.signs.gate.codes() == ()


def test_a_log_that_verifies_is_written_down_with_its_head(checked: Check, store: SqlStore) -> None:
    checked.check.verify()
    assert (checked.signs.audit_verified_at, checked.signs.audit_entries) == (NOW, 9)
    (entry,) = [read_entry(stored.body) for stored in store.entries()]
    assert (entry.kind, entry.actor) == ("verification.done", "service")
    assert dict(entry.facts) == {"entries": 9, "findings": 0, "head": "00" * 32}


def test_a_damaged_log_closes_the_gate_and_is_written_down(checked: Check, store: SqlStore) -> None:
    checked.log.intact = False
    with pytest.raises(AuditDamagedError) as caught:
        checked.check.verify()
    assert str(caught.value) == (
        "the audit log is not the one that was written (1 finding): nothing is disposed of. `audit verify` names the "
        "entries; restore the log before anything else."
    )
    assert checked.signs.gate.codes() == (AUDIT_DAMAGED,)
    assert checked.signs.audit_verified_at is None
    assert told(store) == [("verification.failed", None)]


def test_it_opens_again_only_when_the_log_verifies_again(checked: Check) -> None:
    checked.log.intact = False
    with pytest.raises(AuditDamagedError):
        checked.check.verify()
    checked.log.intact = True
    with pytest.raises(AuditDamagedError):
        checked.check.verify()
    checked.now += HOUR
    checked.check.verify()
    assert checked.signs.gate.codes() == ()


def test_a_check_that_is_tried_again_does_not_read_the_whole_log_again(checked: Check) -> None:
    for minutes in (0, 59):
        checked.now = NOW + timedelta(minutes=minutes)
        checked.check.verify()
    assert checked.log.read == 1
    assert checked.signs.audit_verified_at == NOW
    checked.now = NOW + HOUR
    checked.check.verify()
    checked.now = NOW - HOUR  # a clock that was set back
    checked.check.verify()
    assert checked.log.read == 3


# Telling.


class Mailbox:
    """Takes messages, or not."""

    def __init__(self) -> None:
        self.works = True
        self.messages: list[tuple[list[str], bool]] = []

    def tell(self, records: Sequence[AlarmRecord], *, settled: bool = False) -> bool:
        """A message arrives."""
        if self.works:
            self.messages.append(([f"{record.kind.value} {record.about}" for record in records], settled))
        return self.works


class FullDisk:
    """A transaction that stores no alarm."""

    def __init__(self, tx: SqlTransaction) -> None:
        self._tx = tx

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def save_alarm(self, _: AlarmRecord) -> None:
        """The disk is full."""
        raise RetentionError("disk full")


class Scene:
    """A watch, what it finds, and whom it tells."""

    def __init__(self, store: SqlStore) -> None:
        self.store, self.mailbox, self.found = store, Mailbox(), list[Alarm]()
        self.now, self.whole, self.disk_is_full, self.is_gone = NOW, True, False, False
        self.watch = Watch(cast(Store, self), self.mailbox, self.find, lambda: self.now)

    def find(self, _: datetime) -> Found:
        """What is wrong."""
        return Found(tuple(self.found), self.whole)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """A transaction of a database that may take nothing more, or be gone."""
        if self.is_gone:
            raise RetentionError("the database is gone")
        with self.store.transaction() as tx:
            yield FullDisk(tx) if self.disk_is_full else tx

    def wrong(self, about: str = "unsubscribed", **more: Any) -> None:
        """Something is wrong from now on."""
        values: dict[str, Any] = {"kind": AlarmKind.DEADLINE_NEAR, "level": AlarmLevel.WARNING, "at": NOW}
        self.found.append(Alarm(**values | {"about": about} | more))

    def after(self, **span: float) -> dict[str, object]:
        """Look so much later."""
        self.now += timedelta(**span)
        return self.watch.run()

    @property
    def records(self) -> list[AlarmRecord]:
        """What is stored."""
        with self.store.transaction() as tx:
            return list(tx.alarms())


@pytest.fixture
def scene(store: SqlStore) -> Scene:
    """Nothing is wrong yet."""
    return Scene(store)


@pytest.fixture
def said() -> Iterator[list[Any]]:
    """What the service itself says."""
    structlog.reset_defaults()
    with capture_logs() as lines:
        yield lines


def test_where_nothing_is_wrong_nothing_is_told(scene: Scene) -> None:
    assert scene.watch.run() == {}
    assert scene.mailbox.messages == []


def test_an_alarm_is_told_stored_and_written_down(scene: Scene) -> None:
    scene.wrong(facts=(("records", "3"),))
    assert scene.watch.run() == {"told": 1, "untold": 0, "settled": 0}
    assert scene.mailbox.messages == [(["deadline-near unsubscribed"], False)]
    (record,) = scene.records
    assert (record.times, record.last_sent_at, record.facts) == (1, NOW, (("records", "3"),))
    (entry,) = [read_entry(stored.body) for stored in scene.store.entries()]
    assert (entry.kind, entry.code, entry.actor) == ("alarm.sent", "deadline-near", "service")
    assert dict(entry.facts) == {"about": "unsubscribed", "level": "warning", "times": 1}


def test_what_is_told_and_what_is_settled_stands_among_the_service_s_own_messages(
    scene: Scene, said: list[Any]
) -> None:
    scene.wrong(facts=(("records", "3"),))
    scene.watch.run()
    scene.found.clear()
    scene.after(minutes=1)
    words = {"kind": "deadline-near", "about": "unsubscribed", "urgency": "warning", "times": 1}
    words["facts"] = {"records": "3"}
    assert said == [
        {"event": "alarm.raised", "log_level": "warning"} | words,
        {"event": "alarm.settled", "log_level": "info"} | words,
    ]


def test_what_has_changed_but_is_no_worse_is_noted_and_not_told(scene: Scene) -> None:
    scene.wrong(facts=(("records", "3"),))
    scene.watch.run()
    scene.found.clear()
    scene.wrong(facts=(("records", "4"),))
    assert scene.after(minutes=1) == {}
    assert [(record.facts, record.times) for record in scene.records] == [((("records", "4"),), 1)]


def test_it_is_told_again_with_ever_longer_pauses(scene: Scene) -> None:
    scene.wrong()
    minutes = [minute for minute in range(0, 60 * 48) if scene.after(minutes=0 if minute == 0 else 1)]
    assert minutes == [0, 60, 180, 420, 900, 1860]


def test_alarms_of_one_kind_come_in_one_message(scene: Scene) -> None:
    scene.wrong("unsubscribed")
    scene.wrong("consent-withdrawn")
    scene.wrong("due", kind=AlarmKind.TICK_LATE)
    scene.watch.run()
    assert scene.mailbox.messages == [
        (["deadline-near consent-withdrawn", "deadline-near unsubscribed"], False),
        (["tick-late due"], False),
    ]


def test_what_is_over_is_settled_and_told_once(scene: Scene) -> None:
    scene.wrong()
    scene.watch.run()
    scene.found.clear()
    assert scene.after(minutes=1) == {"told": 0, "untold": 0, "settled": 1}
    assert scene.after(minutes=1) == {}
    assert scene.mailbox.messages[1:] == [(["deadline-near unsubscribed"], True)]
    assert scene.records[0].settled_at == NOW + timedelta(minutes=1)
    assert told(scene.store) == [("alarm.sent", "deadline-near"), ("alarm.settled", "deadline-near")]


def test_what_is_over_comes_in_one_message_for_each_kind(scene: Scene) -> None:
    for about, kind in (("unsubscribed", AlarmKind.DEADLINE_NEAR), ("due", AlarmKind.TICK_LATE)):
        scene.wrong(about, kind=kind)
    scene.wrong("agreement")
    scene.watch.run()
    scene.found.clear()
    scene.after(minutes=1)
    assert scene.mailbox.messages[2:] == [
        (["deadline-near agreement", "deadline-near unsubscribed"], True),
        (["tick-late due"], True),
    ]


def test_what_could_not_be_told_is_known_and_told_as_soon_as_it_can(scene: Scene) -> None:
    scene.wrong()
    scene.mailbox.works = False
    assert scene.watch.run() == {"told": 0, "untold": 1, "settled": 0}
    assert [(record.times, record.last_sent_at) for record in scene.records] == [(0, None)]
    assert told(scene.store) == []
    scene.mailbox.works = True
    assert scene.after(minutes=1) == {"told": 1, "untold": 0, "settled": 0}
    assert scene.records[0].first_at == NOW


def test_that_it_grew_worse_is_not_forgotten_because_nobody_could_be_told(scene: Scene) -> None:
    scene.wrong()
    scene.watch.run()
    scene.found.clear()
    scene.wrong(level=AlarmLevel.URGENT)
    scene.mailbox.works = False
    scene.after(minutes=1)
    assert [(record.level, record.times, record.last_sent_at) for record in scene.records] == [
        (AlarmLevel.WARNING, 1, NOW)
    ]
    scene.mailbox.works = True
    assert scene.after(minutes=1) == {"told": 1, "untold": 0, "settled": 0}
    assert (scene.records[0].level, scene.records[0].times) == (AlarmLevel.URGENT, 1)


def test_a_full_disk_is_told_of_once_and_written_down_when_there_is_room(scene: Scene) -> None:
    scene.wrong("service", kind=AlarmKind.READINESS_LOST)
    scene.disk_is_full = True
    for minutes in (0, 1, 1):
        with pytest.raises(RetentionError, match="disk full"):
            scene.after(minutes=minutes)
    assert scene.mailbox.messages == [(["readiness-lost service"], False)]
    scene.disk_is_full = False
    scene.after(minutes=1)
    assert len(scene.mailbox.messages) == 1
    assert [(record.times, record.last_sent_at) for record in scene.records] == [(1, NOW)]
    assert told(scene.store) == [("alarm.sent", "readiness-lost")]


def test_a_database_that_is_gone_is_told_of_too_and_nothing_counts_as_settled(scene: Scene, said: list[Any]) -> None:
    scene.wrong()
    scene.watch.run()
    scene.found.clear()
    scene.wrong("service", kind=AlarmKind.READINESS_LOST)
    scene.whole, scene.is_gone = False, True
    for _ in range(2):
        with pytest.raises(RetentionError, match="gone"):
            scene.after(minutes=1)
    assert scene.mailbox.messages[1:] == [(["readiness-lost service"], False)]
    unread = {"event": "alarms.unreadable", "code": "RetentionError", "log_level": "error"}
    assert [line for line in said if line["log_level"] == "error"] == [unread] * 2
    scene.is_gone = False
    scene.after(minutes=1)
    assert [record.settled_at for record in scene.records] == [None, None]


def test_what_nobody_was_told_of_is_settled_without_a_word(scene: Scene) -> None:
    scene.wrong()
    scene.mailbox.works = False
    scene.watch.run()
    scene.found.clear()
    scene.mailbox.works = True
    scene.after(minutes=1)
    assert scene.mailbox.messages == []
    assert scene.records[0].settled_at is not None


def a_deletion(about: str = "contacts/101") -> Alarm:
    """Somebody else deleted what is held."""
    return Alarm(kind=AlarmKind.FOREIGN_DELETION, about=about, level=AlarmLevel.URGENT, at=NOW)


def test_what_has_happened_is_told_until_it_is_settled(scene: Scene) -> None:
    with scene.store.transaction() as tx:
        raise_alarm(tx, a_deletion())
        raise_alarm(tx, a_deletion())
    assert scene.after(seconds=1) == {"told": 1, "untold": 0, "settled": 0}
    assert scene.after(minutes=59) == {}
    assert scene.after(minutes=1) == {"told": 1, "untold": 0, "settled": 0}
    assert scene.mailbox.messages == [(["foreign-deletion contacts/101"], False)] * 2


@pytest.mark.parametrize("kind", EVENTS)
def test_what_has_happened_is_told_and_not_settled_because_nobody_finds_it(scene: Scene, kind: AlarmKind) -> None:
    with scene.store.transaction() as tx:
        raise_alarm(tx, Alarm(kind=kind, about="companies/7", level=AlarmLevel.WARNING, at=NOW))
    assert scene.after(seconds=30) == {"told": 1, "untold": 0, "settled": 0}
    assert scene.mailbox.messages == [([f"{kind.value} companies/7"], False)]
    assert [(record.about, record.settled_at) for record in scene.records] == [("companies/7", None)]


def test_what_is_raised_once_more_is_told_when_its_pause_is_over(scene: Scene) -> None:
    for _ in range(2):
        with scene.store.transaction() as tx:
            raise_alarm(tx, a_deletion())
        scene.after(minutes=1)
    assert len(scene.mailbox.messages) == 1
    assert [(record.times, record.last_sent_at) for record in scene.records] == [(1, NOW + timedelta(minutes=1))]


def test_what_is_raised_touches_no_other_alarm(scene: Scene) -> None:
    scene.wrong()
    scene.watch.run()
    with scene.store.transaction() as tx:
        raise_alarm(tx, a_deletion("contacts/1"))
        raise_alarm(tx, a_deletion("contacts/2"))
    assert [(record.about, record.settled_at) for record in scene.records] == [
        ("unsubscribed", None),
        ("contacts/1", None),
        ("contacts/2", None),
    ]


# Refused webhooks.


def test_of_growing_counters_the_last_hour_counts() -> None:
    seen = Rejections()
    assert not seen.is_whole(NOW)
    assert seen.within(100, 50, NOW) == (0, 0)
    assert seen.within(110, 55, NOW + timedelta(minutes=30)) == (10, 5)
    assert not seen.is_whole(NOW + timedelta(minutes=30))
    assert seen.within(120, 70, NOW + timedelta(minutes=60)) == (20, 20)
    assert seen.is_whole(NOW + timedelta(minutes=60))
    assert seen.within(120, 71, NOW + timedelta(minutes=89)) == (20, 21)
    assert seen.within(120, 71, NOW + timedelta(minutes=90)) == (10, 16)
    assert seen.within(120, 71, NOW + timedelta(hours=9)) == (0, 0)


def test_of_counters_that_are_seldom_asked_for_it_counts_from_an_hour_ago_or_more() -> None:
    seen = Rejections()
    seen.within(100, 50, NOW)
    seen.within(110, 60, NOW + timedelta(minutes=10))
    assert seen.within(130, 90, NOW + timedelta(hours=2)) == (20, 30)


@pytest.mark.parametrize("settles", [True, False])
def test_an_alarm_that_a_person_settles_while_it_is_told_stays_settled(scene: Scene, settles: bool) -> None:
    with scene.store.transaction() as tx:
        raise_alarm(tx, Alarm(kind=AlarmKind.FOREIGN_DELETION, about="contacts/101", level=AlarmLevel.URGENT, at=NOW))
    tell = scene.mailbox.tell

    def slowly(records: Sequence[AlarmRecord], *, settled: bool = False) -> bool:
        if settles:
            settle_alarm(scene.store, "contacts/101", Outcome.LOST, "bent", NOW)
        return tell(records, settled=settled)

    scene.mailbox.tell = slowly  # type: ignore[method-assign]
    scene.watch.run()
    (record,) = scene.records
    assert record.settled_at == (NOW if settles else None)
    assert record.times == 1


def while_told(scene: Scene, happens: Callable[[Any], None]) -> None:
    """Something happens to what the store knows while the first message goes out."""
    tell, once = scene.mailbox.tell, iter((happens,))

    def slowly(records: Sequence[AlarmRecord], *, settled: bool = False) -> bool:
        for each in once:
            with scene.store.transaction() as tx:
                each(tx)
        return tell(records, settled=settled)

    scene.mailbox.tell = slowly  # type: ignore[method-assign]


def erased(tx: Any) -> None:
    """What somebody deleted is erased, too."""
    (known,) = tx.alarms()
    tx.save_alarm(replace(known, facts=(("restorable_until", "never"),)))


def test_what_happens_to_an_event_while_it_is_told_stays_and_is_told_by_itself(scene: Scene) -> None:
    with scene.store.transaction() as tx:
        raise_alarm(tx, replace(a_deletion(), facts=(("restorable_until", "2027-02-22"),)))
    while_told(scene, erased)
    scene.watch.run()
    assert [record.facts for record in scene.records] == [(("restorable_until", "never"),)]
    assert scene.after(seconds=30) == {"told": 1, "untold": 0, "settled": 0}
    assert [(record.facts, record.times) for record in scene.records] == [((("restorable_until", "never"),), 1)]
    assert scene.after(minutes=59) == {}
    assert told(scene.store) == [("alarm.sent", "foreign-deletion")] * 2


def test_an_event_that_grows_worse_while_it_is_told_stays_worse(scene: Scene) -> None:
    with scene.store.transaction() as tx:
        raise_alarm(tx, replace(a_deletion(), level=AlarmLevel.WARNING))
    while_told(scene, lambda tx: raise_alarm(tx, a_deletion()))
    scene.watch.run()
    assert [record.level for record in scene.records] == [AlarmLevel.URGENT]
    assert scene.after(seconds=30) == {"told": 1, "untold": 0, "settled": 0}


def test_an_event_that_is_over_and_happens_again_before_it_is_written_down_is_told(scene: Scene) -> None:
    with scene.store.transaction() as tx:
        raise_alarm(tx, a_deletion())
    scene.disk_is_full = True
    with pytest.raises(RetentionError, match="disk full"):
        scene.watch.run()
    later = NOW + 3 * HOUR
    with scene.store.transaction() as tx:
        (known,) = tx.alarms()
        tx.save_alarm(replace(known, settled_at=NOW))
        raise_alarm(tx, replace(a_deletion(), at=later))
    scene.disk_is_full = False
    assert scene.after(hours=3) == {"told": 1, "untold": 0, "settled": 0}
    assert [(record.first_at, record.last_sent_at) for record in scene.records] == [(later, later)]


def test_of_an_event_that_changed_before_it_was_written_down_the_change_is_told(scene: Scene) -> None:
    with scene.store.transaction() as tx:
        raise_alarm(tx, replace(a_deletion(), facts=(("restorable_until", "2027-02-22"),)))
    scene.disk_is_full = True
    with pytest.raises(RetentionError, match="disk full"):
        scene.watch.run()
    with scene.store.transaction() as tx:
        erased(tx)
    scene.disk_is_full = False
    assert scene.after(minutes=1) == {"told": 1, "untold": 0, "settled": 0}
    assert [record.facts for record in scene.records] == [(("restorable_until", "never"),)]


def test_the_other_alarms_are_as_they_were_found(scene: Scene) -> None:
    scene.wrong(facts=(("records", "3"),))
    scene.watch.run()
    scene.wrong(facts=(("records", "4"),), level=AlarmLevel.URGENT)
    assert scene.after(minutes=1) == {"told": 1, "untold": 0, "settled": 0}
    assert [(record.facts, record.level) for record in scene.records] == [((("records", "4"),), AlarmLevel.URGENT)]


def test_an_event_is_over_for_good_when_the_bin_has_forgotten_it(scene: Scene) -> None:
    with scene.store.transaction() as tx:
        raise_alarm(tx, a_deletion())
    scene.watch.run()
    assert scene.after(days=90) == {"told": 0, "untold": 0, "settled": 1}
    assert [record.settled_at for record in scene.records] == [NOW + timedelta(days=90)]
    assert scene.after(minutes=1) == {}
