"""The webhooks API of the app: its settings and its subscriptions, with the developer's key."""

from typing import Any

from hubspot_retention.sandbox.calls import (
    NO_CONTENT,
    ApiError,
    Call,
    Reply,
    answer,
    batch_answer,
    batch_error,
    batch_inputs,
    input_id,
    invalid,
    not_found,
)
from hubspot_retention.sandbox.origins import APP_ID
from hubspot_retention.sandbox.webhook_app import (
    LEAST_CONCURRENT,
    EventSubscription,
    SubscriptionError,
    WebhookApp,
)

_BATCH = 100
_MOST_CONCURRENT = 100


def _app(call: Call) -> WebhookApp:
    if call.args[0] != APP_ID:
        raise not_found(f"App {call.args[0][:40]} does not exist")
    return call.portal.webhooks


def _settings(app: WebhookApp) -> Reply:
    if app.target_url is None:
        raise not_found("The app has no webhook settings")
    return answer(
        {
            "targetUrl": app.target_url,
            "throttling": {"maxConcurrentRequests": app.max_concurrent},
            "createdAt": app.created_at,
            "updatedAt": app.updated_at,
        }
    )


def read_settings(call: Call) -> Reply:
    """GET /webhooks/{app}/settings."""
    return _settings(_app(call))


def put_settings(call: Call) -> Reply:
    """PUT /webhooks/{app}/settings: from now on only what is subscribed to is delivered, to that address."""
    app, body = _app(call), call.object()
    target, throttling = body.get("targetUrl"), body.get("throttling")
    most = throttling.get("maxConcurrentRequests") if isinstance(throttling, dict) else None
    if not isinstance(target, str) or not target.startswith(("https://", "http://")):
        raise invalid("Some required fields were not set or wrong: [targetUrl], which must be a URL")
    if type(most) is not int or not LEAST_CONCURRENT <= most <= _MOST_CONCURRENT:
        raise invalid(f"maxConcurrentRequests must be between {LEAST_CONCURRENT} and {_MOST_CONCURRENT}")
    app.target_url, app.max_concurrent, app.everything = target, most, False
    app.updated_at = call.portal.now_text()
    call.effects.append("set the target of webhooks")
    return _settings(app)


def clear_settings(call: Call) -> Reply:
    """DELETE /webhooks/{app}/settings: nothing is delivered any longer."""
    app = _app(call)
    app.target_url, app.everything = None, False
    app.updated_at = call.portal.now_text()
    call.effects.append("cleared the target of webhooks")
    return NO_CONTENT


def _row(found: EventSubscription) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": str(found.id),
        "eventType": found.event_type,
        "active": found.active,
        "createdAt": found.created_at,
        "updatedAt": found.updated_at,
    }
    if found.property_name is not None:
        row["propertyName"] = found.property_name
    if found.object_type_id is not None:
        row["objectTypeId"] = found.object_type_id
    return row


def _one(call: Call) -> EventSubscription:
    return _named(_app(call), call.args[1])


def _named(app: WebhookApp, number: str) -> EventSubscription:
    found = app.subscriptions.get(int(number)) if number.isdigit() else None
    if found is None:
        raise not_found(f"Subscription {number[:40]} does not exist")
    return found


def list_subscriptions(call: Call) -> Reply:
    """GET /webhooks/{app}/subscriptions."""
    return answer({"results": [_row(each) for each in _app(call).subscriptions.values()]})


def read_subscription(call: Call) -> Reply:
    """GET /webhooks/{app}/subscriptions/{id}."""
    return answer(_row(_one(call)))


def create_subscription(call: Call) -> Reply:
    """POST /webhooks/{app}/subscriptions: paused, unless the body says that it is active."""
    app = _app(call)
    before = len(app.subscriptions)
    try:
        made = app.subscribe(call.object(), call.portal.now_text())
    except SubscriptionError as error:
        raise invalid(str(error)) from error
    if len(app.subscriptions) == before:
        raise ApiError(409, "CONFLICT", f"A subscription to {made.event_type} exists already: {made.id}")
    call.effects.append(f"subscribed to {made.event_type}")
    return answer(_row(made), 201)


def _switch(call: Call, found: EventSubscription, active: object) -> None:
    if not isinstance(active, bool):
        raise invalid("Some required fields were not set: [active]", code="REQUIRED_FIELD")
    found.active, found.updated_at = active, call.portal.now_text()
    call.effects.append(f"{'activated' if active else 'paused'} the subscription to {found.event_type}")


def update_subscription(call: Call) -> Reply:
    """PATCH /webhooks/{app}/subscriptions/{id}: active or paused, nothing else."""
    found = _one(call)
    _switch(call, found, call.object().get("active"))
    return answer(_row(found))


def delete_subscription(call: Call) -> Reply:
    """DELETE /webhooks/{app}/subscriptions/{id}."""
    found = _one(call)
    del call.portal.webhooks.subscriptions[found.id]
    call.effects.append(f"ended the subscription to {found.event_type}")
    return NO_CONTENT


def batch_update(call: Call) -> Reply:
    """POST /webhooks/{app}/subscriptions/batch/update: active or paused, of several."""
    started_at, app = call.portal.now_text(), _app(call)
    rows, errors = [], []
    for item in batch_inputs(call, most=_BATCH):
        try:
            found = _named(app, input_id(item))
            _switch(call, found, item.get("active"))
            rows.append(_row(found))
        except ApiError as refusal:
            errors.append(batch_error(refusal.category, refusal.message, {"ids": [input_id(item)]}))
    return batch_answer(call, started_at, rows, errors)
