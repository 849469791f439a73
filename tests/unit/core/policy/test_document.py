"""The limits of single values, and the schema that tells editors of them."""

import pytest

from hubspot_retention.core.policy.parse import Problem, json_schema
from hubspot_retention.core.policy.vocabulary import FactKind, fact_names
from tests.unit.core.policy.texts import ARCHIVE, EVERYBODY, a_rule, problems

AT_LEAST_1, AT_LEAST_0 = "greater than or equal to 1", "greater than or equal to 0"
MORE_THAN_0, AT_MOST_100 = "greater than 0", "less than or equal to 100"


def a_limited(limits: str) -> str:
    """A rule with limits of its own."""
    return a_rule("r", '{ is = "is_partner" }', ARCHIVE, f"guardrails = {{ {limits} }}")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("max_disposals", "0", AT_LEAST_1),
        ("max_percent", "0", MORE_THAN_0),
        ("max_percent", "100.5", AT_MOST_100),
        ("percent_from", "-1", AT_LEAST_0),
        ("max_shrink_percent", "0", MORE_THAN_0),
        ("max_shrink_percent", "100.5", AT_MOST_100),
    ],
)
def test_a_limit_that_limits_nothing_or_everything_is_a_problem(key: str, value: str, expected: str) -> None:
    of_the_policy = problems(f"[guardrails]\n{key} = {value}", EVERYBODY)
    assert Problem(f"guardrails.{key}", value, expected) in of_the_policy
    of_a_rule = problems(a_limited(f"{key} = {value}"))
    assert Problem(f"rules[r].guardrails.{key}", value, expected) in of_a_rule


@pytest.mark.parametrize(
    "limits",
    [
        ("max_disposals = 1", "percent_from = 0"),
        ("max_percent = 0.5", "max_shrink_percent = 0.5"),
        ("max_percent = 100", "max_shrink_percent = 100"),
    ],
)
def test_a_limit_may_be_as_tight_and_as_wide_as_limits_can_be(limits: tuple[str, str]) -> None:
    policy_wide = "\n".join(("[guardrails]", *limits))
    assert problems(policy_wide, EVERYBODY) == ()
    assert problems(policy_wide, a_limited(", ".join(limits))) == ()


@pytest.mark.parametrize("key", ["month", "day"])
def test_months_and_days_are_counted_from_one(key: str) -> None:
    found = problems(f"[financial_year_end]\n{key} = 0", EVERYBODY)
    assert found == (Problem(f"financial_year_end.{key}", "0", AT_LEAST_1),)
    assert problems(f"[financial_year_end]\n{key} = 1", EVERYBODY) == ()


def test_the_schema_describes_every_key_and_knows_the_facts() -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    tables = [schema, *schema["$defs"].values()]
    keys = [(name, key) for table in tables for name, key in table.get("properties", {}).items()]
    assert len(keys) > 80
    assert [name for name, key in keys if "description" not in key and "$ref" not in key] == []
    assert [name for name, table in schema["$defs"].items() if "description" not in table] == []
    truth, moment = schema["$defs"]["IsTable"]["properties"]["is"], schema["$defs"]["KnownTable"]["properties"]["known"]
    assert (truth["type"], truth["enum"]) == ("string", list(fact_names(FactKind.TRUTH)))
    assert (moment["type"], moment["enum"]) == ("string", list(fact_names(FactKind.MOMENT)))
    assert all(table["additionalProperties"] is False for table in tables if "properties" in table)
