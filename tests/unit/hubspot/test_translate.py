from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec
import pytest

from hubspot_retention.core.facts.observation import CompanyLink, ContactObservation, DealObservation, OptOut
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.record import RecordId
from hubspot_retention.hubspot.translate import CompanyTranslator, ContactTranslator, DealTranslator
from hubspot_retention.hubspot.wire import Properties, row_type
from tests.unit.hubspot.surroundings import the_policy

SOURCES = the_policy().sources


def asked(names: tuple[str, ...], given: Mapping[str, object], *missing: str) -> Properties:
    """The properties as HubSpot answers: null where there is no value, left out where it knows no property."""
    told = {name: given.get(name) for name in names if name not in missing}
    return msgspec.convert({"id": "1", "properties": told}, row_type(names)).properties


def contact(*missing: str, **given: object) -> ContactObservation:
    translator = ContactTranslator(SOURCES.contact, ("501",))
    return translator.observe(7, asked(translator.names, given, *missing), (), ())[0]


def deal(*missing: str, **given: object) -> DealObservation:
    translator = DealTranslator(SOURCES.deal)
    return translator.observe(7, asked(translator.names, given, *missing), (RecordId(1),), ())


def test_a_contact_without_any_value_is_known_to_have_none() -> None:
    seen = contact()
    assert seen == ContactObservation(
        record_id=RecordId(7),
        stage=None,
        customer_until=None,
        entered_customer_at=None,
        exited_customer_at=None,
        activity=(None,) * 9,
        enquiry=(None,) * 3,
        conversation=(None,) * 2,
        confirmed_on=None,
        legal_hold=False,
        restricted=False,
        erasure_requested_at=None,
        consent_withdrawn_at=None,
        processed_on_behalf_of=False,
        processing_ended_on=None,
        event_on=None,
        opt_out=None,
        deals=(),
        companies=(),
        merged_ids=(),
    )


def test_every_value_reaches_its_fact() -> None:
    seen = contact(
        lifecyclestage="customer",
        customer_until="2024-10-31",
        hs_v2_date_entered_customer="2020-01-01T00:00:00Z",
        hs_v2_date_exited_customer="2021-01-01T00:00:00Z",
        createdate="2019-01-01T00:00:00Z",
        notes_last_contacted="2022-01-01T00:00:00Z",
        recent_conversion_date="2023-01-01T00:00:00Z",
        retention_confirmed_on="2024-01-01",
        legal_hold="true",
        processing_restricted="true",
        erasure_requested_at="2026-01-01T00:00:00Z",
        consent_withdrawn_at="2026-02-01T00:00:00Z",
        processed_on_behalf_of="Kunde A/S",
        processing_ended_on="2026-03-01",
        event_on="2026-04-01",
        hs_merged_object_ids="8;9",
    )
    assert (seen.stage, seen.customer_until) == ("customer", date(2024, 10, 31))
    assert seen.entered_customer_at == datetime(2020, 1, 1, tzinfo=UTC)
    assert seen.exited_customer_at == datetime(2021, 1, 1, tzinfo=UTC)
    assert seen.activity[0] == datetime(2019, 1, 1, tzinfo=UTC)
    assert seen.activity[2] == seen.conversation[0] == datetime(2022, 1, 1, tzinfo=UTC)
    assert seen.activity[3] == seen.enquiry[0] == datetime(2023, 1, 1, tzinfo=UTC)
    assert seen.activity[8] == seen.confirmed_on == date(2024, 1, 1)
    assert (seen.legal_hold, seen.restricted, seen.processed_on_behalf_of) == (True, True, True)
    assert seen.erasure_requested_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert seen.consent_withdrawn_at == datetime(2026, 2, 1, tzinfo=UTC)
    assert (seen.processing_ended_on, seen.event_on) == (date(2026, 3, 1), date(2026, 4, 1))
    assert seen.merged_ids == (8, 9)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("lifecyclestage", "stage"),
        ("customer_until", "customer_until"),
        ("hs_v2_date_entered_customer", "entered_customer_at"),
        ("hs_v2_date_exited_customer", "exited_customer_at"),
        ("retention_confirmed_on", "confirmed_on"),
        ("legal_hold", "legal_hold"),
        ("processing_restricted", "restricted"),
        ("erasure_requested_at", "erasure_requested_at"),
        ("consent_withdrawn_at", "consent_withdrawn_at"),
        ("processed_on_behalf_of", "processed_on_behalf_of"),
        ("processing_ended_on", "processing_ended_on"),
        ("event_on", "event_on"),
        ("hs_email_optout", "opt_out"),
        ("hs_email_optout_501", "opt_out"),
    ],
)
def test_a_property_that_the_answer_lacks_is_unknown_and_not_absent(name: str, field: str) -> None:
    assert getattr(contact(name), field) is UNKNOWN


def test_a_member_of_a_list_of_sources_that_the_answer_lacks_is_unknown() -> None:
    seen = contact("recent_conversion_date")
    assert (seen.activity[3], seen.enquiry[0], seen.activity[0]) == (UNKNOWN, UNKNOWN, None)


