"""What a portal answers, as values."""

from hubspot_retention.core.portal import Address


def test_an_address_is_never_shown() -> None:
    address = Address("p101@example.dk")
    assert "p101" not in f"{address} {address!r} {[address]}"
    assert address.text == "p101@example.dk"
