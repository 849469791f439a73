"""The only place that builds real objects and joins them: settings, policy, store, portal, use cases.

Everything heavy is imported when it is needed, so that `--help` answers at once.
"""

import getpass
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hubspot_retention.clock import Clock
from hubspot_retention.documents import policy_text, read_document
from hubspot_retention.errors import BlockedError, UsageError

if TYPE_CHECKING:
    from hubspot_retention.core.plan.model import Plan
    from hubspot_retention.core.policy.model import RetentionPolicy
    from hubspot_retention.core.portal import PortalDetails
    from hubspot_retention.core.record import ObjectType, RecordId
    from hubspot_retention.hubspot.check import PortalCheck as PortalCheck
    from hubspot_retention.hubspot.portal import HubSpotPortal
    from hubspot_retention.hubspot.probe import Probe
    from hubspot_retention.hubspot.setup import MissingDefinition as MissingDefinition
    from hubspot_retention.hubspot.transport import Transport
    from hubspot_retention.settings import Settings
    from hubspot_retention.store.database import SqlStore
    from hubspot_retention.workflow.assess import Watcher
    from hubspot_retention.workflow.confirm import Confirmer
    from hubspot_retention.workflow.dispose import Applier
    from hubspot_retention.workflow.explain import Explainer
    from hubspot_retention.workflow.fresh import FreshReader
    from hubspot_retention.workflow.ports import Disposer, RecordSource, Spool, Store
    from hubspot_retention.workflow.reconcile import Reconciler
    from hubspot_retention.workflow.review import Registrar, Reviewer
    from hubspot_retention.workflow.upkeep import Keeper


@dataclass(frozen=True, slots=True)
class Options:
    """What a command was given. `environment` is the process's unless a test says otherwise."""

    policy: Path | None = None
    settings: Path | None = None
    actor: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


