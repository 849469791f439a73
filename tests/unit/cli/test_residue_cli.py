"""`portal residue`: correspondence that hangs on nothing any more is found, and left where it is."""

from hubspot_retention.bootstrap import application
from hubspot_retention.core.audit.entry import read_entry
from tests.faults.people import a_company, a_customer, a_deal, a_letter, a_portal, inactive
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import House, wide_lines

LINKS = (
    ("notes/1", "contacts/101"),
    ("notes/2", "contacts/102"),
    ("notes/3", "companies/301"),
    ("emails/11", "deals/21"),
    ("emails/12", "contacts/102"),
    ("tasks/31", "contacts/102"),
    ("tasks/31", "contacts/101"),
)


def a_house(house_of: MakeHouse) -> House:
    """Two people with correspondence; one of them was archived."""
    house = house_of(
        a_portal(
            contacts=[a_customer(101), inactive(102)],
            companies=[a_company(301)],
            deals=[a_deal(21)],
            notes=[a_letter(1), a_letter(2), a_letter(3)],
            emails=[a_letter(11), a_letter(12, at="2014-12-31T23:30:00Z"), a_letter(13, at="2016-01-01T10:00:00Z")],
            tasks=[a_letter(31)],
            links=LINKS,
        )
    )
    house.act("archive", record="contacts/102")
    return house


def test_what_an_archived_contact_left_behind_is_found(house_of: MakeHouse) -> None:
    ran = a_house(house_of)("portal", "residue")
    page = " ".join(ran.out.split())
    assert ran.code == 0
    assert wide_lines(ran.out) == []
    assert "3 pieces of correspondence in portal 25412345 hang on nothing." in page
    assert "notes 3 1 0 2015-02-01" in page
    assert "emails 3 2 0 2015-01-01" in page
    assert "calls 0 0 0" in page
    assert "tasks 1 0 0" in page
    assert "Look at it in HubSpot" in page


def test_each_piece_is_named_for_a_machine_and_none_is_touched(house_of: MakeHouse) -> None:
    house = a_house(house_of)
    found = {each["kind"]: each for each in house("portal", "residue", "--json").json["kinds"]}
    assert found["notes"] == {
        "kind": "notes",
        "read": 3,
        "unknown": 0,
        "oldest_at": "2015-02-01T11:00:00+01:00",
        "on_nothing": ["notes/2"],
    }
    assert found["emails"]["on_nothing"] == ["emails/12", "emails/13"]
    assert found["calls"] == {"kind": "calls", "read": 0, "unknown": 0, "oldest_at": None, "on_nothing": []}
    assert house.effects() == []


def test_how_much_was_found_is_in_the_audit_log(house_of: MakeHouse) -> None:
    house = a_house(house_of)
    house("portal", "residue")
    with application().store() as store:
        (entry,) = [
            found for stored in store.entries() if (found := read_entry(stored.body)).kind == "residue.reported"
        ]
    assert (entry.actor, entry.portal_id) == ("anna", 25412345)
    assert dict(entry.facts) == {
        "read": 7,
        "unknown": 0,
        "loose_notes": 1,
        "loose_emails": 2,
        "loose_calls": 0,
        "loose_meetings": 0,
        "loose_tasks": 0,
    }


def test_where_all_hangs_on_something_there_is_nothing_to_do(house_of: MakeHouse) -> None:
    house = house_of(a_portal(contacts=[a_customer(101)], notes=[a_letter(1)], links=(("notes/1", "contacts/101"),)))
    page = " ".join(house("portal", "residue").out.split())
    assert "0 pieces of correspondence in portal 25412345 hang on nothing." in page
    assert "Look at it" not in page
