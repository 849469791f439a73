"""Each situation of the seeded portal is what its name says, judged by the independent oracle."""

from collections import defaultdict
from datetime import datetime
from typing import Any

import pytest

from hubspot_retention.sandbox.seed import seeded_document
from tests.oracle.reference import decide_portal

DUE = {
    "asks for erasure": "erasure-request",
    "asks for erasure while a deal is open": "erasure-request",
    "asks for erasure, former customer inside 24 months": "erasure-request",
    "client's data, agreement ended": "processor-data",
    "former customer beyond 24 months": "former-customer",
    "former customer beyond 24 months, by the company's date": "former-customer",
    "former customer beyond 24 months, by the contracts' ends": "former-customer",
    "former customer beyond 24 months, by the stage left": "former-customer",
    "former customer beyond 24 months, everything paid": "former-customer",
    "former customer beyond 24 months, sharing notes with a colleague": "former-customer",
    "former customer beyond 24 months, with a won deal and mail beside it": "former-customer",
    "former customer beyond 24 months, with attachments": "former-customer",
    "former customer beyond 24 months, with mail on a ticket": "former-customer",
    "former customer beyond 24 months, with mail on the company too": "former-customer",
    "former customer beyond 24 months, with mail on the won deal": "former-customer",
    "lead silent for more than a year": "inactive-contact",
    "lead silent for more than a year, deal lost long ago": "inactive-contact",
    "lead silent for more than a year, mailed and opened since": "inactive-contact",
    "lead silent for more than a year, merged from two": "inactive-contact",
    "lost more than a year ago": "lost-deal",
    "opted out of all mail": "unsubscribed",
    "unsubscribed a few days ago": "unsubscribed",
    "unsubscribed a few days ago, merged from two": "unsubscribed",
    "unsubscribed a few days ago, with an additional address": "unsubscribed",
    "unsubscribed by an import": "unsubscribed",
    "unsubscribed by an integration": "unsubscribed",
    "unsubscribed more than five days ago": "unsubscribed",
    "unsubscribed, and no status says when": "unsubscribed",
    "withdraws consent": "consent-withdrawn",
    "won, ended more than five years ago": "agreement",
}

HELD = (
    "former customer beyond 24 months, company on legal hold",
    "former customer beyond 24 months, deal on legal hold",
    "former customer beyond 24 months, in debt",
    "former customer beyond 24 months, on legal hold",
    "processing restricted",
    "silent lead at a company in debt",
    "silent lead on legal hold",
    "won, on legal hold",
    "won, with an outstanding balance",
)

REFERRED = (
    "asked for erasure, wrote again since",
    "asks for erasure, relationship ongoing",
    "client's data and a customer",
    "client's data, opted out",
    "customer without an end, silent for more than a year",
    "ended years ago on paper, a customer again since",
    "ended years ago on paper, confirmed by a person since",
    "ended years ago on paper, won a deal since",
    "lead silent, with an open deal nobody has touched",
    "open, untouched for more than a year",
    "partner nobody has spoken to for years",
    "won after the relationship's end",
    "won, relationship ongoing, silent",
)

UNDETERMINED = (
    "customer of several companies, none primary",
    "lead with a broken activity date in the future",
    "lost, without a closing date",
    "won, nobody left to say when it ended",
)

DECIDED = ("companies", "contacts", "deals")


def expected(case: str) -> tuple[str, str | None]:
    if case in DUE:
        return "dispose", DUE[case]
    for outcome, cases in (("held", HELD), ("refer", REFERRED), ("undetermined", UNDETERMINED)):
        if case in cases:
            return outcome, None
    return "retain", None


def decisions(document: dict[str, Any], as_of: datetime) -> dict[str, dict[str, Any]]:
    between = [
        row
        for row in document["associations"]
        if row["from"].split("/")[0] in DECIDED and row["to"].split("/")[0] in DECIDED
    ]
    return decide_portal({**document, "associations": between}, as_of)


@pytest.mark.parametrize(
    "when", ["2026-11-22T09:00:00+01:00", "2027-01-08T00:30:00+01:00", "2028-02-29T23:30:00+01:00"]
)
def test_every_record_is_decided_as_its_case_says(when: str) -> None:
    as_of = datetime.fromisoformat(when)
    document: dict[str, Any] = seeded_document(as_of.year, 2000, as_of)
    decided = decisions(document, as_of)
    found: dict[str, set[tuple[str, str | None]]] = defaultdict(set)
    for kind in ("contacts", "deals"):
        for record in document[kind]:
            decision = decided[f"{kind}/{record['id']}"]
            found[record["case"]].add((decision["outcome"], decision["rule"]))

    assert {case: {expected(case)} for case in found} == found
    assert found.keys() >= {*DUE, *HELD, *REFERRED, *UNDETERMINED}


def test_about_an_eighth_of_the_contacts_and_a_sixteenth_of_the_deals_are_due() -> None:
    as_of = datetime.fromisoformat("2026-11-22T09:00:00+01:00")
    document: dict[str, Any] = seeded_document(7, 2000, as_of)
    due = [key for key, decision in decisions(document, as_of).items() if decision["outcome"] == "dispose"]
    contacts = sum(key.startswith("contacts/") for key in due) / len(document["contacts"])
    deals = sum(key.startswith("deals/") for key in due) / len(document["deals"])

    assert 0.11 <= contacts <= 0.14
    assert 0.05 <= deals <= 0.07
