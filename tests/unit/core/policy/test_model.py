"""What the policy's values answer by themselves."""

from datetime import UTC, datetime

from hubspot_retention.core.civil import Period
from hubspot_retention.core.policy.model import answer_by
from hubspot_retention.core.record import ObjectType
from tests.unit.core.policy.texts import ARCHIVE, EVERYBODY, a_policy, a_rule


def test_the_clock_of_a_request_is_the_earlier_of_thirty_days_and_a_month() -> None:
    policy = a_policy(EVERYBODY)
    february = answer_by(policy, datetime(2027, 1, 31, 9, tzinfo=UTC))
    assert policy.civil.show(february) == "2027-02-28T10:00:00+01:00"
    july = answer_by(policy, datetime(2027, 7, 1, 8, tzinfo=UTC))
    assert policy.civil.show(july) == "2027-07-31T10:00:00+02:00"


def test_a_rule_warns_its_owner_as_long_ahead_as_its_disposal_says() -> None:
    warned = ARCHIVE.replace(" }", ', review = "owner", warn_ahead = "P30D" }')
    partner = '{ is = "is_partner" }'
    policy = a_policy(a_rule("a", partner, warned), EVERYBODY, a_rule("c", partner, f"keep = {{ while = {partner} }}"))
    assert [rule.warn_ahead for rule in policy.rules] == [Period(days=30), None, None]


def test_a_rule_is_found_by_its_id_and_by_its_class() -> None:
    policy = a_policy(EVERYBODY)
    assert policy.rule("everybody") is policy.rules[0]
    assert policy.rule("nobody") is None
    assert policy.rules_for(ObjectType.CONTACT) == policy.rules
    assert policy.rules_for(ObjectType.DEAL) == ()
