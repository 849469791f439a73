"""Make plans of single records: list what hangs on them, measure them, seal them, approve what stands by itself.

What can go wrong: a shortcut for single records does what a plan of a full run could not. So there is none: each has
its items, its guardrails, its digest and its approval in the audit log, and is applied like any other. A cap is counted
in the transaction that approves the plan, before anything is sent, and the plan is valid no longer than the local day
it was counted on, nor than the approvals it rests on.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, cast

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.deadline.approval import StandingApproval
from hubspot_retention.core.deadline.ledger import planned, raised, waits
from hubspot_retention.core.deadline.outcome import SETTLED_WITHIN
from hubspot_retention.core.plan.build import Tally
from hubspot_retention.core.plan.model import Plan, PlanKind, PlanStatus
from hubspot_retention.core.plan.query import ALL_ITEMS, NewRun
from hubspot_retention.core.policy.model import Guardrails, RetentionPolicy
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.core.view import Judge
from hubspot_retention.workflow.allowance import BEYOND_CAP
from hubspot_retention.workflow.approvals import approval_entry
from hubspot_retention.workflow.bundles import BundleLister
from hubspot_retention.workflow.docket_ports import DealWithContacts
from hubspot_retention.workflow.due_reading import Candidate
from hubspot_retention.workflow.obligations import Change, Obligations
from hubspot_retention.workflow.ports import RecordSource, Spool, Store, Transaction
from hubspot_retention.workflow.seal import Measure, Sealer, plan_entry
from hubspot_retention.workflow.standing import SERVICE, Basis, in_force
from hubspot_retention.workflow.triage import GUARDRAIL, TRY_AGAIN

_MOMENT: Final = timedelta(microseconds=1)

Chosen = tuple[Candidate, Basis, tuple[StandingApproval, ...]]
"""What goes by itself, on what ground, and under which approvals: one for each rule that takes one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """How plans are made: for which portal, by whom and under which limits; in a run of which kind, by which measure;
    as of when and until when they are valid; and the correspondence of their records, read already."""

    portal_id: PortalId
    actor: str
    guardrails: Guardrails
    run_kind: str
    measure: Measure
    now: datetime
    expires_at: datetime
    letters: RecordSource


class _WithdrawnError(Exception):
    """What the plan was to rest on does not stand any more."""


