"""The log's oldest entries go when their period is over: only what was signed and shown, and never what is needed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import CapturedCall, CapturingLogger

from hubspot_retention.core.audit.anchor import Doubt
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.verify import VerifyReport
from hubspot_retention.core.plan.model import PlanStatus
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.store.database import open_store
from hubspot_retention.workflow import shorten
from hubspot_retention.workflow.kept import KeptSince
from hubspot_retention.workflow.shorten import Shortened
from tests.documents import CLIENTI, clienti
from tests.stores import a_database
from tests.unit.workflow.desk import DAY, HOUR, Desk, former_customer
from tests.unit.workflow.handmade_log import NOW, OVER, Log

SECOND = timedelta(seconds=1)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    """An empty one."""
    with open_store(a_database(tmp_path / "retention.db")) as store:
        yield Log(store)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> CapturingLogger:
    """What whoever runs the service reads."""
    made = CapturingLogger()
    monkeypatch.setattr(shorten, "_log", made)
    return made


@pytest.fixture
def old(log: Log) -> Log:
    """Six entries: five have had their time, the sixth was written today."""
    log.write(*(OVER - days * DAY for days in (50, 40, 30, 20, 10)), NOW)
    return log


def test_what_had_its_time_goes_but_for_the_last_which_shows_that_no_younger_one_went(old: Log) -> None:
    assert old.shorten() == Shortened(removed=4)
    assert old.kept() == [5, 6, 7]


def test_the_log_tells_of_it_and_verifies_as_before(old: Log) -> None:
    last, edge = old.store.entry(4), old.store.tree_at(4)
    assert last is not None
    assert edge is not None
    old.shorten()
    cut, told = old.store.cut(), old.told()
    assert cut is not None
    assert (cut.size, cut.hash, cut.edge, cut.before, cut.entry_seq) == (4, last.hash, edge.encoded(), OVER, 7)
    assert (told.kind, told.at, told.actor) == ("log.cut", NOW, "service")
    assert told.policy_digest == clienti().digest
    assert dict(told.facts) == dict(cut.facts())
    old.sign()
    assert cut.is_told(old.store.entry(7), old.store.entry(5))
    assert old.store.verify_log().intact


def test_what_is_signed_of_a_cut_is_kept_with_it(old: Log) -> None:
    old.shorten()
    cut = old.store.cut()
    assert cut is not None
    assert cut.note == old.sign_cut(cut, NOW).note
    (signed,) = [each for each in old.store.checkpoints() if each.note == cut.note]
    assert (signed.size, signed.edge, signed.at) == (4, cut.edge, NOW)


def test_the_anchors_are_shown_the_log_once_the_entries_are_gone(old: Log) -> None:
    old.shorten()
    assert old.marked == [[5, 6, 7]]


def test_whoever_runs_the_service_is_told_how_much_went(old: Log, lines: CapturingLogger) -> None:
    old.shorten()
    assert lines.calls == [CapturedCall("info", ("log.cut",), {"removed": 4, "size": 4})]


def test_an_empty_log_has_nothing_to_remove(log: Log) -> None:
    assert log.shorten() == Shortened()
    assert log.verified == 0


def test_the_whole_log_is_not_read_while_nothing_in_it_is_old(log: Log) -> None:
    log.write(OVER, NOW)
    assert log.shorten() == Shortened()
    assert log.verified == 0


def test_an_entry_of_the_second_in_which_the_period_ends_is_kept(log: Log) -> None:
    log.write(OVER - DAY, OVER - SECOND, OVER, OVER + MOMENT, NOW)
    assert log.shorten(NOW + timedelta(milliseconds=1)) == Shortened(removed=1)
    cut = log.store.cut()
    assert cut is not None
    assert (cut.before, log.kept()[0]) == (OVER, 2)


@pytest.mark.parametrize("doubt", [Doubt.BEHIND, Doubt.OLD])
def test_nothing_goes_of_a_log_that_its_anchors_doubt(old: Log, doubt: Doubt) -> None:
    old.found = (doubt,)
    assert old.shorten() == Shortened()
    assert (old.kept(), old.verified) == ([1, 2, 3, 4, 5, 6], 0)


def test_nothing_goes_of_a_log_that_does_not_verify(old: Log) -> None:
    old.is_intact = False
    assert old.shorten() == Shortened()
    assert old.kept() == [1, 2, 3, 4, 5, 6]


def test_nothing_goes_of_a_log_whose_beginning_cannot_be_read(old: Log) -> None:
    with old.store.transaction() as tx:
        tx._connection.exec_driver_sql("DROP TRIGGER audit_entry_stays")
        tx._connection.exec_driver_sql("UPDATE audit_entry SET body = hash WHERE seq = 1")
    assert old.shorten() == Shortened()
    assert (old.kept(), old.verified) == ([1, 2, 3, 4, 5, 6], 0)


# Where it may be cut


def test_it_is_cut_where_it_was_signed_at_the_time(log: Log) -> None:
    log.write(OVER - 9 * DAY, OVER - 8 * DAY)
    log.write_unsigned(OVER - 7 * DAY, OVER - 6 * DAY)
    log.write(NOW)
    assert log.shorten() == Shortened(removed=2)
    assert log.kept()[0] == 3


def test_where_nothing_was_signed_nothing_goes(log: Log) -> None:
    log.write_unsigned(OVER - 9 * DAY, OVER - 8 * DAY, NOW)
    assert log.shorten() == Shortened()
    assert (log.kept(), log.marked) == ([1, 2, 3], [])


@pytest.mark.parametrize(("shown", "removed"), [(0, 0), (1, 1), (3, 3), (4, 4), (6, 4)])
def test_nothing_goes_that_an_anchor_was_not_shown(old: Log, shown: int, removed: int) -> None:
    old.shown = shown
    assert old.shorten() == Shortened(removed=removed)


def test_while_one_old_entry_is_alone_it_stays(log: Log) -> None:
    log.write(OVER - DAY, NOW)
    assert log.shorten() == Shortened()
    assert log.kept() == [1, 2]


def test_while_everything_is_stopped_nothing_goes_and_nothing_is_told(old: Log, lines: CapturingLogger) -> None:
    with old.store.transaction() as tx:
        tx.set_kill_switch("anna: wait")
    assert old.shorten() == Shortened()
    assert (old.kept(), old.store.cut(), old.marked, lines.calls) == ([1, 2, 3, 4, 5, 6], None, [], [])


# What was approved


def with_period(period: str) -> str:
    """Clienti's policy, with that period of the log."""
    return CLIENTI.read_text().replace('audit_log = "P5Y"', f'audit_log = "{period}"')


