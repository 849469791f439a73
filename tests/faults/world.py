"""A sandbox portal, a database and the parts of the service between them, as a test wants them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar, cast

import msgspec

from hubspot_retention.bootstrap import new_spool
from hubspot_retention.clock import Clock
from hubspot_retention.core.audit.entry import Entry, read_entry
from hubspot_retention.core.plan.model import ItemState, Plan, PlanItem
from hubspot_retention.core.plan.query import ALL_ITEMS
from hubspot_retention.core.policy.model import Guardrails, Mode, RetentionPolicy
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.core.probe import ProbeQuestion, ProbeResult
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.hubspot.pacing import PaceOptions
from hubspot_retention.hubspot.portal import HubSpotPortal
from hubspot_retention.hubspot.reading import ReaderOptions
from hubspot_retention.hubspot.transport import RetryOptions, Timing, Transport, TransportOptions
from hubspot_retention.sandbox.act import act
from hubspot_retention.sandbox.gateway import Gateway
from hubspot_retention.sandbox.journal import Entry as Call
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.portal import load_document
from hubspot_retention.sandbox.running import RunningSandbox
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.store.engine import Access
from hubspot_retention.workflow.assess import Assessment, AssessOrder, Watcher
from hubspot_retention.workflow.carry import Tools
from hubspot_retention.workflow.dispose import Applier, ApplyReport
from hubspot_retention.workflow.fresh import FreshReader
from hubspot_retention.workflow.gate import Permission
from hubspot_retention.workflow.ports import RecordSource
from hubspot_retention.workflow.review import Registrar, Reviewer
from hubspot_retention.workflow.times import Times
from tests.stores import a_database

PORTAL = PortalId(25412345)
CLIENTI = Path(__file__).parents[2] / "config" / "clienti.toml"
MANY = Guardrails(max_disposals=5_000, max_percent=100, percent_from=25, max_shrink_percent=20)
REVIEW = Permission(mode=Mode.REVIEW, allow_erase=True)
PATIENT = 30.0
"""Seconds that an answer may take, as in the service: a machine with much to do answers late, and that is no fault."""
IMPATIENT = 1.0
"""The same where a test waits for it to be over."""


def patience(fault: str) -> float:
    """How long to wait for answers where a fault of that kind is set."""
    return IMPATIENT if fault.startswith("timeout") else PATIENT


@cache
def policy_of(text: str) -> RetentionPolicy:
    """A policy, parsed once."""
    return parse_policy(text)


class TestClock(Clock):
    """A wall clock that stands still at the real present (HubSpot's `Date` is compared with it) until moved."""

    __test__ = False

    def __init__(self) -> None:
        self.present = Clock().now()

    def now(self) -> datetime:
        """The present."""
        return self.present


@dataclass(slots=True)
class Monotonic:
    """Seconds that pass only when a test says so."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        """Sleep, without waiting."""
        self.seconds += seconds


def ref(text: str) -> RecordRef:
    """`contacts/101` as a record."""
    kind, _, number = text.partition("/")
    return RecordRef(ObjectType(kind), RecordId(int(number)))


@dataclass(slots=True, kw_only=True)
class World:
    """One portal, one database, one clock. `source`, `disposer` and `store` may be replaced by wrappers."""

    sandbox: RunningSandbox
    portal: HubSpotPortal
    store: SqlStore
    clock: TestClock
    policy_text: str
    monotonic: Monotonic = field(default_factory=Monotonic)
    permission: Permission = REVIEW
    guardrails: Guardrails = MANY
    four_eyes: bool = False
    workers: int = 4

    @property
    def policy(self) -> RetentionPolicy:
        """The policy."""
        return policy_of(self.policy_text)

    # What the service does.

    def assess(
        self, as_of: datetime | None = None, watcher: Watcher | None = None, source: object = None, **parts: Any
    ) -> tuple[Plan, Plan]:
        """The plans of a run: exercised rights, time rules."""
        order = AssessOrder(
            as_of=as_of or self.clock.now(),
            what_if=as_of is not None,
            actor="anna",
            expected_portal=PORTAL,
            guardrails=self.guardrails,
            valid_for=timedelta(hours=24),
        )
        spool = new_spool()
        try:
            source = cast(RecordSource, source or Checked(self.portal))
            assessment = Assessment(source, self.store, spool, self.policy, **parts)
            return assessment.run(order, self.clock.now, watcher or Watcher())
        finally:
            spool.close()

    @property
    def database(self) -> str:
        """Where the database is."""
        return str(self.store._session.connection.engine.url.database)

    @contextmanager
    def beside(self) -> Iterator[SqlStore]:
        """The database as another process opens it for a person, while this one runs."""
        with open_store(f"sqlite:///{self.database}", Access.BRIEF) as store:
            yield store

    def reviewer(self, who: str = "bent") -> Reviewer:
        """A person who decides about plans."""
        return Reviewer(self.store, who, four_eyes=self.four_eyes)

    def registrar(self) -> Registrar:
        """A person who keeps the registers."""
        return Registrar(self.store, "bent")

    def approve(self, plan: Plan) -> Plan:
        """Somebody approves."""
        return self.reviewer().approve(plan.plan_id, plan.digest, self.policy_text, self.clock.now())

    def tools(self, **parts: Any) -> Tools:
        """What an applier works with, some of it replaced."""
        source = parts.get("source", self.portal)
        chosen: dict[str, Any] = {
            "source": source,
            "disposer": self.portal,
            "store": self.store,
            "fresh": FreshReader(source, new_spool, self.policy),
            "policy": self.policy,
            "times": Times(self.clock.now, self.monotonic),
            "workers": self.workers,
        }
        return Tools(**{**chosen, **parts})

    def apply(self, plan: Plan | str, **parts: Any) -> ApplyReport:
        """Apply a plan."""
        plan_id = plan if isinstance(plan, str) else plan.plan_id
        return Applier(self.tools(**parts), self.permission).apply(plan_id, "carl")

    def rights(self) -> Plan:
        """The plan of exercised rights of a new run, approved."""
        return self.approve(self.assess()[0])

    def time_rules(self) -> Plan:
        """The plan of time rules of a new run, approved."""
        return self.approve(self.assess()[1])

    def verified(self) -> None:
        """The probe has seen that correspondence survives on this portal."""
        gates = (ProbeQuestion.CORRESPONDENCE_SURVIVES, ProbeQuestion.DETACHED_SURVIVES)
        with self.store.transaction() as tx:
            tx.save_probe(PORTAL, [ProbeResult(question, "yes") for question in gates], self.clock.now())

    # What people do in HubSpot, and what goes wrong there.

    def act(self, action: str, **more: Any) -> None:
        """Something that a person does in the portal."""
        act(self.sandbox.portal, {"action": action, **more})

    def edit(self, record: str, **properties: Any) -> None:
        """A person edits a record."""
        self.act("edit", record=record, properties=properties)

    def fault(self, kind: str, **more: Any) -> None:
        """Set a fault."""
        self.sandbox.gateway.faults.add({"kind": kind, **more})

    # What is looked at afterwards.

    def state(self, plan: Plan, record: str) -> tuple[ItemState, str]:
        """How far an item has come, and the code of it."""
        item = self.item(plan, record)
        return item.state, item.state_code

    def item(self, plan: Plan, record: str) -> PlanItem:
        """An item of a plan."""
        return next(item for item in self.items(plan) if item.record == ref(record))

    def items(self, plan: Plan) -> list[PlanItem]:
        """The items of a plan."""
        with self.store.transaction() as tx:
            return list(tx.items(plan.plan_id, ALL_ITEMS))

    def plan(self, plan: Plan) -> Plan:
        """A plan as it is now."""
        with self.store.transaction() as tx:
            found = tx.plan(plan.plan_id)
        assert found is not None
        return found

    def entries(self, record: str | None = None) -> list[Entry]:
        """The audit log, or what it says of one record."""
        found = [read_entry(stored.body) for stored in self.store.entries()]
        return [entry for entry in found if record is None or entry.record == record]

    def words(self, record: str) -> list[str]:
        """The kinds of the audit entries of a record, in order."""
        return [entry.kind for entry in self.entries(record)]

    def calls(self, *kinds: str) -> list[Call]:
        """The calls that changed something, in order; of some kinds only."""
        found = [call for call in self.sandbox.journal.entries() if call.kind]
        return [call for call in found if not kinds or call.kind in kinds]

    def effects(self) -> list[str]:
        """What calls really took away, in order."""
        words = ("archived", "erased", "removed")
        found = [effect for call in self.sandbox.journal.entries() for effect in call.effects]
        return [effect for effect in found if effect.startswith(words)]

    def is_in_view(self, record: str) -> bool:
        """Whether a record is in view in the portal."""
        kind, _, number = record.partition("/")
        return number in self.sandbox.portal.tables[kind].live

    def hangs_on(self, record: str, kind: str) -> set[str]:
        """The records of a type that a record is associated with."""
        name, _, number = record.partition("/")
        return {f"{kind}/{other}" for other in self.sandbox.portal.links.of(name, number, kind)}

    def value(self, record: str, name: str) -> str | None:
        """A property in the portal."""
        kind, _, number = record.partition("/")
        found: str | None = self.sandbox.portal.tables[kind].live[number].get(name)
        return found


def another_portal(server: RunningSandbox, document: Mapping[str, Any], options: SandboxOptions) -> RunningSandbox:
    """A server that runs already, with another portal: without what was set, counted and noted before."""
    made = Gateway(load_document(msgspec.json.decode(msgspec.json.encode(document)), options), options)
    served = server.gateway
    for name in ("portal", "options", "journal", "faults", "limits"):
        setattr(served, name, getattr(made, name))
    return replace(server, portal=made.portal, journal=made.journal)


@contextmanager
def a_world(
    server: RunningSandbox,
    document: Mapping[str, Any],
    folder: Path,
    *,
    options: SandboxOptions | None = None,
    policy: Callable[[str], str] = lambda text: text,
    reader: ReaderOptions | None = None,
    timeout_seconds: float = PATIENT,
) -> Iterator[World]:
    """A world for the length of a block. `policy` may change the text of Clienti's."""
    text = policy(CLIENTI.read_text(encoding="utf-8"))
    sandbox = another_portal(server, document, options or SandboxOptions())
    with open_store(a_database(folder / "retention.db")) as store, connected(sandbox, text, timeout_seconds) as made:
        portal, clock = made(reader or ReaderOptions())
        yield World(sandbox=sandbox, portal=portal, store=store, clock=clock, policy_text=text)


@contextmanager
def connected(
    sandbox: RunningSandbox, policy_text: str, timeout_seconds: float = PATIENT
) -> Iterator[Callable[[ReaderOptions], tuple[HubSpotPortal, TestClock]]]:
    """A connection to a sandbox that never sleeps; answers who makes a portal of it."""
    clock = TestClock()
    options = TransportOptions(
        token=sandbox.token,
        base_url=sandbox.url,
        read_timeout_seconds=timeout_seconds,
        pace=PaceOptions(start_limit=None),
        retry=RetryOptions(attempts=3),
    )
    slept = Monotonic()
    timing = Timing(clock=clock, sleep=slept.pass_by, monotonic=lambda: monotonic() + slept.seconds)
    with Transport(options, timing) as transport:
        yield lambda reader: (HubSpotPortal(transport, policy_of(policy_text), reader), clock)


class Watched:
    """Another object, with something done once before or after a method of it is called."""

    def __init__(
        self,
        inner: Any,
        *,
        before: Mapping[str, Callable[[], object]] | None = None,
        after: Mapping[str, Callable[[], object]] | None = None,
    ) -> None:
        self._inner = inner
        self._before, self._after = dict(before or {}), dict(after or {})

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def call(*arguments: Any, **named: Any) -> Any:
            self._before.pop(name, lambda: None)()
            answer = method(*arguments, **named)
            self._after.pop(name, lambda: None)()
            return answer

        return call


class Checked:
    """A portal whose properties are checked once for all worlds: every sandbox defines the same ones."""

    _types: ClassVar[Mapping[str, str]] = {}

    def __init__(self, portal: HubSpotPortal) -> None:
        self._portal = portal

    def require_properties(self) -> None:
        """As the portal does it, but for the requests."""
        if not Checked._types:
            self._portal.require_properties()
            Checked._types = self._portal._types
        self._portal._types = Checked._types
        self._portal._forget_contacts()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._portal, name)


def ids(calls: Sequence[Call]) -> list[str]:
    """The records that calls named, in order."""
    return [each for call in calls for each in call.ids]
