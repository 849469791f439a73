"""Parts of a document that must fit each other."""

import pytest

from hubspot_retention.core.policy.parse import Problem
from tests.unit.core.policy.texts import EVERYBODY, HEAD, a_follower, a_policy, a_rule, problems

PARTNER = '{ is = "is_partner" }'


def the_only(*pieces: str) -> Problem:
    found = problems(*pieces)
    assert len(found) == 1, found
    return found[0]


def disposing(*keys: str, record_class: str = "contact", **changed: str) -> str:
    """A rule with a dispose: `changed` values as TOML, `keys` more of the rule."""
    values = {
        "after": '"P12M"',
        "from": '"last_activity_at"',
        "within": '"P4M"',
        "disposition": '"archive"',
        **changed,
    }
    table = ", ".join(f"{key} = {value}" for key, value in values.items())
    when = '{ is = "is_open" }' if record_class == "deal" else PARTNER
    return a_rule("r", when, f"dispose = {{ {table} }}", *keys, record_class=record_class)


def test_two_rules_with_one_id_are_a_problem_of_the_second() -> None:
    problem = the_only(EVERYBODY, EVERYBODY)
    assert problem == Problem("rules[#2 everybody].id", '"everybody"', "an id of its own; rule 2 repeats it")


WITH_PERIOD = "a period with it, or until_end_of instead"
ONE_OF_TWO = "either until_end_of, or period and from"


def test_a_rule_that_neither_keeps_nor_disposes_is_a_problem() -> None:
    assert the_only(a_rule("r", PARTNER)) == Problem("rules[r]", "neither keep nor dispose", "keep, dispose or both")


@pytest.mark.parametrize(
    ("keep", "found", "expected"),
    [
        ("{}", "nothing that says how long", "period and from, until_end_of, or while"),
        ('{ period = "P1M" }', "period alone", "period with from or from_financial_year_end_of"),
        ('{ from = "event_on" }', "from alone", WITH_PERIOD),
        ('{ from_financial_year_end_of = "event_on" }', "from_financial_year_end_of alone", WITH_PERIOD),
        (
            '{ period = "P1M", from = "event_on", from_financial_year_end_of = "event_on" }',
            "from and from_financial_year_end_of",
            "one of them",
        ),
        ('{ until_end_of = "event_on", period = "P1M" }', "until_end_of beside a period", ONE_OF_TWO),
        ('{ until_end_of = "event_on", from = "event_on" }', "until_end_of beside a period", ONE_OF_TWO),
    ],
)
def test_a_keep_says_how_long_in_one_way(keep: str, found: str, expected: str) -> None:
    assert the_only(a_rule("r", PARTNER, f"keep = {keep}")) == Problem("rules[r].keep", found, expected)


@pytest.mark.parametrize(
    "keep",
    [
        '{ period = "P1M", from = "event_on" }',
        '{ period = "P1M", from_financial_year_end_of = "event_on" }',
        '{ until_end_of = "event_on" }',
        f"{{ while = {PARTNER} }}",
        f'{{ while = {PARTNER}, until_end_of = "event_on" }}',
    ],
)
def test_a_keep_that_says_how_long_in_one_way_is_fine(keep: str) -> None:
    assert problems(a_rule("r", PARTNER, f"keep = {keep}")) == ()


def test_a_disposal_at_once_needs_a_right_or_an_exclusive_rule() -> None:
    expected = "a period longer than nothing; only a right or an exclusive rule disposes at once"
    assert the_only(disposing(after='"P0D"')) == Problem("rules[r].dispose.after", '"P0D"', expected)
    assert problems(disposing(after='"P0D"', right="true")) == ()
    assert problems(disposing("exclusive = true", after='"P0D"')) == ()


def test_an_exclusive_rule_of_another_type_does_not_count() -> None:
    paths = {problem.path for problem in problems(disposing("exclusive = 1", after='"P0D"'))}
    assert paths == {"rules[r].exclusive", "rules[r].dispose.after"}


def test_within_is_never_zero() -> None:
    assert the_only(disposing(within='"P0D"', disposition='"erase"')).path == "rules[r].dispose.within[1]"


@pytest.mark.parametrize("within", ["P1D", "P90D", "P3M", "P12W"])
def test_an_archive_needs_more_than_the_ninety_days_of_the_bin_in_the_worst_case(within: str) -> None:
    days = {"P1D": 1, "P90D": 90, "P3M": 89, "P12W": 84}[within]
    expected = f"more than 90 days, such as P4M: HubSpot's bin takes 90, this may be {days}"
    assert the_only(disposing(within=f'"{within}"')) == Problem("rules[r].dispose.within", f'"{within}"', expected)


