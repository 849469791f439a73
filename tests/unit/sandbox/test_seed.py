"""The seeded portal: repeatable, complete, well-formed, in the proportions of a real company's."""

import re
from collections import Counter
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from hubspot_retention.sandbox.seed import SITUATIONS, seeded_document

AS_OF = datetime.fromisoformat("2026-11-22T09:00:00+01:00")
ENGAGEMENTS = ("notes", "emails", "calls", "meetings", "tasks")
OBJECTS = ("companies", "contacts", "deals", "tickets", *ENGAGEMENTS)
ADDRESS = re.compile(r"[^\s\"';]+@[^\s\"';]+")


def seeded(seed: int = 7, contacts: int = 2000, as_of: datetime = AS_OF) -> dict[str, Any]:
    return seeded_document(seed, contacts, as_of)


@pytest.fixture(scope="module")
def portal() -> dict[str, Any]:
    return seeded()


def linked(portal: dict[str, Any], path: str) -> set[str]:
    """The records that a record is associated with, in either direction."""
    ends = [(row["from"], row["to"]) for row in portal["associations"]]
    return {there for here, there in ends if here == path} | {here for here, there in ends if there == path}


def of_case(portal: dict[str, Any], case: str) -> list[dict[str, Any]]:
    return [contact for contact in portal["contacts"] if contact["case"] == case]


def test_the_same_arguments_give_the_same_document() -> None:
    assert seeded(contacts=600) == seeded(contacts=600)


def test_another_seed_gives_another_document() -> None:
    assert seeded(contacts=300)["contacts"] != seeded(seed=8, contacts=300)["contacts"]


def test_another_day_moves_the_dates() -> None:
    later = seeded(contacts=300, as_of=AS_OF.replace(year=2027))

    assert later["contacts"] != seeded(contacts=300)["contacts"]
    assert later["as_of"] == "2027-11-22T09:00:00+01:00"


@pytest.mark.parametrize("contacts", [0, 1, 2, 3, 17, 333, 2000])
def test_there_are_exactly_as_many_contacts_as_asked_for(contacts: int) -> None:
    assert len(seeded(contacts=contacts)["contacts"]) == contacts


def test_a_negative_number_of_contacts_is_refused() -> None:
    with pytest.raises(ValueError, match="contacts: found -1"):
        seeded(contacts=-1)


def test_an_instant_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset from UTC"):
        seeded(as_of=AS_OF.replace(tzinfo=None))


def test_every_situation_is_there_at_least_three_times_among_2000_contacts(portal: dict[str, Any]) -> None:
    contacts = Counter(contact["case"] for contact in portal["contacts"])
    deals = Counter(deal["case"] for deal in portal["deals"])

    assert all(situation.per_2000 >= 3 for situation in SITUATIONS)
    assert len(contacts) == 1 + sum(situation.people for situation in SITUATIONS)
    assert len(deals) == 16
    assert min((contacts | deals).values()) >= 3


def test_ids_ascend_and_are_unique_in_every_class(portal: dict[str, Any]) -> None:
    for kind in (*OBJECTS, "files", "owners"):
        ids = [int(record["id"]) for record in portal[kind]]
        assert all(low < high for low, high in pairwise(ids)), kind


def test_the_five_engagement_types_share_one_row_of_ids(portal: dict[str, Any]) -> None:
    ids = [record["id"] for kind in ENGAGEMENTS for record in portal[kind]]

    assert len(ids) == len(set(ids))


def test_contact_ids_start_at_1001_and_spread_unevenly(portal: dict[str, Any]) -> None:
    ids = [int(contact["id"]) for contact in portal["contacts"]]
    merged = {int(gone) for contact in portal["contacts"] for gone in contact.get("mergedIds", ())}
    gaps = [high - low for low, high in pairwise(sorted({*ids, *merged}))]
    middle = (ids[0] + ids[-1]) / 2

    assert 1001 <= ids[0] <= 1090
    assert min(gaps) == 1
    assert 60 < max(gaps) <= 90
    assert abs(sum(each < middle for each in ids) / len(ids) - 0.5) > 0.05


def test_merged_ids_belong_to_no_other_contact(portal: dict[str, Any]) -> None:
    ids = {contact["id"] for contact in portal["contacts"]}
    merged = [gone for contact in portal["contacts"] for gone in contact.get("mergedIds", ())]

    assert len(merged) == len(set(merged)) > 10
    assert ids.isdisjoint(merged)


def test_both_ends_of_every_association_exist(portal: dict[str, Any]) -> None:
    known = {f"{kind}/{record['id']}" for kind in OBJECTS for record in portal[kind]}
    pairs = [(row["from"], row["to"]) for row in portal["associations"]]

    assert {end for pair in pairs for end in pair} <= known
    assert len(pairs) == len(set(pairs))


def test_only_companies_are_primary_and_at_most_one_for_a_record(portal: dict[str, Any]) -> None:
    primary = [row for row in portal["associations"] if row.get("primary")]

    assert all(row["to"].startswith("companies/") for row in primary)
    assert max(Counter(row["from"] for row in primary).values()) == 1


def test_every_property_value_is_a_string(portal: dict[str, Any]) -> None:
    for kind in (*OBJECTS, "files"):
        for record in portal[kind]:
            assert all(isinstance(value, str) and value for value in record["properties"].values()), record["id"]


