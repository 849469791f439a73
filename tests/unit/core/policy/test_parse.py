"""A document becomes a policy, or every problem with it is told at once."""

import pytest

from hubspot_retention.core.civil import FinancialYearEnd, Period
from hubspot_retention.core.policy.model import Mode
from hubspot_retention.core.policy.parse import PolicyError, Problem
from tests.unit.core.policy.texts import (
    ARCHIVE,
    EVERYBODY,
    HEAD,
    a_follower,
    a_policy,
    a_rule,
    keeping,
    problems,
)


def the_only(*pieces: str, head: str = HEAD) -> Problem:
    found = problems(*pieces, head=head)
    assert len(found) == 1, found
    return found[0]


def test_a_small_document_takes_the_defaults_of_the_semantics() -> None:
    policy = a_policy(EVERYBODY)
    assert policy.terms.customer_stages == {"customer"}
    assert policy.terms.ended_stages == frozenset()
    assert policy.terms.partner_kinds == {"PARTNER", "VENDOR"}
    assert policy.terms.review_after == Period(months=12)
    assert policy.financial_year_end == FinancialYearEnd(12, 31)
    assert policy.request_clock == (Period(days=30), Period(months=1))
    assert policy.sources.contact.opt_out_all == "hs_email_optout"
    assert policy.sources.contact.activity[0] == "createdate"
    assert policy.sources.deal.balance == "outstanding_balance"
    assert policy.sources.company.kind == "type"
    assert policy.guardrails.max_disposals == 500
    assert policy.rules[0].mode is Mode.REVIEW
    assert policy.civil.zone.key == "Europe/Copenhagen"


TOML = "TOML, as https://toml.io describes it"
TOO_DEEP = Problem("the document", "tables nested too deeply", "a few levels at most")


def test_broken_toml_is_told_with_its_line() -> None:
    problem = the_only(head='name = "x"\nversion = \n')
    assert problem == Problem("line 2, column 11", "Invalid value", TOML)


def test_a_document_that_ends_too_early_is_told() -> None:
    assert the_only(head='name = "x') == Problem("end of document", "Unterminated string", TOML)


def test_tables_nested_without_end_are_a_problem_not_a_crash() -> None:
    deep = "{ not = " * 5000 + "{}" + " }" * 5000
    assert the_only(head=f"when = {deep}") == TOO_DEEP


def test_lists_that_can_be_read_but_not_looked_into_are_a_problem_not_a_crash() -> None:
    assert the_only(head=f"rules = {'[' * 300}{']' * 300}") == TOO_DEEP
    assert the_only(head=f"a = {'[' * 41}{']' * 41}") == TOO_DEEP
    assert TOO_DEEP not in problems(head=f"a = {'[' * 40}{']' * 40}")
    assert TOO_DEEP not in problems(head=f"a.{'b.' * 38}c = 1")
    assert the_only(head=f"a.{'b.' * 39}c = 1") == TOO_DEEP


@pytest.mark.parametrize("number", ["9" * 5000, "0x" + "f" * 6000, str(2**63), str(-(2**63) - 1)])
def test_a_number_that_is_no_number_of_toml_is_a_problem_not_a_crash(number: str) -> None:
    expected = "one of 64 bits, as TOML has them"
    assert the_only(head=f"version = [{number}]") == Problem(
        "the document", "a whole number that is too large", expected
    )


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63)])
def test_the_largest_number_of_toml_is_a_number(number: int) -> None:
    assert Problem("version", str(number), "a text") in problems(head=f"version = {number}")


def test_what_broken_toml_says_of_itself_is_told_whole() -> None:
    problem = the_only(head='["x (at y"]\n["x (at y"]\n')
    assert problem == Problem("line 2, column 11", "Cannot declare ('x (at y',) twice", TOML)


def test_an_empty_document_names_all_that_is_missing() -> None:
    found = problems(head="")
    assert {problem.path for problem in found} == {"name", "version", "timezone", "controller", "rules"}
    assert {(problem.found, problem.expected) for problem in found} == {("nothing", "a value: it is required")}


def test_all_problems_of_all_parts_are_told_at_once_in_the_order_of_the_document() -> None:
    found = problems(
        '[relationship]\ncustomer_stages = ["a"]\nended_stages = ["a"]\nnonsense = 1',
        a_rule("one", '{ is = "event_on" }', 'keep = { period = "P0D", from = "is_partner" }', basis="magic"),
        a_rule("two", "{ all = [] }", ARCHIVE, record_class="deal"),
        head=HEAD.replace('"A policy"', '" "').replace("Europe/Copenhagen", "Europe/Nowhere"),
    )
    assert [problem.path for problem in found] == [
        "name",
        "timezone",
        "relationship.ended_stages",
        "relationship.nonsense",
        "rules[one].basis",
        "rules[one].when.is",
        "rules[one].keep.period",
        "rules[one].keep.from",
        "rules[two].when.all",
    ]