class Application:
    """The parts of one command, each built when it is first asked for."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self._options = options
        self._environment = options.environment
        self.clock = clock
        self._policy: tuple[RetentionPolicy, str] | None = None

    @property
    def actor(self) -> str:
        """Who acts: `--who`, `RETENTION_ACTOR`, else the login. Raises UsageError for what no log may hold."""
        name = self._options.actor or self._environment.get("RETENTION_ACTOR") or getpass.getuser()
        if not name.isascii() or not name or not all(sign.isalnum() or sign in "_.-" for sign in name):
            raise UsageError(
                f"{name!r} is no login: the audit log takes letters, digits and _ . - only. "
                "Give --who or RETENTION_ACTOR."
            )
        if name == "service":
            raise UsageError("'service' is who approves what a rule lets go by itself: give another --who")
        return name

    def settings(self) -> "Settings":
        """The service settings: `--settings`, `RETENTION_SETTINGS`, else the defaults; the environment over them."""
        from hubspot_retention.settings import read_settings

        named = self._environment.get("RETENTION_SETTINGS")
        path = self._options.settings or (Path(named) if named else None)
        text, source = ("", "defaults") if path is None else (read_document(path, "settings file"), str(path))
        return read_settings(text, source, self._environment)

    def policy(self) -> "tuple[RetentionPolicy, str]":
        """The policy and its text. Raises UsageError with every problem at once."""
        from hubspot_retention.core.policy.parse import PolicyError, parse_policy

        if self._policy is None:
            text, source = policy_text(self._options.policy, self._environment)
            try:
                self._policy = parse_policy(text), text
            except PolicyError as error:
                lines = "\n".join(f"- {problem}" for problem in error.problems)
                raise UsageError(f"{source} is no policy that can be carried out:\n{lines}") from error
        return self._policy

    @contextmanager
    def store(self, access: str = "run") -> "Iterator[SqlStore]":
        """The database, to `run` (only one process does; a second is refused with a message that names it), for
        the `brief` transactions of a person beside a run, or to `read`."""
        from hubspot_retention.store.database import open_store
        from hubspot_retention.store.engine import Access

        with open_store(self.settings().database_url, Access(access)) as store:
            yield store

    @contextmanager
    def transport(self) -> "Iterator[Transport]":
        """The one way to HubSpot."""
        from hubspot_retention.hubspot.pacing import PaceOptions
        from hubspot_retention.hubspot.transport import Transport, TransportOptions
        from hubspot_retention.settings import read_token

        settings = self.settings()
        pace = PaceOptions(
            start_limit=settings.pacing.per_10_seconds, daily_reserve=settings.pacing.daily_reserve_percent / 100
        )
        options = TransportOptions(token=read_token(self._environment), base_url=settings.base_url, pace=pace)
        with Transport(options) as transport:
            yield transport

    @contextmanager
    def portal(self, store: "Store | None" = None) -> "Iterator[HubSpotPortal]":
        """The portal under the policy; the store remembers where to split its id space."""
        from hubspot_retention.hubspot.portal import HubSpotPortal
        from hubspot_retention.hubspot.reading import ReaderOptions

        policy, _ = self.policy()
        with self.transport() as transport:
            reader = ReaderOptions(most_readers=self.settings().pacing.readers)
            yield HubSpotPortal(transport, policy, reader, self._hints(store))

    def _hints(self, store: "Store | None") -> "dict[ObjectType, tuple[RecordId, ...]]":
        if store is None:
            return {}
        with store.transaction() as tx:
            newest = next(iter(tx.plans()), None)
            found = {} if newest is None else tx.boundaries(newest.portal_id)
        return {kind: tuple(ids) for kind, ids in found.items()}

    def _fresh(self, source: "RecordSource") -> "FreshReader":
        from hubspot_retention.workflow.fresh import FreshReader

        return FreshReader(source, new_spool, self.policy()[0])

    def applier(self, portal: "HubSpotPortal", store: "Store") -> "Applier":
        """What carries out plans."""
        from hubspot_retention.workflow.carry import Tools
        from hubspot_retention.workflow.dispose import Applier
        from hubspot_retention.workflow.gate import Permission
        from hubspot_retention.workflow.times import Times

        settings = self.settings()
        tools = Tools(
            source=_as_source(portal),
            disposer=_as_disposer(portal),
            store=store,
            fresh=self._fresh(_as_source(portal)),
            policy=self.policy()[0],
            times=Times(self.clock.now, time.monotonic),
            workers=settings.pacing.erasers,
        )
        return Applier(tools, Permission(mode=settings.mode, allow_erase=settings.allow_erase))

    def assess(
        self,
        portal: "HubSpotPortal",
        store: "Store",
        watcher: "Watcher",
        as_of: datetime | None = None,
        kind: str = "plan",
    ) -> "tuple[Plan, Plan]":
        """Assess the whole portal as of now, or of another instant (then nothing of it can be applied)."""
        from hubspot_retention.workflow.assess import Assessment, AssessOrder

        settings = self.settings()
        order = AssessOrder(
            as_of=as_of or self.clock.now(),
            what_if=as_of is not None,
            actor=self.actor,
            expected_portal=settings.portal_id,
            guardrails=settings.guardrails,
            valid_for=timedelta(hours=settings.plan_valid_hours),
            kind=kind,
        )
        spool = new_spool()
        try:
            return Assessment(_as_source(portal), store, spool, self.policy()[0]).run(order, self.clock.now, watcher)
        finally:
            spool.close()

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
        from hubspot_retention.workflow.gate import Permission
        from hubspot_retention.workflow.reconcile import Reconciler

        settings = self.settings()
        permission = Permission(mode=settings.mode, allow_erase=settings.allow_erase)
        return Reconciler(store, self.applier(portal, store), self.policy()[0], permission, self.clock.now)

    def explainer(self, portal: "HubSpotPortal", store: "Store") -> "Explainer":
        """What tells everything of one record."""
        from hubspot_retention.workflow.explain import Explainer

        source = _as_source(portal)
        return Explainer(source, store, self._fresh(source), self.policy()[0], self.clock.now)

    def confirmer(self, portal: "HubSpotPortal", store: "Store") -> "Confirmer":
        """What writes down that a person confirms a start or a restored record."""
        from hubspot_retention.workflow.confirm import Confirmer

        source = _as_source(portal)
        return Confirmer(source, store, self._fresh(source), self.actor, self.clock.now)

    def keeper(self, store: "Store") -> "Keeper":
        """Who writes down what is done to the portal and to the policy."""
        from hubspot_retention.workflow.upkeep import Keeper

        return Keeper(store, self.actor)

    def check_portal(self, transport: "Transport") -> "PortalCheck":
        """Whether this is the right portal, and whether the policy can be kept on it."""
        from hubspot_retention.hubspot.check import check_portal

        return check_portal(transport, self.policy()[0], self.settings().portal_id)

    def identify(self, transport: "Transport") -> "PortalDetails":
        """Who the token belongs to. Raises BlockedError if that is not the portal of the settings."""
        from hubspot_retention.hubspot.account import read_identity

        found, expected = read_identity(transport), self.settings().portal_id
        if expected not in (None, found.portal_id):
            raise BlockedError(f"the token belongs to portal {found.portal_id}, the settings name portal {expected}")
        return found

    def probe(self, transport: "Transport") -> "Probe":
        """What tries on the portal itself what HubSpot leaves undocumented."""
        from hubspot_retention.hubspot.probe import Probe

        return Probe(transport, self.policy()[0])

    def missing_definitions(self, transport: "Transport") -> "tuple[MissingDefinition, ...]":
        """The property group and the properties that the portal lacks."""
        from hubspot_retention.hubspot.control import ControlPlane
        from hubspot_retention.hubspot.setup import missing

        return missing(self.policy()[0], ControlPlane(transport))

    def create_definition(self, transport: "Transport", wanted: "MissingDefinition") -> bool:
        """Make one of them; `False` if somebody made it in the meantime."""
        from hubspot_retention.hubspot.control import ControlPlane
        from hubspot_retention.hubspot.setup import create

        return bool(create(ControlPlane(transport), [wanted]))


def _as_source(portal: "HubSpotPortal") -> "RecordSource":
    return portal  # mypy proves the fit


def _as_disposer(portal: "HubSpotPortal") -> "Disposer":
    return portal  # mypy proves the fit


def as_store(store: "SqlStore") -> "Store":
    """The store as the use cases see it; mypy proves the fit."""
    return store


def new_spool() -> "Spool":
    """A spool for one assessment or one fresh read."""
    from hubspot_retention.store.spool import Spool

    return Spool()


def application(options: Options | None = None, clock: Clock | None = None) -> Application:
    """The application for one command."""
    return Application(options or Options(), clock or Clock())
