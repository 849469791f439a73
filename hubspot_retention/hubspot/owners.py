"""Who looks after records and who of them is still there (owners API), and the tasks they are given (tasks API)."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import msgspec

from hubspot_retention.core.owner_warning import OwnerTask
from hubspot_retention.core.portal import CallResult
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.hubspot.byid import ByIdReader
from hubspot_retention.hubspot.calls import objects_path, post
from hubspot_retention.hubspot.transport import Transport
from hubspot_retention.hubspot.wire import Row, decoders_of, field_of

_OWNER = ("hubspot_owner_id",)


class HubSpotOwners:
    """Owners of records. Raises PortalError."""

    def __init__(self, transport: Transport, by_id: ByIdReader) -> None:
        self._transport, self._by_id = transport, by_id
        self._decoders = decoders_of(_OWNER)

    @cached_property
    def _there(self) -> frozenset[str]:
        """Owners who did not leave: a task for the others would be read by nobody."""
        from hubspot_retention.hubspot.control import ControlPlane

        return frozenset(owner.id for owner in ControlPlane(self._transport).owners() if not owner.archived)

    def owners_of(self, object_type: ObjectType, ids: Sequence[RecordId]) -> Mapping[RecordId, str]:
        """The owner of each record, read by id; one without an owner who is still there is not in the answer."""
        rows = self._by_id.rows(object_type, _OWNER, self._decoders, ids)
        named = {key: _owner(row) for key, row in rows.items() if isinstance(row, Row)}
        return {key: owner for key, owner in named.items() if owner in self._there}

    def give_task(self, task: OwnerTask) -> CallResult:
        """Give an owner a task that hangs on no record. A second call makes a second one."""
        properties = {
            "hs_timestamp": task.due_at.isoformat(timespec="milliseconds"),
            "hs_task_subject": task.subject,
            "hs_task_body": task.body,
            "hs_task_status": "NOT_STARTED",
            "hs_task_type": "TODO",
            "hubspot_owner_id": task.owner,
        }
        return self._transport.change(post(objects_path(ObjectType.TASK), {"properties": properties}))


def _owner(row: Row) -> str:
    value = getattr(row.properties, field_of(0))
    return "" if value is msgspec.UNSET or value is None else str(value)
