"""A due tick over a real store, with a portal and an applier by hand that note what is asked of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.decision.model import Decision
from hubspot_retention.core.facts.observation import OptOut, OptOutSource
from hubspot_retention.core.plan.model import ItemState, Plan, PlanStatus
from hubspot_retention.core.plan.query import ALL_ITEMS
from hubspot_retention.core.policy.model import Guardrails, Mode
from hubspot_retention.core.portal import Address, Gone
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.core.view import ContactView
from hubspot_retention.errors import PortalTemporaryError
from hubspot_retention.workflow.due import DueParts, DueReport, DueTick
from hubspot_retention.workflow.fresh import FreshContact
from hubspot_retention.workflow.gate import Permission
from hubspot_retention.workflow.obligations import Obligations
from tests.builders import a_contact
from tests.documents import clienti
from tests.unit.core.deadline.lines import CLICK, an_unsubscribe
from tests.unit.core.plan.plans import a_disposal
from tests.unit.workflow.desk import DAY, HOUR, NOW, Desk, former_customer

PORTAL = PortalId(25412345)
MANY = Guardrails(max_disposals=9, max_percent=100, percent_from=25, max_shrink_percent=20)
ASKED = a_disposal(rule="erasure-request", right=True)
"""Who asked to be erased is due."""
LONG_AGO = a_disposal(starts=(("customer_until", CLICK),))
"""A former customer is due."""


@dataclass(slots=True)
class Round:
    """`now`: what the fresh read finds, by number of the contact; whoever is not there is gone. `letters`: what the
    correspondence of a contact is, an error is raised. `applies`: what an application raises, in turn. `owner`: whose
    portal the token is for. `falls_down`: HubSpot answers nothing any more once something is carried out. `parts`: of
    the tick, those that are not the usual ones. `events`: all that happened."""

    desk: Desk
    now: dict[int, Any] = field(default_factory=dict)
    letters: dict[int, Any] = field(default_factory=dict)
    applies: list[Exception | None] = field(default_factory=list)
    owner: int = PORTAL
    is_down: bool = False
    mode: Mode = Mode.REVIEW
    parts: dict[str, Any] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    falls_down: bool = False
    stop: Callable[[], bool] = lambda: False
    made: DueTick | None = None

    def tick(self, now: datetime = NOW, *progress: Any) -> DueReport:
        """One tick, of a process that goes on."""
        if self.made is None:
            given: dict[str, Any] = {
                "source": self,
                "store": self.desk.store,
                "fresh": self,
                "ledger": Obligations(clienti(), DAY),
                "applier": self,
                "policy": clienti(),
                "permission": Permission(mode=self.mode, allow_erase=True),
                "guardrails": MANY,
                "valid_for": 2 * DAY,
                "clock": lambda: NOW,
                "actor": "tina",
                "should_stop": lambda: self.stop(),
            }
            self.made = DueTick(DueParts(**given | self.parts))
        return self.made.run(now, *progress)

    def is_due(self, *numbers: int, of: Decision | None = None, **obligation: Any) -> None:
        """Contacts who unsubscribed are due, or others, and the ledger knows of them."""
        for number in numbers:
            self.now[number] = of or an_unsubscribe()
            given: dict[str, Any] = {"rule": self.now[number].rule or "unsubscribed", "next_look_at": NOW}
            self.desk.oblige(f"contacts/{number}", **given | obligation)

    def state(self, number: int) -> tuple[str, str, str]:
        """State, reason and plan of a contact's obligation."""
        found = self.known(number)
        return found.state.value, found.reason, found.plan_id

    def known(self, number: int) -> Obligation:
        """A contact's obligation."""
        return self.desk.obligation(f"contacts/{number}")

    def records(self, plan: Plan) -> list[str]:
        """Of a plan."""
        with self.desk.store.transaction() as tx:
            return sorted(str(item.record) for item in tx.items(plan.plan_id, ALL_ITEMS))

    def run_of(self, plan: Plan) -> str:
        """The kind of its run."""
        with self.desk.store.transaction() as tx:
            return tx.run_kind(plan.run_id)

    # RecordSource, FreshReader

    def identity(self) -> Any:
        self.events.append("identity")
        if self.is_down:
            raise PortalTemporaryError("down")
        return SimpleNamespace(portal_id=PortalId(self.owner))

    def require_properties(self) -> None:
        self.events.append("properties")

    def contacts(self, ids: Sequence[RecordId], memory: Any, as_of: datetime) -> dict[RecordId, Any]:
        self.events.append(f"read {' '.join(map(str, ids))}")
        found = {key: self.now.get(key, Gone.ABSENT) for key in ids}
        for each in found.values():
            if isinstance(each, Exception):
                raise each
        return {key: self._fresh(key, each) for key, each in found.items()}

    def _fresh(self, key: RecordId, found: Any) -> Any:
        if not isinstance(found, Decision):
            return found
        is_out = found.rule == "unsubscribed"
        opt_out = OptOut(CLICK, OptOutSource.PERSON) if is_out else None
        view = ContactView(a_contact(key, opt_out=opt_out), (), ())
        decision = found._replace(record=RecordRef(ObjectType.CONTACT, key))
        return FreshContact(view, decision, Address(f"p{key}@example.dk"), (), frozenset())

    def correspondence(self, owner: ObjectType, ids: Sequence[RecordId]) -> Any:
        self.events.append(f"letters {' '.join(map(str, ids))}")
        found = {key: self.letters.get(key, ()) for key in ids}
        for each in found.values():
            if isinstance(each, Exception):
                raise each
        return found

    # CarriesOut

    def apply(self, plan_id: str, actor: str, progress: Any) -> Any:
        """All of it is done, unless something is raised."""
        self.events.append(f"apply {plan_id} {actor}")
        progress("apply", 1, 1)
        self.is_down = self.is_down or self.falls_down
        error = self.applies.pop(0) if self.applies else None
        if error is not None:
            raise error
        with self.desk.store.transaction() as tx:
            plan = tx.plan(plan_id)
            assert plan is not None
            for item in list(tx.items(plan_id, ALL_ITEMS)):
                tx.set_item_state(plan_id, item.record, ItemState.DONE)
            tx.save_plan(replace(plan, status=PlanStatus.APPLIED))
        return cast(Any, None)

    def settle_left(self, portal: PortalId, actor: str) -> None:
        """Calls whose answer was lost."""
        self.events.append(f"settle {portal} {actor}")


def a_round(desk: Desk) -> Round:
    """A person approved the policy, and a full run has ended."""
    desk.approve_policy()
    desk.plan(former_customer("contacts/900"), status=PlanStatus.APPLIED, built_at=NOW - 20 * HOUR)
    return Round(desk)
