from dataclasses import replace

from hubspot_retention.core.webhook.event import EventKind
from hubspot_retention.core.webhook.wanted import (
    ExistingSubscription,
    Subscription,
    compare,
    project_component,
    wanted_subscriptions,
)
from tests.documents import clienti

WANTED = wanted_subscriptions(clienti(), ["501"])


def existing(number: int, event_type: str, name: str = "", *, active: bool = True) -> ExistingSubscription:
    return ExistingSubscription(subscription_id=str(number), subscription=Subscription(event_type, name), active=active)


def properties(word: str) -> set[str]:
    return {each.property_name for each in WANTED if each.event_type == f"{word}.propertyChange"}


def test_every_property_behind_a_fact_of_a_contact_is_listened_to() -> None:
    contact = clienti().sources.contact
    assert properties("contact") == {
        *contact.activity,
        *contact.enquiry,
        *contact.conversation,
        "lifecyclestage",
        "customer_until",
        "hs_v2_date_entered_customer",
        "hs_v2_date_exited_customer",
        "retention_confirmed_on",
        "legal_hold",
        "processing_restricted",
        "erasure_requested_at",
        "consent_withdrawn_at",
        "processed_on_behalf_of",
        "processing_ended_on",
        "event_on",
        "hs_email_optout",
        "hs_email_optout_501",
    }


def test_every_property_behind_a_fact_of_a_deal_and_a_company_is_listened_to() -> None:
    assert properties("deal") == {
        "hs_is_closed",
        "hs_is_closed_won",
        "closedate",
        "createdate",
        "notes_last_contacted",
        "customer_until",
        "contract_end_date",
        "outstanding_balance",
        "legal_hold",
    }
    assert properties("company") == {"lifecyclestage", "type", "customer_until", "legal_hold"}


def test_nothing_else_is_listened_to_but_what_becomes_of_the_records() -> None:
    others = {each.event_type for each in WANTED if not each.property_name}
    assert others == {
        *(
            f"{word}.{kind}"
            for word in ("contact", "deal", "company")
            for kind in ("creation", "deletion", "merge", "restore")
        ),
        "contact.associationChange",
        "deal.associationChange",
        "contact.privacyDeletion",
    }


def test_each_is_wanted_once_in_an_order_that_stays() -> None:
    assert len(set(WANTED)) == len(WANTED)
    assert list(WANTED) == sorted(WANTED)
    assert wanted_subscriptions(clienti(), ["501"]) == WANTED


def test_another_property_behind_a_fact_is_another_subscription() -> None:
    policy = clienti()
    contact = replace(policy.sources.contact, legal_hold="litigation")
    other = wanted_subscriptions(replace(policy, sources=replace(policy.sources, contact=contact)), [])
    assert Subscription("contact.propertyChange", "litigation") in other
    assert Subscription("contact.propertyChange", "legal_hold") not in other
    assert not any(each.property_name.startswith("hs_email_optout_") for each in other)


def test_what_hubspot_tells_nobody_of_is_not_asked_for() -> None:
    policy = clienti()
    contact = replace(policy.sources.contact, activity=("hs_lastmodifieddate", "createdate"))
    other = wanted_subscriptions(replace(policy, sources=replace(policy.sources, contact=contact)), [])
    assert Subscription("contact.propertyChange", "hs_lastmodifieddate") not in other


def test_only_what_no_subscription_is_there_for_is_missing() -> None:
    wanted = (
        Subscription("contact.creation"),
        Subscription("contact.merge"),
        Subscription("contact.propertyChange", "x"),
    )
    there = (
        existing(1, "contact.creation"),
        existing(2, "contact.merge", active=False),
        existing(3, "contact.propertyChange", "y"),
        existing(4, "ticket.creation"),
    )
    found = compare(wanted, there)
    assert found.there == (wanted[0],)
    assert found.missing == (wanted[2],)
    assert [each.subscription_id for each in found.paused] == ["2"]
    assert [each.subscription_id for each in found.foreign] == ["3", "4"]


def test_a_paused_twin_of_an_active_subscription_is_nobody_s_loss() -> None:
    wanted = (Subscription("contact.merge"),)
    found = compare(wanted, (existing(1, "contact.merge", active=False), existing(2, "contact.merge")))
    assert (found.there, found.missing, found.paused) == (wanted, (), ())


def test_a_project_app_is_told_the_same_in_its_own_form() -> None:
    component = project_component(WANTED, "https://hooks.example.dk/webhooks/hubspot")
    classic = component["config"]["subscriptions"].pop("legacyCrmObjects")
    assert component == {
        "uid": "retention_webhooks",
        "type": "webhooks",
        "config": {
            "settings": {"targetUrl": "https://hooks.example.dk/webhooks/hubspot", "maxConcurrentRequests": 10},
            "subscriptions": {
                "crmObjects": [],
                "hubEvents": [{"subscriptionType": "contact.privacyDeletion", "active": True}],
            },
        },
    }
    told = {(each["subscriptionType"], each.get("propertyName", "")) for each in classic}
    assert told == {(each.event_type, each.property_name) for each in WANTED} - {("contact.privacyDeletion", "")}
    assert all(each["active"] for each in classic)


def test_every_wanted_event_is_of_a_kind_that_is_understood() -> None:
    assert {each.event_type.partition(".")[2] for each in WANTED} == {kind.value for kind in EventKind}


def test_a_subscription_is_written_as_a_person_reads_it() -> None:
    assert str(Subscription("contact.propertyChange", "legal_hold")) == "contact.propertyChange legal_hold"
    assert str(Subscription("contact.merge")) == "contact.merge"
