"""Invented plans, items, holds and requests, and strategies that make any of them."""

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.decision.model import Decision, Outcome, Reason, ReasonCode
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.facts.values import ONGOING
from hubspot_retention.core.hold import Hold
from hubspot_retention.core.plan.model import (
    Action,
    Block,
    Bundle,
    ItemState,
    OutcomeCount,
    Plan,
    PlanItem,
    PlanKind,
    PlanStatus,
    RuleCount,
)
from hubspot_retention.core.plan.query import NewRun
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import ENGAGEMENT_TYPES, ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.store.database import SqlStore, SqlTransaction

NOW = datetime(2026, 3, 15, 9, 30, 0, 123456, tzinfo=UTC)
PORTAL = PortalId(4242)
CONTACT = ObjectType.CONTACT


def a_record(number: int = 101, kind: ObjectType = CONTACT) -> RecordRef:
    """A record."""
    return RecordRef(kind, RecordId(number))


def a_run(**changes: Any) -> NewRun:
    """A run."""
    said: dict[str, Any] = {"portal_id": PORTAL, "policy_digest": "ab" * 32, "as_of": NOW, "started_at": NOW}
    return NewRun(**(said | {"kind": "plan", "actor": "anna.k"} | changes))


def a_plan(run_id: int, **changes: Any) -> Plan:
    """A plan that is being built."""
    said: dict[str, Any] = {
        "plan_id": f"P{run_id}-time",
        "run_id": run_id,
        "kind": PlanKind.TIME,
        "portal_id": PORTAL,
        "policy_name": "clienti",
        "policy_digest": "ab" * 32,
        "as_of": NOW,
        "built_at": NOW,
        "expires_at": NOW,
        "requested_by": "anna.k",
        "digest": "",
        "status": PlanStatus.BUILDING,
        "population": (),
        "outcomes": (),
        "rules": (),
        "breaches": (),
    }
    return Plan(**(said | changes))


def an_item(number: int = 101, kind: ObjectType = CONTACT, **changes: Any) -> PlanItem:
    """A contact that is to be erased; `erase_by` and `outcome` belong to its decision."""
    about = {name: changes.pop(name) for name in ("erase_by", "outcome") if name in changes}
    said: dict[str, Any] = {"outcome": Outcome.DISPOSE, "disposition": Disposition.ERASE, "due_at": NOW}
    reasons = (Reason(ReasonCode.PERIOD_ENDED, "former-customer", NOW),)
    decision = Decision(record=a_record(number, kind), reasons=reasons, rule="former-customer", **(said | about))
    rest: dict[str, Any] = {"action": Action.ERASE} | changes
    return PlanItem(decision=decision, **rest)


def a_hold(number: int = 101, **changes: Any) -> Hold:
    """A hold that the store has not numbered yet."""
    said: dict[str, Any] = {"hold_id": 0, "record": a_record(number), "matter": "2026-17", "placed_by": "anna.k"}
    return Hold(**(said | {"placed_at": NOW} | changes))


def with_plan(tx: SqlTransaction, *items: PlanItem, **changes: Any) -> Plan:
    """A stored plan with items."""
    plan = a_plan(tx.start_run(a_run()), **changes)
    tx.add_plan(plan)
    tx.add_items(plan.plan_id, items)
    return plan


def stored_plan(store: SqlStore, *items: PlanItem, **changes: Any) -> Plan:
    """As `with_plan`, in a transaction of its own."""
    with store.transaction() as tx:
        return with_plan(tx, *items, **changes)


instants = st.datetimes(timezones=st.just(UTC))
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
names = st.from_regex(r"[a-z][a-z_-]{0,20}", fullmatch=True)
record_ids = st.integers(min_value=0, max_value=2**62).map(RecordId)
records = st.builds(RecordRef, st.sampled_from(ObjectType), record_ids)
_maybe = st.none() | instants
_reasons = st.builds(Reason, st.sampled_from(ReasonCode), st.none() | names, _maybe, st.none() | records, words)
_starts = st.tuples(names, st.dates() | instants | st.just(ONGOING))
decisions = st.builds(
    Decision,
    record=records,
    outcome=st.sampled_from(Outcome),
    reasons=st.lists(_reasons, max_size=4).map(tuple),
    rule=st.none() | names,
    disposition=st.none() | st.sampled_from(Disposition),
    due_at=_maybe,
    erase_by=_maybe,
    until=_maybe,
    answer_by=_maybe,
    marketing_ends=st.booleans(),
    right=st.booleans(),
    starts=st.lists(_starts, max_size=3).map(tuple),
    due=st.lists(st.tuples(names, instants), max_size=3).map(tuple),
)
_counts = st.integers(min_value=0, max_value=10**6)
items = st.builds(
    PlanItem,
    decision=decisions,
    action=st.sampled_from(Action),
    block=st.none() | st.sampled_from(Block),
    bundle=st.none() | st.builds(Bundle, *[_counts] * 7),
    may_go=st.lists(st.builds(RecordRef, st.sampled_from(ENGAGEMENT_TYPES), record_ids), max_size=3).map(tuple),
    start_is_new=st.booleans(),
    state=st.sampled_from(ItemState),
    state_code=names | st.just(""),
)
plans = st.builds(
    Plan,
    plan_id=names,
    run_id=st.just(0),
    kind=st.sampled_from(PlanKind),
    portal_id=record_ids.map(PortalId),
    policy_name=names,
    policy_digest=names,
    as_of=instants,
    built_at=instants,
    expires_at=instants,
    requested_by=names,
    digest=names,
    status=st.sampled_from(PlanStatus),
    population=st.lists(st.tuples(st.sampled_from(ObjectType), _counts), max_size=3).map(tuple),
    outcomes=st.lists(st.builds(OutcomeCount, st.sampled_from(ObjectType), names, names, _counts), max_size=3).map(
        tuple
    ),
    rules=st.lists(st.builds(RuleCount, names, st.sampled_from(Action), _counts, _maybe, _maybe), max_size=3).map(
        tuple
    ),
    breaches=st.lists(words, max_size=3).map(tuple),
    decided_by=names | st.just(""),
    decided_at=_maybe,
    why=words,
)
remembered = st.builds(
    Remembered,
    starts=words,
    opted_out_at=_maybe,
    opt_out_source=st.none() | st.sampled_from(OptOutSource),
    marketing_ended=st.booleans(),
    archived_by_us=st.booleans(),
)
holds = st.builds(
    Hold,
    hold_id=st.just(0),
    record=records,
    matter=words,
    placed_by=names,
    placed_at=instants,
    review_on=st.none() | st.dates(),
    released_at=_maybe,
)
DAY = date(2027, 1, 31)
