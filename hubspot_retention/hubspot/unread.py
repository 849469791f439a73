"""Contacts that one process takes from a list and another one reads.

To take a page apart into its records costs a fifth of what reading their properties does. So whoever talks to HubSpot
does the former, and hands on the rest with one of these readers, which is no more than a recipe until it is used.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from hubspot_retention.core.policy.model import ContactSources
from hubspot_retention.core.portal import SeenContact, UnreadContact
from hubspot_retention.errors import PortalContractError
from hubspot_retention.hubspot.translate import ContactTranslator, contact_reader
from hubspot_retention.hubspot.wire import properties_type


@dataclass(frozen=True, slots=True)
class ContactReader:
    """Reads contacts by a policy's sources, the newsletters it names and the types of the portal's properties."""

    sources: ContactSources
    newsletter_ids: tuple[str, ...]
    types: tuple[tuple[str, str], ...]

    def read(self, contacts: list[UnreadContact]) -> list[SeenContact]:
        """The contacts, as a list of the portal tells them. Raises PortalContractError."""
        decode, see = _made(self)
        try:
            return [see(record_id, decode(raw), deals, companies) for record_id, raw, deals, companies in contacts]
        except msgspec.MsgspecError:
            raise PortalContractError("HubSpot's list of contacts has one whose properties are no object") from None


@lru_cache(1)
def _made(reader: ContactReader) -> tuple[Any, Any]:
    translator = ContactTranslator(reader.sources, reader.newsletter_ids, dict(reader.types))
    decoder = msgspec.json.Decoder(properties_type(translator.names))
    return decoder.decode, contact_reader(translator, every_address=False)
