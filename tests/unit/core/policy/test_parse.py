"""A document becomes a policy, or every problem with it is told at once."""

import pytest

from hubspot_retention.core.civil import FinancialYearEnd, Period
from hubspot_retention.core.criteria import AllOf, AnyOf, Holds, Known, LaterThanEach, Not, NotPast
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.policy.model import Basis, Disposition, Keep, Mode, ReviewKind, Start
from hubspot_retention.core.policy.parse import PolicyError, Problem, json_schema
from hubspot_retention.core.record import ObjectType
from tests.unit.core.policy.texts import (
    ARCHIVE,
    EVERYBODY,
    HEAD,
    a_follower,
    a_policy,
    a_rule,
    problems,
)


def the_only(*pieces: str, head: str = HEAD) -> Problem:
    found = problems(*pieces, head=head)
    assert len(found) == 1, found
    return found[0]


def keeping(keep: str, record_class: str = "contact") -> str:
    when = '{ is = "is_open" }' if record_class == "deal" else '{ is = "was_customer" }'
    return a_rule("r", when, f"keep = {keep}", record_class=record_class)


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


def test_every_kind_of_criterion_is_read() -> None:
    when = (
        '{ all = [{ any = [{ is = "is_partner" }, { known = "event_on" }] }, '
        '{ not = { not_past = "event_on" } }, '
        '{ later = "last_enquiry_at", than_each = ["unsubscribed_at"] }] }'
    )
    assert a_policy(a_rule("r", when, ARCHIVE)).rules[0].when == AllOf(
        (
            AnyOf((Holds("is_partner"), Known("event_on"))),
            Not(NotPast("event_on")),
            LaterThanEach("last_enquiry_at", ("unsubscribed_at",)),
        )
    )


@pytest.mark.parametrize(
    ("text", "keep"),
    [
        (
            '{ period = "P24M", from = "customer_until" }',
            Keep(start=Start(fact="customer_until"), period=Period(months=24)),
        ),
        ('{ while = { is = "is_partner" } }', Keep(condition=Holds("is_partner"))),
        ('{ until_end_of = "customer_until" }', Keep(start=Start(fact="customer_until"), period=Period())),
        (
            '{ while = { is = "is_partner" }, period = "P30D", from = "event_on" }',
            Keep(start=Start(fact="event_on"), period=Period(days=30), condition=Holds("is_partner")),
        ),
        (
            '{ period = "P5Y", from_financial_year_end_of = "customer_until" }',
            Keep(start=Start(fact="customer_until", financial_year_end=True), period=Period(months=60)),
        ),
    ],
)
def test_every_shape_of_keep_is_read(text: str, keep: Keep) -> None:
    assert a_policy(keeping(text)).rules[0].keep == keep


def test_a_dispose_is_read_whole() -> None:
    text = (
        'dispose = { after = "P12M", from = "last_activity_at", within = ["P120D", "P4M"], '
        'disposition = "archive", overrides = ["consent"], review = "owner", warn_ahead = "P30D" }'
    )
    dispose = a_policy(a_rule("r", '{ is = "is_partner" }', text)).rules[0].dispose
    assert dispose is not None
    assert dispose.within == (Period(days=120), Period(months=4))
    assert dispose.overrides == {Basis.CONSENT}
    assert (dispose.review, dispose.warn_ahead) == (ReviewKind.OWNER, Period(days=30))
    assert dispose.disposition is Disposition.ARCHIVE


def test_a_rule_for_correspondence_follows_a_record_class() -> None:
    policy = a_policy(EVERYBODY, a_follower(follows="contact"))
    assert [rule.follows for rule in policy.correspondence] == [ObjectType.CONTACT]
    assert len(policy.rules) == 1


def test_opt_out_sources_are_grouped_and_found_in_any_case() -> None:
    policy = a_policy('[opt_out_sources]\nimport = ["CSV"]\nstaff = ["Sales"]', EVERYBODY)
    assert policy.source_group("csv") is OptOutSource.IMPORT
    assert policy.source_group("SALES") is OptOutSource.STAFF
    assert policy.source_group("Self Service") is OptOutSource.PERSON
    assert policy.source_group("something else") is OptOutSource.UNKNOWN


def test_the_guardrails_of_a_rule_take_the_rest_from_the_policy() -> None:
    policy = a_policy(
        "[guardrails]\nmax_disposals = 80\npercent_from = 5",
        a_rule("r", '{ is = "is_partner" }', ARCHIVE, "guardrails = { max_percent = 3 }"),
    )
    ((name, limits),) = policy.rule_guardrails
    assert name == "r"
    assert (limits.max_disposals, limits.max_percent, limits.percent_from) == (80, 3, 5)


def test_comments_and_the_order_of_keys_do_not_change_the_digest() -> None:
    first = a_policy(EVERYBODY)
    lines = EVERYBODY.splitlines()
    assert a_policy("# why\n" + "\n".join([lines[0], *reversed(lines[1:])])).digest == first.digest
    assert len(first.digest) == 64


