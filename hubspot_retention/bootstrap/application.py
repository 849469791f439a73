"""The parts of one command, each built when it is first asked for.

Everything heavy is imported when it is needed, so that `--help` answers at once.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from hubspot_retention.bootstrap.given import SERVICE, Options
from hubspot_retention.bootstrap.ledger import At, due_tick
from hubspot_retention.bootstrap.owners import hear_for_owners
from hubspot_retention.bootstrap.parts import as_disposer, as_source, new_spool
from hubspot_retention.bootstrap.people import PeopleWork
from hubspot_retention.bootstrap.portal_work import PortalWork
from hubspot_retention.clock import Clock, steady_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hubspot_retention.core.plan.model import Plan
    from hubspot_retention.core.record import ObjectType, RecordId
    from hubspot_retention.evidence.keys import SigningKey
    from hubspot_retention.hubspot.portal import HubSpotPortal
    from hubspot_retention.hubspot.transport import Transport
    from hubspot_retention.store.database import SqlStore
    from hubspot_retention.workflow.anchoring import Anchoring
    from hubspot_retention.workflow.assess import AssessOrder, Watcher
    from hubspot_retention.workflow.confirm import Confirmer
    from hubspot_retention.workflow.dispose import Applier
    from hubspot_retention.workflow.explain import Explainer
    from hubspot_retention.workflow.fresh import FreshReader
    from hubspot_retention.workflow.gate import Permission
    from hubspot_retention.workflow.obligations import Obligations
    from hubspot_retention.workflow.ports import RecordSource, Store
    from hubspot_retention.workflow.reconcile import Reconciler
    from hubspot_retention.workflow.residue import ResidueSweep
    from hubspot_retention.workflow.review import Registrar, Reviewer
    from hubspot_retention.workflow.settling import Settlement
    from hubspot_retention.workflow.succeed import Successor
    from hubspot_retention.workflow.upkeep import Keeper


class Application(PeopleWork, PortalWork):
    """The parts of one command, each built when it is first asked for. `monotonic`: the clock that never jumps."""

    monotonic: Callable[[], float] = staticmethod(steady_seconds)
    _anchoring: "Anchoring | None" = None
    _is_anchored = False

    @contextmanager
    def store(self, access: str = "run", *, makes: bool | None = None) -> "Iterator[SqlStore]":
        """The database, to `run` (only one process does; a second is refused with a message that names it), for
        the `brief` transactions of a person beside a run, or to `read`. `makes`: whether a file that is not there is
        made; unless said, only to run. Raises StoreError."""
        from hubspot_retention.store.database import open_store
        from hubspot_retention.store.engine import Access

        wanted = Access(access)
        may_make = wanted is Access.RUN if makes is None else makes
        with open_store(self.settings().database_url, wanted, makes=may_make) as store:
            yield store

    @contextmanager
    def transport(self, sleep: Callable[[float], None] = time.sleep) -> "Iterator[Transport]":
        """The one way to HubSpot. `sleep` may raise PortalPausedError to give up waiting."""
        from hubspot_retention.credentials import read_token
        from hubspot_retention.hubspot.pacing import PaceOptions
        from hubspot_retention.hubspot.transport import Timing, Transport, TransportOptions

        settings = self.settings()
        pace = PaceOptions(
            start_limit=settings.pacing.per_10_seconds, daily_reserve=settings.pacing.daily_reserve_percent / 100
        )
        options = TransportOptions(token=read_token(self._environment), base_url=settings.base_url, pace=pace)
        with Transport(options, Timing(clock=self.clock, sleep=sleep)) as transport:
            yield transport

    @contextmanager
    def portal(self, store: "Store | None" = None) -> "Iterator[HubSpotPortal]":
        """The portal under the policy; the store remembers where to split its id space."""
        with self.transport() as transport:
            yield self.portal_by(transport, store)

    def portal_by(self, transport: "Transport", store: "Store | None" = None) -> "HubSpotPortal":
        """The same, over a way to HubSpot that is there already. With a store, it refuses to be another portal than the
        one that the store belongs to (BlockedError)."""
        from hubspot_retention.hubspot.portal import HubSpotPortal
        from hubspot_retention.hubspot.reading import ReaderOptions
        from hubspot_retention.workflow.own_portal import require_own

        reader = ReaderOptions(most_readers=self.settings().pacing.readers)
        if store is None:
            return HubSpotPortal(transport, self.policy()[0], reader)
        admit = partial(require_own, store)
        return HubSpotPortal(transport, self.policy()[0], reader, self._hints(store), admit)

    def _hints(self, store: "Store") -> "dict[ObjectType, tuple[RecordId, ...]]":
        with store.transaction() as tx:
            newest = next(iter(tx.plans()), None)
            found = {} if newest is None else tx.boundaries(newest.portal_id)
        return {kind: tuple(ids) for kind, ids in found.items()}

    def fresh(self, source: "RecordSource") -> "FreshReader":
        """What reads records by id and decides them again."""
        from hubspot_retention.workflow.fresh import FreshReader

        return FreshReader(source, new_spool, self.policy()[0])

    def ledger(self) -> "Obligations":
        """What keeps the deadline ledger."""
        from hubspot_retention.workflow.obligations import Obligations

        return Obligations(self.policy()[0], self.grace())

    def anchoring(self, store: "Store") -> "Anchoring | None":
        """What keeps the anchors of the log, the same all the time; `None` if none is set. Raises UsageError."""
        from hubspot_retention.bootstrap.anchors import anchoring_of

        if not self._is_anchored:
            self._anchoring, self._is_anchored = anchoring_of(self, store), True
        return self._anchoring

    def successor(self, store: "Store", file: "Path", keys: "Sequence[SigningKey]") -> "Successor":
        """Who hands the log's key over, signing with the keys of a file, the newest first. Raises UsageError."""
        from hubspot_retention.bootstrap.anchors import signing_of
        from hubspot_retention.workflow.succeed import Successor

        return Successor(store, signing_of(self, store, file, keys), self.actor, self.clock.now)

    def permission(self) -> "Permission":
        """What the settings allow."""
        from hubspot_retention.workflow.gate import Permission

        return Permission(mode=self.settings().mode, allow_erase=self.settings().allow_erase)

    def applier(
        self, portal: "HubSpotPortal", store: "Store", should_stop: Callable[[], bool] = lambda: False
    ) -> "Applier":
        """What carries out plans, until it should stop."""
        from hubspot_retention.workflow.carry import Tools
        from hubspot_retention.workflow.dispose import Applier
        from hubspot_retention.workflow.gate import Unwatched
        from hubspot_retention.workflow.times import Times

        tools = Tools(
            source=as_source(portal),
            disposer=as_disposer(portal),
            store=store,
            fresh=self.fresh(as_source(portal)),
            policy=self.policy()[0],
            times=Times(self.clock.now, self.monotonic),
            workers=self.settings().pacing.erasers,
            should_stop=should_stop,
            freshness=self.anchoring(store) or Unwatched(),
            pseudonym=self.pseudonym(),
            app_id=self.app_id,
        )
        return Applier(tools, self.permission())

    def assess(
        self,
        portal: "HubSpotPortal",
        store: "Store",
        watcher: "Watcher",
        as_of: datetime | None = None,
        kind: str = "plan",
    ) -> "tuple[Plan, Plan]":
        """Assess the whole portal as of now, or of another instant (then nothing of it can be applied)."""
        return self._assess(portal, store, watcher, self._order(self.actor, kind, as_of))

    def sweep(self, portal: "HubSpotPortal", store: "Store", watcher: "Watcher") -> "tuple[Plan, Plan]":
        """Assess the whole portal for the service."""
        return self._assess(portal, store, watcher, self._order(SERVICE, "sweep", None))

    def _order(self, actor: str, kind: str, as_of: datetime | None) -> "AssessOrder":
        from hubspot_retention.workflow.assess import AssessOrder

        settings = self.settings()
        return AssessOrder(
            as_of=as_of or self.clock.now(),
            what_if=as_of is not None,
            actor=actor,
            expected_portal=settings.portal_id,
            guardrails=settings.guardrails,
            valid_for=timedelta(hours=settings.plan_valid_hours),
            kind=kind,
        )

    def _assess(
        self, portal: "HubSpotPortal", store: "Store", watcher: "Watcher", order: "AssessOrder"
    ) -> "tuple[Plan, Plan]":
        from hubspot_retention.bootstrap.processes import bench_for
        from hubspot_retention.workflow.assess import Assessment

        anchoring = self.anchoring(store)  # settings that cannot be are told of before the portal is read
        spool = new_spool()
        owners = hear_for_owners(self, store, order)
        try:
            parts = (as_source(portal), store, spool, self.policy()[0], self.ledger())
            assessment = Assessment(*parts, returned=self.returned(store), bench_for=bench_for)
            plans = assessment.run(order, self.clock.now, owners.beside(watcher) if owners else watcher)
        finally:
            spool.close()
        if owners is not None:
            owners.note()
        if anchoring is not None:
            anchoring.look()
            anchoring.mark()
        return plans

    def settlement(self, store: "Store") -> "Settlement":
        """What brings the deadline ledger up to date with a plan."""
        from hubspot_retention.workflow.settling import Settlement

        return Settlement(store, self.ledger(), self.clock.now)

    def reviewer(self, store: "Store") -> "Reviewer":
        """Who decides about plans."""
        from hubspot_retention.workflow.review import Reviewer

        return Reviewer(store, self.actor, four_eyes=self.settings().four_eyes)

    def registrar(self, store: "Store") -> "Registrar":
        """Who keeps the registers."""
        from hubspot_retention.workflow.review import Registrar

        return Registrar(store, self.actor)

    def reconciler(self, portal: "HubSpotPortal", store: "Store") -> "Reconciler":
        """What reconciles the portal with the policy, as far as the mode allows."""
        from hubspot_retention.workflow.reconcile import Reconciler

        applier = self.applier(portal, store)
        due = due_tick(self, At(portal=portal, store=store, actor=self.actor), applier)
        return Reconciler(store, applier, self.policy()[0], self.permission(), self.clock.now, due)

    def explainer(self, portal: "HubSpotPortal", store: "Store") -> "Explainer":
        """What tells everything of one record."""
        from hubspot_retention.workflow.explain import Explainer

        source = as_source(portal)
        return Explainer(source, store, self.fresh(source), self.policy()[0], self.clock.now)

    def confirmer(self, portal: "HubSpotPortal", store: "Store") -> "Confirmer":
        """What writes down that a person confirms a start or a restored record."""
        from hubspot_retention.workflow.confirm import Confirmer

        source = as_source(portal)
        return Confirmer(source, store, self.fresh(source), self.actor, self.clock.now)

    def residue_sweep(self, transport: "Transport", store: "Store") -> "ResidueSweep":
        """Who looks for correspondence that hangs on nothing any more."""
        from hubspot_retention.workflow.residue import ResidueSweep

        return ResidueSweep(self.portal_by(transport), store, self.actor)

    def note_in_force(self, store: "Store", actor: str) -> None:
        """Write down what of the policy and of the settings that people rely on has changed since the last time."""
        from hubspot_retention.workflow.in_force import InForce, note_in_force

        settings = self.settings()
        found = InForce(
            policy_digest=self.policy()[0].digest,
            mode=settings.mode,
            allow_erase=settings.allow_erase,
            four_eyes=settings.four_eyes,
            guardrails=settings.guardrails,
            portal_id=settings.portal_id,
        )
        note_in_force(store, found, actor, self.clock.now())

    def keeper(self, store: "Store") -> "Keeper":
        """Who writes down what is done to the portal and to the policy."""
        from hubspot_retention.workflow.upkeep import Keeper

        return Keeper(store, self.actor)


def application(options: Options | None = None, clock: Clock | None = None) -> Application:
    """The application for one command."""
    return Application(options or Options(), clock or Clock())
