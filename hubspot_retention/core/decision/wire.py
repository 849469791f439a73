"""A decision as plain JSON: for `--decisions`, for digests and for people's own tools."""

from datetime import datetime
from typing import Any

from hubspot_retention.core.civil import Civil
from hubspot_retention.core.decision.model import Decision, Reason


def reason_json(reason: Reason, civil: Civil) -> dict[str, str]:
    """One reason; only what it has."""
    found = {"code": reason.code.value}
    if reason.rule is not None:
        found["rule"] = reason.rule
    if reason.at is not None:
        found["at"] = civil.show(reason.at)
    if reason.record is not None:
        found["record"] = str(reason.record)
    if reason.matter:
        found["matter"] = reason.matter
    return found


def decision_json(decision: Decision, civil: Civil) -> dict[str, Any]:
    """Every key is always present; instants are ISO 8601 in the policy's civil time with offset."""

    def show(instant: datetime | None) -> str | None:
        return None if instant is None else civil.show(instant)

    return {
        "record": str(decision.record),
        "outcome": decision.outcome.value,
        "rule": decision.rule,
        "disposition": None if decision.disposition is None else decision.disposition.value,
        "due_at": show(decision.due_at),
        "erase_by": show(decision.erase_by),
        "until": show(decision.until),
        "answer_by": show(decision.answer_by),
        "marketing_ends": decision.marketing_ends,
        "reasons": [reason_json(reason, civil) for reason in decision.reasons],
    }
