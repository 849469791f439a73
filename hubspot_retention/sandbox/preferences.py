"""Communication preferences in the v4 shape, which is also the dated one.

A state belongs to an address. NOT_SPECIFIED rows carry a time-stamp as well: it says nothing. The batch
calls exist only for accounts of the enterprise tier (HubSpot, 2026-04).
"""

from typing import Any

from hubspot_retention.sandbox.calls import (
    ApiError,
    Call,
    Reply,
    answer,
    batch_answer,
    batch_inputs,
    divided,
    failed_inputs,
    invalid,
)
from hubspot_retention.sandbox.options import Tier
from hubspot_retention.sandbox.preference_changes import opt_out_of_all, set_state
from hubspot_retention.sandbox.subscriptions import SubscriptionState, SubscriptionType

_STATES = ("SUBSCRIBED", "UNSUBSCRIBED", "NOT_SPECIFIED")
_BATCH = 100
API_WORD = "Public status API"


def _envelope(call: Call, results: list[dict[str, Any]]) -> Reply:
    now = call.portal.now_text()
    return answer({"status": "COMPLETE", "requestedAt": now, "startedAt": now, "completedAt": now, "results": results})


def definition_row(kind: SubscriptionType) -> dict[str, Any]:
    """One subscription type as the API describes it."""
    return {
        "id": str(kind.id),
        "name": kind.name,
        "description": kind.name,
        "purpose": "Marketing",
        "communicationMethod": "Email",
        "isActive": True,
        "isDefault": False,
        "isInternal": False,
        "createdAt": kind.created_at,
        "updatedAt": kind.created_at,
    }


def definitions(call: Call) -> Reply:
    """GET /communication-preferences/definitions."""
    return _envelope(call, [definition_row(kind) for kind in call.portal.subscriptions.types.values()])


def _channel(call: Call) -> None:
    if call.param("channel") != "EMAIL":
        raise invalid("Some required fields were not set or wrong: [channel], which must be EMAIL")


def _row(address: str, kind: SubscriptionType, state: SubscriptionState | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "channel": "EMAIL",
        "subscriberIdString": address,
        "subscriptionId": kind.id,
        "subscriptionName": kind.name,
        "status": "NOT_SPECIFIED" if state is None else state.status,
        "source": "Not specified" if state is None else state.source,
        "timestamp": kind.created_at if state is None else state.timestamp,
    }
    if state is not None and state.legal_basis is not None:
        row["legalBasis"] = state.legal_basis
    if state is not None and state.legal_basis_explanation is not None:
        row["legalBasisExplanation"] = state.legal_basis_explanation
    return row


def _rows(call: Call, address: str) -> list[dict[str, Any]]:
    states = call.portal.subscriptions.of(address)
    return [_row(address, kind, states.get(kind.id)) for kind in call.portal.subscriptions.types.values()]


def _wide_rows(call: Call, address: str) -> list[dict[str, Any]]:
    state = call.portal.subscriptions.wide_of(address)
    if state is None or state.status != "UNSUBSCRIBED":
        return []
    return [
        {
            "channel": "EMAIL",
            "subscriberIdString": address,
            "status": state.status,
            "timestamp": state.timestamp,
            "wideStatusType": "PORTAL_WIDE",
        }
    ]


def read_states(call: Call) -> Reply:
    """GET /communication-preferences/statuses/{email}."""
    _channel(call)
    return _envelope(call, _rows(call, call.args[0]))


def read_wide(call: Call) -> Reply:
    """GET .../statuses/{email}/unsubscribe-all: nothing unless the address opted out of everything."""
    _channel(call)
    return _envelope(call, _wide_rows(call, call.args[0]))


