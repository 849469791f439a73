"""What stands in a document stands in the policy, and its digest is over all of it."""

import pytest

from hubspot_retention.core.civil import Period
from hubspot_retention.core.criteria import AllOf, AnyOf, Criterion, Holds, Known, LaterThanEach, Not, NotPast
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.policy.model import AttachmentPolicy, Basis, Disposition, Keep, Mode, ReviewKind, Start
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.core.record import ObjectType
from tests.unit.core.policy.texts import ARCHIVE, EVERYBODY, HEAD, a_follower, a_policy, a_rule, keeping


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


@pytest.mark.parametrize(
    "rest", ['until_end_of = "event_on"', 'period = "P1M", from_financial_year_end_of = "event_on"']
)
def test_the_while_of_a_keep_stands_beside_each_way_to_say_how_long(rest: str) -> None:
    keep = a_policy(keeping(f'{{ while = {{ is = "is_partner" }}, {rest} }}')).rules[0].keep
    assert keep is not None
    assert keep.condition == Holds("is_partner")


@pytest.mark.parametrize(
    ("line", "criterion"),
    [("", None), ('refer_when = { not = { known = "event_on" } }', Not(Known("event_on")))],
)
def test_the_cases_that_a_person_must_look_at_are_read(line: str, criterion: Criterion | None) -> None:
    assert a_policy(a_rule("r", '{ is = "is_partner" }', ARCHIVE, line)).rules[0].refer_when == criterion


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


@pytest.mark.parametrize("mode", list(Mode))
def test_the_mode_of_a_rule_is_read(mode: Mode) -> None:
    told = {Mode.OBSERVE: "observe", Mode.REVIEW: "review", Mode.ENFORCE: "enforce"}[mode]
    assert a_policy(a_rule("r", '{ is = "is_partner" }', ARCHIVE, f'mode = "{told}"')).rules[0].mode is mode


def test_what_becomes_of_attachments_is_read() -> None:
    assert a_policy('[requests]\nattachments = "erase"', EVERYBODY).attachments is AttachmentPolicy.ERASE
    assert a_policy('[requests]\nattachments = "report"', EVERYBODY).attachments is AttachmentPolicy.REPORT
    assert a_policy(EVERYBODY).attachments is AttachmentPolicy.REPORT


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


def test_a_document_keeps_its_digest() -> None:
    """Plans and approvals name the policy by it: made in another way or of other keys, none of them would count."""
    policy = parse_policy(HEAD.replace("A policy", "Sletning æøå") + EVERYBODY + a_follower())
    assert policy.digest == "61555c75fa8cf585b4c3f0990a4dfc6770bfdfa4295f2e54296bb0f4e8d6dd11"


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