def test_what_a_shortened_period_would_take_stays_until_a_person_has_approved_it(log: Log) -> None:
    log.write(*(OVER + days * DAY for days in (10, 20, 30)), NOW)
    log.policy = parse_policy(with_period("P2Y"))
    assert (log.shorten(), log.verified) == (Shortened(), 0)
    log.approve(with_period("P2Y"))
    assert log.shorten() == Shortened(removed=2)


def test_a_period_that_is_longer_than_the_one_approved_counts_at_once(old: Log) -> None:
    old.policy = parse_policy(with_period("P10Y"))
    assert old.shorten() == Shortened()


def test_nothing_goes_while_nobody_has_approved_a_policy(old: Log) -> None:
    with old.store.transaction() as tx:
        tx._connection.exec_driver_sql("DELETE FROM policy_approval")
    assert (old.shorten(), old.verified) == (Shortened(), 0)


def test_what_is_approved_while_the_log_is_read_counts(
    old: Log, monkeypatch: pytest.MonkeyPatch, lines: CapturingLogger
) -> None:
    read = old.store.verify_log

    def and_approve() -> VerifyReport:
        old.approve(with_period("P10Y"))
        return read()

    monkeypatch.setattr(old.store, "verify_log", and_approve)
    assert old.shorten() == Shortened()
    assert (old.kept(), old.store.cut(), lines.calls) == ([1, 2, 3, 4, 5, 6], None, [])


# What is needed yet


def test_a_hold_in_force_keeps_its_entry_and_it_is_told_what_for(log: Log) -> None:
    log.write(OVER - 9 * DAY, OVER - 8 * DAY)
    log.write(OVER - 7 * DAY, subject=Subject.HOLD, verb=Verb.PLACED, record="contacts/7", facts=(("hold_id", 7),))
    log.write(OVER - 6 * DAY, OVER - 5 * DAY, NOW)
    assert log.shorten() == Shortened(removed=2, kept_for=Subject.HOLD)
    assert log.kept()[0] == 3


def test_it_is_told_what_keeps_everything(log: Log) -> None:
    log.write(OVER - 7 * DAY, subject=Subject.HOLD, verb=Verb.PLACED, record="contacts/7", facts=(("hold_id", 7),))
    log.write(OVER - 6 * DAY, OVER - 5 * DAY, NOW)
    assert log.shorten() == Shortened(removed=0, kept_for=Subject.HOLD)


@pytest.mark.parametrize(("status", "first"), [(PlanStatus.AWAITING_REVIEW, 2), (PlanStatus.REJECTED, 5)])
def test_what_was_written_since_a_plan_that_may_yet_be_carried_out_was_built_stays(
    old: Log, status: PlanStatus, first: int
) -> None:
    for days in (25, 35):
        Desk(old.store).plan(former_customer(), built_at=OVER - days * DAY, status=status, expires_at=NOW)
    old.shorten()
    assert old.kept()[0] == first


