"""What works off the deadline ledger at one portal: for the service and for a one-shot reconciliation alike."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hubspot_retention.bootstrap.parts import as_source

if TYPE_CHECKING:
    from hubspot_retention.bootstrap.application import Application
    from hubspot_retention.core.deadline.obligation import Obligation
    from hubspot_retention.core.record import PortalId
    from hubspot_retention.hubspot.portal import HubSpotPortal
    from hubspot_retention.workflow.dispose import Applier
    from hubspot_retention.workflow.due import DueTick
    from hubspot_retention.workflow.foreign import Foreign
    from hubspot_retention.workflow.ports import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """Where work is done: at which portal, in which store, in whose name, and whether it should stop."""

    portal: "HubSpotPortal"
    store: "Store"
    actor: str
    should_stop: Callable[[], bool] = lambda: False


def foreign_of(app: "Application", portal: "HubSpotPortal", portal_id: "PortalId") -> "Foreign":
    """What judges what others did to records."""
    from hubspot_retention.workflow.foreign import Foreign
    from hubspot_retention.workflow.watch import raise_alarm

    return Foreign(portal, app.policy()[0], portal_id, raise_alarm)


def due_tick(app: "Application", at: At, applier: "Applier") -> "DueTick":
    """What looks at the ledger and does what is due and allowed."""
    from hubspot_retention.workflow.due import DueParts, DueTick

    settings = app.settings()

    def gone(obligation: "Obligation") -> None:
        foreign, now = foreign_of(app, at.portal, at.portal.identity().portal_id), app.clock.now()
        loss = foreign.lost(obligation.record, now)
        with at.store.transaction() as tx:
            foreign.gone(tx, loss, now)

    return DueTick(
        DueParts(
            source=as_source(at.portal),
            store=at.store,
            fresh=app.fresh(as_source(at.portal)),
            ledger=app.ledger(),
            applier=applier,
            policy=app.policy()[0],
            permission=app.permission(),
            guardrails=settings.guardrails,
            valid_for=timedelta(hours=settings.plan_valid_hours),
            clock=app.clock.now,
            actor=at.actor,
            portal_id=settings.portal_id,
            on_gone=gone,
            returned=app.returned(at.store),
            should_stop=at.should_stop,
        )
    )