def test_who_cannot_say_what_was_merged_into_it_may_be_held() -> None:
    assert contact("hs_merged_object_ids").legal_hold is UNKNOWN
    assert contact("hs_merged_object_ids", legal_hold="true").legal_hold is True
    assert deal("hs_merged_object_ids").legal_hold is UNKNOWN


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"hs_email_optout": "true"}, OptOut(None)),
        ({"hs_email_optout_501": "true"}, OptOut(None)),
        ({"hs_email_optout_501": "true", "hs_email_optout": "perhaps"}, OptOut(None)),
        ({"hs_email_optout_501": "perhaps"}, UNKNOWN),
        ({"hs_email_optout": "false", "hs_email_optout_501": ""}, None),
        ({"hs_email_optout_502": "true"}, None),
    ],
)
def test_an_opt_out_is_of_all_mail_or_of_a_newsletter_that_the_policy_names(
    given: dict[str, object], expected: object
) -> None:
    assert contact(**given).opt_out == expected


def test_the_portals_own_type_decides_how_an_activity_is_read() -> None:
    sources = replace(SOURCES.contact, activity=("createdate", "last_visit"))
    for types, expected in (({"last_visit": "date"}, date(2026, 1, 2)), ({}, datetime(2026, 1, 2, tzinfo=UTC))):
        translator = ContactTranslator(sources, (), types)
        properties = asked(translator.names, {"last_visit": "2026-01-02T00:00:00Z"})
        found = translator.observe(7, properties, (), ())[0].activity[1]
        assert found == expected
        assert type(found) is type(expected)


def test_a_contact_may_have_a_single_source_of_activity() -> None:
    sources = replace(SOURCES.contact, activity=("createdate",), enquiry=(), conversation=())
    translator = ContactTranslator(sources, ())
    properties = asked(translator.names, {"createdate": "2026-01-02T00:00:00Z"})
    seen = translator.observe(7, properties, (), ())[0]
    assert (seen.activity, seen.enquiry) == ((datetime(2026, 1, 2, tzinfo=UTC),), ())


def test_property_names_need_not_be_identifiers() -> None:
    sources = replace(SOURCES.contact, stage="1st-stage class")
    translator = ContactTranslator(sources, ())
    assert translator.observe(7, asked(translator.names, {"1st-stage class": "lead"}), (), ())[0].stage == "lead"


def test_the_address_and_whether_it_is_off_all_mail_come_along() -> None:
    translator = ContactTranslator(SOURCES.contact, ("501",))
    properties = asked(translator.names, {"email": "p7@example.dk", "hs_email_optout": "false"})
    assert translator.observe(7, properties, (), ())[1:] == ("p7@example.dk", False)
    properties = asked(translator.names, {"email": None}, "hs_email_optout")
    assert translator.observe(7, properties, (), ())[1:] == (None, True)


def test_a_deal_is_read_by_the_policys_sources() -> None:
    seen = deal(
        hs_is_closed="true",
        hs_is_closed_won="true",
        closedate="2022-02-01T00:00:00Z",
        createdate="2022-01-01T00:00:00Z",
        notes_last_contacted="2022-03-01T00:00:00Z",
        customer_until="2024-10-31",
        contract_end_date="2024-12-31",
        outstanding_balance="12.50",
        legal_hold="false",
        hs_merged_object_ids="5",
    )
    assert seen == DealObservation(
        record_id=RecordId(7),
        is_closed=True,
        is_won=True,
        closed_at=datetime(2022, 2, 1, tzinfo=UTC),
        created_at=datetime(2022, 1, 1, tzinfo=UTC),
        contacted_at=datetime(2022, 3, 1, tzinfo=UTC),
        customer_until=date(2024, 10, 31),
        contract_end_on=date(2024, 12, 31),
        owes=True,
        legal_hold=False,
        contacts=(RecordId(1),),
        companies=(),
        merged_ids=(RecordId(5),),
    )


def test_an_open_deal_without_a_flag_is_known_not_to_be_closed() -> None:
    assert (deal().is_closed, deal().is_won, deal().owes) == (False, False, False)
    assert (deal("hs_is_closed").is_closed, deal("outstanding_balance").owes) == (UNKNOWN, UNKNOWN)


def test_a_company_is_read_by_the_policys_sources() -> None:
    translator = CompanyTranslator(SOURCES.company)
    given = {"lifecyclestage": "customer", "type": "PARTNER", "customer_until": "2024-10-31", "legal_hold": "true"}
    seen = translator.observe(9, asked(translator.names, given))
    assert tuple(seen) == (9, "customer", "PARTNER", date(2024, 10, 31), True, ())
    assert translator.observe(9, asked(translator.names, {}, "type")).kind is UNKNOWN


def test_links_are_passed_on_as_they_are() -> None:
    translator = ContactTranslator(SOURCES.contact, ())
    links = (CompanyLink(RecordId(3), True),)
    seen = translator.observe(7, asked(translator.names, {}), UNKNOWN, links)[0]
    assert (seen.deals, seen.companies) == (UNKNOWN, links)


def test_only_what_a_fact_needs_is_asked_for() -> None:
    names = ContactTranslator(SOURCES.contact, ("501",)).names
    assert len(names) == len(set(names)) == 24
    assert not {"firstname", "lastname", "phone", "lastmodifieddate"} & set(names)
