import random

import pytest

from hubspot_retention.errors import PortalPausedError
from hubspot_retention.hubspot.calls import Bucket
from hubspot_retention.hubspot.pacing import PaceOptions, Pacer
from tests.unit.hubspot.surroundings import UNPACED, FakeTime


def a_pacer(time: FakeTime, options: PaceOptions | None = None) -> Pacer:
    return Pacer(options or PaceOptions(), sleep=time.sleep, monotonic=time.monotonic)


def headers(**told: int) -> dict[str, str]:
    return {f"x-hubspot-ratelimit-{name.replace('_', '-')}": str(value) for name, value in told.items()}


def sent_at(pacer: Pacer, time: FakeTime, count: int, bucket: Bucket = Bucket.BURST) -> list[float]:
    times = []
    for _ in range(count):
        pacer.wait(bucket)
        times.append(time.seconds)
    return times


def most_in(times: list[float], seconds: float) -> int:
    return max(sum(1 for other in times if start <= other < start + seconds) for start in times)


@pytest.mark.parametrize("limit", [100, 110, 190, 250])
def test_no_rolling_window_holds_more_than_the_limit_and_nearly_all_of_it_is_used(limit: int) -> None:
    time = FakeTime()
    pacer = a_pacer(time, PaceOptions(start_limit=limit))
    times = sent_at(pacer, time, 5 * limit)
    assert most_in(times, 10.0) <= limit
    assert len(times) / (times[-1] - times[0]) >= 0.97 * limit / 10


def test_a_reader_that_is_late_again_and_again_never_goes_over_the_limit() -> None:
    time, chance = FakeTime(), random.Random(1)
    pacer = a_pacer(time)
    times = []
    for _ in range(600):
        time.seconds += chance.choice([0.0, 0.0, 0.0, 0.3])
        times += sent_at(pacer, time, 1)
    assert most_in(times, 10.0) <= 100


def test_searches_have_a_budget_of_their_own_of_five_a_second() -> None:
    time = FakeTime()
    pacer = a_pacer(time)
    sent_at(pacer, time, 50)
    times = sent_at(pacer, time, 40, Bucket.SEARCH)
    assert most_in(times, 1.0) <= 5
    assert len(times) / (times[-1] - times[0]) >= 4.8


@pytest.mark.parametrize("options", [PaceOptions(), UNPACED])
def test_of_searches_of_which_no_answer_tells_nothing_is_kept_for_ever(options: PaceOptions) -> None:
    time = FakeTime()
    pacer = a_pacer(time, options)
    for _ in range(100):
        sent_at(pacer, time, 5, Bucket.SEARCH)
        time.seconds += 11.0
    assert len(pacer._search._sent) <= 5


def test_the_limit_is_taken_over_from_the_rate_headers() -> None:
    time = FakeTime()
    pacer = a_pacer(time)
    pacer.learn(Bucket.BURST, headers(max=190, interval_milliseconds=10_000, remaining=189))
    assert pacer.per_second == pytest.approx(18.7)
    assert pacer.told.burst == 190


def test_associations_keep_to_their_own_lower_limit() -> None:
    time = FakeTime()
    pacer = a_pacer(time, PaceOptions(start_limit=190))
    times = sent_at(pacer, time, 400, Bucket.ASSOCIATIONS)
    assert most_in(times, 10.0) <= 150


def test_associations_read_in_pairs_cost_the_other_requests_nothing() -> None:
    time = FakeTime()
    pacer = a_pacer(time, PaceOptions(start_limit=190))
    pair = [Bucket.ASSOCIATIONS, Bucket.ASSOCIATIONS]
    times = [sent_at(pacer, time, 1, bucket)[0] for bucket in [*pair, *[Bucket.BURST] * 4] * 100]
    assert most_in(times, 10.0) <= 189
    assert len(times) / (times[-1] - times[0]) >= 0.98 * 19


@pytest.mark.parametrize("seed", range(20))
def test_whatever_comes_in_whatever_order_and_however_late_keeps_to_both_limits(seed: int) -> None:
    time, chance = FakeTime(), random.Random(seed)
    pacer = a_pacer(time, PaceOptions(start_limit=190))
    left: dict[Bucket, list[float]] = {Bucket.BURST: [], Bucket.ASSOCIATIONS: []}
    for _ in range(150):
        bucket = chance.choice(list(left))
        time.seconds += chance.choice([0.0, 0.0, 0.01, 0.04, 0.2, 1.0])
        left[bucket] += sent_at(pacer, time, chance.randrange(1, 30), bucket)
    assert most_in(sorted([*left[Bucket.BURST], *left[Bucket.ASSOCIATIONS]]), 10.0) <= 189
    assert most_in(left[Bucket.ASSOCIATIONS], 10.0) <= 150