def test_what_is_missing_is_told_first_then_rule_after_rule() -> None:
    found = problems(
        "[newsletter]\nsubscription_types = [1]\nstatic_lists = 1",
        a_rule("one", '{ is = "is_partner" }', ARCHIVE, basis="magic"),
        a_rule("two", '{ is = "is_partner" }'),
        a_rule("three", '{ is = "is_partner" }', ARCHIVE, basis="magic"),
        head=HEAD.replace('timezone = "Europe/Copenhagen"\n', "").replace("Eksempel ApS", " "),
    )
    assert [problem.path for problem in found] == [
        "timezone",
        "controller.name",
        "newsletter.subscription_types[1]",
        "newsletter.static_lists",
        "rules[one].basis",
        "rules[two]",
        "rules[three].basis",
    ]


@pytest.mark.parametrize(
    ("piece", "path", "found", "expected"),
    [
        ("[newsletter]\nsubscription_types = 1", "newsletter.subscription_types", "1", "a list"),
        ("[newsletter]\nstatic_lists = [1]", "newsletter.static_lists[1]", "1", "a text"),
        (
            '[newsletter]\nstatic_lists = ["a", "a"]',
            "newsletter.static_lists",
            '["a", "a"]',
            "each only once",
        ),
        ("[guardrails]\nmax_disposals = 1.5", "guardrails.max_disposals", "1.5", "a whole number"),
        ("[guardrails]\nmax_disposals = true", "guardrails.max_disposals", "true", "a whole number"),
        ('[guardrails]\nmax_percent = "5"', "guardrails.max_percent", '"5"', "a number"),
        ("[guardrails]\nmax_percent = 101", "guardrails.max_percent", "101", "less than or equal to 100"),
        ("[financial_year_end]\nmonth = 13", "financial_year_end.month", "13", "less than or equal to 12"),
        ('[requests]\nclock = "P0D"', "requests.clock[1]", '"P0D"', "a period longer than nothing"),
        ('[requests]\nclock = "P101Y"', "requests.clock[1]", '"P101Y"', "a period of at most 100 years"),
        ("[requests]\nclock = []", "requests.clock", "[]", "at least one"),
        (
            '[evidence]\naudit_log = "soon"',
            "evidence.audit_log",
            '"soon"',
            "a period such as P30D, P6W, P24M or P5Y",
        ),
        (
            '[evidence]\naudit_log = "-P5Y"',
            "evidence.audit_log",
            '"-P5Y"',
            "a period such as P30D, P6W, P24M or P5Y",
        ),
        ("[evidnce]", "evidnce", "a table with nothing in it", "no such key here; evidence is one"),
        ("[nonsense]", "nonsense", "a table with nothing in it", "no such key here"),
        ("[nonsense]\na = 1\nb = 2", "nonsense", "a table with a, b", "no such key here"),
        ("[mailing]", "mailing", "a table with nothing in it", "no such key here"),
        ('[evidence]\naudit_log = "P36601D"', "evidence.audit_log", '"P36601D"', "a period of at most 100 years"),
        ('[evidence]\naudit_log = "P1201M"', "evidence.audit_log", '"P1201M"', "a period of at most 100 years"),
        ("[controller.name]", "controller.name", "a table with nothing in it", "a text"),
        (
            '[newsletter]\nstatic_lists = ["a\\nb"]',
            "newsletter.static_lists[1]",
            "'a\\nb'",
            "one line of printable text",
        ),
        (
            '[sources.deal]\nbalance = "Out standing"',
            "sources.deal.balance",
            '"Out standing"',
            "a property's internal name: small letters, digits and underscores",
        ),
        ("[sources.contact]\nenquiry = []", "sources.contact.enquiry", "[]", "at least one"),
    ],
)
def test_a_wrong_value_is_told_with_place_value_and_expectation(
    piece: str, path: str, found: str, expected: str
) -> None:
    head = HEAD.replace('name = "Eksempel ApS"\n', "") if path == "controller.name" else HEAD
    assert the_only(piece, EVERYBODY, head=head) == Problem(path, found, expected)


@pytest.mark.parametrize("period", ["P100Y", "P36600D"])
def test_a_period_may_be_a_hundred_years(period: str) -> None:
    assert a_policy(f'[evidence]\naudit_log = "{period}"', EVERYBODY).evidence.audit_log == Period.parse(period)


