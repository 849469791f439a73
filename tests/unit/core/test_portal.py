"""What a portal answers, as values."""

from hubspot_retention.core.portal import Address, UnreadContact
from hubspot_retention.core.record import RecordId


def test_an_address_is_never_shown() -> None:
    address = Address("p101@example.dk")
    assert "p101" not in f"{address!r} {[address]}"
    assert str(address) == "<address>"
    assert address.text == "p101@example.dk"


def test_of_an_unread_contact_only_its_id_is_shown() -> None:
    contact = UnreadContact(RecordId(101), b'{"email":"sofie@example.dk"}', (), ())
    assert f"{contact} {[contact]}" == "<unread contacts/101> [<unread contacts/101>]"
