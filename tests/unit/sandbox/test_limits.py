from datetime import date

import pytest

from hubspot_retention.sandbox.limits import Bucket, Limits
from hubspot_retention.sandbox.options import SandboxOptions, Tier
from tests.unit.sandbox.portals import CONTACTS, Sandbox


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0
        self.day = date(2026, 11, 22)


def some_limits(clock: Clock, tier: Tier = Tier.PROFESSIONAL, daily: int | None = None) -> Limits:
    options = SandboxOptions(limits=True, daily_quota=daily)
    return Limits(tier, options, today=lambda: clock.day, monotonic=lambda: clock.seconds)


def admitted(limits: Limits, bucket: Bucket, tries: int) -> int:
    return sum(limits.admit(bucket) is None for _ in range(tries))


@pytest.mark.parametrize(
    ("tier", "bucket", "most"),
    [
        (Tier.FREE, Bucket.BURST, 100),
        (Tier.STARTER, Bucket.BURST, 100),
        (Tier.PROFESSIONAL, Bucket.BURST, 190),
        (Tier.ENTERPRISE, Bucket.BURST, 190),
        (Tier.STARTER, Bucket.ASSOCIATIONS, 100),
        (Tier.PROFESSIONAL, Bucket.ASSOCIATIONS, 150),
        (Tier.FREE, Bucket.SEARCH, 5),
        (Tier.ENTERPRISE, Bucket.SEARCH, 5),
    ],
)
def test_a_bucket_admits_what_its_tier_allows(tier: Tier, bucket: Bucket, most: int) -> None:
    assert admitted(some_limits(Clock(), tier), bucket, 300) == most


def test_the_window_rolls() -> None:
    clock = Clock()
    limits = some_limits(clock)
    assert admitted(limits, Bucket.BURST, 100) == 100
    clock.seconds += 5
    assert admitted(limits, Bucket.BURST, 100) == 90
    clock.seconds += 5.001
    assert admitted(limits, Bucket.BURST, 200) == 100


def test_a_refused_request_does_not_count() -> None:
    clock = Clock()
    limits = some_limits(clock, daily=3)
    assert admitted(limits, Bucket.SEARCH, 10) == 3
    assert limits.used_today() == 3


def test_the_day_ends_at_midnight_of_the_account() -> None:
    clock = Clock()
    limits = some_limits(clock, daily=2)
    assert admitted(limits, Bucket.BURST, 5) == 2
    clock.day = date(2026, 11, 23)
    assert admitted(limits, Bucket.BURST, 5) == 2


def test_the_buckets_do_not_share_their_windows() -> None:
    limits = some_limits(Clock())
    admitted(limits, Bucket.BURST, 190)
    assert limits.admit(Bucket.ASSOCIATIONS) is None
    assert limits.admit(Bucket.SEARCH) is None


def test_an_answer_tells_what_is_left() -> None:
    headers = Sandbox(limits=True).get(CONTACTS).headers
    told = {name.removeprefix("x-hubspot-ratelimit-"): value for name, value in headers.items() if "ratelimit" in name}
    assert told == {
        "daily": "625000",
        "daily-remaining": "624999",
        "interval-milliseconds": "10000",
        "max": "190",
        "remaining": "189",
    }


def test_a_search_has_no_rate_headers_and_five_a_second() -> None:
    sandbox = Sandbox(limits=True)
    first = sandbox.post(f"{CONTACTS}/search", json={})
    assert not [name for name in first.headers if "ratelimit" in name]
    answers = [sandbox.post(f"{CONTACTS}/search", json={}) for _ in range(5)]
    assert answers[-1].status_code == 429
    assert (answers[-1].json()["policyName"], answers[-1].json()["message"]) == (
        "SECONDLY",
        "You have reached your secondly limit.",
    )


def test_the_burst_limit_answers_with_its_policy_and_without_retry_after() -> None:
    sandbox = Sandbox(limits=True, tier="free")
    answers = [sandbox.get(CONTACTS) for _ in range(101)]
    assert [answer.status_code for answer in answers].count(200) == 100
    refusal = answers[-1]
    assert refusal.json()["policyName"] == "TEN_SECONDLY_ROLLING"
    assert refusal.json()["errorType"] == "RATE_LIMIT"
    assert "retry-after" not in refusal.headers


def test_the_daily_quota_answers_with_its_policy() -> None:
    sandbox = Sandbox(limits=True, daily_quota=1)
    sandbox.get(CONTACTS)
    assert sandbox.get(CONTACTS).json()["policyName"] == "DAILY"


def test_a_sandbox_can_be_told_to_send_retry_after() -> None:
    sandbox = Sandbox(limits=True, daily_quota=0, retry_after=True)
    assert sandbox.get(CONTACTS).headers["retry-after"] == "10"


def test_associations_have_a_bucket_of_their_own() -> None:
    sandbox = Sandbox(limits=True)
    sandbox.get(CONTACTS)
    answer = sandbox.post("/crm/associations/2026-03/contacts/deals/batch/read", json={"inputs": []})
    assert answer.headers["x-hubspot-ratelimit-max"] == "150"
    assert answer.headers["x-hubspot-ratelimit-remaining"] == "149"


def test_without_limits_nothing_is_refused_and_nothing_is_told() -> None:
    sandbox = Sandbox()
    answers = [sandbox.get(CONTACTS) for _ in range(200)]
    assert {answer.status_code for answer in answers} == {200}
    assert not [name for name in answers[0].headers if "ratelimit" in name]
