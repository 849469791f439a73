"""What the rights that a person exercised mean whatever becomes of their record: the clock of a request, and that
marketing ends."""

from datetime import datetime
from typing import Final

from hubspot_retention.core.criteria import Facts
from hubspot_retention.core.decision.ruleset import Ruleset
from hubspot_retention.core.facts.contact import ContactFacts

_ENDING: Final = ("erasure_requested_at", "consent_withdrawn_at", "unsubscribed_at")
"""The rights that end marketing. A restriction does so, too: it has no rule, and so none that is only observed."""


def rights_of(facts: Facts, ruleset: Ruleset) -> tuple[datetime | None, bool, bool]:
    """The end of an erasure request's clock, whether marketing ends, and whether that is only observed: no right ends
    it whose rules are not all in mode `observe`."""
    if not isinstance(facts, ContactFacts):
        return None, False, False
    asked, answer_by = facts.erasure_requested_at, None
    if isinstance(asked, datetime):
        answer_by = ruleset.civil.earliest(asked, ruleset.request_clock)
    if facts.restricted is True:
        return answer_by, True, False
    grounds = [name for name in _ENDING if isinstance(getattr(facts, name), datetime)]
    return answer_by, bool(grounds), bool(grounds) and ruleset.observed.issuperset(grounds)
