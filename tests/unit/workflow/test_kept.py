"""Evidence is kept as long as the policy at hand says, and as long as the one that a person approved last does."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.store.database import open_store
from hubspot_retention.workflow.kept import KeptSince, kept_since
from tests.documents import CLIENTI
from tests.stores import a_database
from tests.unit.workflow.desk import NOW, Desk

KEYS = ("consent_receipts", "tombstones", "audit_log")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An installation under a policy that nobody has approved."""
    with open_store(a_database(tmp_path / "retention.db")) as store:
        yield Desk(store)


def text_of(receipts: str = "P24M", tombstones: str = "P24M", log: str = "P5Y", zone: str = "Europe/Copenhagen") -> str:
    """Clienti's policy with other periods."""
    text = CLIENTI.read_text()
    for key, was, period in zip(KEYS, ("P24M", "P24M", "P5Y"), (receipts, tombstones, log), strict=True):
        text = text.replace(f'{key} = "{was}"', f'{key} = "{period}"')
    return text.replace('timezone = "Europe/Copenhagen"', f'timezone = "{zone}"')


def since(desk: Desk, policy: RetentionPolicy) -> KeptSince | None:
    """As of now."""
    with desk.store.transaction() as tx:
        return kept_since(tx, policy, NOW)


def begins(policy: RetentionPolicy) -> list[datetime]:
    """Where its own periods begin."""
    evidence = policy.evidence
    return [policy.civil.start_of(getattr(evidence, key), NOW) for key in KEYS]


def found(desk: Desk, policy: RetentionPolicy) -> list[datetime]:
    """The same, as it is gone by."""
    kept = since(desk, policy)
    assert kept is not None
    return [kept.consent_receipts, kept.tombstones, kept.audit_log]


def test_a_shorter_period_counts_once_a_person_has_approved_it(desk: Desk) -> None:
    long, short = text_of(), text_of("P1M", "P2M", "P3M")
    desk.approve_policy(long)
    assert found(desk, parse_policy(short)) == begins(parse_policy(long))
    desk.approve_policy(short)
    assert found(desk, parse_policy(short)) == begins(parse_policy(short))


def test_a_longer_period_counts_at_once(desk: Desk) -> None:
    desk.approve_policy(text_of("P1M", "P2M", "P3M"))
    assert found(desk, parse_policy(text_of())) == begins(parse_policy(text_of()))


def test_each_period_is_asked_for_itself(desk: Desk) -> None:
    desk.approve_policy(text_of("P1M", "P24M", "P3M"))
    longest = parse_policy(text_of("P12M", "P24M", "P5Y"))
    assert found(desk, parse_policy(text_of("P12M", "P2M", "P5Y"))) == begins(longest)


def test_of_periods_that_nobody_can_compare_the_one_that_is_longer_now_counts(desk: Desk) -> None:
    desk.approve_policy(text_of("P2M", "P60D", "P5Y"))
    longer = parse_policy(text_of("P2M", "P2M", "P5Y"))
    assert found(desk, parse_policy(text_of("P60D", "P2M", "P1820D"))) == begins(longer)


def test_a_clock_of_another_time_zone_takes_nothing_before_it_is_approved(desk: Desk) -> None:
    desk.approve_policy(text_of())
    east = parse_policy(text_of(zone="Pacific/Auckland"))
    earlier = [min(pair) for pair in zip(begins(east), begins(parse_policy(text_of())), strict=True)]
    assert found(desk, east) == earlier


@pytest.mark.parametrize("approved", ["", "no policy"], ids=["nobody approved one", "it cannot be read"])
def test_everything_is_kept_where_the_approved_policy_is_not_known(desk: Desk, approved: str) -> None:
    if approved:
        desk.approve_policy(approved)
    assert since(desk, parse_policy(text_of())) is None
