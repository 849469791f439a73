import json
from typing import Any

import pytest
import respx

from hubspot_retention.core.webhook.wanted import Subscription
from hubspot_retention.errors import PortalDeniedError, PortalTemporaryError, UsageError
from hubspot_retention.hubspot.faults import RefusedError
from hubspot_retention.hubspot.transport import Timing
from hubspot_retention.hubspot.webhook_control import Developer, open_webhook_control, read_developer
from tests.unit.hubspot.surroundings import BASE, FakeTime

KEY = "eu1-0000-developer-key"
SUBSCRIPTIONS = f"{BASE}/webhooks/v3/4711/subscriptions"
DEVELOPER = Developer(app_id=4711, key=KEY)


def timing() -> Timing:
    frozen = FakeTime()
    return Timing(clock=frozen, sleep=frozen.sleep, monotonic=frozen.monotonic)


def a_row(number: int, event_type: str, **more: Any) -> dict[str, Any]:
    created = "2026-11-01T10:00:00Z"
    return {"id": str(number), "eventType": event_type, "active": True, "createdAt": created, **more}


def test_subscriptions_are_listed_with_the_developers_key_and_without_the_portals_token(
    respx_mock: respx.MockRouter,
) -> None:
    rows = [
        a_row(1, "contact.propertyChange", propertyName="hs_email_optout"),
        a_row(2, "contact.creation", active=False),
    ]
    listed = respx_mock.get(SUBSCRIPTIONS).respond(200, json={"results": rows})
    with open_webhook_control(DEVELOPER, timing=timing()) as control:
        found = control.subscriptions()
    assert [(each.subscription_id, each.subscription, each.active) for each in found] == [
        ("1", Subscription("contact.propertyChange", "hs_email_optout"), True),
        ("2", Subscription("contact.creation"), False),
    ]
    request = listed.calls.last.request
    assert dict(request.url.params) == {"hapikey": KEY}
    assert "authorization" not in request.headers


def test_a_generic_subscription_counts_as_the_classic_one_of_its_object(respx_mock: respx.MockRouter) -> None:
    rows = [a_row(1, "object.merge", objectTypeId="0-1"), a_row(2, "object.merge", objectTypeId="2-12")]
    respx_mock.get(SUBSCRIPTIONS).respond(200, json={"results": rows})
    with open_webhook_control(DEVELOPER, timing=timing()) as control:
        assert [each.subscription.event_type for each in control.subscriptions()] == ["contact.merge", "object.merge"]


def test_a_subscription_is_made_active(respx_mock: respx.MockRouter) -> None:
    made = respx_mock.post(SUBSCRIPTIONS).respond(201, json=a_row(3, "contact.propertyChange", propertyName="event_on"))
    with open_webhook_control(DEVELOPER, timing=timing()) as control:
        assert control.create(Subscription("contact.propertyChange", "event_on")) is True
    request = made.calls.last.request
    assert json.loads(request.content) == {
        "eventType": "contact.propertyChange",
        "propertyName": "event_on",
        "active": True,
    }
    assert dict(request.url.params) == {"hapikey": KEY}


def test_an_event_without_a_property_names_none(respx_mock: respx.MockRouter) -> None:
    made = respx_mock.post(SUBSCRIPTIONS).respond(201, json=a_row(3, "contact.merge"))
    with open_webhook_control(DEVELOPER, timing=timing()) as control:
        control.create(Subscription("contact.merge"))
    assert json.loads(made.calls.last.request.content) == {"eventType": "contact.merge", "active": True}


@pytest.mark.parametrize("status", [400, 409])
def test_what_hubspot_does_not_offer_or_has_already_is_not_made(respx_mock: respx.MockRouter, status: int) -> None:
    respx_mock.post(SUBSCRIPTIONS).respond(status)
    with open_webhook_control(DEVELOPER, timing=timing()) as control:
        assert control.create(Subscription("contact.propertyChange", "hs_email_optout")) is False


def test_other_refusals_are_told(respx_mock: respx.MockRouter) -> None:
    respx_mock.post(SUBSCRIPTIONS).respond(404)
    with open_webhook_control(DEVELOPER, timing=timing()) as control, pytest.raises(RefusedError):
        control.create(Subscription("contact.merge"))


def test_a_lost_answer_is_not_tried_again_blindly(respx_mock: respx.MockRouter) -> None:
    made = respx_mock.post(SUBSCRIPTIONS).respond(503)
    with open_webhook_control(DEVELOPER, timing=timing()) as control, pytest.raises(PortalTemporaryError):
        control.create(Subscription("contact.merge"))
    assert made.call_count == 1


def test_a_refused_key_is_told_without_the_key(respx_mock: respx.MockRouter) -> None:
    respx_mock.get(SUBSCRIPTIONS).respond(401)
    with open_webhook_control(DEVELOPER, timing=timing()) as control, pytest.raises(PortalDeniedError) as denied:
        control.subscriptions()
    assert KEY not in str(denied.value)
    assert KEY not in repr(DEVELOPER)


def test_the_developer_comes_from_the_environment() -> None:
    environment = {"HUBSPOT_APP_ID": "4711", "HUBSPOT_DEVELOPER_KEY": f"{KEY}\n"}
    assert read_developer(environment) == DEVELOPER


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"HUBSPOT_APP_ID": "4711"},
        {"HUBSPOT_DEVELOPER_KEY": KEY},
        {"HUBSPOT_APP_ID": "my app", "HUBSPOT_DEVELOPER_KEY": KEY},
    ],
)
def test_without_an_app_and_its_key_nothing_is_asked(environment: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="HUBSPOT_APP_ID") as refused:
        read_developer(environment)
    assert KEY not in str(refused.value)
