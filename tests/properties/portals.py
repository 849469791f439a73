"""Random portals for the laws, and every way in which a piece of one can become unreadable."""

from collections.abc import Iterator
from random import Random
from typing import Any

from hypothesis import strategies as st

from hubspot_retention.core.decision.model import Decision, Outcome
from hubspot_retention.core.facts.values import UNKNOWN
from tests.builders import changed
from tests.observed import Observed, Record, observed
from tests.oracle.portals import random_document

seeds = st.integers(min_value=0, max_value=10**9)
"""The laws hold for any portal; Hypothesis picks which, `random_document` makes it hostile."""

_FIXED = {"record_id", "merged_ids"}
_LISTS = {"activity", "enquiry", "conversation"}


def a_random_document(seed: int, size: int = 12) -> dict[str, Any]:
    """A hostile portal document."""
    return random_document(Random(seed), size)


def a_random_portal(seed: int, size: int = 12) -> Observed:
    """A hostile portal as observations."""
    return observed(a_random_document(seed, size))


def disposed(decisions: dict[str, Decision]) -> set[str]:
    """The records that must go."""
    return {key for key, decision in decisions.items() if decision.outcome is Outcome.DISPOSE}


def unreadable_versions(seen: Record) -> Iterator[tuple[str, Record]]:
    """The record with one thing unreadable that was known, or known to be absent: each field, each list member."""
    for name in set(seen._fields) - _FIXED:
        value = getattr(seen, name)
        if name in _LISTS:
            for place in range(len(value)):
                broken = (*value[:place], UNKNOWN, *value[place + 1 :])
                yield f"{name}[{place}]", changed(seen, **{name: broken})
        elif value is not UNKNOWN:
            yield name, changed(seen, **{name: UNKNOWN})


def with_record(portal: Observed, new: Record) -> Observed:
    """The portal with the record of that id replaced."""

    def put(records: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(new if type(r) is type(new) and r.record_id == new.record_id else r for r in records)

    return Observed(put(portal.contacts), put(portal.deals), put(portal.companies))


def all_records(portal: Observed) -> list[Record]:
    """Contacts, deals and companies."""
    return [*portal.contacts, *portal.deals, *portal.companies]