class PlanMaker:
    """Makes plans of single records."""

    def __init__(self, store: Store, ledger: Obligations, policy: RetentionPolicy) -> None:
        self._store = store
        self._ledger = ledger
        self._policy = policy

    def make(self, candidates: Sequence[Candidate], making: Making) -> list[Plan]:
        """The sealed plans of a new run: one for each kind that has candidates, rights first."""
        now = making.now
        drafts, tallies = self._begin(candidates, making)
        with self._store.transaction() as tx:
            judge = Judge.of(self._policy, tx.hold_register(), now)
        around = {each.item.record: each.deals for each in candidates}
        lister = BundleLister(making.letters, self._store, cast(Spool, _DealsAround(around)), judge)
        for kind in (ObjectType.CONTACT, ObjectType.DEAL):
            for _ in lister.list_for(kind, [draft.plan_id for draft in drafts], making.portal_id):
                pass
        beside = (making.run_kind, making.measure)
        sealer = Sealer(self._store, self._policy, making.guardrails, making.measure.population, beside)
        plans = [sealer.seal(draft, tallies[draft.kind], now) for draft in drafts]
        with self._store.transaction() as tx:
            tx.finish_run(drafts[0].run_id, now, "done")
            tx.audit(self._run_entry(drafts[0], Verb.FINISHED, now))
        return plans

    def _begin(self, candidates: Sequence[Candidate], making: Making) -> tuple[list[Plan], dict[PlanKind, Tally]]:
        items = {kind: [each.item for each in candidates if each.kind is kind] for kind in PlanKind}
        tallies = {kind: Tally() for kind in PlanKind}
        for kind, found in items.items():
            for item in found:
                tallies[kind].add(item.decision, item.action)
        run = NewRun(
            portal_id=making.portal_id,
            policy_digest=self._policy.digest,
            as_of=making.now,
            started_at=making.now,
            kind=making.run_kind,
            actor=making.actor,
        )
        with self._store.transaction() as tx:
            run_id = tx.start_run(run)
            drafts = [self._draft(kind, run, run_id, making.expires_at) for kind in PlanKind if items[kind]]
            tx.audit(self._run_entry(drafts[0], Verb.STARTED, making.now, making.run_kind))
            for draft in drafts:
                tx.add_plan(draft)
                tx.add_items(draft.plan_id, items[draft.kind])
        return drafts, tallies

    def _draft(self, kind: PlanKind, run: NewRun, run_id: int, expires_at: datetime) -> Plan:
        return Plan(
            plan_id=f"{run_id}-{kind.value}",
            run_id=run_id,
            kind=kind,
            portal_id=run.portal_id,
            policy_name=self._policy.name,
            policy_digest=run.policy_digest,
            as_of=run.as_of,
            built_at=run.started_at,
            expires_at=expires_at,
            requested_by=run.actor,
            digest="",
            status=PlanStatus.BUILDING,
            population=(),
            outcomes=(),
            rules=(),
            breaches=(),
        )

    def _run_entry(self, plan: Plan, verb: Verb, at: datetime, code: str = "") -> Entry:
        return Entry(
            subject=Subject.RUN,
            verb=verb,
            at=at,
            portal_id=plan.portal_id,
            run_id=plan.run_id,
            policy_digest=plan.policy_digest,
            actor=plan.requested_by,
            code=code or None,
        )

    def note_waiting(
        self, plan: Plan, candidates: Sequence[Candidate], beyond_cap: Mapping[RecordRef, datetime]
    ) -> None:
        """The ledger learns which plan waits for a person, or is blocked. `beyond_cap`: when the cap that some are
        beyond begins anew. What hangs on hope is raised at once."""
        blocked = plan.status is PlanStatus.BLOCKED
        until = plan.built_at + TRY_AGAIN if blocked else plan.expires_at
        changes: list[Change] = []
        with self._store.transaction() as tx:
            items = {item.record: item for item in tx.items(plan.plan_id, ALL_ITEMS)}
            for each in candidates:
                item, was = items.get(each.item.record), tx.obligation(each.item.record)
                if item is None or was is None or not was.is_live:
                    continue
                again = beyond_cap.get(item.record)
                if item.block is not None:
                    after = raised(was, item.block.value, plan.built_at, plan.plan_id)
                elif again is not None and not blocked:
                    after = waits(was, plan.plan_id, BEYOND_CAP, min(again, until))
                else:
                    after = waits(was, plan.plan_id, GUARDRAIL if blocked else "", until)
                changes.append((was, after))
            self._ledger.write(tx, changes, plan.built_at)

    # What stands by itself.

    def goes(self, plan: Plan) -> bool:
        """Whether anything of a sealed plan can be carried out; if not, it is retired."""
        now = plan.built_at
        with self._store.transaction() as tx:
            if any(item.block is None for item in tx.items(plan.plan_id, ALL_ITEMS)):
                return True
            tx.save_plan(replace(plan, status=PlanStatus.SUPERSEDED, decided_at=now))
            tx.audit(plan_entry(plan, Verb.SUPERSEDED, now, SERVICE, "all-blocked"))
        return False

    def valid_until(self, chosen: Sequence[Chosen], now: datetime, valid_for: timedelta) -> datetime:
        """The last instant of a plan that stands by itself: an approval's cap is counted by the local day."""
        ends = [now + valid_for]
        approvals = [approval for _, _, under in chosen for approval in under]
        if approvals:
            ends.append(self._policy.civil.end_of(self._policy.civil.local_date(now)) - _MOMENT)
        ends.extend(approval.until_at - _MOMENT for approval in approvals)
        return min(ends)

    def approve(self, plan: Plan, chosen: Sequence[Chosen], now: datetime) -> Plan | None:
        """The service approves a plan under its digest, and what goes under a standing approval is counted, in one
        transaction. `None`, and the plan is retired, if that does not stand any more."""
        try:
            with self._store.transaction() as tx:
                return self._approve(tx, plan, chosen, now)
        except _WithdrawnError:
            with self._store.transaction() as tx:
                tx.save_plan(replace(plan, status=PlanStatus.SUPERSEDED, decided_at=now))
                tx.audit(plan_entry(plan, Verb.SUPERSEDED, now, SERVICE, "approval-withdrawn"))
            return None

    def _approve(self, tx: Transaction, plan: Plan, chosen: Sequence[Chosen], now: datetime) -> Plan:
        current = tx.plan(plan.plan_id)
        if current is None or current.status is not PlanStatus.AWAITING_REVIEW or tx.kill_switch() is not None:
            raise _WithdrawnError
        if now > plan.expires_at:
            raise _WithdrawnError
        items = {item.record: item for item in tx.items(plan.plan_id, ALL_ITEMS)}
        mine = [each for each in chosen if each[0].kind is plan.kind]
        uses = _uses(mine, {record for record, item in items.items() if item.block is None})
        self._count(tx, uses, now)
        approved = replace(plan, status=PlanStatus.APPROVED, decided_by=SERVICE, decided_at=now)
        tx.save_plan(approved)
        code = Basis.APPROVAL if any(under for _, _, under in mine) else Basis.POLICY
        facts = tuple((f"approval_{number}", count) for number, count in sorted(uses.items()))
        tx.audit(replace(plan_entry(approved, Verb.APPROVED, now, SERVICE, code.value), facts=facts))
        changes: list[Change] = []
        for candidate, basis, _ in mine:
            was = tx.obligation(candidate.item.record)
            if was is not None and was.is_live:
                changes.append((was, planned(was, plan.plan_id, basis.value, now + SETTLED_WITHIN)))
        self._ledger.write(tx, changes, now)
        return approved

    def _count(self, tx: Transaction, uses: Mapping[int, int], now: datetime) -> None:
        standing = {found.approval_id for found in in_force(tx, self._policy, now)}
        day = self._policy.civil.local_date(now)
        for number, count in sorted(uses.items()):
            used = tx.use_standing(number, day, count) if number in standing else None
            if used is None:
                raise _WithdrawnError
            entry = approval_entry(used, Verb.USED, now, SERVICE)
            more = (("day", day.isoformat()), ("records", count), ("used", used.used))
            tx.audit(replace(entry, facts=(*entry.facts, *more)))


def _uses(chosen: Sequence[Chosen], going: Collection[RecordRef]) -> Counter[int]:
    """How many records go under each approval; what is blocked does not go."""
    return Counter(
        approval.approval_id for candidate, _, under in chosen for approval in under if candidate.item.record in going
    )


@dataclass(frozen=True, slots=True)
class _DealsAround:
    """The deals of contacts as the fresh read saw them."""

    found: Mapping[RecordRef, tuple[DealWithContacts, ...]]

    def deals_of_contacts(self, ids: Sequence[RecordId]) -> Mapping[RecordId, Sequence[DealWithContacts]]:
        """The deals of some contacts, with their neighbours."""
        return {record_id: self.found.get(RecordRef(ObjectType.CONTACT, record_id), ()) for record_id in ids}
