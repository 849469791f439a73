"""`audit report`: both forms in both languages from a log of our own making, without a person in it."""

import re
import sqlite3

from pypdf import PdfReader

from hubspot_retention.bootstrap import application
from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from tests.builders import at
from tests.faults.people import a_customer, a_portal, asks_to_go, inactive, unsubscribed
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import House

YEARS = ("--from", "2020-01-01", "--to", "2099-12-31")
CANARY = "canary-of-free-text"
PERSON = {"email": "kanariefugl@example.dk", "firstname": "Kanariefugl", "lastname": "Burkard"}


def a_busy_house(house_of: MakeHouse) -> House:
    """A house in which plans were applied, a hold was placed and a request was recorded."""
    people = [asks_to_go(101, **PERSON), unsubscribed(102), inactive(103), a_customer(104), inactive(105)]
    house = house_of(a_portal(contacts=people))
    house("hold", "place", "contacts/105", "--matter", "2026-14", "--reason", CANARY)
    house("request", "record", "contacts/104", "--kind", "access", "--received", "2026-01-05")
    assert house("plan", "new").code == 0
    for kind in ("rights", "time"):
        house("plan", "apply", house.approved(kind))
    return house


def test_the_report_tells_what_was_done_in_each_language_and_form_and_names_nobody(house_of: MakeHouse) -> None:
    house = a_busy_house(house_of)
    for language, heading in (("en", "Proof of integrity"), ("da", "Bevis for loggens integritet")):
        page, paper = house.folder / f"{language}.html", house.folder / f"{language}.pdf"
        for path in (page, paper):
            form = path.suffix.removeprefix(".")
            ran = house("audit", "report", *YEARS, "--language", language, "--format", form, str(path))
            assert (ran.code, ran.out) == (0, ""), ran.err
        html = page.read_text("utf-8")
        assert re.search(r"<script|https?://(?!www\.w3\.org)|<link|<img", html) is None
        pages = " ".join(sheet.extract_text() for sheet in PdfReader(paper).pages)
        for text in (html, pages):
            assert [word for word in (heading, "2026-14", "bent", "contacts/104") if word not in text] == []
            assert "`" not in text
            assert [word for word in (CANARY, *PERSON.values()) if word.casefold() in text.casefold()] == []


def test_a_duty_whose_record_went_is_told_as_done_also_before_the_ledger_hears_of_it(house_of: MakeHouse) -> None:
    house = a_busy_house(house_of)
    assert not house.is_in_view("contacts/101")
    assert not house.is_in_view("contacts/102")
    figures = summary_of(house)
    # The fourth is the end of marketing towards the contact whose request for access restricts it, and who stays.
    assert [figures[name] for name in ("Became due in the period", "Erased or archived", "Open at the end")] == [
        "4",
        "3",
        "0",
    ]
    assert figures["Opted out of marketing only: the person stays"] == "1"
    assert figures["Of those opted out, in time"] == "100.0 %"
    assert (figures["Requests open at the end"], figures["Requests open past their deadline"]) == ("1", "1")


def summary_of(house: House) -> dict[str, str]:
    """The figures in brief."""
    said = house("audit", "report", *YEARS).out
    return dict(re.findall(r"<td>([A-Z][A-Za-z,: ]+)</td><td class=\"n\">([^<]+)</td>", said))


def test_in_a_period_that_is_not_over_a_duty_is_not_overdue_before_its_deadline(house_of: MakeHouse) -> None:
    house = house_of(a_portal())
    of = {"subject": Subject.OBLIGATION, "verb": Verb.OPENED, "at": at("2026-01-05"), "rule": "inactive-contact"}
    with application().store() as store, store.transaction() as tx:
        for record, call_by in (("contacts/101", "2026-01-06"), ("contacts/102", "2098-12-31")):
            tx.audit(Entry(**of, record=record, facts=(("call_by", at(call_by).isoformat()),)))  # type: ignore[arg-type]
    said, figures = house("audit", "report", *YEARS).out, summary_of(house)
    assert (figures["Open at the end"], figures["Of those, past their deadline"]) == ("2", "1")
    assert "The period is not over: this report tells until" in said


def test_what_the_last_review_decided_and_what_was_called_for_each_rule_is_told(house_of: MakeHouse) -> None:
    said = re.sub(r"<[^>]+>", " ", a_busy_house(house_of)("audit", "report", *YEARS).out)
    said = " ".join(said.split())
    # Held are the one with a hold and the one whose request for access is open.
    assert "Kind Held Undetermined Referred to a person To be disposed of Kept contacts 2 0 0 3 0" in said
    assert "Held at the last complete review in the period" in said
    for why in ("a hold of the register binds them", "processing is restricted"):
        assert f"Held contacts {why} 1" in said
    assert "Rule Carried out Opted out Left in place Failed no single rule 0 1 0 0 erasure-request 1 0 0 0" in said
    assert "3 disposals were carried out in the period. Not counted there: 1 who stay for another ground" in said
    assert "Approved by them in the period: 2 plans, 0 standing approvals, 1 policies." in said


def test_a_period_that_ends_before_it_begins_is_refused(house_of: MakeHouse) -> None:
    ran = house_of(a_portal())("audit", "report", "--from", "2026-02-01", "--to", "2026-01-01")
    assert ran.code == 2
    assert "--to: found 2026-01-01" in ran.err


def test_a_period_from_the_first_day_of_the_calendar_is_refused_and_one_to_its_last_is_told(
    house_of: MakeHouse,
) -> None:
    house = house_of(a_portal())
    ran = house("audit", "report", "--from", "0001-01-01", "--to", "2026-01-01")
    assert ran.code == 2
    assert "--from: found 0001-01-01, the first day of the calendar" in ran.err
    assert house("audit", "report", "--from", "0001-01-02", "--to", "9999-12-31").code == 0


def test_of_a_log_that_was_tampered_with_no_report_is_made(house_of: MakeHouse) -> None:
    house = house_of(a_portal())
    assert house("plan", "new").code == 0
    with sqlite3.connect(house.folder / "retention.db") as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("update audit_entry set body = x'7b7d' where seq = 1")
    ran = house("audit", "report", *YEARS)
    assert (ran.code, ran.out) == (1, "")
    assert "no report" in ran.err


def test_a_file_that_cannot_be_written_is_named(house_of: MakeHouse) -> None:
    house = house_of(a_portal())
    missing = house.folder / "missing" / "report.html"
    ran = house("audit", "report", *YEARS, str(missing))
    assert ran.code == 2
    assert "cannot be written" in ran.err


def test_without_a_file_the_report_goes_to_the_output(house_of: MakeHouse) -> None:
    ran = house_of(a_portal())("audit", "report", *YEARS)
    assert ran.code == 0
    assert ran.out.startswith("<!doctype html>")
    assert "None in the period." in ran.out
