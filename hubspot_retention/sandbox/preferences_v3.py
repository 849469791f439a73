"""Communication preferences in the v3 shape: no time-stamps, and *never asked* looks like *opted out*."""

from typing import Any

from hubspot_retention.sandbox import preferences
from hubspot_retention.sandbox.calls import Call, Reply, answer, invalid
from hubspot_retention.sandbox.preference_changes import set_state
from hubspot_retention.sandbox.subscriptions import SubscriptionState, SubscriptionType


def definitions(call: Call) -> Reply:
    """GET /communication-preferences/definitions, in the shape of the version asked."""
    if call.version != "v3":
        return preferences.definitions(call)
    kinds = call.portal.subscriptions.types.values()
    return answer({"subscriptionDefinitions": [preferences.definition_row(kind) for kind in kinds]})


def _row(call: Call, address: str, kind: SubscriptionType) -> dict[str, Any]:
    state = call.portal.subscriptions.of(address).get(kind.id)
    wide = call.portal.subscriptions.wide_of(address)
    opted_out = wide is not None and wide.status == "UNSUBSCRIBED"
    subscribed = state is not None and state.status == "SUBSCRIBED" and not opted_out
    return {
        "id": str(kind.id),
        "name": kind.name,
        "description": kind.name,
        "status": "SUBSCRIBED" if subscribed else "NOT_SUBSCRIBED",
        "sourceOfStatus": "PORTAL_WIDE_STATUS" if opted_out else "SUBSCRIPTION_STATUS",
        "preferenceGroupName": None,
        "legalBasis": state.legal_basis if state else None,
        "legalBasisExplanation": state.legal_basis_explanation if state else None,
    }


def read_states(call: Call) -> Reply:
    """GET /communication-preferences/v3/status/email/{email}."""
    address = call.args[0]
    rows = [_row(call, address, kind) for kind in call.portal.subscriptions.types.values()]
    return answer({"recipient": address, "subscriptionStatuses": rows})


def _set(call: Call, status: str) -> Reply:
    body = call.object()
    address, raw = body.get("emailAddress"), str(body.get("subscriptionId"))
    kind = call.portal.subscriptions.types.get(int(raw) if raw.isdigit() else -1)
    if not isinstance(address, str) or kind is None:
        raise invalid("Some required fields were not set or wrong: [emailAddress, subscriptionId]")
    state = SubscriptionState(
        status=status,
        timestamp=call.portal.now_text(),
        source=preferences.API_WORD,
        legal_basis=body.get("legalBasis"),
        legal_basis_explanation=body.get("legalBasisExplanation"),
    )
    set_state(call.portal, address, kind.id, state)
    call.effects.append(f"set subscription {kind.id} to {status}")
    return answer(_row(call, address, kind))


def subscribe(call: Call) -> Reply:
    """POST /communication-preferences/v3/subscribe."""
    return _set(call, "SUBSCRIBED")


def unsubscribe(call: Call) -> Reply:
    """POST /communication-preferences/v3/unsubscribe."""
    return _set(call, "UNSUBSCRIBED")
