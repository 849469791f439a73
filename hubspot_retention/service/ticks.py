"""What each tick does: a use case, asked as of now; answered is what of it is worth a line in the log.

Everything that talks to HubSpot goes through a desk: the parts that hang on a portal which was seen to be the right
one, with every property that the policy names. A full sweep reads with a portal of its own, and after it the desk is
made anew: whatever a reader learnt or gave up is not carried on for months.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from hubspot_retention.bootstrap import SERVICE, Application, At, shorten_log, warn_owners
from hubspot_retention.core.audit.verify import VerifyReport
from hubspot_retention.core.record import ObjectType
from hubspot_retention.errors import BlockedError, PortalTemporaryError
from hubspot_retention.service.desk import Desk, open_desk
from hubspot_retention.service.names import INBOX
from hubspot_retention.service.speed import Speed
from hubspot_retention.service.works import Facts
from hubspot_retention.workflow.assess import Watcher
from hubspot_retention.workflow.due import DueReport
from hubspot_retention.workflow.gate import ComparedClocks
from hubspot_retention.workflow.own_portal import keep_to
from hubspot_retention.workflow.ports import Store
from hubspot_retention.workflow.remembered import expire_remembered
from hubspot_retention.workflow.times import Times
from hubspot_retention.workflow.watch import ANOTHER_PORTAL, SelfCheck, Signs

if TYPE_CHECKING:
    from hubspot_retention.hubspot.portal import HubSpotPortal
    from hubspot_retention.hubspot.transport import Transport

_log = structlog.get_logger("hubspot_retention.service")

_KEPT_EVENTS: Final = timedelta(days=30)
"""How long handled events stay in the inbox: HubSpot repeats one for a day at most."""
_KEPT_OBLIGATIONS: Final = timedelta(days=400)
"""How long a settled obligation stays in the ledger: a year's figures and an alarm's 90 days are over by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What the ticks are made with. `verify` reads the whole log; `should_stop`: the process is to end; `between`: let
    what is pressing go in between; `want`: have a tick done; `speed` measures the due tick; `times`: both clocks."""

    app: Application
    store: Store
    transport: "Transport"
    signs: Signs
    check: SelfCheck
    verify: Callable[[], VerifyReport]
    should_stop: Callable[[], bool]
    between: Callable[[], None]
    want: Callable[..., None]
    speed: Speed
    times: Times


class Ticks:
    """The five ticks. Called by the one thread that works."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._now = shop.times.now
        self._clocks: ComparedClocks | None = None
        self._desk: Desk | None = None
        self._is_settled = False

    def inbox(self) -> Facts | None:
        """What webhooks told."""
        report = self._at_desk().inbox.run(self._now())
        if report.more:
            self._shop.want(INBOX)
        return {name.replace("-", "_"): number for name, number in report.outcomes} if report.handled else None

    def due(self) -> Facts | None:
        """What the ledger says is due; nothing while the service has stopped itself. Before anything else, calls whose
        answer an earlier process, or a tick that failed, never heard are settled by reading."""
        closed = self._shop.signs.gate.codes()
        if closed:
            raise BlockedError(f"nothing is disposed of until a person has looked: {', '.join(closed)}")
        desk = self._at_desk()
        if not self._is_settled:
            desk.settle_left()
        self._is_settled = False
        speed = self._shop.speed
        began = speed.seconds()
        report = desk.due.run(self._now())
        speed.note(report.looked, speed.seconds() - began)
        if report.error is not None:
            raise report.error
        self._is_settled = not report.is_partial
        return _facts(report)

    def hot(self) -> Facts | None:
        """What has changed lately."""
        report = self._at_desk().hot.run(self._now())
        if report.short:
            classes = ", ".join(kind.value for kind in report.short)
            raise PortalTemporaryError(f"HubSpot's search was not whole ({classes}): the sweep begins there again")
        return {"looked": report.looked} if report.looked else None

    def full(self) -> Facts | None:
        """The whole portal."""
        shop = self._shop
        portal = self._seen(shop.app.portal_by(shop.transport, shop.store), with_properties=False)
        watcher = Watcher(progress=lambda phase, done, total: shop.between())
        plans = shop.app.sweep(portal, shop.store, watcher)
        self._desk = None
        warned = warn_owners(shop.app, At(portal=portal, store=shop.store, actor=SERVICE, should_stop=shop.should_stop))
        if warned.stopped_by:
            _log.warning("owners.not_warned", why=warned.stopped_by)
        read = dict(plans[0].population)
        counts = {kind.value: read.get(kind, 0) for kind in ObjectType if kind in read}
        due = sum(rule.total for plan in plans for rule in plan.rules)
        told = {"owners_told_of": warned.told, "without_owner": warned.without_owner}
        return {"run_id": plans[0].run_id, **counts, "due": due, **{name: n for name, n in told.items() if n}}

    def self_check(self) -> Facts | None:
        """The audit log, its anchors, the clocks, the portal."""
        shop = self._shop
        shop.check.verify()
        self._anchor()
        self._seen(shop.app.portal_by(shop.transport, shop.store), with_properties=True)
        with shop.store.transaction() as tx:
            forgotten = tx.forget_events(self._now() - _KEPT_EVENTS)
            settled = tx.forget_obligations(self._now() - _KEPT_OBLIGATIONS)
        tombstones, receipts, texts = expire_remembered(shop.store, shop.app.policy()[0], self._now())
        shortened = shorten_log(shop.app, shop.store, shop.verify)
        signs = shop.signs
        return {
            "entries": signs.audit_entries,
            "clock_skew_seconds": signs.clock_skew_seconds,
            "events_forgotten": forgotten,
            "obligations_forgotten": settled,
            "tombstones_expired": tombstones,
            "receipts_expired": receipts,
            "texts_erased": texts,
            "log_entries_removed": shortened.removed,
            **({"log_kept_for": shortened.kept_for.value} if shortened.kept_for else {}),
        }

    def _anchor(self) -> None:
        """Show the anchors where the log stands. Raises BlockedError, after which it is soon tried again."""
        anchoring = self._shop.app.anchoring(self._shop.store)
        if anchoring is not None:
            anchoring.require()

    def _at_desk(self) -> Desk:
        shop = self._shop
        if self._desk is not None and self._clock_was_set():
            self._seen(shop.app.portal_by(shop.transport, shop.store), with_properties=False)
        if self._desk is None:
            portal = self._seen(shop.app.portal_by(shop.transport, shop.store), with_properties=True)
            assert shop.signs.portal_id is not None
            keep_to(shop.store, shop.signs.portal_id, self._now())
            at = At(portal=portal, store=shop.store, actor=SERVICE, should_stop=shop.should_stop)
            self._desk = open_desk(shop.app, at, shop.signs.portal_id)
        return self._desk

    def _clock_was_set(self) -> bool:
        """Whether our wall clock has left HubSpot's since they were compared: whatever a tick writes down by a wrong
        clock stays wrong (when to look again, when an opt-out was first seen), also after the clock is right again. A
        machine that slept is no such case where a clock counts its sleep; elsewhere it looks alike, and they are
        compared once more."""
        return self._clocks is None or not self._clocks.agree()

    def _seen(self, portal: "HubSpotPortal", *, with_properties: bool) -> "HubSpotPortal":
        """A portal that is the right one. Raises BlockedError, PortalError."""
        self._clocks = None
        try:
            details = portal.identity()
        except BlockedError:
            self._shop.signs.gate.set(ANOTHER_PORTAL, closed=True)
            raise
        self._shop.check.identify(details)
        self._clocks = ComparedClocks(self._shop.times, details.clock_skew_seconds)
        if with_properties:
            portal.require_properties()
        return portal


def _facts(report: DueReport) -> Facts | None:
    figures: dict[str, object] = {
        "looked": report.looked,
        "unreadable": report.unreadable,
        "plans_made": [plan.plan_id for plan in report.plans],
        "plans_carried_out": report.applied,
        "plans_waiting": [plan_id for plan_id, _ in report.waits],
    }
    return {name: figure for name, figure in figures.items() if figure} or None