@pytest.mark.parametrize("within", ["P91D", "P13W", "P4M", "P1Y"])
def test_an_archive_within_more_than_ninety_days_can_be_met(within: str) -> None:
    assert problems(disposing(within=f'"{within}"')) == ()


def test_of_several_withins_each_must_leave_room() -> None:
    assert the_only(disposing(within='["P4M", "P60D"]')).path == "rules[r].dispose.within[2]"


def test_an_erase_may_be_shorter_than_the_bin() -> None:
    assert problems(disposing(within='"P5D"', disposition='"erase"')) == ()


def test_a_deal_cannot_be_erased() -> None:
    problem = the_only(disposing(record_class="deal", disposition='"erase"'))
    assert problem == Problem("rules[r].dispose.disposition", '"erase"', '"archive": HubSpot erases contacts only')


def test_a_deal_that_should_be_erased_is_told_its_within_as_well() -> None:
    found = problems(disposing(record_class="deal", disposition='"erase"', within='"P5D"'))
    assert [problem.path for problem in found] == ["rules[r].dispose.disposition", "rules[r].dispose.within"]


def test_the_owner_is_warned_some_time_ahead() -> None:
    at = "rules[r].dispose.warn_ahead"
    how_long = Problem(at, "nothing", "how long ahead the owner is warned, such as P30D")
    assert the_only(disposing(review='"owner"')) == how_long
    assert the_only(disposing(warn_ahead='"P30D"')) == Problem(at, '"P30D"', 'review = "owner" beside it')
    assert problems(disposing(review='"owner"', warn_ahead='"P12M"')) == ()


def test_a_warning_cannot_come_before_the_period_began() -> None:
    problem = the_only(disposing(review='"owner"', warn_ahead='"P13M"'))
    assert problem == Problem("rules[r].dispose.warn_ahead", '"P13M"', "no longer than after, P12M")


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("outweighed_is_referred", "true", "true"),
        ("refer_if_later", '"event_on"', '"event_on"'),
        ("guardrails", "{ max_percent = 5 }", "a table with max_percent"),
    ],
)
def test_what_is_said_of_a_disposal_needs_one(key: str, value: str, found: str) -> None:
    problem = the_only(a_rule("r", PARTNER, f"keep = {{ while = {PARTNER} }}", f"{key} = {value}"))
    assert problem == Problem(f"rules[r].{key}", found, "dispose beside it: it says something of a disposal")


@pytest.mark.parametrize(("followed", "other"), [("deal", "contact"), ("contact", "deal")])
def test_correspondence_follows_a_class_that_has_rules(followed: str, other: str) -> None:
    rule = disposing(record_class=other)
    expected = f"a class with a rule of its own; none has class {followed}"
    problem = the_only(rule, a_follower(follows=followed))
    assert problem == Problem("rules[letters].follows", f'"{followed}"', expected)
    assert problems(rule, a_follower(follows=other)) == ()


def test_correspondence_follows_no_other_class() -> None:
    assert the_only(EVERYBODY, a_follower(follows="ticket")).expected == "'contact' or 'deal'"


def test_rules_after_one_for_correspondence_are_looked_at_as_well() -> None:
    neither = Problem("rules[r]", "neither keep nor dispose", "keep, dispose or both")
    assert the_only(a_follower(), a_rule("r", PARTNER)) == neither


@pytest.mark.parametrize(("month", "days"), [*enumerate((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), 1)])
def test_the_financial_year_ends_on_a_day_that_its_month_has(month: int, days: int) -> None:
    table = f"[financial_year_end]\nmonth = {month}\nday = "
    assert problems(f"{table}{days}", EVERYBODY) == ()
    expected = f"a day of month {month}, at most {days}" if days < 31 else "less than or equal to 31"
    assert the_only(f"{table}{days + 1}", EVERYBODY) == Problem("financial_year_end.day", str(days + 1), expected)


def test_a_day_or_a_month_that_no_year_has_is_told_once() -> None:
    day = Problem("financial_year_end.day", "32", "less than or equal to 31")
    assert the_only("[financial_year_end]\nmonth = 6\nday = 32", EVERYBODY) == day
    month = Problem("financial_year_end.month", "13", "less than or equal to 12")
    assert the_only("[financial_year_end]\nmonth = 13\nday = 31", EVERYBODY) == month


def test_a_financial_year_without_a_day_ends_on_the_31st_which_not_every_month_has() -> None:
    expected = Problem("financial_year_end.day", "31", "a day of month 6, at most 30")
    assert the_only("[financial_year_end]\nmonth = 6", EVERYBODY) == expected
    assert problems("[financial_year_end]\nmonth = 3", EVERYBODY) == ()


