"""`status`: how the service stands, for a terminal. Reads the database, also while the service runs, and asks the
service itself, if one answers."""

from typing import TYPE_CHECKING

import typer

from hubspot_retention.cli.given import AsJson, PolicyFile, application
from hubspot_retention.cli.output import print_json, print_text

if TYPE_CHECKING:
    from hubspot_retention.bootstrap import Application
    from hubspot_retention.cli.render_status import Status


def status(context: typer.Context, as_json: AsJson = False, policy: PolicyFile = None) -> None:
    """Show alarms, the service, ticks, deadlines, debt, holds, open requests, plans that wait, standing approvals and
    webhooks."""
    from hubspot_retention.cli.render_status import status_json, status_text_of

    found = _read(application(context, policy=policy))
    if as_json:
        print_json(status_json(found))
    else:
        print_text(status_text_of(found))


def _read(house: "Application") -> "Status":
    from hubspot_retention.cli.render_status import Status
    from hubspot_retention.core.plan.model import PlanStatus
    from hubspot_retention.service.asking import ask
    from hubspot_retention.service.figures import read_figures
    from hubspot_retention.service.names import limits_of
    from hubspot_retention.workflow.kept import kept_since

    waiting = (PlanStatus.AWAITING_REVIEW, PlanStatus.APPROVED, PlanStatus.APPLYING)
    now, service, anchors = house.clock.now(), house.settings().service, house.settings().anchors.limits
    running = ask(service.operations_host, service.operations_port)
    policy, _ = house.policy()
    with house.store("read") as store, store.transaction() as tx:
        plans, kept = tx.plans(), kept_since(tx, policy, now)
        portal = house.settings().portal_id or next((plan.portal_id for plan in plans), None)
        open_requests = [request for request in tx.requests(followed=False) if request.closed_at is None]
        return Status(
            policy=policy,
            figures=read_figures(tx, portal, now, anchors),
            stopped=tx.kill_switch(),
            anchors=anchors,
            limits=limits_of(service),
            plans=[plan for plan in plans if plan.status in waiting and plan.to_do and now <= plan.expires_at],
            requests=sorted(open_requests, key=lambda request: request.received_at),
            approvals=[found for found in tx.standing_approvals() if found.stands(now)],
            people=house.remembering(),
            tombstones=tx.count_tombstones(),
            may_be_cut=kept is not None and kept.audit_log == policy.civil.start_of(policy.evidence.audit_log, now),
            can_be_cut=house.settings().anchors.key is not None,
            running=running,
        )
