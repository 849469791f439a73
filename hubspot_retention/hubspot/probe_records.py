"""The records that a probe makes, and their removal."""

from collections.abc import Mapping

import msgspec

from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.errors import PortalError, PortalTemporaryError
from hubspot_retention.hubspot.calls import Call, objects_path, post
from hubspot_retention.hubspot.control import ControlPlane
from hubspot_retention.hubspot.portal import HubSpotPortal
from hubspot_retention.hubspot.transport import Transport
from hubspot_retention.hubspot.wire import Id

_MADE = msgspec.json.Decoder(Id)
_LONG_AGO = "2020-01-01T09:00:00Z"


class ProbeRecords:
    """Makes marked records and remembers every one of them."""

    def __init__(self, transport: Transport, portal: HubSpotPortal, marker: str) -> None:
        self._transport, self._portal, self._marker = transport, portal, marker
        self._made: list[RecordRef] = []
        self.uncertain = False
        """Whether the answer to making something was lost, so that it may be there unknown to us."""

    def contact(self, name: str) -> RecordRef:
        """A contact with the marker as its name and an invented address."""
        address = f"{self._marker}-{name}@example.dk"
        values = {"email": address, "firstname": self._marker, "lastname": "Retention probe"}
        return self._make(ObjectType.CONTACT, values)

    def deal(self) -> RecordRef:
        """An open deal in the first stage of the first pipeline."""
        pipeline = ControlPlane(self._transport).deal_pipelines()[0]
        values = {"dealname": self._marker, "pipeline": pipeline.id, "dealstage": pipeline.stages[0].id}
        return self._make(ObjectType.DEAL, values)

    def correspondence(self) -> tuple[RecordRef, ...]:
        """A note, an e-mail and a call, which hang on nothing yet."""
        return (
            self._make(ObjectType.NOTE, {"hs_timestamp": _LONG_AGO, "hs_note_body": self._marker}),
            self._make(
                ObjectType.EMAIL,
                {
                    "hs_timestamp": _LONG_AGO,
                    "hs_email_direction": "EMAIL",
                    "hs_email_status": "SENT",
                    "hs_email_subject": self._marker,
                    "hs_email_text": self._marker,
                },
            ),
            self._make(
                ObjectType.CALL,
                {"hs_timestamp": _LONG_AGO, "hs_call_title": self._marker, "hs_call_body": self._marker},
            ),
        )

    def _make(self, object_type: ObjectType, values: Mapping[str, str]) -> RecordRef:
        return self._remembered(object_type, post(objects_path(object_type), {"properties": values}))

    def merged(self, call: Call) -> RecordRef:
        """The contact that comes of merging two of ours."""
        return self._remembered(ObjectType.CONTACT, call)

    def _remembered(self, object_type: ObjectType, call: Call) -> RecordRef:
        try:
            made = self._transport.create(call).read(_MADE)
        except PortalTemporaryError:
            self.uncertain = True
            raise
        ref = RecordRef(object_type, RecordId(int(made.id)))
        if ref not in self._made:
            self._made.append(ref)
        return ref

    def remove(self) -> tuple[RecordRef, ...]:
        """Erase the contacts and archive the rest, the last made first; what is still in view afterwards."""
        left = []
        for ref in reversed(self._made):
            try:
                if self._gone(ref):
                    continue
                if ref.object_type is ObjectType.CONTACT:
                    self._portal.erase_contact(ref.record_id)
                else:
                    self._portal.archive(ref.object_type, [ref.record_id])
                if not self._gone(ref):
                    left.append(ref)
            except PortalError:
                left.append(ref)
        return tuple(left)

    def _gone(self, ref: RecordRef) -> bool:
        """A merged-away id is gone: its winner is one of ours as well."""
        return self._portal.presence(ref.object_type, [ref.record_id])[ref.record_id] is not True
