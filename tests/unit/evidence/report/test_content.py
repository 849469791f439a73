"""What the report says of figures, ledger and policy."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hubspot_retention.core.audit.chain import EMPTY
from hubspot_retention.core.audit.verify import VerifyReport
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.plan.model import OutcomeCount
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.core.report.figures import Decisions, Figures, LateLine, MonthFigures, RequestLine, RuleFigures
from hubspot_retention.evidence.report.content import Given, report_of
from hubspot_retention.evidence.report.pages import Chart, Paragraph, Section, Table
from hubspot_retention.evidence.report.proof import Integrity
from tests.unit.core.plan.plans import a_plan

POLICY = parse_policy((Path(__file__).parents[4] / "config" / "clienti.toml").read_text("utf-8"))
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
HELD = Obligation(
    record=RecordRef(ObjectType.CONTACT, RecordId(105)),
    state=ObligationState.HELD,
    first_seen_at=BEGIN,
    heard_at=BEGIN,
    next_look_at=BEGIN,
)
NOTHING = Given(
    figures=Figures(),
    policy=POLICY,
    portal="25412345",
    integrity=Integrity(verified=VerifyReport(entries=0, head=EMPTY, findings=())),
    requests={},
    ledger=(),
    ledger_total=0,
    reviewed=(),
    begin=BEGIN,
    end=END,
    made_at=END,
)


def sections(given: Given) -> Mapping[str, Section]:
    return {section.heading: section for section in report_of(given, "en").sections}


def told(section: Section) -> str:
    texts = []
    for block in section.blocks:
        if isinstance(block, Paragraph):
            texts.append(block.text)
        elif isinstance(block, Table):
            texts += [" | ".join(row) for row in block.rows]
    return "\n".join(texts)


def test_what_is_cut_from_the_ledger_is_told() -> None:
    cut = told(sections(replace(NOTHING, ledger=(HELD,), ledger_total=1234))["What could not be decided or done"])
    assert "1 of 1,234 are shown" in cut


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "The period is not over: this report tells until 1 February 2026, 13:00,"),
        ("da", "Perioden er ikke slut: rapporten gælder indtil 1. februar 2026 kl. 13.00,"),
    ],
)
def test_a_report_of_a_period_that_is_not_over_says_until_when_it_tells(language: str, words: str) -> None:
    early = replace(NOTHING, made_at=datetime(2026, 2, 1, 12, tzinfo=UTC))
    assert words in told(report_of(early, language).sections[0])
    assert words.partition(":")[0] not in told(report_of(NOTHING, language).sections[0])


OPTED_OUT = Figures(
    rules={"unsubscribed": RuleFigures(opened=9, done=4, opted_out=5, late=3, disposed=4, marketing_ended=6)},
    months={"2026-01": MonthFigures(opened=9, done=4, in_time=2, opted_out=5, opted_out_in_time=4)},
    late=[LateLine("contacts/101", "unsubscribed", BEGIN, BEGIN, opted_out=True)],
    late_total=3,
    late_opted_out=1,
)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            (
                "Erased or archived | 4\nOf those, in time | 50.0 %\nOpted out of marketing only: the person stays | 5",
                "Of those opted out, in time | 80.0 %\nMet late, of both | 3",
                "unsubscribed | 9 | 4 | 5 | 3",
                "unsubscribed | 4 | 6 | 0 | 0",
                "Jan 2026 | 9 | 4 | 50.0 % | 5 | 80.0 % | 0",
                "contacts/101 | unsubscribed | opted out, and stays |",
                "4 disposals were carried out in the period. Not counted there: 6 who stay for another",
                "in time: 50.0 %. Duties met by opting people out of marketing who stay: 5, of them in time: 80.0 %.",
            ),
        ),
        (
            "da",
            (
                "Slettet eller arkiveret | 4\nHeraf rettidigt | 50,0 %\n",
                "Kun afmeldt markedsføring: personen bevares | 5",
                "Heraf afmeldt rettidigt | 80,0 %\nOpfyldt for sent, af begge | 3",
                "contacts/101 | unsubscribed | afmeldt, men bevaret |",
                "Ikke talt med: 6, som bevares på et andet grundlag eller på grund af en tilbageholdelse",
                "Pligter opfyldt ved afmelding af markedsføring for personer, der bevares: 5, heraf rettidigt: 80,0 %.",
            ),
        ),
    ],
)
def test_who_was_only_opted_out_is_counted_and_named_apart_from_who_went(language: str, words: tuple[str, ...]) -> None:
    report = report_of(replace(NOTHING, figures=OPTED_OUT), language)
    said = "\n".join(told(section) for section in report.sections)
    assert [each for each in words if each not in said] == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            (
                "Requests written down in the period | 4\nRequests closed | 2\nRequests closed in time | 50.0 %\n",
                "Requests open at the end | 2\nRequests open past their deadline | 1\n",
                "contacts/101 | access (art. 15) | 1 January 2026, 01:00 | 31 January 2026, 01:00 |  | open, past its",
                "31 January 2026, 02:00 | answered, too late",
                "11 January 2026, 01:00 | refused",
                "Requests of data subjects open at its end: 2, of them past their deadline: 1.",
            ),
        ),
        (
            "da",
            (
                "Anmodninger registreret i perioden | 4\nAnmodninger afsluttet | 2\n",
                "Åbne anmodninger over fristen | 1\n",
                "åben, over fristen",
                "31. januar 2026 kl. 02.00 | besvaret, for sent",
                "Åbne anmodninger fra registrerede ved dens slutning: 2, heraf over fristen: 1.",
            ),
        ),
    ],
)
def test_requests_of_every_kind_are_counted_and_those_past_their_deadline_named(
    language: str, words: tuple[str, ...]
) -> None:
    asked = {
        1: RequestLine(1, "contacts/101", "access", BEGIN),
        2: RequestLine(2, "contacts/102", "portability", BEGIN, datetime(2026, 1, 31, 1, tzinfo=UTC), "answered"),
        3: RequestLine(3, "contacts/103", "rectification", BEGIN, datetime(2026, 1, 11, tzinfo=UTC), "refused"),
        4: RequestLine(4, "contacts/104", "objection", datetime(2026, 2, 20, tzinfo=UTC)),
    }
    report = report_of(replace(NOTHING, figures=Figures(requests=asked)), language)
    said = "\n".join(told(section) for section in report.sections)
    assert [each for each in words if each not in said] == []


def test_in_a_period_that_is_not_over_a_request_is_not_past_its_deadline_before_that() -> None:
    asked = {1: RequestLine(1, "contacts/101", "access", BEGIN)}
    early = replace(NOTHING, figures=Figures(requests=asked), made_at=datetime(2026, 1, 30, tzinfo=UTC))
    assert "Requests open past their deadline | 0" in told(sections(early)["In brief"])
    assert "past its deadline" not in told(sections(early)["Requests and their clocks"])


def test_a_ledger_that_is_shown_whole_speaks_of_no_more() -> None:
    whole = told(sections(replace(NOTHING, ledger=(HELD,), ledger_total=1))["What could not be decided or done"])
    assert "contacts/105" in whole
    assert "are shown" not in whole


def test_who_may_decide_is_answered_with_the_approvals_of_persons_and_the_rest_apart() -> None:
    decisions = Decisions(plans=2, standing=1, policies=1, by_service=7, taken_back=3, blocked=5, stops=4)
    given = replace(NOTHING, figures=Figures(decisions=decisions))
    answer = told(sections(given)["The authority's eight questions"])
    assert "Approved by them in the period: 2 plans, 1 standing approvals, 1 policies." in answer
    assert all(
        words in answer for words in ("7 plans that the service approved", "3 plans rejected", "5 plans stopped")
    )


@pytest.mark.parametrize(
    ("field", "known"),
    [
        ("Controller (a)", "CVR 33782799"),
        ("Purposes (b)", "Documenting the agreement and meeting the bookkeeping act"),
        ("Categories of data subjects (c)", "Former customers"),
        ("Categories of personal data (c)", "hs_email_optout_*"),
        ("Recipients (d)", "HubSpot, as processor (portal 25412345)"),
        ("Time limits for erasure (f)", "audit log for 5 years"),
        ("Measures around deletion (g)", "erasure-request, consent-withdrawn, unsubscribed"),
        ("Measures around deletion (g)", "more than 500 disposals, or beyond 25 of more than 25 % of a class"),
        ("unsubscribed", "erased from the unsubscription, within 5 days"),
    ],
)
def test_the_extract_for_the_record_of_processing_tells_what_the_policy_knows(field: str, known: str) -> None:
    lines = told(sections(NOTHING)["Extract for the record of processing (article 30)"]).splitlines()
    assert any(line.startswith(field) and known in line for line in lines)


def test_without_a_complete_review_no_outcomes_are_told() -> None:
    assert "not reviewed completely" in told(sections(NOTHING)["What could not be decided or done"])


def test_months_are_drawn_once_there_are_two() -> None:
    month = MonthFigures(opened=3, done=2, in_time=1, open=1)
    months = {"2026-01": month, "2026-02": month}
    drawn = sections(replace(NOTHING, figures=Figures(months=months)))["Month by month"].blocks
    charts = [block for block in drawn if isinstance(block, Chart)]
    assert len(charts) == 4
    assert {ElementTree.fromstring(chart.svg).get("viewBox") for chart in charts} == {"26 22 588 158"}
    alone = sections(replace(NOTHING, figures=Figures(months={"2026-01": month})))["Month by month"].blocks
    assert not any(isinstance(block, Chart) for block in alone)


def test_why_the_last_review_held_or_left_records_is_told_the_most_frequent_reason_first() -> None:
    plans = [
        (
            OutcomeCount(ObjectType.CONTACT, "refer", "wrote-after-request", 4),
            OutcomeCount(ObjectType.CONTACT, "held", "outstanding-debt", 2),
        ),
        (
            OutcomeCount(ObjectType.CONTACT, "held", "outstanding-debt", 3),
            OutcomeCount(ObjectType.DEAL, "held", "hold-flag", 9),
            OutcomeCount(ObjectType.DEAL, "undetermined", "start-unknown", 1),
            OutcomeCount(ObjectType.CONTACT, "retain", "active-customer", 70),
        ),
    ]
    reviewed = [a_plan(outcomes=outcomes) for outcomes in plans]
    found = sections(replace(NOTHING, reviewed=reviewed, figures=Figures(last_run_at=END)))
    held = told(found["What was held, and why"])
    assert "Held at the last complete review in the period (1 March 2026, 01:00)" in held
    assert "Held | deals | a hold is set in HubSpot | 9\nHeld | contacts | money is owed | 5\n" in held
    left = told(found["What could not be decided or done"])
    assert (
        "Undetermined | deals | from when a rule counts is unknown | 1\n"
        "Referred to a person | contacts | the person wrote again after the request | 4\n"
    ) in left
    assert "active-customer" not in held + left


def test_the_reason_why_a_record_stands_in_the_ledger_is_told_in_words() -> None:
    given = replace(NOTHING, ledger=(HELD._replace(reason="processing-restricted"),), ledger_total=1)
    assert "| processing is restricted |" in told(sections(given)["What could not be decided or done"])