@pytest.mark.parametrize("blank", ["", " "])
def test_a_text_is_not_blank(blank: str) -> None:
    problem = the_only(EVERYBODY, head=HEAD.replace("A policy", blank))
    assert problem == Problem("name", f'"{blank}"', "a text that is not blank")


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "../../etc", "CET/"])
def test_a_time_zone_is_one_that_there_is(zone: str) -> None:
    problem = the_only(EVERYBODY, head=HEAD.replace("Europe/Copenhagen", zone))
    expected = "a time zone of the IANA database, such as Europe/Copenhagen"
    assert problem == Problem("timezone", f'"{zone}"', expected)


def test_a_text_where_a_table_belongs_is_told() -> None:
    assert the_only(EVERYBODY, head='newsletter = "x"\n' + HEAD) == Problem("newsletter", '"x"', "a table")


def test_two_properties_of_wrong_shape_are_both_told() -> None:
    found = problems('[sources.company]\nkind = "Kind"\nstage = ""', EVERYBODY)
    assert {problem.path for problem in found} == {"sources.company.kind", "sources.company.stage"}


@pytest.mark.parametrize("fact", ["activity", "enquiry", "conversation"])
@pytest.mark.parametrize(
    "name",
    [
        "lastmodifieddate",
        "hs_lastmodifieddate",
        "notes_last_updated",
        "hs_email_last_send_date",
        "hs_email_last_open_date",
    ],
)
def test_what_our_own_mail_or_edit_would_set_is_no_sign_of_life(fact: str, name: str) -> None:
    problem = the_only(f'[sources.contact]\n{fact} = ["first_seen", "{name}"]', EVERYBODY)
    expected = f"what a person did; {name} changes when the record is edited or a mail is sent or opened"
    assert problem == Problem(f"sources.contact.{fact}", f'["first_seen", "{name}"]', expected)


TRUE_OF_A_CONTACT = (
    "a fact that is true or false of a contact: is_customer, was_customer, has_open_deal, is_partner, "
    "works_for_customer, relationship_ongoing, restricted, processed_on_behalf_of"
)
TRUE_OF_A_DEAL = "a fact that is true or false of a deal: is_open, is_closed_won, is_closed_lost, relationship_ongoing"
MOMENT_OF_A_CONTACT = (
    "a fact that is a day or an instant of a contact: customer_until, last_activity_at, last_enquiry_at, "
    "unsubscribed_at, erasure_requested_at, consent_withdrawn_at, processing_ended_on, event_on"
)
MOMENT_OF_A_DEAL = (
    "a fact that is a day or an instant of a deal: closed_at, customer_until, last_business_on, last_activity_at"
)


@pytest.mark.parametrize(
    ("rule", "path", "found", "expected"),
    [
        (a_rule("r", '{ is = "event_on" }', ARCHIVE), "when.is", "event_on", TRUE_OF_A_CONTACT),
        (a_rule("r", '{ known = "is_partner" }', ARCHIVE), "when.known", "is_partner", MOMENT_OF_A_CONTACT),
        (a_rule("r", '{ is = "is_open" }', ARCHIVE), "when.is", "is_open", TRUE_OF_A_CONTACT),
        (keeping('{ while = { is = "x" } }', "deal"), "keep.while.is", "x", TRUE_OF_A_DEAL),
        (keeping('{ until_end_of = "event_on" }', "deal"), "keep.until_end_of", "event_on", MOMENT_OF_A_DEAL),
        (keeping('{ period = "P1M", from = "is_partner" }'), "keep.from", "is_partner", MOMENT_OF_A_CONTACT),
        (
            a_rule("r", '{ later = "event_on", than_each = ["event_on", "x"] }', ARCHIVE),
            "when.than_each[2]",
            "x",
            MOMENT_OF_A_CONTACT,
        ),
        (
            a_rule("r", '{ is = "is_partner" }', ARCHIVE, 'refer_if_later = "was_customer"'),
            "refer_if_later",
            "was_customer",
            MOMENT_OF_A_CONTACT,
        ),
    ],
)
def test_a_fact_must_exist_for_the_class_and_be_of_the_right_kind(
    rule: str, path: str, found: str, expected: str
) -> None:
    assert the_only(rule) == Problem(f"rules[r].{path}", f'"{found}"', expected)


def test_of_a_rule_whose_class_is_wrong_only_that_is_told() -> None:
    deal = a_rule("deal", '{ is = "is_open" }', ARCHIVE, record_class="deal")
    other = a_rule("other", '{ is = "is_partner" }', ARCHIVE, record_class="ticket")
    assert the_only(deal, other).path == "rules[other].class"
    assert the_only(deal, other.replace('"ticket"', "[1]")).found == "[1]"


