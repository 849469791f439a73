"""What has the owners of records warned: whose, is heard while a portal is assessed; they are told afterwards."""

from typing import TYPE_CHECKING

from hubspot_retention.bootstrap.parts import as_owners, as_source

if TYPE_CHECKING:
    from hubspot_retention.bootstrap.application import Application
    from hubspot_retention.bootstrap.ledger import At
    from hubspot_retention.workflow.assess import AssessOrder
    from hubspot_retention.workflow.owner_warnings import OwnerHearing, Warned
    from hubspot_retention.workflow.ports import Store


def hear_for_owners(app: "Application", store: "Store", order: "AssessOrder") -> "OwnerHearing | None":
    """What hears whose owner is to be warned; `None` where nobody is: the policy asks for it nowhere, or a what-if."""
    from hubspot_retention.core.owner_warning import Foresight
    from hubspot_retention.workflow.owner_warnings import OwnerHearing

    foresight = Foresight.of(app.policy()[0], order.as_of)
    return None if order.what_if or foresight.farthest is None else OwnerHearing(store, foresight)


def warn_owners(app: "Application", at: "At") -> "Warned":
    """Tell owners, after a sweep, of what it noted."""
    from hubspot_retention.workflow.gate import Unwatched
    from hubspot_retention.workflow.owner_warnings import OwnerWarner, WarnerParts

    source = as_source(at.portal)
    parts = WarnerParts(
        source=source,
        owners=as_owners(at.portal),
        store=at.store,
        fresh=app.fresh(source),
        policy=app.policy()[0],
        permission=app.permission(),
        freshness=app.anchoring(at.store) or Unwatched(),
        clock=app.clock.now,
        should_stop=at.should_stop,
    )
    return OwnerWarner(parts).run()
