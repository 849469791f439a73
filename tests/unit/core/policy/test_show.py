"""Rules told in plain English, and what they really do in HubSpot."""

from dataclasses import replace

import pytest

from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.core.policy.show import RuleRow, evidence_rows, rule_rows
from tests.unit.core.policy.texts import ARCHIVE, EVERYBODY, a_follower, a_policy, a_rule, clienti_text

PARTNER = '{ is = "is_partner" }'


def row(*lines: str, when: str = PARTNER, record_class: str = "contact") -> RuleRow:
    return rule_rows(a_policy(a_rule("r", when, *lines, record_class=record_class)))[0]


def clienti(name: str) -> RuleRow:
    return {row.rule_id: row for row in rule_rows(parse_policy(clienti_text()))}[name]


def test_every_rule_has_a_row_correspondence_last() -> None:
    rows = rule_rows(a_policy(a_follower(), EVERYBODY))
    assert [(row.rule_id, row.record_class) for row in rows] == [
        ("everybody", "contact"),
        ("letters", "engagement"),
    ]


def test_a_former_customer_is_told_whole() -> None:
    assert clienti("former-customer") == RuleRow(
        rule_id="former-customer",
        record_class="contact",
        title="Former customers",
        applies_to="Contacts where the end of the customer relationship is on record.",
        kept="24 months from the end of the customer relationship; without end while the relationship goes on.",
        then="Erased 24 months after the end of the customer relationship, unless another rule or a hold keeps it.",
        within="30 days",
        why="Documenting the history of the relationship. On the ground of a legitimate interest: "
        "Persondatapolitik 6; GDPR art. 5(1)(e); GDPR art. 6(1)(f).",
        in_hubspot="Out of view at once; HubSpot purges the contact within 30 days and blocklists its "
        "addresses. Its correspondence that nobody else needs goes first: e-mails are gone at once, the rest "
        "after 90 days in the bin.",
        mode="review",
    )


def test_a_rule_that_only_keeps_does_nothing_in_hubspot() -> None:
    told = row(f"keep = {{ while = {PARTNER} }}")
    assert told.kept == "As long as the person belongs to a partner or vendor."
    assert (told.then, told.within, told.in_hubspot) == ("", "", "Nothing: it stays.")


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        ('{ until_end_of = "event_on" }', "Until the event, that day included."),
        ('{ period = "P30D", from = "event_on" }', "30 days from the event."),
        (
            '{ period = "P5Y", from_financial_year_end_of = "event_on" }',
            "5 years from the end of the financial year of the event.",
        ),
        (
            f'{{ while = {PARTNER}, period = "P1M", from = "event_on" }}',
            "As long as the person belongs to a partner or vendor; then 1 month from the event.",
        ),
    ],
)
def test_a_keep_is_said_with_its_period_and_start(keep: str, words: str) -> None:
    assert row(f"keep = {keep}").kept == words


def test_a_rule_that_disposes_alone_keeps_nothing() -> None:
    assert row(ARCHIVE).kept == ""


def test_an_archive_of_a_contact_tells_of_the_bin_and_of_the_call_before_it() -> None:
    assert row(ARCHIVE).in_hubspot == (
        "In the bin, where a person can restore it for 90 days; then gone. "
        "So the call comes at least 90 days before the 4 months are over."
    )


def test_an_archive_of_a_deal_takes_its_correspondence_along() -> None:
    told = row(ARCHIVE, when='{ is = "is_open" }', record_class="deal")
    assert told.applies_to == "Deals where the deal is open."
    assert told.in_hubspot == (
        "In the bin for 90 days, then gone. Correspondence that only it holds is archived first: "
        "e-mails are gone at once, the rest after 90 days in the bin. "
        "So the call comes at least 90 days before the 4 months are over."
    )


def test_an_archive_is_called_an_archive() -> None:
    told = row(ARCHIVE)
    assert told.then == "Archived 12 months after the last activity, unless another rule or a hold keeps it."