@pytest.mark.parametrize(
    ("when", "found"),
    [
        ("{}", "a table with nothing in it"),
        ('"was_customer"', '"was_customer"'),
        ("[]", "[]"),
        ('{ has = "was_customer" }', "a table with has"),
        ("1", "1"),
    ],
)
def test_what_is_no_criterion_is_told_with_all_that_could_stand_there(when: str, found: str) -> None:
    expected = (
        "a criterion: { is = fact }, { known = fact }, { not_past = fact }, "
        "{ later = fact, than_each = [facts] }, { not = criterion }, { all = [criteria] } or { any = [criteria] }"
    )
    assert the_only(a_rule("r", when, ARCHIVE)) == Problem("rules[r].when", found, expected)


@pytest.mark.parametrize("group", ["all", "any"])
def test_a_group_of_one_is_a_criterion(group: str) -> None:
    assert problems(a_rule("r", f'{{ {group} = [{{ is = "is_partner" }}] }}', ARCHIVE)) == ()


@pytest.mark.parametrize("when", ["{ all = [] }", "{ any = [] }", '{ later = "event_on", than_each = [] }'])
def test_an_empty_group_is_a_problem(when: str) -> None:
    assert the_only(a_rule("r", when, ARCHIVE)).expected == "at least one"


def test_a_key_that_is_true_or_false_is_nothing_else() -> None:
    problem = the_only(a_rule("r", '{ is = "is_partner" }', ARCHIVE, "outweighed_is_referred = 1"))
    assert problem == Problem("rules[r].outweighed_is_referred", "1", "true or false")


def test_two_criteria_in_one_table_are_a_problem() -> None:
    problem = the_only(a_rule("r", '{ is = "is_partner", known = "event_on" }', ARCHIVE))
    assert problem == Problem("rules[r].when.known", '"event_on"', "no such key here")


def test_a_class_that_does_not_exist_is_told_with_the_three_that_do() -> None:
    problem = the_only(a_rule("r", '{ is = "anything" }', ARCHIVE, record_class="company"))
    assert problem == Problem("rules[r].class", '"company"', "'contact', 'deal' or 'engagement'")


def test_an_unknown_basis_among_overrides_is_told() -> None:
    rule = a_rule("r", '{ is = "is_partner" }', ARCHIVE.replace(" }", ', overrides = ["consent", "whim"] }'))
    problem = the_only(rule)
    assert problem.path == "rules[r].dispose.overrides[2]"
    assert "'legitimate_interest'" in problem.expected


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Former Customer", "rules[Former Customer].id"),
        ("a--b", "rules[a--b].id"),
        ("-a", "rules[-a].id"),
        ("æ", "rules[æ].id"),
        ("", "rules[#1].id"),
        (" ", "rules[#1].id"),
    ],
)
def test_an_id_is_small_letters_digits_and_hyphens(name: str, path: str) -> None:
    expected = "an id of small letters, digits and single hyphens, such as former-customer"
    problem = the_only(a_rule(name, '{ is = "is_partner" }', ARCHIVE))
    assert problem == Problem(path, f'"{name}"', expected)


def test_a_rule_whose_id_cannot_be_printed_is_named_by_its_number() -> None:
    problem = the_only(a_rule("a\\nb", '{ is = "is_partner" }', ARCHIVE))
    assert (problem.path, problem.found) == ("rules[#1].id", "'a\\nb'")


def test_a_rule_without_id_is_named_by_its_number() -> None:
    rule = EVERYBODY.replace('id = "everybody"\n', "")
    assert the_only(a_follower(), rule) == Problem("rules[#2].id", "nothing", "a value: it is required")


def test_rules_that_are_no_tables_are_told() -> None:
    assert [problem.path for problem in problems(head='rules = [1, "x"]\n' + HEAD)] == [
        "rules[#1]",
        "rules[#2]",
    ]
    assert the_only(head="rules = 1\n" + HEAD) == Problem("rules", "1", "a list")
    assert the_only(head="rules = []\n" + HEAD) == Problem("rules", "[]", "at least one")


def test_a_long_value_is_cut_to_a_line() -> None:
    def found(length: int) -> str:
        return the_only(EVERYBODY, head=HEAD.replace("Europe/Copenhagen", "x" * length)).found

    assert found(58) == f'"{"x" * 58}"'
    assert found(59) == f'"{"x" * 58}…'
    assert found(500) == f'"{"x" * 58}…'


def test_the_error_reads_as_one_line_a_problem() -> None:
    error = PolicyError([Problem("a", "1", "2"), Problem("b", "3", "4")])
    assert str(error) == "a: found 1, expected 2\nb: found 3, expected 4"
