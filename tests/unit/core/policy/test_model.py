"""What the policy's values answer by themselves."""

from datetime import UTC, datetime

from hubspot_retention.core.policy.model import answer_by
from hubspot_retention.core.record import ObjectType
from tests.unit.core.policy.texts import EVERYBODY, a_policy


def test_the_clock_of_a_request_is_the_earlier_of_thirty_days_and_a_month() -> None:
    policy = a_policy(EVERYBODY)
    february = answer_by(policy, datetime(2027, 1, 31, 9, tzinfo=UTC))
    assert policy.civil.show(february) == "2027-02-28T10:00:00+01:00"
    july = answer_by(policy, datetime(2027, 7, 1, 8, tzinfo=UTC))
    assert policy.civil.show(july) == "2027-07-31T10:00:00+02:00"


def test_a_rule_is_found_by_its_id_and_by_its_class() -> None:
    policy = a_policy(EVERYBODY)
    assert policy.rule("everybody") is policy.rules[0]
    assert policy.rule("nobody") is None
    assert policy.rules_for(ObjectType.CONTACT) == policy.rules
    assert policy.rules_for(ObjectType.DEAL) == ()
