"""The calls that change a portal. Each is one request with one fate, and none is repeated blindly.

What can go wrong: the wrong person goes, or an innocent one is blocklisted. So everything goes by record id (an
erase by an unknown address would blocklist that address), the caller has just read that same id, and this module
decides nothing.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.portal import Address, CallResult, Fate, PortalDetails
from hubspot_retention.core.record import TYPE_IDS, ObjectType, RecordId, RecordRef
from hubspot_retention.errors import PortalDeniedError
from hubspot_retention.hubspot.calls import API_VERSION, Bucket, Call, get, objects_path, post
from hubspot_retention.hubspot.faults import NOT_FOUND
from hubspot_retention.hubspot.objects import BATCH_SIZE
from hubspot_retention.hubspot.subscriptions import UNSUBSCRIBED, Subscriptions, unsubscribe_call
from hubspot_retention.hubspot.transport import Transport


class _List(msgspec.Struct, rename="camel"):
    list_id: str


class _ListAnswer(msgspec.Struct):
    list: _List


_LIST = msgspec.json.Decoder(_ListAnswer)


class HubSpotDisposer:
    """Archives, erases, associates, writes. Raises PortalPausedError and PortalDeniedError: nothing happened.
    `identity` reads the portal's identity and raises if it is another portal now."""

    def __init__(
        self,
        transport: Transport,
        policy: RetentionPolicy,
        subscriptions: Subscriptions,
        identity: Callable[[], PortalDetails],
    ) -> None:
        self._transport, self._policy, self._subscriptions = transport, policy, subscriptions
        self._identity = identity
        self._list_ids: dict[str, str] = {}

    def archive(self, object_type: ObjectType, ids: Sequence[RecordId]) -> CallResult:
        """Archive up to 100 records. HubSpot answers 204 whatever became of each: read back."""
        if not 1 <= len(ids) <= BATCH_SIZE:
            raise ValueError(f"an archive takes 1 to {BATCH_SIZE} records, not {len(ids)}")
        body = {"inputs": [{"id": str(record_id)} for record_id in ids]}
        return self._transport.change(post(objects_path(object_type, "/batch/archive"), body))

    def erase_contact(self, contact_id: RecordId) -> CallResult:
        """Erase one contact by its id (HubSpot's privacy delete; there is no batch)."""
        body = {"objectId": str(int(contact_id))}
        return self._transport.change(post(objects_path(ObjectType.CONTACT, "/gdpr-delete"), body))

    def associate(self, engagement: RecordRef, target: RecordRef) -> CallResult:
        """Associate an engagement with a record (repeatable without effect)."""
        return self._transport.change(_link_call("PUT", "/default", engagement, target))

    def dissociate(self, engagement: RecordRef, target: RecordRef) -> CallResult:
        """Take an engagement off a record (repeatable without effect)."""
        return self._transport.change(_link_call("DELETE", "", engagement, target))

    def stamp_deal_end(self, deal_id: RecordId, day: str) -> CallResult:
        """Write `customer_until` (YYYY-MM-DD) to a deal."""
        return self._transport.change(
            Call(
                method="PATCH",
                endpoint=objects_path(ObjectType.DEAL, "/{id}"),
                args={"id": str(deal_id)},
                body={"properties": {self._policy.sources.deal.customer_until: day}},
            )
        )

    def opt_out(self, address: Address) -> CallResult:
        """Opt an address out of every newsletter that the policy names and that it is not opted out of yet."""
        newsletters = self._subscriptions.newsletter_ids()
        off = [state for state in self._subscriptions.states(Address(address.text)) if state.status == UNSUBSCRIBED]
        if any(state.wide_status_type == "PORTAL_WIDE" for state in off):
            return CallResult(Fate.DONE)
        done = {str(state.subscription_id) for state in off}
        calls = (unsubscribe_call(address, each) for each in newsletters if each not in done)
        return _together(self._transport.change(call) for call in calls)

    def leave_lists(self, contact_id: RecordId) -> CallResult:
        """Take a contact off the static lists that the policy names."""
        lists = [self._list_id(name) for name in self._policy.marketing_lists]
        endpoint = f"/crm/lists/{API_VERSION}/{{list}}/memberships/remove"
        return _together(
            self._transport.change(Call(method="PUT", endpoint=endpoint, args={"list": each}, body=[str(contact_id)]))
            for each in lists
        )

    def _list_id(self, name: str) -> str:
        """The id of a list: the policy's own word if it is a number, else looked up by its name, once."""
        if is_list_id(name):
            return name
        if name not in self._list_ids:
            endpoint = f"/crm/lists/{API_VERSION}/object-type-id/{TYPE_IDS[ObjectType.CONTACT]}/name/{{name}}"
            self._list_ids[name] = self._transport.send(get(endpoint, {"name": name})).read(_LIST).list.list_id
        return self._list_ids[name]

    def erase_file(self, file_id: str) -> CallResult:
        """Erase a file by its own endpoint (content and metadata are gone within 7 days). One that HubSpot says it
        cannot find is gone already, and one that it denies (a hidden one, for want of a scope) is a matter of that file
        alone, if the same token then reads the portal (S10). Raises PortalError if it does not.
        """
        endpoint = f"/files/{API_VERSION}/files/{{id}}/gdpr-delete"
        try:
            result = self._transport.change(Call(method="DELETE", endpoint=endpoint, args={"id": file_id}))
        except PortalDeniedError:
            self._identity()
            return CallResult(Fate.REFUSED, 403, "denied")
        if result.status == 404 and result.category == NOT_FOUND:
            self._identity()
            return CallResult(Fate.DONE, result.status, "gone-already")
        return result


def is_list_id(word: str) -> bool:
    """Whether a policy's word for a static list is its id; else it is its name."""
    return word.isascii() and word.isdigit()


def _link_call(method: str, kind: str, engagement: RecordRef, target: RecordRef) -> Call:
    to = f"/{{id}}/associations{kind}/{target.object_type}/{{to}}"
    return Call(
        method=method,
        endpoint=objects_path(engagement.object_type, to),
        args={"id": str(engagement.record_id), "to": str(target.record_id)},
        bucket=Bucket.ASSOCIATIONS,
    )


def _together(results: Iterable[CallResult]) -> CallResult:
    """The fate of several calls as one: unknown before refused before done. Every call is made."""
    worst = CallResult(Fate.DONE)
    for result in results:
        if result.fate is Fate.UNKNOWN or worst.fate is Fate.DONE:
            worst = result
    return worst
