"""The spool gives every record the neighbours that were read, and says unknown where one was not."""

from typing import Any, cast

from hubspot_retention.core.facts.observation import CompanyLink
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.record import RecordId
from hubspot_retention.core.view import Judge
from hubspot_retention.store.spool import Spool
from tests.builders import a_company, a_contact, a_deal, a_hold, at
from tests.documents import clienti

JUDGE = Judge.of(clienti(), {}, at("2026-11-22T09:00"))
AT_COMPANY = (CompanyLink(RecordId(1), True),)


def causes_of_colleague(spool: Spool) -> bool:
    """Whether a contact of company 1 with no deal of its own is held."""
    spool.add_companies([a_company(1)])
    spool.judge_companies(JUDGE)
    (view,) = spool.contact_views([a_contact(101, companies=AT_COMPANY)])
    return bool(JUDGE.contact_causes(view))


def test_a_debt_on_a_deal_of_the_company_holds_its_people() -> None:
    with Spool() as spool:
        spool.add_deals([a_deal(201, owes=True, companies=AT_COMPANY)])
        assert causes_of_colleague(spool)


def test_a_deal_whose_companies_cannot_be_read_may_belong_to_any_of_them() -> None:
    with Spool() as spool:
        spool.add_deals([a_deal(201, owes=True, companies=UNKNOWN)])
        assert causes_of_colleague(spool)


def test_a_company_is_judged_once_for_all_who_ask_and_anew_by_another_judge() -> None:
    held = Judge.of(clienti(), a_hold("companies/1"), JUDGE.as_of)
    asked = []

    class Counting:
        def company(self, *given: Any) -> Any:
            asked.append(given)
            return JUDGE.company(*given)

    with Spool() as spool:
        spool.add_companies([a_company(1), a_company(2)])
        spool.judge_companies(cast(Any, Counting()))
        for number in (101, 102):
            spool.contact_views([a_contact(number, companies=AT_COMPANY)])
        assert len(asked) == 1
        spool.judge_companies(held)
        (view,) = spool.contact_views([a_contact(101, companies=AT_COMPANY)])
        assert held.contact_causes(view)


def test_before_there_is_a_judge_a_company_is_unknown() -> None:
    with Spool() as spool:
        spool.add_companies([a_company(1)])
        (view,) = spool.contact_views([a_contact(101, companies=AT_COMPANY)])
        assert view.companies is UNKNOWN


def test_after_a_restart_nothing_of_it_is_left() -> None:
    with Spool() as spool:
        spool.add_deals([a_deal(201, owes=True, companies=UNKNOWN)])
        spool.restart()
        assert not causes_of_colleague(spool)
        assert list(spool.deal_neighbours()) == []


def test_a_neighbour_that_was_not_read_makes_the_association_unknown() -> None:
    with Spool() as spool:
        (view,) = spool.contact_views([a_contact(101, deals=(RecordId(7),), companies=AT_COMPANY)])
        assert view.deals is UNKNOWN
        assert view.companies is UNKNOWN


def test_a_deal_whose_contact_was_not_decided_does_not_know_its_contacts() -> None:
    with Spool() as spool:
        spool.add_deals([a_deal(201, contacts=(RecordId(101),))])
        ((_, traces),) = spool.views_of([RecordId(201)])
        assert traces is UNKNOWN


def test_the_deals_of_contacts_come_with_their_neighbours() -> None:
    with Spool() as spool:
        spool.add_deals([a_deal(201, contacts=(RecordId(101),)), a_deal(202, contacts=(RecordId(101),))])
        found = spool.deals_of_contacts([RecordId(101), RecordId(102)])
        assert [view.seen.record_id for view, _ in found[RecordId(101)]] == [201, 202]
        assert RecordId(102) not in found