def test_every_address_is_of_example_dk_and_unique_to_its_contact(portal: dict[str, Any]) -> None:
    addresses = ADDRESS.findall(repr(portal))
    first = [contact["properties"]["email"] for contact in portal["contacts"]]
    further = [contact["properties"].get("hs_additional_emails") for contact in portal["contacts"]]
    of_contacts = first + [address for address in further if address]

    assert {address.rpartition("@")[2] for address in addresses} == {"example.dk"}
    assert all(address.isascii() for address in addresses)
    assert len(of_contacts) == len(set(of_contacts)) > 2010


def test_attachments_and_owners_that_records_name_exist(portal: dict[str, Any]) -> None:
    files = {record["id"] for record in portal["files"]}
    owners = {owner["id"] for owner in portal["owners"]}
    records = [record["properties"] for kind in OBJECTS for record in portal[kind]]
    attached = [each for values in records for each in values.get("hs_attachment_ids", "").split(";") if each]

    assert set(attached) == files
    assert len(attached) > len(files)
    assert {values["hubspot_owner_id"] for values in records if "hubspot_owner_id" in values} == owners


def test_only_what_is_meant_to_lies_ahead(portal: dict[str, Any]) -> None:
    ahead = {
        (kind, name)
        for kind in OBJECTS
        for record in portal[kind]
        for name, value in record["properties"].items()
        if re.match(r"\d{4}-\d\d-\d\d", value) and value[:10] >= "2026-11-22"
    }

    assert ahead == {
        ("contacts", "event_on"),
        ("contacts", "hs_analytics_last_visit_timestamp"),
        ("deals", "closedate"),
        ("deals", "contract_end_date"),
    }


def test_nobody_was_active_before_the_record_was_created(portal: dict[str, Any]) -> None:
    activities = ("notes_last_contacted", "hs_last_sales_activity_timestamp", "recent_conversion_date")
    for contact in portal["contacts"]:
        values = contact["properties"]
        assert all(values["createdate"] < values[name] for name in activities if name in values), contact["id"]


def test_the_portal_is_as_large_as_a_companys_of_so_many_contacts(portal: dict[str, Any]) -> None:
    assert 560 <= len(portal["deals"]) <= 640
    assert 200 <= len(portal["companies"]) <= 280
    assert 850 <= sum(len(portal[kind]) for kind in ENGAGEMENTS) <= 1150
    assert all(portal[kind] for kind in (*ENGAGEMENTS, "tickets", "files", "owners"))


def test_proportions_stay_when_the_portal_grows(portal: dict[str, Any]) -> None:
    large = seeded(contacts=6000)

    for kind in ("deals", "companies", "emails"):
        assert len(large[kind]) == pytest.approx(3 * len(portal[kind]), rel=0.15)


def test_about_one_in_eighty_unsubscribed_within_the_last_days(portal: dict[str, Any]) -> None:
    cases = ("unsubscribed a few days ago", "unsubscribed more than five days ago")
    rows = [row for case in cases for contact in of_case(portal, case) for row in contact["subscriptions"]]

    assert 18 <= len(rows) <= 30
    assert {row["source"] for row in rows} == {"Self Service"}
    assert 3 <= sum(row["timestamp"] < "2026-11-17T09:00:00Z" for row in rows) <= 6


def test_whoever_opted_out_has_a_status_row_that_says_so_unless_nobody_knows_when(
    portal: dict[str, Any],
) -> None:
    for contact in portal["contacts"]:
        flags = {name for name, value in contact["properties"].items() if "optout" in name and value == "true"}
        rows = [row for row in contact["subscriptions"] if row["status"] == "UNSUBSCRIBED"]
        named = {"hs_email_optout" if "wide" in row else f"hs_email_optout_{row['subscriptionId']}" for row in rows}
        assert named == (set() if "no status says when" in contact["case"] else flags), contact["id"]


@pytest.mark.parametrize(
    ("case", "beside"),
    [
        ("former customer beyond 24 months, with mail on the won deal", "deals"),
        ("former customer beyond 24 months, sharing notes with a colleague", "contacts"),
        ("former customer beyond 24 months, with mail on the company too", "companies"),
        ("former customer beyond 24 months, with mail on a ticket", "tickets"),
    ],
)
def test_mail_of_a_former_customer_hangs_on_another_record_too(portal: dict[str, Any], case: str, beside: str) -> None:
    for contact in of_case(portal, case):
        path = f"contacts/{contact['id']}"
        engagements = [each for each in linked(portal, path) if each.split("/")[0] in ENGAGEMENTS]
        others = {other.split("/")[0] for each in engagements for other in linked(portal, each) - {path}}
        assert beside in others


def test_mail_beside_a_won_deal_hangs_on_the_contact_alone(portal: dict[str, Any]) -> None:
    for contact in of_case(portal, "former customer beyond 24 months, with a won deal and mail beside it"):
        path = f"contacts/{contact['id']}"
        links = linked(portal, path)
        assert any(each.startswith("deals/") for each in links)
        engagements = [each for each in links if each.split("/")[0] in ENGAGEMENTS]
        assert engagements
        assert all(linked(portal, each) == {path} for each in engagements)
