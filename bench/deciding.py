"""Decisions on facts in memory, on one core, of an invented portal."""

import gc
import time
from datetime import datetime
from typing import Any

from bench.child import main
from hubspot_retention.bootstrap import Options, application
from hubspot_retention.clock import Clock
from hubspot_retention.core.decision.decide import NO_HISTORY
from hubspot_retention.core.facts.observation import ContactObservation
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.portal import SeenContact
from hubspot_retention.core.view import Judge
from hubspot_retention.hubspot.portal import HubSpotPortal
from hubspot_retention.store.spool import Spool

_REPEATS = 5


def decide() -> dict[str, Any]:
    """Read a portal, then time facts, decisions on contacts and decisions on deals, each by itself."""
    app = application(Options(actor="bench"))
    policy, _ = app.policy()
    with app.portal() as portal, Spool() as spool:
        judge, contacts = _read(portal, policy, spool, Clock().now())
        views = spool.contact_views(contacts)
        facts = [judge.contact_facts(view) for view in views]
        pairs = list(zip(views, facts, strict=True))
        spool.keep_traces([(view.seen.record_id, judge.trace(view, known)) for view, known in pairs])
        deals = [entry for around in spool.deal_neighbours() for entry in around.views()]
    gc.collect()
    gc.freeze()
    found = {"facts": 0.0, "contacts": 0.0, "deals": 0.0}
    for _ in range(_REPEATS):
        started = time.perf_counter()
        for view in views:
            judge.contact_facts(view)
        middle = time.perf_counter()
        for view, known in pairs:
            judge.decide_contact(view, known, NO_HISTORY)
        later = time.perf_counter()
        for deal, traces in deals:
            judge.decide_deal(deal, traces, NO_HISTORY)
        ended = time.perf_counter()
        found["facts"] = max(found["facts"], len(views) / (middle - started))
        found["contacts"] = max(found["contacts"], len(views) / (later - middle))
        found["deals"] = max(found["deals"], len(deals) / (ended - later))
    return found


def _read(
    portal: HubSpotPortal, policy: RetentionPolicy, spool: Spool, as_of: datetime
) -> tuple[Judge, list[ContactObservation]]:
    portal.require_properties()
    judge = Judge.of(policy, {}, as_of)
    for companies in portal.companies():
        spool.add_companies(companies)
    for deals in portal.deals():
        spool.add_deals(deals)
    spool.judge_companies(judge)
    seen: list[SeenContact] = [contact for page in portal.contacts() for contact in page]
    return judge, [contact.observation for contact in seen]


if __name__ == "__main__":
    main({"decide": decide})
