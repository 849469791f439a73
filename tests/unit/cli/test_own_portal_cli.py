"""The token of another portal, at a database that belongs to one: nothing is read there, and nothing done."""

from typing import Any

import pytest

from hubspot_retention.bootstrap import application
from tests.faults.people import a_customer, a_portal, asks_to_go
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import PORTAL, House

REFUSED = (
    f"this database belongs to portal {PORTAL}, the token to portal 222: nothing is read or done. "
    "Use the right token; another portal needs a database of its own (RETENTION_DATABASE_URL)."
)


def the_other(**parts: Any) -> dict[str, Any]:
    """Another portal, whose records have the same numbers."""
    document = a_portal(**parts)
    return {**document, "portal": {**document["portal"], "id": 222}}


def refused_unseen(other: House) -> bool:
    """Whether nothing of the other portal was asked for but whose it is."""
    return {call.path for call in other.sandbox.journal.entries()} <= {"/account-info/2026-03/details"}


@pytest.fixture
def swapped(house_of: MakeHouse) -> House:
    """Somebody asked our portal for erasure and a plan is approved there; then the token is exchanged for that of
    another portal."""
    ours = house_of(a_portal(contacts=[a_customer(101), asks_to_go(102)]))
    ours("plan", "new")
    ours.approved("rights")
    ours("request", "record", "contacts/101", "--kind", "erasure", "--received", "2026-01-01")
    return house_of(the_other(contacts=[a_customer(101), asks_to_go(102)]))


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "new"),
        ("plan", "new", "--as-of", "2030-01-01"),
        ("plan", "apply", "1-rights"),
        ("reconcile",),
        ("explain", "contacts/101"),
        ("confirm", "contacts/101"),
        ("portal", "probe", "--yes"),
        ("portal", "residue"),
        ("portal", "setup", "--yes"),
        ("webhook", "subscriptions"),
        ("webhook", "subscriptions", "--create", "--yes"),
    ],
    ids=" ".join,
)
def test_every_command_refuses_before_it_reads_or_writes(swapped: House, words: tuple[str, ...]) -> None:
    before = application()
    with before.store("read") as store:
        entries = store.audit_head().count
    ran = swapped(*words)
    assert ran.code == 4
    assert REFUSED in " ".join(ran.err.split())
    assert refused_unseen(swapped)
    with before.store("read") as store:
        assert store.audit_head().count == entries


def test_a_request_for_one_erases_no_namesake(swapped: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_MODE", "enforce")
    swapped("reconcile")
    assert swapped.is_in_view("contacts/101")
    assert swapped.effects() == []


def test_a_settled_portal_of_the_settings_does_not_help(swapped: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBSPOT_PORTAL_ID", "222")
    assert swapped("plan", "new").code == 4
    assert refused_unseen(swapped)


def test_a_held_record_is_not_looked_for_elsewhere(swapped: House) -> None:
    ran = swapped("hold", "place", "contacts/101", "--matter", "J-1", "--reason", "a dispute")
    assert ran.code == 0
    assert f"it could not be checked whether contacts/101 is in view in the portal: {REFUSED}" in ran.err
    assert refused_unseen(swapped)


def test_the_check_of_a_portal_names_the_database_that_is_not_its_own(swapped: House) -> None:
    ran = swapped("portal", "check", "--json")
    assert ran.code == 1
    assert [each["text"] for each in ran.json["findings"] if each["topic"] == "database"] == [REFUSED]


def test_a_database_is_its_portals_from_the_first_look_at_a_held_record_on(house_of: MakeHouse) -> None:
    ours = house_of(a_portal(contacts=[a_customer(101)]))
    with application().store():
        pass
    assert ours("hold", "place", "contacts/101", "--matter", "J-1", "--reason", "a dispute").code == 0
    other = house_of(the_other(contacts=[a_customer(101)]))
    ran = other("plan", "new")
    assert (ran.code, refused_unseen(other)) == (4, True)
    assert REFUSED in " ".join(ran.err.split())


def test_a_database_that_cannot_be_asked_does_not_keep_a_portal_from_being_checked(
    house_of: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = house_of(a_portal())
    monkeypatch.setenv("RETENTION_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    ran = house("portal", "check", "--json")
    (told,) = [each for each in ran.json["findings"] if each["topic"] == "database"]
    assert (ran.code, told["verdict"]) == (0, "notice")
    assert told["text"].startswith("The database could not be asked whether it belongs to this portal: ")


def test_a_reconciliation_with_another_token_does_not_even_clear_away_what_is_over(
    swapped: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleared: list[object] = []
    monkeypatch.setattr("hubspot_retention.workflow.reconcile.expire_remembered", lambda *given: cleared.append(given))
    assert swapped("reconcile").code == 4
    assert cleared == []
