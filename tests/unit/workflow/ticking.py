"""The due tick over a sandbox portal: a ledger that hears the runs, ticks, approvals, and what came of them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from hubspot_retention.bootstrap import new_spool
from hubspot_retention.core.deadline.approval import StandingApproval
from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.plan.model import Plan
from hubspot_retention.core.policy.model import Mode
from hubspot_retention.core.portal import PortalDetails
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.hubspot.portal import HubSpotPortal
from hubspot_retention.sandbox.clock import instant_text
from hubspot_retention.workflow.approvals import Approver
from hubspot_retention.workflow.assess import Assessment, AssessOrder, Watcher
from hubspot_retention.workflow.dispose import Applier
from hubspot_retention.workflow.due import DueParts, DueReport, DueTick
from hubspot_retention.workflow.fresh import FreshReader
from hubspot_retention.workflow.gate import Permission
from hubspot_retention.workflow.obligations import Obligations
from hubspot_retention.workflow.ports import RecordSource
from hubspot_retention.workflow.returned import Returned
from tests.faults.people import a_contact, days_ago
from tests.faults.world import PORTAL, Checked, World, ref

REVIEW = Permission(mode=Mode.REVIEW, allow_erase=True)
ENFORCE = Permission(mode=Mode.ENFORCE, allow_erase=True)
OBSERVE = Permission(mode=Mode.OBSERVE, allow_erase=True)
DAY = timedelta(days=1)


class InTime:
    """A portal whose clock is always ours: time passes here because a test says so."""

    def __init__(self, portal: Any) -> None:
        self._portal = portal

    def identity(self) -> PortalDetails:
        """As the portal says it, without a difference of the clocks."""
        found: PortalDetails = self._portal.identity()
        return replace(found, clock_skew_seconds=0.0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._portal, name)


@dataclass(slots=True, kw_only=True)
class Ticking:
    """A world with a ledger. What is `None` may be replaced: the `source` of a tick, the `portal`
    of a run, who disposes and who applies."""

    world: World
    permission: Permission = REVIEW
    grace: timedelta = timedelta(0)
    source: Any = None
    portal: Any = None
    disposer: Any = None
    applier: Any = None
    should_stop: Callable[[], bool] = lambda: False
    gone: list[str] = field(default_factory=list)
    returned: Returned | None = None

    @property
    def now(self) -> datetime:
        """The present."""
        return self.world.clock.now()

    @property
    def ledger(self) -> Obligations:
        """The ledger."""
        return Obligations(self.world.policy, self.grace)

    def sweep(self, kind: str = "sweep") -> tuple[Plan, Plan]:
        """A full run that the ledger hears."""
        world = self.world
        order = AssessOrder(
            as_of=self.now,
            what_if=kind == "what-if",
            actor="service",
            expected_portal=PORTAL,
            guardrails=world.guardrails,
            valid_for=timedelta(hours=24),
            kind=kind,
        )
        spool = new_spool()
        try:
            source = cast(RecordSource, InTime(Checked(cast(HubSpotPortal, self.portal or world.portal))))
            assessment = Assessment(source, world.store, spool, world.policy, self.ledger, returned=self.returned)
            return assessment.run(order, world.clock.now, Watcher())
        finally:
            spool.close()

    def parts(self) -> DueParts:
        """What a tick works with: a new process each time."""
        world = self.world
        source = InTime(self.source or Checked(world.portal))
        tools = world.tools(source=source, disposer=self.disposer or world.portal, should_stop=self.should_stop)
        return DueParts(
            source=cast(RecordSource, source),
            store=world.store,
            fresh=FreshReader(cast(RecordSource, source), new_spool, world.policy),
            ledger=self.ledger,
            applier=self.applier or Applier(tools, self.permission),
            policy=world.policy,
            permission=self.permission,
            guardrails=world.guardrails,
            valid_for=timedelta(hours=24),
            clock=world.clock.now,
            actor="service",
            portal_id=PORTAL,
            returned=self.returned,
            on_gone=lambda obligation: self.gone.append(str(obligation.record)),
            should_stop=self.should_stop,
        )

    def tick(self) -> DueReport:
        """One due tick of a process that has just begun."""
        report = DueTick(self.parts()).run(self.now)
        self.log_ends_each_obligation_once()
        return report

    def log_ends_each_obligation_once(self) -> None:
        """What the log was told of ends there once, before it begins again, and only if it has ended (E1)."""
        told: dict[str, set[str]] = {}
        for entry in self.world.entries():
            if entry.subject.value != "obligation" or entry.record is None:
                continue
            so_far = told.setdefault(entry.record, set())
            if entry.verb.value in ("done", "ended"):
                assert so_far
                so_far.clear()
            else:
                assert entry.verb.value == "raised" or "opened" not in so_far
                so_far.add(entry.verb.value)
        assert {record: self.known(record).is_live for record in told} == {each: bool(told[each]) for each in told}

    def later(self, **span: float) -> None:
        """Time passes."""
        self.world.clock.present += timedelta(**span)

    def next_day(self) -> None:
        """It is noon of the next day in Denmark: what follows within minutes stays on one day."""
        civil = self.world.policy.civil
        self.world.clock.present = civil.end_of(civil.local_date(self.now)) + timedelta(hours=12)

    # What people do and say.

    def unsubscribe(self, *records: int, hours_ago: float = 0, source: str = "Self Service") -> None:
        """People unsubscribe from the newsletter, and HubSpot tells of it."""
        at = instant_text((self.now - timedelta(hours=hours_ago)).replace(microsecond=0))
        for record in records:
            who = f"contacts/{record}"
            self.world.act("unsubscribe", record=who, subscriptionId=501, at=at, source=source)
            self.hint(who)

    def subscribe(self, record: int) -> None:
        """Somebody takes it back, and HubSpot tells of it."""
        at = instant_text(self.now.replace(microsecond=0))
        self.world.act("resubscribe", record=f"contacts/{record}", subscriptionId=501, at=at)
        self.hint(f"contacts/{record}")

    def approve_policy(self) -> None:
        """A named person approved the policy."""
        with self.world.store.transaction() as tx:
            tx.approve_policy(self.world.policy.digest, self.world.policy_text, self.now, "bent")

    def grant(self, rule: str = "unsubscribed", max_per_day: int = 50, days: float = 100) -> StandingApproval:
        """A standing approval under an approved policy."""
        self.approve_policy()
        until = self.now + timedelta(days=days)
        return Approver(self.world.store, "bent").grant(self.world.policy, rule, max_per_day, until, self.now)

    def revoke(self, number: int) -> None:
        """The approval is taken back."""
        Approver(self.world.store, "bent").revoke(number, self.now)

    def hint(self, *records: str) -> None:
        """Somebody says: look at these."""
        with self.world.store.transaction() as tx:
            self.ledger.look_at(tx, [ref(record) for record in records], self.now, "webhook")

    # What came of it.

    def obligation(self, record: str) -> Obligation | None:
        """What the ledger knows."""
        with self.world.store.transaction() as tx:
            return tx.obligation(ref(record))

    def known(self, record: str) -> Obligation:
        """What the ledger knows of a record that it knows."""
        found = self.obligation(record)
        assert found is not None
        return found

    def state(self, record: str) -> str:
        """The state of an obligation."""
        return self.known(record).state.value

    def told(self, record: str) -> list[tuple[str, str | None]]:
        """What the audit log says of an obligation: the verb and the code."""
        entries = self.world.entries(record)
        return [(entry.verb.value, entry.code) for entry in entries if entry.subject.value == "obligation"]

    def gone_from_view(self, *records: int) -> bool:
        """Whether contacts are all out of view."""
        return not any(self.world.is_in_view(f"contacts/{record}") for record in records)

    def erased(self) -> list[str]:
        """The records that were taken away, in order."""
        return [effect.split()[-1] for effect in self.world.effects()]

    def remembered(self, record_id: int) -> Any:
        """The memory of a contact."""
        with self.world.store.transaction() as tx:
            return tx.recall(ObjectType.CONTACT, [RecordId(record_id)]).get(RecordId(record_id))

    def plans(self) -> list[Plan]:
        """All plans, newest first."""
        with self.world.store.transaction() as tx:
            return list(tx.plans())


def newcomers(*records: int) -> list[dict[str, Any]]:
    """Leads of last week, whom there is no reason to dispose of."""
    return [a_contact(record, createdate=f"{days_ago(7)}T09:00:00Z") for record in records]
