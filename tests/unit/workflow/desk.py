"""A real store on which plans, obligations and approvals are laid out by hand, as they were when something is asked."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hubspot_retention.core.audit.entry import Entry, read_entry
from hubspot_retention.core.deadline.approval import StandingApproval
from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.plan.model import ItemState, Plan, PlanItem, PlanStatus
from hubspot_retention.core.record import ObjectType, RecordRef
from hubspot_retention.store.database import SqlStore
from tests.builders import at
from tests.contract.store.values import a_run
from tests.documents import CLIENTI, clienti
from tests.unit.core.deadline.lines import an_obligation
from tests.unit.core.plan.plans import a_disposal, a_plan, an_item

NOW = at("2026-11-22T09:00")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def unsubscribed(record: str = "contacts/101", **more: Any) -> PlanItem:
    """Who unsubscribed is to be erased."""
    return an_item(decision=a_disposal(record, rule="unsubscribed", right=True), **more)


def asked_to_go(record: str = "contacts/101", **more: Any) -> PlanItem:
    """Who asked for it is to be erased."""
    return an_item(decision=a_disposal(record, rule="erasure-request", right=True), **more)


def former_customer(record: str = "contacts/101", **more: Any) -> PlanItem:
    """A former customer is to be erased."""
    return an_item(record, **more)


@dataclass(frozen=True, slots=True)
class Desk:
    """`store`: where all of it lies."""

    store: SqlStore

    def plan(self, *items: PlanItem, run: str = "plan", **values: Any) -> Plan:
        """A plan of a run of that kind, as it was approved by a person an hour ago."""
        given: dict[str, Any] = {
            "status": PlanStatus.APPROVED,
            "policy_digest": clienti().digest,
            "digest": "d1",
            "built_at": NOW - 2 * HOUR,
            "decided_by": "bent",
            "decided_at": NOW - HOUR,
            "expires_at": NOW + DAY,
        }
        with self.store.transaction() as tx:
            run_id = tx.start_run(a_run(kind=run))
            made = a_plan(**given | {"plan_id": f"{run_id}-time", "run_id": run_id} | values)
            tx.add_plan(made)
            tx.add_items(made.plan_id, items)
        return made

    def found(self, plan: Plan) -> Plan:
        """The plan as it is now."""
        with self.store.transaction() as tx:
            found = tx.plan(plan.plan_id)
        assert found is not None
        return found

    def settle(self, plan: Plan, record: str, state: ItemState) -> None:
        """Something became of an item."""
        with self.store.transaction() as tx:
            tx.set_item_state(plan.plan_id, RecordRef.parse(record), state)

    def approve_policy(self, text: str = "") -> None:
        """A person approved the policy, or this one."""
        with self.store.transaction() as tx:
            tx.approve_policy(clienti().digest, text or CLIENTI.read_text(), NOW - DAY, "bent")

    def grant(self, rule: str = "unsubscribed", **values: Any) -> StandingApproval:
        """A standing approval of yesterday, for ten a day until tomorrow, is there."""
        given: dict[str, Any] = {"max_per_day": 10, "until_at": NOW + DAY, "granted_by": "bent"}
        given |= {"granted_at": NOW - DAY, "policy_digest": clienti().digest}
        with self.store.transaction() as tx:
            return tx.grant_standing(StandingApproval(approval_id=0, rule=rule, **given | values))

    def revoke(self, approval: StandingApproval) -> None:
        """It is taken back."""
        with self.store.transaction() as tx:
            tx.revoke_standing(approval.approval_id, NOW, "bent")

    def oblige(self, record: str = "contacts/101", state: str = "open", **values: Any) -> Obligation:
        """The ledger knows of a record."""
        given: dict[str, Any] = {"not_before": NOW - HOUR, "plan_id": ""}
        made = an_obligation(state, **given | values)._replace(record=RecordRef.parse(record))
        with self.store.transaction() as tx:
            tx.save_obligations([made])
        return made

    def obligation(self, record: str) -> Obligation:
        """What the ledger knows now."""
        with self.store.transaction() as tx:
            found = tx.obligation(RecordRef.parse(record))
        assert found is not None
        return found

    def remember(self, record_id: int, source: OptOutSource) -> None:
        """An earlier run saw who set the opt-out."""
        record = RecordRef.parse(f"contacts/{record_id}")
        seen = Remembered(opted_out_at=NOW - 2 * DAY, opt_out_source=source)
        with self.store.transaction() as tx:
            tx.note(ObjectType.CONTACT, [(record.record_id, seen)])

    def entries(self, subject: str = "plan") -> list[Entry]:
        """What the log says of something."""
        found = [read_entry(stored.body) for stored in self.store.entries()]
        return [entry for entry in found if entry.subject.value == subject]