def test_a_plan_of_today_lets_nothing_go_that_is_not_old(log: Log) -> None:
    log.write(OVER - 9 * DAY, OVER - 8 * DAY, OVER + DAY, OVER + 2 * DAY, NOW)
    Desk(log.store).plan(former_customer(), built_at=NOW - HOUR, expires_at=NOW)
    assert log.shorten() == Shortened(removed=1)


def test_a_plan_that_is_over_keeps_nothing(old: Log) -> None:
    Desk(old.store).plan(former_customer(), built_at=OVER - 35 * DAY, expires_at=NOW - MOMENT)
    old.shorten()
    assert old.kept()[0] == 5


def test_however_short_the_period_what_a_lost_call_may_yet_do_is_known_for_a_day(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = KeptSince(consent_receipts=NOW, tombstones=NOW, audit_log=NOW)
    monkeypatch.setattr(shorten, "kept_since", lambda tx, policy, now: at_once)
    log.write(NOW - 26 * HOUR, NOW - 25 * HOUR, NOW - DAY, NOW - HOUR)
    assert log.shorten() == Shortened(removed=1)


# Once more


def test_the_next_cut_is_made_a_day_later_and_not_before(log: Log) -> None:
    log.write(OVER - 3 * DAY, OVER - 2 * DAY, OVER + HOUR, OVER + 2 * HOUR, OVER + 2 * DAY)
    assert log.shorten().removed == 1
    assert log.shorten(NOW + DAY - MOMENT) == Shortened()
    assert log.verified == 1
    log.sign()
    assert log.shorten(NOW + DAY) == Shortened(removed=2)
    assert log.kept()[0] == 4
    assert log.store.verify_log().intact


def test_what_is_kept_for_a_hold_is_not_cut_off_again_each_day(log: Log) -> None:
    log.write(OVER - 9 * DAY, OVER - 8 * DAY)
    log.write(OVER - 7 * DAY, subject=Subject.HOLD, verb=Verb.PLACED, record="contacts/7", facts=(("hold_id", 7),))
    log.write(OVER - 6 * DAY, OVER - 5 * DAY, NOW)
    log.shorten()
    log.sign()
    assert log.shorten(NOW + DAY) == Shortened(removed=0, kept_for=Subject.HOLD)
    assert log.kept() == [3, 4, 5, 6, 7]


def test_an_unreadable_word_of_the_cut_before_is_damage_and_nothing_goes(old: Log) -> None:
    old.shorten()
    with old.store.transaction() as tx:
        tx._connection.exec_driver_sql("DROP TRIGGER audit_entry_stays")
        tx._connection.exec_driver_sql("UPDATE audit_entry SET body = hash WHERE seq = 7")
    assert old.shorten(NOW + 400 * DAY) == Shortened()
    assert old.verified == 1


# What is carried on


def approve(log: Log, digest: str, instant: datetime) -> None:
    """Anna approves a policy."""
    log.write(instant, subject=Subject.POLICY, verb=Verb.APPROVED, policy_digest=digest, actor="anna")


def carried(log: Log) -> dict[str, object]:
    """What the newest entry says of what went."""
    return {name: value for name, value in log.told().facts if name.startswith("policy")}


def test_the_policy_that_was_approved_last_of_what_goes_is_carried_on_through_every_cut(log: Log) -> None:
    approve(log, "d1", OVER - 9 * DAY)
    approve(log, "d2", OVER - 8 * DAY)
    log.write(OVER - 7 * DAY)
    approve(log, "d3", OVER - 6 * DAY)
    log.write(OVER + HOUR, OVER + 2 * HOUR, NOW)
    log.shown = 2
    assert log.shorten().removed == 2
    said = {"policy": "d2", "policy_at": (OVER - 8 * DAY).isoformat(), "policy_by": "anna"}
    assert carried(log) == said
    log.sign()
    log.shown = 3
    assert log.shorten(NOW + DAY).removed == 1
    assert carried(log) == said
    log.sign()
    log.shown = None
    assert log.shorten(NOW + 2 * DAY).removed == 2
    assert carried(log)["policy"] == "d3"


def test_what_the_cut_before_says_is_carried_on_as_long_as_nothing_newer_goes(log: Log) -> None:
    """Also where its entry is among what goes this time."""
    approve(log, "d1", OVER - 9 * DAY)
    log.write(OVER - 8 * DAY, OVER - 7 * DAY)
    log.shown = 1
    assert log.shorten().removed == 1
    log.sign()
    later = NOW + 5 * 366 * DAY
    log.write(NOW + DAY, NOW + 2 * DAY, later)
    log.shown = None
    assert log.shorten(later).removed == 4
    assert carried(log)["policy"] == "d1"
