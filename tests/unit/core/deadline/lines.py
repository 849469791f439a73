"""Lines of the ledger, and decisions as it hears of them, for tests."""

from datetime import datetime, timedelta
from typing import Any

from hubspot_retention.core.deadline.duty import OPT_OUT, Seen, Terms
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.decision.model import Decision, Outcome, Reason, ReasonCode
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import RecordRef
from tests.builders import at
from tests.documents import clienti

CLICK = at("2026-11-20T10:00")
NOW = at("2026-11-22T08:00")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
RECORD = RecordRef.parse("contacts/101")
TERMS = Terms(policy=clienti(), grace=DAY)
BY_THE_PERSON = Remembered(opted_out_at=CLICK, opt_out_source=OptOutSource.PERSON)


def an_obligation(state: str = "open", **more: Any) -> Obligation:
    """Somebody unsubscribed two days ago."""
    values: dict[str, Any] = {
        "record": RECORD,
        "state": ObligationState(state),
        "first_seen_at": CLICK + HOUR,
        "heard_at": NOW - HOUR,
        "next_look_at": NOW,
        "reason": "period-ended",
        "rule": "unsubscribed",
        "disposition": Disposition.ERASE,
        "due_at": CLICK,
        "erase_by": CLICK + 5 * DAY,
        "call_by": CLICK + 5 * DAY,
        "not_before": CLICK + DAY,
        "by_person": True,
        "right": True,
    }
    return Obligation(**values | more)


def a_hint(**more: Any) -> Obligation:
    """Somebody said look."""
    values: dict[str, Any] = {"reason": "webhook", "rule": "", "disposition": None, "due_at": None, "erase_by": None}
    values |= {"call_by": None, "not_before": None, "by_person": False, "right": False}
    return an_obligation("look", **values | more)


def an_unsubscribe(start: datetime = CLICK, **more: Any) -> Decision:
    """Who unsubscribed is due."""
    values: dict[str, Any] = {
        "record": RECORD,
        "outcome": Outcome.DISPOSE,
        "reasons": (Reason(ReasonCode.PERIOD_ENDED, "unsubscribed", start),),
        "rule": "unsubscribed",
        "disposition": Disposition.ERASE,
        "due_at": start,
        "erase_by": start + 5 * DAY,
        "marketing_ends": True,
        "right": True,
        "starts": ((OPT_OUT, start),),
    }
    return _due(values | more)


def an_inactive(due: str = "2026-10-01T09:00", **more: Any) -> Decision:
    """A contact that nobody was in touch with is due."""
    due_at = at(due)
    values: dict[str, Any] = {
        "record": RECORD,
        "outcome": Outcome.DISPOSE,
        "reasons": (Reason(ReasonCode.PERIOD_ENDED, "inactive-contact", due_at),),
        "rule": "inactive-contact",
        "disposition": Disposition.ARCHIVE,
        "due_at": due_at,
        "erase_by": due_at + 120 * DAY,
        "starts": (("last_activity_at", due_at - 365 * DAY),),
    }
    return _due(values | more)


def _due(values: dict[str, Any]) -> Decision:
    """A disposal; unless it is said otherwise, no rule is due but the one that decides."""
    alone = ((values["rule"], values["due_at"]),) if values["rule"] and values["due_at"] else ()
    return Decision(**{"due": alone} | values)


def decided(outcome: str, code: str = "keep-runs", **more: Any) -> Decision:
    """A decision that is no disposal."""
    rule = more.pop("of", None)
    values: dict[str, Any] = {"reasons": (Reason(ReasonCode(code), rule),), "record": RECORD}
    return Decision(outcome=Outcome(outcome), **values | more)


def seen(decision: Decision, **more: Any) -> Seen:
    """What the due tick reads now."""
    values: dict[str, Any] = {"at": NOW, "is_fresh": True, "opt_out": BY_THE_PERSON}
    return Seen(decision=decision, **values | more)
