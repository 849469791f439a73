"""Consents, and from when a receipt of one is kept."""

from datetime import UTC, datetime, timedelta

import pytest

from hubspot_retention.core.consent import Consent, ConsentState

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
AGO, AHEAD = NOW - timedelta(days=9), NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("state", "at", "used"),
    [
        (ConsentState.GIVEN, AGO, NOW),
        (ConsentState.WITHDRAWN, AGO, AGO),
        (ConsentState.WITHDRAWN, AHEAD, NOW),
        (ConsentState.WITHDRAWN, None, NOW),
    ],
)
def test_a_consent_is_of_use_until_it_is_withdrawn_or_until_the_person_goes(
    state: ConsentState, at: datetime | None, used: datetime
) -> None:
    assert Consent(subscription="501", state=state, at=at).last_used_at(NOW) == used
