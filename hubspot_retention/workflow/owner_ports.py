"""What warning owners needs of the portal and of a transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from hubspot_retention.core.owner_warning import OwnerTask, OwnerWarning
from hubspot_retention.core.portal import CallResult
from hubspot_retention.core.record import ObjectType, RecordId


class Owners(Protocol):
    """Who looks after records in the portal."""

    def owners_of(self, object_type: ObjectType, ids: Sequence[RecordId]) -> Mapping[RecordId, str]:
        """The owner of each record, read by id; one without an owner who is still there is not in the answer."""

    def give_task(self, task: OwnerTask) -> CallResult:
        """Give an owner a task. A second call makes a second one."""


class OwnerTransaction(Protocol):
    """Warnings of owners."""

    def owner_warnings_of(self, object_type: ObjectType, ids: Sequence[RecordId]) -> Mapping[RecordId, OwnerWarning]:
        """What is known of the warnings for records; one that has none is not in the answer."""

    def save_owner_warnings(self, warnings: Sequence[OwnerWarning]) -> None:
        """Write down warnings, each in place of what stood there of its record."""

    def owner_warnings_wanted(self, object_type: ObjectType, limit: int) -> Sequence[OwnerWarning]:
        """Warnings that are wanted: first those that nobody looked at yet, then those that were looked at longest ago;
        of these what is due last first, for that there is still time."""

    def count_owners_told(self, plan_id: str, rule: str, before: datetime) -> int:
        """Of how many records that a plan disposes of by a rule the owner was told before an instant."""

    def forget_owner_warnings(self, before: datetime) -> int:
        """Take away those that were settled, and whose record was due, before an instant; answers how many."""