def test_a_stage_cannot_be_both_a_customers_and_the_end() -> None:
    expected = Problem("relationship.ended_stages", '["a", "b"]', "stages that are not among customer_stages")
    stages = '[relationship]\ncustomer_stages = ["c", "b", "a"]\nended_stages = ["b", "d", "a"]'
    assert the_only(stages, EVERYBODY) == expected
    assert the_only('[relationship]\nended_stages = ["customer"]', EVERYBODY).found == '["customer"]'


def test_a_source_of_opt_outs_means_one_thing() -> None:
    problem = the_only('[opt_out_sources]\nimport = ["self service"]', EVERYBODY)
    assert problem == Problem("opt_out_sources.import", '"self service"', "a source that is not among person already")


def test_lists_that_are_none_are_told_for_what_they_are_alone() -> None:
    found = problems('[opt_out_sources]\nperson = "ab"\nimport = "a"\nstaff = 1', EVERYBODY)
    assert {problem.path: problem.expected for problem in found} == {
        "opt_out_sources.person": "a list",
        "opt_out_sources.import": "a list",
        "opt_out_sources.staff": "a list",
    }


def test_one_property_cannot_be_two_facts_of_a_class() -> None:
    problem = the_only('[sources.contact]\nevent_on = "legal_hold"', EVERYBODY)
    assert problem == Problem("sources.contact.event_on", '"legal_hold"', "another property than that of legal_hold")


def test_a_share_that_never_counts_is_a_problem() -> None:
    expected = "less than max_disposals, 25: else max_percent never counts"
    problem = Problem("guardrails.percent_from", "25", expected)
    assert the_only("[guardrails]\nmax_disposals = 25", EVERYBODY) == problem
    assert problems("[guardrails]\nmax_disposals = 26", EVERYBODY) == ()


@pytest.mark.parametrize(("limit", "value"), [("max_disposals", "20.5"), ("max_disposals", "true")])
def test_a_share_is_not_measured_against_a_limit_of_the_wrong_type(limit: str, value: str) -> None:
    assert the_only(f"[guardrails]\n{limit} = {value}", EVERYBODY).path == f"guardrails.{limit}"


def test_a_share_from_no_number_is_not_measured_against_any_limit() -> None:
    found = problems('[guardrails]\nmax_disposals = 0\npercent_from = "x"', EVERYBODY)
    assert [(problem.path, problem.expected) for problem in found] == [
        ("guardrails.max_disposals", "greater than or equal to 1"),
        ("guardrails.percent_from", "a whole number"),
    ]


def test_each_limit_of_a_rule_is_looked_at_whatever_the_others_are() -> None:
    found = problems(disposing("guardrails = { max_disposals = true, max_percent = 30 }"))
    assert [problem.path for problem in found] == [
        "rules[r].guardrails.max_percent",
        "rules[r].guardrails.max_disposals",
    ]


@pytest.mark.parametrize(
    ("limit", "own"), [("max_disposals", "501"), ("max_percent", "25.5"), ("max_shrink_percent", "21")]
)
def test_a_rule_cannot_loosen_a_limit_of_the_policy(limit: str, own: str) -> None:
    problem = the_only(disposing(f"guardrails = {{ {limit} = {own} }}"))
    assert (problem.path, problem.found) == (f"rules[r].guardrails.{limit}", own)
    assert problem.expected.startswith("no more than the policy's own limit")


def test_a_rule_may_count_its_share_from_another_number() -> None:
    limits = a_policy(disposing("guardrails = { percent_from = 100 }")).rule_guardrails[0][1]
    assert limits.percent_from == 100


def test_what_is_misshapen_is_told_once() -> None:
    found = problems(
        "[guardrails]\nmax_percent = true\n[financial_year_end]\nmonth = 0\nday = 99\n[relationship]\n"
        'ended_stages = "other"\n[opt_out_sources]\nperson = [1]',
        a_rule("r", PARTNER, "keep = 1", "dispose = 2"),
        disposing(within="1", after="2", review='"owner"', warn_ahead="3").replace('"r"', "4"),
    )
    assert len({problem.path for problem in found}) == len(found)
    assert "rules[#2].dispose.within" in {problem.path for problem in found}


def test_sources_and_rules_of_the_wrong_type_are_told_once() -> None:
    found = problems(EVERYBODY, head=f'sources = 1\nguardrails = "x"\n{HEAD}')
    assert [problem.path for problem in found] == ["sources", "guardrails"]
