"""How far a hold reaches (semantics 3): over every association; what is merely reached passes nothing on."""

from typing import Any

import pytest

from hubspot_retention.core.decision.model import Decision, Outcome, Reason, ReasonCode
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.hold import HoldCause, HoldKind, HoldRegister, deal_causes, gather
from hubspot_retention.core.record import ObjectType, RecordRef
from tests.builders import a_company, a_contact, a_customer, a_deal, a_hold, changed, link, on
from tests.observed import Observed, a_portal, around

PAST = on("2015-01-01")

# Two people at one company, each with a deal; a third, elsewhere, shares a deal of that company.
ANNA = a_customer(101, customer_until=PAST, companies=(link(301, primary=True),), deals=(201,))
BO = a_customer(102, customer_until=PAST, companies=(link(301), link(302, primary=True)), deals=(202,))
CARL = a_customer(103, customer_until=PAST, deals=(202, 203))
DEAL_OF_ANNA = a_deal(201, customer_until=PAST, companies=(link(301),))
DEAL_OF_BO = a_deal(202, customer_until=PAST, companies=(link(301),))
DEAL_OF_CARL = a_deal(203, customer_until=PAST)
FIRM, OTHER_FIRM = a_company(301), a_company(302)
EVERYBODY = (ANNA, BO, CARL, DEAL_OF_ANNA, DEAL_OF_BO, DEAL_OF_CARL, FIRM, OTHER_FIRM)


def held(*records: Any, register: HoldRegister | None = None) -> set[str]:
    """The records that are held when these stand in the place of those with their ids."""
    changes = {(type(record), record.record_id): record for record in records}
    portal: Observed = a_portal(*(changes.get((type(each), each.record_id), each) for each in EVERYBODY))
    decisions = portal.decide(around(register=register or {}))
    return {key for key, decision in decisions.items() if decision.outcome is Outcome.HELD}


def test_nobody_is_held_without_a_hold() -> None:
    assert held() == set()


def test_a_contacts_own_hold_reaches_the_contact_and_its_deals() -> None:
    assert held(changed(ANNA, legal_hold=True)) == {"contacts/101", "deals/201"}
    assert held(register=a_hold("contacts/102")) == {"contacts/102", "deals/202"}


COMPANYS = {"contacts/101", "contacts/102", "contacts/103", "deals/201", "deals/202"}


@pytest.mark.parametrize("flag", [True, UNKNOWN])
def test_a_companys_hold_reaches_its_contacts_its_deals_and_the_contacts_of_those(flag: Any) -> None:
    assert held(changed(FIRM, legal_hold=flag)) == COMPANYS
    assert held(register=a_hold("companies/301")) == COMPANYS


def test_a_hold_reaches_over_associations_that_are_not_primary() -> None:
    assert "contacts/102" in held(changed(FIRM, legal_hold=True))
    assert held(changed(OTHER_FIRM, legal_hold=True)) == {"contacts/102"}


@pytest.mark.parametrize("name", ["legal_hold", "owes"])
@pytest.mark.parametrize("flag", [True, UNKNOWN])
def test_a_hold_or_debt_of_one_of_its_deals_reaches_as_far_as_the_companys_own(name: str, flag: Any) -> None:
    assert held(changed(DEAL_OF_ANNA, **{name: flag})) == COMPANYS
    assert held(register=a_hold("deals/201")) == COMPANYS


@pytest.mark.parametrize("name", ["legal_hold", "owes"])
def test_a_deals_hold_or_debt_reaches_the_deal_and_its_contacts_and_no_further(name: str) -> None:
    assert held(changed(DEAL_OF_CARL, **{name: True})) == {"contacts/103", "deals/203"}


@pytest.mark.parametrize(("owes", "kind"), [(True, HoldKind.DEBT), (UNKNOWN, HoldKind.UNREADABLE)])
def test_what_cannot_be_read_is_not_told_as_a_debt(owes: Any, kind: HoldKind) -> None:
    deal = changed(DEAL_OF_CARL, owes=owes)
    assert deal_causes(deal, {}) == (HoldCause(kind, ObjectType.DEAL, deal.record_id),)


def test_a_record_that_is_merely_reached_passes_nothing_on() -> None:
    """Carl is reached by the company's hold over Bo's deal; his other deal is not."""
    assert "deals/203" not in held(changed(FIRM, legal_hold=True))


@pytest.mark.parametrize(
    ("record", "reached"),
    [
        (changed(ANNA, merged_ids=(901,)), {"contacts/101", "deals/201"}),
        (changed(DEAL_OF_CARL, merged_ids=(901,)), {"contacts/103", "deals/203"}),
        (changed(OTHER_FIRM, merged_ids=(901,)), {"contacts/102"}),
    ],
)
def test_a_hold_on_a_merged_away_id_binds_the_winner(record: Any, reached: set[str]) -> None:
    kind = {"ContactObservation": "contacts", "DealObservation": "deals"}.get(type(record).__name__, "companies")
    assert held(record, register=a_hold(f"{kind}/901")) == reached


def test_a_hold_on_a_record_of_another_class_with_the_same_number_does_not_bind() -> None:
    assert held(register=a_hold("deals/101")) == set()


@pytest.mark.parametrize("name", ["contacts", "companies"])
def test_a_deals_association_that_cannot_be_read_holds_the_deal(name: str) -> None:
    assert "deals/203" in held(changed(DEAL_OF_CARL, **{name: UNKNOWN}))


def test_a_deal_whose_companies_cannot_be_read_may_be_of_any_of_them() -> None:
    """It may be this company's deal, with a debt: whoever hangs on a company is held."""
    assert held(changed(DEAL_OF_CARL, companies=UNKNOWN)) == {*COMPANYS, "deals/203"}


def test_a_neighbour_that_was_not_read_holds() -> None:
    portal = a_portal(a_contact(101, deals=(201,)), a_deal(202, contacts=(102,)), a_deal(203, companies=(link(301),)))
    outcomes = {key: decision.outcome for key, decision in portal.decide().items()}
    assert set(outcomes.values()) == {Outcome.HELD}


def of_anna(register: HoldRegister, *records: Any) -> Decision:
    return a_portal(*(records or EVERYBODY)).decide(around(register=register))["contacts/101"]


def test_each_hold_is_named_once_with_the_record_it_was_placed_on_in_a_stable_order() -> None:
    register = {**a_hold("deals/201", "sag-2"), **a_hold("companies/301", "sag-1")}
    found = of_anna(register).reasons
    assert [str(reason.record) for reason in found] == ["companies/301", "deals/201"]
    debt = of_anna({}, changed(DEAL_OF_ANNA, owes=True), changed(ANNA, legal_hold=True), FIRM).reasons
    assert debt == (
        Reason(ReasonCode.HOLD_FLAG, record=RecordRef.parse("contacts/101")),
        Reason(ReasonCode.OUTSTANDING_DEBT, record=RecordRef.parse("deals/201")),
    )


def test_two_matters_on_one_record_are_two_holds() -> None:
    register = {RecordRef.parse("contacts/101"): ("sag-1", "sag-2")}
    assert [reason.matter for reason in of_anna(register).reasons] == ["sag-1", "sag-2"]


def test_groups_that_could_not_be_read_hold_once() -> None:
    owner = RecordRef.parse("contacts/101")
    assert [str(cause.record) for cause in gather((UNKNOWN, (), UNKNOWN), owner)] == ["contacts/101"]
