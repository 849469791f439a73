"""What a portal answers, as values."""

import pytest

from hubspot_retention.core.portal import Address, PortalDetails, UnreadContact
from hubspot_retention.core.record import PortalId, RecordId


def test_an_address_is_never_shown() -> None:
    address = Address("p101@example.dk")
    assert "p101" not in f"{address!r} {[address]}"
    assert str(address) == "<address>"
    assert address.text == "p101@example.dk"


def test_of_an_unread_contact_only_its_id_is_shown() -> None:
    contact = UnreadContact(RecordId(101), b'{"email":"sofie@example.dk"}', (), ())
    assert f"{contact} {[contact]}" == "<unread contacts/101> [<unread contacts/101>]"


@pytest.mark.parametrize(
    ("seconds", "agree"), [(0.0, True), (300.0, True), (300.5, False), (-300.0, True), (-300.5, False)]
)
def test_clocks_agree_within_five_minutes_either_way(seconds: float, agree: bool) -> None:
    details = PortalDetails(
        portal_id=PortalId(1), account_type="STANDARD", time_zone="Europe/Copenhagen", clock_skew_seconds=seconds
    )
    assert details.clocks_agree is agree