def test_without_a_start_limit_nothing_waits_until_a_header_tells() -> None:
    time = FakeTime()
    pacer = a_pacer(time, UNPACED)
    sent_at(pacer, time, 500)
    assert time.seconds == 0
    pacer.learn(Bucket.BURST, headers(max=100, interval_milliseconds=10_000, remaining=90))
    assert most_in(sent_at(pacer, time, 300), 10.0) <= 100


def test_what_others_with_the_token_use_of_the_window_is_left_to_them() -> None:
    time = FakeTime()
    pacer = a_pacer(time)
    sent_at(pacer, time, 1)
    pacer.learn(Bucket.BURST, headers(max=100, interval_milliseconds=10_000, remaining=39))
    assert pacer.per_second == pytest.approx(3.7)


def test_own_requests_in_the_window_are_not_taken_for_those_of_others() -> None:
    time = FakeTime()
    pacer = a_pacer(time)
    sent_at(pacer, time, 90)
    pacer.learn(Bucket.BURST, headers(max=100, interval_milliseconds=10_000, remaining=8))
    assert pacer.per_second == pytest.approx(9.7)


def test_after_a_429_nothing_leaves_until_the_time_is_over() -> None:
    time = FakeTime()
    pacer = a_pacer(time)
    pacer.wait(Bucket.BURST)
    pacer.hold_back(Bucket.BURST, 10.0)
    times = sent_at(pacer, time, 20)
    assert times[0] >= 10.0
    assert most_in(times, 0.05) == 1


def test_who_may_not_wait_that_long_is_told_at_once() -> None:
    time = FakeTime()
    pacer = a_pacer(time)
    pacer.hold_back(Bucket.BURST, 10.0)
    assert not pacer.wait(Bucket.BURST, patience=5.0)
    assert time.seconds == 0
    assert pacer.wait(Bucket.BURST, patience=11.0)


def test_the_reserve_of_the_days_quota_pauses_the_run() -> None:
    time = FakeTime()
    pacer = a_pacer(time, PaceOptions(daily_reserve=0.1))
    pacer.learn(Bucket.BURST, headers(daily=1000, daily_remaining=101))
    assert pacer.wait(Bucket.BURST)
    pacer.learn(Bucket.BURST, headers(daily=1000, daily_remaining=100))
    with pytest.raises(PortalPausedError, match="reserve of 10%"):
        pacer.wait(Bucket.BURST)


def test_a_paused_day_is_asked_about_again_after_a_while() -> None:
    time = FakeTime()
    pacer = a_pacer(time)
    pacer.learn(Bucket.BURST, headers(daily=1000, daily_remaining=0))
    time.seconds += 1000
    assert pacer.wait(Bucket.BURST)
    with pytest.raises(PortalPausedError):
        pacer.wait(Bucket.BURST)
    pacer.learn(Bucket.BURST, headers(daily=1000, daily_remaining=999))
    assert pacer.wait(Bucket.BURST)


def test_headers_that_make_no_sense_change_nothing() -> None:
    time = FakeTime()
    pacer = a_pacer(time)
    pacer.learn(Bucket.BURST, {"x-hubspot-ratelimit-max": "many", "x-hubspot-ratelimit-interval-milliseconds": "-1"})
    assert pacer.per_second == pytest.approx(9.7)


def test_who_slept_into_a_429_of_somebody_else_waits_again() -> None:
    time = FakeTime()

    def sleep(seconds: float) -> None:
        if not time.slept:
            pacer.hold_back(Bucket.BURST, 8.0)
        time.sleep(seconds)

    pacer = Pacer(PaceOptions(), sleep=sleep, monotonic=time.monotonic)
    sent_at(pacer, time, 3)
    assert time.seconds >= 8.0


def test_the_limit_of_associations_is_never_taken_for_more_than_the_tier_has() -> None:
    time = FakeTime()
    pacer = a_pacer(time, PaceOptions(start_limit=190))
    pacer.learn(Bucket.ASSOCIATIONS, headers(max=190, interval_milliseconds=10_000))
    assert most_in(sent_at(pacer, time, 400, Bucket.ASSOCIATIONS), 10.0) <= 150
    assert pacer.per_second == pytest.approx(18.7)
    pacer.learn(Bucket.ASSOCIATIONS, headers(max=80, interval_milliseconds=10_000))
    time.seconds += 20
    assert most_in(sent_at(pacer, time, 300, Bucket.ASSOCIATIONS), 10.0) <= 80
