"""Events, obligations and the parts that notice changes, as tests want them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from hubspot_retention.core.alarm import AlarmRecord
from hubspot_retention.core.deadline.ledger import looked_for
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import RecordRef
from hubspot_retention.core.webhook.event import Event
from hubspot_retention.workflow.foreign import Foreign
from hubspot_retention.workflow.hot import HotOptions, HotSweep
from hubspot_retention.workflow.inbox import InboxTick
from hubspot_retention.workflow.matters import InboxOptions
from hubspot_retention.workflow.ports import Transaction
from hubspot_retention.workflow.reach import by_type
from hubspot_retention.workflow.watch import raise_alarm
from tests.faults.world import PORTAL, World, ref

APP = "39522895"
_WORDS = {"contacts": "contact", "deals": "deal", "companies": "company", "tickets": "ticket"}


def an_event(record: str, kind: str = "propertyChange", number: int = 0, **more: Any) -> Event:
    """An event about a record."""
    about = ref(record)
    chosen: dict[str, Any] = {
        "portal_id": PORTAL,
        "subscription_id": 7,
        "event_id": number,
        "event_type": f"{_WORDS[about.object_type.value]}.{kind}",
        "object_type": about.object_type,
        "object_id": int(about.record_id),
        "occurred_at": datetime.fromisoformat("2026-11-22T09:00:00+00:00"),
        "change_source": "CRM_UI",
        "source_id": "userId:7",
    }
    return Event(**{**chosen, **more})


def deliver(world: World, *events: Event, at: datetime | None = None) -> None:
    """Events arrive."""
    with world.store.transaction() as tx:
        tx.add_events(events, at or world.clock.now())


def oblige(world: World, record: str, state: ObligationState = ObligationState.OPEN, **more: Any) -> None:
    """An obligation that is known already, long enough ago."""
    before = world.clock.now() - timedelta(hours=3)
    chosen: dict[str, Any] = {
        "record": ref(record),
        "state": state,
        "first_seen_at": before,
        "heard_at": before,
        "next_look_at": world.clock.now() + timedelta(hours=20),
        "rule": "unsubscribed",
        "disposition": Disposition.ERASE,
        "due_at": before,
    }
    with world.store.transaction() as tx:
        tx.save_obligations([Obligation(**{**chosen, **more})])


def obligation(world: World, record: str) -> Obligation | None:
    """What the ledger knows of a record."""
    with world.store.transaction() as tx:
        return tx.obligation(ref(record))


def look_at(tx: Transaction, refs: Sequence[RecordRef], now: datetime, code: str) -> None:
    """The ledger's own way to note that somebody is to look, without its audit entries."""
    for kind, ids in by_type(refs):
        known = tx.obligations_of(kind, ids)
        tx.save_obligations([looked_for(known.get(each), RecordRef(kind, each), code, now) for each in ids])


def wanted(world: World) -> set[str]:
    """The records that the ledger is to look at now."""
    with world.store.transaction() as tx:
        return {str(found.record) for found in tx.obligations_to_look_at(world.clock.now(), 10_000)}


def waiting(world: World) -> int:
    """How many events wait."""
    with world.store.transaction() as tx:
        return tx.events_waiting()


def alarms(world: World) -> list[AlarmRecord]:
    """The alarms that are open."""
    with world.store.transaction() as tx:
        return list(tx.alarms(open_only=True))


def foreign(world: World, source: Any = None) -> Foreign:
    """Who judges what others did."""
    return Foreign(source or world.portal, world.policy, PORTAL, raise_alarm)


def inbox(world: World, source: Any = None, **parts: Any) -> InboxTick:
    """The inbox's tick, some of it replaced."""
    chosen = parts.pop("look_at", look_at)
    holds = frozenset({world.policy.sources.contact.legal_hold})
    options = InboxOptions(**{"portal_id": PORTAL, "app_id": APP, "hold_properties": holds, **parts})
    return InboxTick(source or world.portal, world.store, foreign(world, source), chosen, options)


def hot_sweep(world: World, source: Any = None, **parts: Any) -> HotSweep:
    """The hot sweep."""
    options = HotOptions(portal_id=PORTAL, **parts)
    return HotSweep(source or world.portal, world.store, foreign(world, source), look_at, options)