def _write(call: Call, address: str, body: dict[str, Any]) -> dict[str, Any]:
    raw, status = body.get("subscriptionId"), body.get("statusState")
    kind = call.portal.subscriptions.types.get(int(str(raw)) if str(raw).isdigit() else -1)
    if body.get("channel") != "EMAIL":
        raise invalid("Some required fields were not set or wrong: [channel], which must be EMAIL")
    if kind is None:
        raise invalid(f"Subscription {raw} does not exist", code="INVALID_SUBSCRIPTION")
    if status not in _STATES:
        raise invalid(f"statusState must be one of {', '.join(_STATES)}", code="INVALID_STATUS")
    state = SubscriptionState(
        status=str(status),
        timestamp=call.portal.now_text(),
        source=API_WORD,
        legal_basis=body.get("legalBasis"),
        legal_basis_explanation=body.get("legalBasisExplanation"),
    )
    reason = set_state(call.portal, address, kind.id, state)
    call.effects.append(f"set subscription {kind.id} to {status}")
    return {**_row(address, kind, state), "setStatusSuccessReason": reason}


def write_state(call: Call) -> Reply:
    """POST /communication-preferences/statuses/{email}."""
    return _envelope(call, [_write(call, call.args[0], call.object())])


def write_wide(call: Call) -> Reply:
    """POST .../statuses/{email}/unsubscribe-all; `verbose` shows every state."""
    _channel(call)
    _opt_out(call, call.args[0])
    return _envelope(call, _rows(call, call.args[0]) if call.flag("verbose") else [])


def _opt_out(call: Call, address: str) -> None:
    opt_out_of_all(call.portal, address, API_WORD)
    call.effects.append("opted out of all")


def _enterprise(call: Call, scope: str) -> None:
    if call.portal.account.tier is not Tier.ENTERPRISE:
        raise missing_scopes(f"communication_preferences.statuses.batch.{scope}")


def missing_scopes(*scopes: str) -> ApiError:
    """A 403 that says which scopes the call needs."""
    message = "This app hasn't been granted all required scopes to make this call."
    detail = {"message": "One or more of the following scopes are required.", "context": {}}
    detail["context"] = {"requiredGranularScopes": list(scopes)}
    return ApiError(403, "MISSING_SCOPES", message, errors=[detail])


def _addresses(call: Call) -> tuple[list[str], list[dict[str, object]]]:
    inputs = batch_inputs(call, most=_BATCH)
    if not all(isinstance(item, str) for item in inputs):
        raise invalid("inputs must be a list of addresses", code="INVALID_JSON")
    done, failed = divided(call, inputs)
    return done, failed_inputs(failed)


def batch_read(call: Call) -> Reply:
    """POST .../statuses/batch/read, enterprise only."""
    _enterprise(call, "read")
    _channel(call)
    done, errors = _addresses(call)
    rows = [{"subscriberIdString": each, "statuses": _rows(call, each)} for each in done]
    return batch_answer(call, call.portal.now_text(), rows, errors)


def batch_read_wide(call: Call) -> Reply:
    """POST .../statuses/batch/unsubscribe-all/read, enterprise only."""
    _enterprise(call, "read")
    _channel(call)
    done, errors = _addresses(call)
    rows = [{"subscriberIdString": each, "wideStatuses": _wide_rows(call, each)} for each in done]
    return batch_answer(call, call.portal.now_text(), rows, errors)


def batch_write(call: Call) -> Reply:
    """POST .../statuses/batch/write, enterprise only."""
    _enterprise(call, "write")
    done, failed = divided(call, batch_inputs(call, most=_BATCH))
    rows = [_write(call, str(item.get("subscriberIdString")), item) for item in done]
    errors = failed_inputs([str(item.get("subscriberIdString")) for item in failed])
    return batch_answer(call, call.portal.now_text(), rows, errors)


def batch_write_wide(call: Call) -> Reply:
    """POST .../statuses/batch/unsubscribe-all, enterprise only."""
    _enterprise(call, "write")
    _channel(call)
    done, errors = _addresses(call)
    for address in done:
        _opt_out(call, address)
    return batch_answer(call, call.portal.now_text(), [{"subscriberIdString": each} for each in done], errors)
