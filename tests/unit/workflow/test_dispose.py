"""What comes next while a plan is carried out: rounds, batches, stops, how it ends. The work of a batch is played."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hubspot_retention.core.audit.entry import read_entry
from hubspot_retention.core.audit.kinds import Verb
from hubspot_retention.core.plan.model import Action, Block, ItemState, Plan, PlanItem, PlanStatus
from hubspot_retention.core.plan.query import ALL_ITEMS
from hubspot_retention.core.policy.model import Mode
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.core.portal import PortalDetails
from hubspot_retention.core.record import PortalId
from hubspot_retention.errors import (
    BlockedError,
    PortalDeniedError,
    PortalError,
    PortalPausedError,
    PortalTemporaryError,
)
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.workflow import dispose
from hubspot_retention.workflow.carry import Tools
from hubspot_retention.workflow.dispose import Applier, ApplyReport
from hubspot_retention.workflow.gate import Permission
from hubspot_retention.workflow.protocol import CAME_FARTHER, Ledger
from hubspot_retention.workflow.times import Times
from tests.builders import at
from tests.contract.store.values import a_run
from tests.documents import CLIENTI, clienti
from tests.stores import a_database
from tests.unit.core.plan.plans import a_disposal, a_plan, an_item
from tests.unit.core.webhook.test_heard import told

NOW = at("2026-11-22T09:00")
HOUR = timedelta(hours=1)
PORTAL = PortalId(25412345)
DONE = (ItemState.DONE, Verb.DONE, "read-back-absent")
AGAIN = (ItemState.PENDING, Verb.ABANDONED, "check-again")
LOST = (ItemState.UNKNOWN, Verb.UNKNOWN, "no-answer")
FAILED = (ItemState.FAILED, Verb.FAILED, "http-400")
Word = tuple[ItemState, Verb, str]
PERMISSION = Permission(mode=Mode.REVIEW, allow_erase=True)
BUSY = PortalTemporaryError("busy")


def erases(number: int) -> list[PlanItem]:
    """So many to be erased, the earliest deadline last."""
    return [
        an_item(decision=a_disposal(f"contacts/{101 + place}", erase_by=NOW + (number - place) * HOUR))
        for place in range(number)
    ]


@dataclass(slots=True)
class Play:
    """A store with a plan, and what becomes of each batch: a word for its items, or an error. When the script is at
    its end everything is done. `before`: what else happens as a batch begins, by its number from 1."""

    store: SqlStore
    plan: Plan
    script: list[Word | PortalError] = field(default_factory=list)
    before: dict[int, Callable[[], object]] = field(default_factory=dict)
    portal: PortalId = PORTAL
    unreadable: set[int] = field(default_factory=set)
    batches: list[list[int]] = field(default_factory=list)
    looks: list[list[int]] = field(default_factory=list)
    told: list[tuple[str, int, int | None]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    stopping: bool = False
    stands: bool = True
    is_down: bool = False
    reading: PortalError = BUSY
    ledger: Ledger = field(init=False)

    def applier(self) -> Applier:
        """Who applies it."""
        freshness = SimpleNamespace(
            require=lambda: self.shown.append("require"),
            mark=lambda: self.shown.append("mark"),
            stands=lambda: self.stands,
        )
        details = PortalDetails(
            portal_id=self.portal, account_type="STANDARD", time_zone="Europe/Copenhagen", clock_skew_seconds=0.0
        )

        def identity() -> PortalDetails:
            if self.is_down:
                raise BUSY
            return details

        parts: dict[str, Any] = {
            "source": SimpleNamespace(identity=identity),
            "disposer": None,
            "store": self.store,
            "fresh": None,
            "policy": clienti(),
            "times": Times(lambda: NOW, lambda: 0.0),
            "should_stop": lambda: self.stopping,
            "freshness": freshness,
            "app_id": "39522895",
        }
        return Applier(Tools(**parts), PERMISSION)

    def apply(self) -> ApplyReport:
        """Apply the plan."""
        return self.applier().apply(self.plan.plan_id, "carl", lambda *what: self.told.append(what))

    def work(self, batch: Sequence[PlanItem], ledger: Ledger) -> None:
        """One batch, as the script says."""
        self.ledger = ledger
        self.batches.append([item.record.record_id for item in batch])
        self.before.get(len(self.batches), lambda: None)()
        word = self.script.pop(0) if self.script else DONE
        if isinstance(word, PortalError):
            ledger.prepare(batch)
            raise word
        ledger.settle(batch, *word)

    def settle(self, batch: Sequence[PlanItem], ledger: Ledger) -> None:
        """What is read back is gone, unless it cannot be read."""
        self.looks.append([item.record.record_id for item in batch])
        if self.unreadable.intersection(self.looks[-1]):
            raise self.reading
        ledger.settle(batch, *DONE)

    def words(self) -> list[tuple[str, str | None]]:
        """Kind and code of what the log says of plans."""
        entries = [read_entry(stored.body) for stored in self.store.entries()]
        assert {(entry.actor, entry.at, entry.plan_id) for entry in entries} <= {("carl", NOW, self.plan.plan_id)}
        return [(entry.kind, entry.code) for entry in entries if entry.subject.value == "plan"]

    def states(self) -> dict[int, tuple[ItemState, str]]:
        """How far every item has come."""
        with self.store.transaction() as tx:
            items = list(tx.items(self.plan.plan_id, ALL_ITEMS))
        return {item.record.record_id: (item.state, item.state_code) for item in items}

    def become(self, status: PlanStatus) -> None:
        """Somebody decides."""
        with self.store.transaction() as tx:
            tx.save_plan(replace(self.plan, status=status))

    def status(self) -> PlanStatus:
        """What the plan is now."""
        with self.store.transaction() as tx:
            found = tx.plan(self.plan.plan_id)
        assert found is not None
        return found.status


@dataclass(slots=True)
class Hand:
    """Stands in the place of the one who carries out."""

    play: Play
    ledger: Ledger

    def settle(self, batch: Sequence[PlanItem]) -> None:
        """Read back."""
        self.play.settle(batch, self.ledger)


class Row:
    """Stands in the place of batches that overlap: one after the other."""

    def __init__(self, hand: Hand, batches: Sequence[Sequence[PlanItem]]) -> None:
        self._hand, self._batches = hand, batches

    def outcomes(self) -> Iterator[tuple[Sequence[PlanItem], PortalError | None]]:
        """Each batch, with what stood in its way."""
        for batch in self._batches:
            error = None
            try:
                self._hand.play.work(batch, self._hand.ledger)
            except PortalError as found:
                error = found
            yield batch, error


Make = Callable[..., Play]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """A plan of these items, approved by a person."""
    with open_store(a_database(tmp_path / "retention.db")) as store:

        def play(items: Sequence[PlanItem], **plan: Any) -> Play:
            with store.transaction() as tx:
                run_id = tx.start_run(a_run())
                values: dict[str, Any] = {
                    "plan_id": f"{run_id}-time",
                    "run_id": run_id,
                    "status": PlanStatus.APPROVED,
                    "policy_digest": clienti().digest,
                    "digest": "d1",
                    "decided_by": "bent",
                    "decided_at": NOW,
                    "expires_at": NOW + HOUR,
                }
                made = a_plan(**values | plan)
                tx.add_plan(made)
                tx.add_items(made.plan_id, items)
            found = Play(store, made)
            monkeypatch.setattr(dispose, "Carrier", lambda tools, ledger, permission, reported: Hand(found, ledger))
            monkeypatch.setattr(dispose, "Overlap", Row)
            return found

        yield play


def test_a_plan_is_begun_carried_out_and_told_and_shown_outside(make: Make) -> None:
    play = make(erases(3))
    report = play.apply()
    applied = replace(play.plan, status=PlanStatus.APPLIED)
    assert report == ApplyReport(plan=applied, done=3, skipped=0, failed=0, unsettled=0, waiting=0)
    assert report.is_whole
    assert play.status() is PlanStatus.APPLIED
    assert play.words() == [("plan.started", None), ("plan.applied", "applied")]
    assert play.told == [("applying", 3, 3)]
    assert play.shown == ["require", "mark"]


def test_nobody_need_listen_to_the_progress(make: Make) -> None:
    play = make(erases(1))
    assert play.applier().apply(play.plan.plan_id, "carl").done == 1


def test_the_earliest_deadline_goes_first_in_batches_of_one_kind_of_the_size_of_its_kind(make: Make) -> None:
    people = erases(101)
    deal = an_item(decision=a_disposal("deals/9", erase_by=NOW + 2 * HOUR), action=Action.ARCHIVE)
    play = make([*people, deal])
    play.apply()
    assert [len(batch) for batch in play.batches] == [1, 50, 49, 2]
    assert play.batches[0] == [9]
    assert play.batches[1][:2] == [201, 200]
    assert play.batches[3] == [102, 101]


@pytest.mark.parametrize("status", [PlanStatus.PARTLY_APPLIED, PlanStatus.APPLYING])
def test_a_plan_that_was_stopped_goes_on(make: Make, status: PlanStatus) -> None:
    play = make(erases(1), status=status)
    play.apply()
    assert play.words()[0] == ("plan.resumed", None)


def test_a_plan_that_somebody_decides_about_at_that_moment_is_not_begun(make: Make) -> None:
    play = make(erases(1))
    applier = play.applier()
    tools = applier._tools
    applier._tools = replace(tools, source=cast(Any, SimpleNamespace(identity=lambda: rejecting(play, tools))))
    with pytest.raises(BlockedError, match=r"^plan \d+-time is not applied: somebody decided about it just now; look"):
        applier.apply(play.plan.plan_id, "carl")
    assert (play.batches, play.words()) == ([], [])


def rejecting(play: Play, tools: Tools) -> PortalDetails:
    """Somebody rejects while HubSpot is asked whose token it is."""
    play.become(PlanStatus.REJECTED)
    return tools.source.identity()


def test_what_is_in_the_plan_for_a_person_to_see_is_not_touched(make: Make) -> None:
    play = make([*erases(1), an_item("contacts/201", action=Action.NONE)])
    assert (play.apply().done, play.batches) == (1, [[101]])


def test_what_we_write_ourselves_is_no_news_to_us(make: Make) -> None:
    play = make(erases(1))
    sent: list[object] = []

    def our_own_write() -> None:
        prepared = play.ledger.prepare(erases(1))
        ours = {"change_source": "INTEGRATION", "source_id": "39522895"}
        with play.store.transaction() as tx:
            tx.add_events([told("contact.propertyChange", 101, "legal_hold", **ours)], NOW)
        sent.append(play.ledger.send(erases(1), prepared))

    play.before = {1: our_own_write}
    play.apply()
    assert sent != [None]


def test_what_is_blocked_waits_and_stands_in_nobodys_way(make: Make) -> None:
    first, second = erases(2)
    play = make([first, second._replace(block=Block.UNVERIFIED)])
    report = play.apply()
    assert play.batches == [[101]]
    assert (report.done, report.waiting, report.is_whole) == (1, 1, True)
    assert report.plan.status is PlanStatus.PARTLY_APPLIED


# Rounds


def test_what_is_abandoned_is_tried_again_in_rounds_until_three_achieve_nothing(make: Make) -> None:
    play = make(erases(2), expires_at=NOW + HOUR)
    play.script = [AGAIN] * 20
    report = play.apply()
    assert len(play.batches) == 4
    assert (report.waiting, report.done) == (2, 0)
    assert report.plan.status is PlanStatus.PARTLY_APPLIED


def test_what_takes_too_long_to_be_read_together_is_read_in_smaller_batches(make: Make) -> None:
    play = make(erases(110))
    play.script = [DONE, AGAIN, AGAIN]
    assert play.apply().done == 110
    assert [len(batch) for batch in play.batches] == [50, 50, 10, 10, 10, 10, 10, 10, 10]


def test_where_more_than_half_went_the_batches_stay_as_they_are(make: Make) -> None:
    play = make(erases(110))
    play.script = [DONE, DONE, AGAIN]
    play.apply()
    assert [len(batch) for batch in play.batches] == [50, 50, 10, 10]


def test_where_half_of_them_went_they_stay_so_too(make: Make) -> None:
    play = make(erases(100))
    play.script = [DONE, AGAIN]
    play.apply()
    assert [len(batch) for batch in play.batches] == [50, 50, 50]


def test_who_comes_farther_each_time_is_tried_until_they_are_done(make: Make) -> None:
    play = make(erases(2))
    play.script = [*[(ItemState.PENDING, Verb.ABANDONED, CAME_FARTHER)] * 9, DONE]
    assert play.apply().done == 2
    assert len(play.batches) == 10


def test_a_round_that_achieves_something_begins_the_count_anew(make: Make) -> None:
    deal = an_item(decision=a_disposal("deals/9"), action=Action.ARCHIVE)
    play = make([*erases(2), deal])
    play.script = [*[AGAIN] * 5, DONE, *[AGAIN] * 20]
    play.apply()
    assert len(play.batches) == 2 * 3 + 4


def test_what_is_lost_is_read_back_after_each_round(make: Make) -> None:
    play = make(erases(3))
    play.script = [LOST]
    report = play.apply()
    assert play.looks == [[103, 102, 101]]
    assert (report.done, report.unsettled, report.plan.status) == (3, 0, PlanStatus.APPLIED)


def test_what_failed_leaves_the_plan_partly_applied(make: Make) -> None:
    play = make(erases(1))
    play.script = [FAILED]
    report = play.apply()
    assert report == ApplyReport(
        plan=replace(play.plan, status=PlanStatus.PARTLY_APPLIED), done=0, skipped=0, failed=1, unsettled=0, waiting=0
    )
    assert not report.is_whole
    assert play.words()[-1] == ("plan.applied", "partly-applied")


def test_what_was_skipped_is_told_and_leaves_the_plan_applied(make: Make) -> None:
    play = make(erases(1))
    play.script = [(ItemState.SKIPPED, Verb.SKIPPED, "held-now")]
    report = play.apply()
    assert (report.skipped, report.plan.status, report.is_whole) == (1, PlanStatus.APPLIED, True)


# What cannot be read


def test_a_batch_that_cannot_be_read_is_given_back_and_tried_in_smaller_ones(make: Make) -> None:
    play = make(erases(25))
    play.script = [BUSY, DONE, BUSY]
    play.apply()
    assert [len(batch) for batch in play.batches] == [25, 10, 10, 5, *[1] * 10]
    assert play.told[0] == ("applying", 25, 25)
    assert set(play.states().values()) == {(ItemState.DONE, "read-back-absent")}


def test_what_was_given_back_waits_as_unreadable(make: Make) -> None:
    play = make(erases(1))
    play.script = [BUSY, *[AGAIN] * 2]
    play.before = {2: lambda: seen.append(play.states())}
    seen: list[dict[int, tuple[ItemState, str]]] = []
    play.apply()
    assert seen == [{101: (ItemState.PENDING, "unreadable")}]


def several_batches(make: Make, *script: Word | PortalError) -> Play:
    """Four batches of a kind of their own."""
    kinds = ((Action.ARCHIVE, "contacts/1"), (Action.ARCHIVE, "deals/2"), (Action.END_MARKETING, "contacts/3"))
    items = [an_item(decision=a_disposal(record), action=action) for action, record in kinds]
    play = make([*items, an_item("contacts/4")])
    play.script = list(script)
    return play


def test_three_failures_in_a_row_are_hubspots_trouble_if_it_cannot_be_read_at_all(make: Make) -> None:
    play = several_batches(make, BUSY, BUSY, BUSY)
    play.before = {3: lambda: setattr(play, "is_down", True)}
    with pytest.raises(PortalTemporaryError):
        play.apply()
    assert len(play.batches) == 3
    assert play.words() == [("plan.started", None), ("plan.stopped", "PortalTemporaryError")]
    assert play.status() is PlanStatus.APPLYING
    assert play.shown == ["require", "mark"]


def test_several_poison_records_delay_no_other_while_hubspot_answers(make: Make) -> None:
    play = several_batches(make, BUSY, BUSY, BUSY, DONE, *[BUSY] * 20)
    report = play.apply()
    assert (report.done, report.waiting) == (1, 3)
    assert [state for state, _ in play.states().values()].count(ItemState.DONE) == 1


def test_thirty_failures_in_a_row_are_hubspots_trouble_whatever_it_answers(make: Make) -> None:
    play = make(erases(1_600))
    play.script = [BUSY] * 40
    with pytest.raises(PortalTemporaryError):
        play.apply()
    assert len(play.batches) == 30


@pytest.mark.parametrize("script", [(BUSY, BUSY, DONE, BUSY), (DONE, DONE, BUSY, DONE), (DONE, BUSY, BUSY, DONE)])
def test_fewer_failures_in_a_row_are_those_of_single_records(make: Make, script: tuple[Word | PortalError]) -> None:
    play = several_batches(make, *script)
    play.before = {1: lambda: setattr(play, "is_down", True)}
    assert play.apply().done == 4


def test_where_nothing_at_all_was_achieved_what_stood_in_the_way_is_raised(make: Make) -> None:
    play = make(erases(1))
    play.script = [BUSY] * 20
    with pytest.raises(PortalTemporaryError):
        play.apply()
    assert len(play.batches) == 4


def test_where_something_was_achieved_it_is_not(make: Make) -> None:
    play = make([*erases(1), an_item(decision=a_disposal("deals/9"), action=Action.ARCHIVE)])
    play.script = [DONE, *[BUSY] * 20]
    report = play.apply()
    assert (report.done, report.waiting) == (1, 1)


@pytest.mark.parametrize("error", [PortalPausedError("paused"), PortalDeniedError("denied")])
def test_a_pause_or_a_refusal_of_the_token_ends_it_at_once(make: Make, error: PortalError) -> None:
    play = several_batches(make, DONE, error)
    with pytest.raises(type(error)):
        play.apply()
    assert len(play.batches) == 2
    assert play.words()[-1] == ("plan.stopped", type(error).__name__)


# Stops


def stop(play: Play, how: str) -> None:
    """Something stops it."""
    match how:
        case "rejected":
            play.become(PlanStatus.REJECTED)
        case "switch":
            with play.store.transaction() as tx:
                tx.set_kill_switch("bent: a mistake")
        case "narrowed":
            text = CLIENTI.read_text().replace('after = "P24M"', 'after = "P36M"')
            with play.store.transaction() as tx:
                tx.approve_policy(parse_policy(text).digest, text, NOW, "bent")
        case "doubt":
            play.stands = False
        case _:
            play.stopping = True


@pytest.mark.parametrize(
    ("how", "word", "status"),
    [
        ("rejected", ("plan.stopped", "rejected"), PlanStatus.REJECTED),
        ("switch", ("plan.applied", "partly-applied"), PlanStatus.PARTLY_APPLIED),
        ("narrowed", ("plan.applied", "partly-applied"), PlanStatus.PARTLY_APPLIED),
        ("doubt", ("plan.applied", "partly-applied"), PlanStatus.PARTLY_APPLIED),
        ("service", ("plan.stopped", "service-stopping"), PlanStatus.APPLYING),
    ],
)
def test_a_stop_wins_before_the_next_batch(make: Make, how: str, word: tuple[str, str], status: PlanStatus) -> None:
    play = several_batches(make, DONE, LOST)
    play.before = {2: lambda: stop(play, how)}
    report = play.apply()
    assert len(play.batches) == 2
    assert (report.done, report.waiting) == ((1, 2) if how == "service" else (2, 2))
    assert report.unsettled == (1 if how == "service" else 0)
    assert (play.words()[-1], play.status(), report.plan.status) == (word, status, status)


@pytest.mark.parametrize(("word", "left"), [(DONE, (2, 0)), (LOST, (0, 4))])
def test_a_process_that_ends_leaves_the_plan_to_the_next_whatever_is_left_of_it(
    make: Make, word: Word, left: tuple[int, int]
) -> None:
    play = several_batches(make, word, word, word, word)
    play.before = {2 if word == DONE else 4: lambda: stop(play, "service")}
    report = play.apply()
    assert (report.waiting, report.unsettled) == left
    assert (play.words()[-1], play.status()) == (("plan.stopped", "service-stopping"), PlanStatus.APPLYING)


def test_a_process_that_ends_when_all_is_done_has_applied_the_plan(make: Make) -> None:
    play = make(erases(1))
    play.before = {1: lambda: stop(play, "service")}
    assert play.apply().plan.status is PlanStatus.APPLIED


def test_what_is_stopped_before_it_begins_does_nothing(make: Make) -> None:
    play = make(erases(1))
    play.stopping = True
    report = play.apply()
    assert (play.batches, report.waiting) == ([], 1)


# What was left


def left_behind(make: Make, number: int = 1, **plan: Any) -> Play:
    """A plan whose calls had no answer when the process died."""
    items = [item._replace(state=ItemState.UNKNOWN) for item in erases(number)]
    return make(items, **{"status": PlanStatus.APPLYING} | plan)


@pytest.mark.parametrize(
    "status", [PlanStatus.APPLYING, PlanStatus.PARTLY_APPLIED, PlanStatus.REJECTED, PlanStatus.EXPIRED]
)
def test_what_another_plan_left_is_settled_before_anything_else(make: Make, status: PlanStatus) -> None:
    other = left_behind(make, status=status)
    play = make([an_item("contacts/201")])
    settled: list[list[int]] = []
    play.before = {1: lambda: settled.extend(play.looks)}
    play.portal = other.portal
    play.apply()
    assert settled == [[101]]
    assert other.states() == {101: (ItemState.DONE, "read-back-absent")}


def test_what_is_left_of_another_portal_is_not_touched(make: Make) -> None:
    other = left_behind(make, portal_id=PortalId(7))
    play = make([an_item("contacts/201")])
    play.apply()
    assert other.states() == {101: (ItemState.UNKNOWN, "")}


def test_nothing_is_settled_with_the_token_of_another_portal(make: Make) -> None:
    play = left_behind(make)
    play.portal = PortalId(7)
    with pytest.raises(BlockedError, match="the token belongs to portal 7"):
        play.applier().settle_left(PORTAL, "carl")
    assert play.looks == []


def test_what_was_left_can_be_settled_by_itself(make: Make) -> None:
    play = left_behind(make)
    play.applier().settle_left(PORTAL, "carl")
    assert play.states() == {101: (ItemState.DONE, "read-back-absent")}
    assert play.words() == []


def test_one_record_that_cannot_be_read_is_found_by_halving_and_delays_no_other(make: Make) -> None:
    play = left_behind(make, 4)
    play.unreadable = {102}
    play.applier().settle_left(PORTAL, "carl")
    assert play.looks == [[104, 103, 102, 101], [104, 103], [102, 101], [102], [101]]
    assert [number for number, (state, _) in play.states().items() if state is ItemState.UNKNOWN] == [102]


def test_after_ten_reads_that_failed_no_more_are_tried(make: Make) -> None:
    play = left_behind(make, 16)
    play.unreadable = set(range(101, 117))
    play.applier().settle_left(PORTAL, "carl")
    assert len(play.looks) == 10


@pytest.mark.parametrize("error", [PortalPausedError("paused"), PortalDeniedError("denied")])
def test_a_pause_ends_the_settling_at_once(make: Make, error: PortalError) -> None:
    play = left_behind(make, 4)
    play.unreadable, play.reading = {102}, error
    with pytest.raises(type(error)):
        play.applier().settle_left(PORTAL, "carl")
    assert len(play.looks) == 1


# One at a time


def test_one_application_at_a_time_in_this_process(make: Make) -> None:
    play = make(erases(1))

    def meanwhile() -> None:
        with pytest.raises(
            BlockedError, match=r"^a plan is being applied by this process already: wait for it to end$"
        ):
            play.applier().settle_left(PORTAL, "carl")

    play.before = {1: meanwhile}
    assert play.apply().done == 1
    play.applier().settle_left(PORTAL, "carl")


def test_a_failure_lets_the_next_application_begin(make: Make) -> None:
    play = make(erases(1))
    play.script = [PortalPausedError("paused")]
    with pytest.raises(PortalPausedError):
        play.apply()
    assert play.apply().done == 1
