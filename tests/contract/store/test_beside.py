"""A sweep stores its chunks while, in another thread of the same process, events arrive and a person places holds."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

from hubspot_retention.core.deadline.obligation import LIVE
from hubspot_retention.core.plan.query import ALL_ITEMS
from hubspot_retention.core.record import RecordId
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.store.engine import Access
from tests.contract.store.service_values import an_approval, an_event, an_obligation
from tests.contract.store.values import CONTACT, DAY, NOW, a_hold, an_item, stored_plan
from tests.unit.core.audit.entries import an_entry

CHUNKS, SIZE = 30, 200
TIMES, EVENTS = 60, 20


def together(*works: Callable[[], None]) -> None:
    """Do things at the same time, each in a thread of its own; what one of them raises is raised."""
    barrier = Barrier(len(works))

    def begin(work: Callable[[], None]) -> None:
        barrier.wait()
        work()

    with ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(begin, work) for work in works]:
            future.result()


def sweep(store: SqlStore, plan_id: str) -> None:
    """Store chunks of what was decided."""
    for number in range(CHUNKS):
        ids = range(number * SIZE, (number + 1) * SIZE)
        with store.transaction() as tx:
            tx.obligations_of(CONTACT, [RecordId(n) for n in ids])
            tx.save_obligations([an_obligation(n) for n in ids])
            tx.add_items(plan_id, [an_item(n) for n in ids])
            tx.audit(an_entry(code="chunk"))


def hear(store: SqlStore) -> None:
    """Events arrive, each twice, and a person places holds."""
    for number in range(TIMES):
        events = [an_event(number * EVENTS + n) for n in range(EVENTS)]
        with store.transaction() as tx:
            assert tx.add_events(events, NOW) == EVENTS
            tx.count("webhooks", "204")
        with store.transaction() as tx:
            assert tx.add_events(events, NOW) == 0
            tx.place_hold(a_hold(number, matter=str(number)), "complaint")
            tx.audit(an_entry(code="hold"))


def test_a_sweep_and_arriving_events_and_holds_lose_nothing_of_each_other(url: str) -> None:
    with open_store(url) as run, open_store(url, Access.BRIEF) as brief:
        plan_id = stored_plan(run).plan_id
        together(lambda: sweep(run, plan_id), lambda: hear(brief))
        for store in (run, brief):
            with store.transaction() as tx:
                assert len(tx.obligations(LIVE)) == CHUNKS * SIZE
                assert sum(1 for _ in tx.items(plan_id, ALL_ITEMS)) == CHUNKS * SIZE
                assert tx.events_waiting() == TIMES * EVENTS
                assert tx.counters() == {("webhooks", "204"): TIMES}
                assert len(tx.holds()) == len(tx.hold_register()) == TIMES
            report = store.verify_log()
            assert (report.intact, report.entries) == (True, CHUNKS + TIMES)


def test_a_hold_placed_beside_a_run_is_seen_by_its_next_transaction(url: str) -> None:
    """Each of the run's transactions begins after the holds that were answered for: none slips in between."""
    seen: list[int] = []
    placed: list[int] = []
    ended = Event()

    def look() -> None:
        while not ended.is_set():
            before = len(placed)
            with run.transaction() as tx:
                seen.append(len(tx.hold_register()) - before)

    def place() -> None:
        try:
            for number in range(TIMES):
                with brief.transaction() as tx:
                    tx.place_hold(a_hold(number), "complaint")
                placed.append(number)
        finally:
            ended.set()

    with open_store(url) as run, open_store(url, Access.BRIEF) as brief:
        together(look, place)
        with run.transaction() as tx:
            assert len(tx.hold_register()) == TIMES
    assert min(seen) >= 0


def test_two_brief_connections_use_a_standing_cap_once(url: str) -> None:
    """The cap is checked and used up in one statement, whoever asks."""
    let_go: list[int] = []

    def use(store: SqlStore) -> None:
        for _ in range(TIMES):
            with store.transaction() as tx:
                if tx.use_standing(granted.approval_id, DAY, 1) is not None:
                    let_go.append(1)

    with open_store(url) as run, open_store(url, Access.BRIEF) as one, open_store(url, Access.BRIEF) as other:
        with run.transaction() as tx:
            granted = tx.grant_standing(an_approval(max_per_day=TIMES + 5))
        together(lambda: use(one), lambda: use(other))
    assert len(let_go) == TIMES + 5
