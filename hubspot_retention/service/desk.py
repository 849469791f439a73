"""The parts that hang on one portal, which was just seen to be the right one and to have what the policy reads."""

from collections.abc import Callable
from dataclasses import dataclass

from hubspot_retention.bootstrap import SERVICE, Application, At, due_tick, foreign_of
from hubspot_retention.core.record import PortalId
from hubspot_retention.workflow.due import DueTick
from hubspot_retention.workflow.hot import LEAST_OVERLAP, HotOptions, HotSweep
from hubspot_retention.workflow.inbox import InboxTick
from hubspot_retention.workflow.matters import InboxOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the ticks work with. `settle_left` settles calls whose answer nobody heard."""

    inbox: InboxTick
    hot: HotSweep
    due: DueTick
    settle_left: Callable[[], None]


def open_desk(app: Application, at: At, portal_id: PortalId) -> Desk:
    """Build it."""
    policy, ledger = app.policy()[0], app.ledger()
    foreign = foreign_of(app, at.portal, portal_id)
    applier = app.applier(at.portal, at.store, at.should_stop)
    inbox = InboxOptions(
        portal_id=portal_id,
        app_id=app.app_id,
        hold_properties=frozenset((policy.sources.contact.legal_hold, policy.sources.contact.restricted)),
    )
    hot = HotOptions(portal_id=portal_id, overlap=max(LEAST_OVERLAP, app.settings().service.hot_every))
    return Desk(
        inbox=InboxTick(at.portal, at.store, foreign, ledger.look_at, inbox),
        hot=HotSweep(at.portal, at.store, foreign, ledger.look_at, hot),
        due=due_tick(app, at, applier),
        settle_left=lambda: applier.settle_left(portal_id, SERVICE),
    )
