"""What goes into the spool comes out as it was."""

from datetime import UTC, date, datetime

import pytest

from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered
from hubspot_retention.core.facts.company import CompanyFacts, Latest
from hubspot_retention.core.facts.deal import ContactEnd
from hubspot_retention.core.facts.observation import CompanyLink, CompanyObservation, DealObservation, OptOutSource
from hubspot_retention.core.facts.values import ONGOING, UNKNOWN, Start
from hubspot_retention.core.hold import Causes, HoldCause, HoldKind
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.core.view import CompanyView, ContactTrace
from hubspot_retention.store import spool_rows as rows

AT = datetime(2026, 3, 1, 10, 30, 0, 123000, tzinfo=UTC)
DAY = date(2024, 2, 29)
CAUSES = (HoldCause(HoldKind.REGISTER, ObjectType.COMPANY, RecordId(5), "case-7"),)
ID = RecordId(9)


@pytest.mark.parametrize(
    "deal",
    [
        DealObservation(ID, True, UNKNOWN, AT, None, UNKNOWN, DAY, None, False, True, (RecordId(1),), UNKNOWN),
        DealObservation(ID, False, False, None, AT, AT, None, DAY, UNKNOWN, False, UNKNOWN, ()),
        DealObservation(
            ID, True, True, AT, AT, AT, DAY, DAY, True, False, (), (CompanyLink(RecordId(4), True),), (RecordId(2),)
        ),
    ],
)
def test_a_deal_comes_back(deal: DealObservation) -> None:
    found = rows.unpack_deal(rows.pack_deal(deal))
    assert found == deal
    assert found.companies is UNKNOWN or all(isinstance(link, CompanyLink) for link in found.companies)


@pytest.mark.parametrize("stage", ["customer", None, UNKNOWN, "ongoing", ""])
def test_a_company_comes_back(stage: str | None) -> None:
    company = CompanyObservation(ID, stage, "PARTNER", DAY, UNKNOWN, (RecordId(3),))
    assert rows.unpack_company(rows.pack_company(company)) == company


@pytest.mark.parametrize("causes", [(), CAUSES])
def test_a_company_as_it_was_judged_comes_back(causes: Causes) -> None:
    view = CompanyView(CompanyFacts(ID, True, UNKNOWN, DAY, None, Latest(DAY, None, True)), causes)
    found = rows.unpack_company_view(rows.pack_company_view(view))
    assert found == view
    assert found.facts.won_dates.is_after(date(2024, 2, 28)) is True
    assert [cause.record for cause in found.causes] == [cause.record for cause in causes]


@pytest.mark.parametrize("end", [ONGOING, UNKNOWN, None, DAY, AT])
def test_what_deals_need_to_know_of_a_contact_comes_back(end: Start) -> None:
    trace = ContactTrace(ContactEnd(end, UNKNOWN), CAUSES)
    found = rows.unpack_trace(rows.pack_trace(trace))
    assert found == trace
    assert found.end.end is end or isinstance(end, date)


SOMETHING = Remembered("a=ongoing", AT, OptOutSource.PERSON, True, True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (NOTHING_REMEMBERED, Remembered("last_activity_at=2026-03-01T10:00:00+00:00")),
        (NOTHING_REMEMBERED, NOTHING_REMEMBERED),
        (NOTHING_REMEMBERED, SOMETHING),
        (SOMETHING, NOTHING_REMEMBERED),
        (SOMETHING, SOMETHING._replace(starts="b=2026-01-01")),
        (Remembered("a=ongoing"), Remembered("")),
    ],
)
def test_what_is_remembered_comes_back(before: Remembered, after: Remembered) -> None:
    assert rows.unpack_memory(after.starts, rows.pack_memory(before, after)) == (before, after)
