"""Nothing is due before its `due_at`, and from that instant on it is: around leap days, the ends of months and years,
and the changes of the clocks, in every zone that does something odd."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hubspot_retention.core.civil import Civil
from hubspot_retention.core.decision.model import Decision, Outcome
from tests.builders import a_contact, on
from tests.documents import clienti
from tests.observed import Around, Observed
from tests.properties.test_civil import CHANGES, ZONES

DAYS = ("2024-02-29", "2023-02-28", "2024-03-01", "2024-08-31", "2024-12-31", "2025-01-01", "2025-11-30")
MOMENT = timedelta(microseconds=1)
LONG_AFTER = datetime(2040, 1, 1, tzinfo=UTC)


def decided(zone: ZoneInfo, day: str, kind: str, as_of: datetime) -> Decision:
    """What is decided then about somebody whose period runs from a day, or from half past two in its night."""
    clienti_ = clienti()
    policy = replace(clienti_, terms=replace(clienti_.terms, civil=Civil(zone)))
    night = datetime.fromisoformat(f"{day}T02:30").replace(tzinfo=zone).astimezone(UTC)
    person = {
        "inactive": lambda: a_contact(101, created_at=night),
        "former customer": lambda: a_contact(101, stage="other", customer_until=on(day), created_at=night),
    }[kind]()
    return Observed(contacts=(person,)).decide(Around(policy=policy, as_of=as_of))["contacts/101"]


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("kind", ["inactive", "former customer"])
def test_nothing_is_due_a_moment_before_its_time_and_everything_is_at_it(name: str, kind: str) -> None:
    zone = ZoneInfo(name)
    for day in (*DAYS, *CHANGES[name]):
        due_at = decided(zone, day, kind, LONG_AFTER).due_at
        assert due_at is not None
        assert decided(zone, day, kind, due_at - MOMENT).outcome is not Outcome.DISPOSE, day
        assert decided(zone, day, kind, due_at).outcome is Outcome.DISPOSE, day
        for hours in (1, 25, 71):
            assert decided(zone, day, kind, due_at - timedelta(hours=hours)).outcome is not Outcome.DISPOSE, day
            assert decided(zone, day, kind, due_at + timedelta(hours=hours)).outcome is Outcome.DISPOSE, day
