"""Setting a subscription state, and what it changes on the contacts that have the address."""

from hubspot_retention.sandbox.origins import API, Origin
from hubspot_retention.sandbox.state import Portal
from hubspot_retention.sandbox.subscriptions import SubscriptionState


def set_state(portal: Portal, address: str, subscription_id: int, state: SubscriptionState, *, by: Origin = API) -> str:
    """Set the state of one kind of mail; returns HubSpot's word for what happened.

    Subscribing somebody who opted out of everything takes that back. A state that is set already keeps its
    instant.
    """
    known = portal.subscriptions.of(address).get(subscription_id)
    wide = portal.subscriptions.wide_of(address)
    resubscribed = state.status == "SUBSCRIBED" and wide is not None and wide.status == "UNSUBSCRIBED"
    if known is not None and known.status == state.status and not resubscribed:
        return "NO_STATUS_CHANGE"
    portal.subscriptions.put(address, subscription_id, state)
    changes = {f"hs_email_optout_{subscription_id}": _flag(state.status == "UNSUBSCRIBED")}
    if resubscribed:
        portal.subscriptions.put_wide(address, state)
        changes["hs_email_optout"] = _flag(False)
    _show(portal, address, changes, by)
    return "RESUBSCRIBE_OCCURRED" if resubscribed else "REQUESTED_CHANGE_OCCURRED"


def opt_out_of_all(portal: Portal, address: str, source: str, *, at: str | None = None, by: Origin = API) -> None:
    """Opt an address out of all mail of the portal. `at` is in HubSpot's form, the present unless given."""
    known = portal.subscriptions.wide_of(address)
    if known is None or known.status != "UNSUBSCRIBED":
        state = SubscriptionState(status="UNSUBSCRIBED", timestamp=at or portal.now_text(), source=source)
        portal.subscriptions.put_wide(address, state)
    _show(portal, address, {"hs_email_optout": _flag(True)}, by)


def opt_outs_of(portal: Portal, address: str) -> dict[str, str]:
    """The opt-out properties of a contact with that address: its states may be older than the contact."""
    found = {
        f"hs_email_optout_{kind}": _flag(state.status == "UNSUBSCRIBED")
        for kind, state in portal.subscriptions.of(address).items()
    }
    wide = portal.subscriptions.wide_of(address)
    return found if wide is None else {**found, "hs_email_optout": _flag(wide.status == "UNSUBSCRIBED")}


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _show(portal: Portal, address: str, changes: dict[str, str], by: Origin) -> None:
    contacts = portal.tables["contacts"]
    record_id = contacts.by_email.get(address.strip().lower())
    if record_id is not None and contacts.live[record_id].get("email", "").lower() == address.strip().lower():
        portal.change("contacts", record_id, changes, by=by)
