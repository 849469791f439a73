"""A contact that another process reads is the one that this process would have read."""

import pickle
import sys

import msgspec
import pytest

from hubspot_retention.core.facts.observation import CompanyLink
from hubspot_retention.core.portal import SeenContact, UnreadContact
from hubspot_retention.core.record import RecordId
from hubspot_retention.errors import PortalContractError
from hubspot_retention.hubspot import kinds
from hubspot_retention.hubspot.associations import Link
from hubspot_retention.hubspot.translate import ContactTranslator
from hubspot_retention.hubspot.unread import ContactReader
from tests.unit.hubspot.surroundings import the_policy

SOURCES = the_policy().sources.contact
TRANSLATOR = ContactTranslator(SOURCES, ("501",), {"notes_last_updated": "datetime"})
READER = ContactReader(SOURCES, ("501",), (("notes_last_updated", "datetime"),))
LINKS = ((Link(RecordId(9), primary=False),), (Link(RecordId(4), primary=True),))


def row(**properties: str | None) -> bytes:
    """A contact as it stands in a list."""
    told = {"lifecyclestage": "customer", "hs_email_optout": "true", "email": "anna@example.dk", **properties}
    return msgspec.json.encode({"id": "7", "properties": told})


def handed_on(raw: bytes) -> UnreadContact:
    """The contact as another process gets it."""
    kind = kinds.unread_contacts(TRANSLATOR)
    made: UnreadContact = pickle.loads(pickle.dumps(kind.observe(kind.decoders.row.decode(raw), LINKS)))
    return made


def test_it_is_the_same_contact_with_the_same_address() -> None:
    kind = kinds.contacts(TRANSLATOR, every_address=False)
    here = kind.observe(kind.decoders.row.decode(row()), LINKS)
    reader: ContactReader = pickle.loads(pickle.dumps(READER))
    assert reader.read([handed_on(row())]) == [here]
    assert isinstance(here, SeenContact)
    assert here.address is not None
    assert pickle.loads(pickle.dumps(here)) == here


def test_who_its_neighbours_are_is_known_before_it_is_read() -> None:
    unread = handed_on(row())
    assert unread.deals == (RecordId(9),)
    assert unread.companies == (CompanyLink(RecordId(4), primary=True),)


def test_what_is_unread_shows_nothing_of_the_person() -> None:
    assert repr(handed_on(row())) == "<unread contacts/7>"


def test_properties_that_are_no_object_are_refused_without_a_word_of_them() -> None:
    with pytest.raises(PortalContractError, match="no object") as caught:
        READER.read([UnreadContact(RecordId(7), b'"anna@example.dk"', (), ())])
    assert caught.value.__suppress_context__
    assert "anna" not in str(caught.value)


def test_a_row_that_waits_has_let_go_of_its_page() -> None:
    page = b'{"results": [' + row(email="anna@example.dk") + b"]}"
    (kept,) = kinds.unread_contacts(TRANSLATOR).decoders.page.decode(page).results
    held = sys.getrefcount(page)
    alone = kept.alone()
    assert alone == kept
    del kept
    assert sys.getrefcount(page) < held