@pytest.mark.parametrize(
    ("basis", "ground"),
    [
        ("consent", "consent"),
        ("contract", "a contract"),
        ("legal_obligation", "a legal obligation"),
        ("legitimate_interest", "a legitimate interest"),
        ("legal_claim", "a legal claim"),
    ],
)
def test_the_ground_of_a_rule_is_said(basis: str, ground: str) -> None:
    told = rule_rows(a_policy(a_rule("r", PARTNER, ARCHIVE, basis=basis)))[0]
    assert told.why == f"A purpose. On the ground of {ground}: GDPR art. 6(1)(b)."


def test_an_erasure_request_says_what_is_set_aside_and_when_a_person_looks() -> None:
    told = clienti("erasure-request")
    assert told.then == (
        "Erased at once after the request for erasure, unless another rule or a hold keeps it. "
        "What is kept on consent or a legitimate interest does not stand against it. "
        "A person looks instead if the last enquiry of their own came after the request for erasure. "
        "If other grounds keep the record, a person answers the request."
    )
    assert told.within == "the earlier of 30 days and 1 month"


def test_an_exclusive_rule_says_that_no_other_applies() -> None:
    told = clienti("processor-data")
    assert told.applies_to.endswith("No other rule applies to them.")
    assert "A person looks instead if the request for erasure is on record" in told.then


def test_who_looks_before_a_disposal_is_said() -> None:
    owner = ARCHIVE.replace(" }", ', review = "owner", warn_ahead = "P30D" }')
    assert row(owner).then.endswith("The owner is warned 30 days ahead.")
    assert row(ARCHIVE.replace(" }", ', review = "person" }')).then.endswith("A person must approve each one.")


def test_correspondence_goes_with_what_it_belongs_to() -> None:
    why = "A purpose. On the ground of a legitimate interest: GDPR art. 6(1)(f)."
    with_deal = RuleRow(
        rule_id="letters",
        record_class="engagement",
        title="Letters",
        applies_to="Notes, e-mails, calls, meetings and tasks on a won deal, or on a contact with a won deal and on no "
        "deal of their own.",
        kept="As long as that deal.",
        then="Archived with that deal.",
        within="",
        why=why,
        in_hubspot="E-mails are gone at once; notes, calls, meetings and tasks after 90 days in the bin.",
        mode="",
    )
    others = replace(
        with_deal,
        applies_to="All other notes, e-mails, calls, meetings and tasks.",
        kept="As long as one of the contacts they belong to.",
        then="Archived with the last contact they belong to.",
    )
    deals = a_rule("deals", '{ is = "is_open" }', ARCHIVE, record_class="deal")
    assert rule_rows(a_policy(deals, a_follower(follows="deal")))[-1] == with_deal
    assert rule_rows(a_policy(EVERYBODY, a_follower(follows="contact")))[-1] == others


def test_what_the_service_keeps_of_people_who_are_gone_is_told_by_what_it_holds() -> None:
    assert {row.name: row.what for row in evidence_rows(a_policy(EVERYBODY))} == {
        "consent receipts": "Of each newsletter that an erased person had said anything of: a keyed hash of the "
        "address, the newsletter, whether consent was given or withdrawn, when, by which way, on which basis.",
        "tombstones": "A keyed hash of an erased address, by which the return of the person is seen.",
        "words of people": "Why a person placed a hold, rejected a plan or brought the service back, in their own "
        "words.",
        "audit log": "What was decided and done: ids, codes, instants and digests; no name, no address.",
    }


def test_what_the_service_keeps_of_people_who_are_gone_has_its_own_periods() -> None:
    kept = {row.name: row.kept for row in evidence_rows(parse_policy(clienti_text()))}
    assert kept == {
        "consent receipts": "24 months from the withdrawal; from the erasure, where the consent still stood.",
        "tombstones": "24 months from the erasure.",
        "words of people": "5 years from when they were written; a hold's reason from its release.",
        "audit log": "5 years from each entry, longer while what it opened is open. Then it is removed, up to a "
        "checkpoint that was signed, and the log says so; a log without a key is kept.",
    }