def test_a_default_written_out_does_not_change_the_digest() -> None:
    assert a_policy('[relationship]\nreview_after = "P12M"', EVERYBODY).digest == a_policy(EVERYBODY).digest


def test_the_order_of_rules_and_a_word_change_the_digest() -> None:
    other = a_rule("other", '{ is = "is_partner" }', ARCHIVE)
    digests = {
        a_policy(EVERYBODY, other).digest,
        a_policy(other, EVERYBODY).digest,
        a_policy(EVERYBODY, other.replace("P12M", "P13M")).digest,
    }
    assert len(digests) == 3


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


def test_a_text_where_a_table_belongs_is_told() -> None:
    assert the_only(EVERYBODY, head='newsletter = "x"\n' + HEAD) == Problem("newsletter", '"x"', "a table")


def test_two_properties_of_wrong_shape_are_both_told() -> None:
    found = problems('[sources.company]\nkind = "Kind"\nstage = ""', EVERYBODY)
    assert {problem.path for problem in found} == {"sources.company.kind", "sources.company.stage"}


def test_an_activity_that_our_own_mail_or_edit_would_set_is_no_activity() -> None:
    problem = the_only('[sources.contact]\nactivity = ["createdate", "lastmodifieddate"]', EVERYBODY)
    assert problem.path == "sources.contact.activity"
    assert "lastmodifieddate changes when the record is edited" in problem.expected


@pytest.mark.parametrize(
    ("rule", "path", "expected"),
    [
        (
            a_rule("r", '{ is = "event_on" }', ARCHIVE),
            "rules[r].when.is",
            "a fact that is true or false of a contact",
        ),
        (
            a_rule("r", '{ known = "is_partner" }', ARCHIVE),
            "rules[r].when.known",
            "a fact that is a day or an instant of a contact",
        ),
        (a_rule("r", '{ is = "is_open" }', ARCHIVE), "rules[r].when.is", "true or false of a contact"),
        (
            a_rule("r", '{ is = "is_partner" }', 'keep = { while = { is = "x" } }', record_class="deal").replace(
                "is_partner", "is_open"
            ),
            "rules[r].keep.while.is",
            "true or false of a deal",
        ),
        (
            keeping('{ period = "P1M", from = "is_partner" }'),
            "rules[r].keep.from",
            "a day or an instant of a contact",
        ),
        (
            a_rule("r", '{ later = "event_on", than_each = ["event_on", "x"] }', ARCHIVE),
            "rules[r].when.than_each[2]",
            "a day or an instant of a contact",
        ),
        (
            a_rule("r", '{ is = "is_partner" }', ARCHIVE, 'refer_if_later = "was_customer"'),
            "rules[r].refer_if_later",
            "a day or an instant of a contact",
        ),
    ],
)
def test_a_fact_must_exist_for_the_class_and_be_of_the_right_kind(rule: str, path: str, expected: str) -> None:
    problem = the_only(rule)
    assert problem.path == path
    assert expected in problem.expected


@pytest.mark.parametrize("when", ["{}", '"was_customer"', "[]", '{ has = "was_customer" }', "1"])
def test_what_is_no_criterion_is_told_with_all_that_could_stand_there(when: str) -> None:
    problem = the_only(a_rule("r", when, ARCHIVE))
    assert problem.path == "rules[r].when"
    assert "{ not_past = fact }" in problem.expected


@pytest.mark.parametrize("when", ["{ all = [] }", "{ any = [] }", '{ later = "event_on", than_each = [] }'])
def test_an_empty_group_is_a_problem(when: str) -> None:
    assert the_only(a_rule("r", when, ARCHIVE)).expected == "at least one"


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


@pytest.mark.parametrize("name", ["", "Former Customer", "a--b", "-a", "æ"])
def test_an_id_is_small_letters_digits_and_hyphens(name: str) -> None:
    problem = the_only(a_rule(name, '{ is = "is_partner" }', ARCHIVE))
    assert problem.path.endswith(".id")


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
    problem = the_only(EVERYBODY, head=HEAD.replace("Europe/Copenhagen", "x" * 500))
    assert len(problem.found) == 60


def test_the_error_reads_as_one_line_a_problem() -> None:
    error = PolicyError([Problem("a", "1", "2"), Problem("b", "3", "4")])
    assert str(error) == "a: found 1, expected 2\nb: found 3, expected 4"


def test_the_schema_describes_every_key_and_knows_the_facts() -> None:
    schema = json_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    tables = [schema, *schema["$defs"].values()]
    keys = [(name, key) for table in tables for name, key in table.get("properties", {}).items()]
    assert len(keys) > 80
    assert [name for name, key in keys if "description" not in key and "$ref" not in key] == []
    assert [name for name, table in schema["$defs"].items() if "description" not in table] == []
    assert "was_customer" in schema["$defs"]["IsTable"]["properties"]["is"]["enum"]
    assert "is_closed_won" in schema["$defs"]["IsTable"]["properties"]["is"]["enum"]
    assert all(table["additionalProperties"] is False for table in tables if "properties" in table)
