"""The webhooks API of the app, through both of HubSpot's own clients, and what it makes the portal deliver."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hubspot import HubSpot
from hubspot.utils.signature import Signature
from hubspot.webhooks import (
    BatchInputSubscriptionBatchUpdateRequest,
    SettingsChangeRequest,
    SubscriptionBatchUpdateRequest,
    SubscriptionCreateRequest,
    SubscriptionPatchRequest,
    ThrottlingSettings,
)
from hubspot.webhooks.exceptions import ApiException
from hubspot_sdk import HubSpot as DatedHubSpot

from hubspot_retention.sandbox.origins import APP_ID
from hubspot_retention.sandbox.running import RunningSandbox
from tests.unit.sandbox.receivers import PATIENCE_SECONDS, Receiver, a_receiver

APP = int(APP_ID)
WAIT: dict[str, Any] = {"_request_timeout": 5}
OPT_OUT = {"event_type": "contact.propertyChange", "property_name": "hs_email_optout"}


@pytest.fixture
def developer(sandbox: RunningSandbox) -> Any:
    """HubSpot's client with the key of a developer."""
    return HubSpot(api_key="eu1-0000-developer", host=sandbox.url)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as found:
        yield found


def created(developer: Any, **about: Any) -> Any:
    api = developer.webhooks.subscriptions_api
    return api.create(APP, SubscriptionCreateRequest(**{**OPT_OUT, "active": False, **about}), **WAIT)


def aimed(developer: Any, target: str) -> Any:
    wanted = SettingsChangeRequest(target_url=target, throttling=ThrottlingSettings(max_concurrent_requests=10))
    return developer.webhooks.settings_api.configure(APP, wanted, **WAIT)


def test_without_the_key_of_a_developer_nothing_is_told(sandbox: RunningSandbox) -> None:
    for client in (HubSpot(host=sandbox.url), HubSpot(access_token=sandbox.token, host=sandbox.url)):
        with pytest.raises(ApiException) as refusal:
            client.webhooks.subscriptions_api.get_all(APP, **WAIT)
        assert refusal.value.status == 401


def test_a_new_subscription_is_paused_until_it_is_switched_on(developer: Any) -> None:
    api = developer.webhooks.subscriptions_api
    raw = httpx.post(
        f"{developer.config['host']}/webhooks/v3/{APP}/subscriptions",
        params={"hapikey": "k"},
        json={"eventType": "contact.deletion"},
    )
    assert (raw.status_code, raw.json()["active"]) == (201, False)
    made = created(developer)
    assert (made.active, made.event_type, made.property_name) == (False, *OPT_OUT.values())
    assert [row.id for row in api.get_all(APP, **WAIT).results] == [raw.json()["id"], made.id]
    assert api.update(int(made.id), APP, SubscriptionPatchRequest(active=True), **WAIT).active is True
    assert api.get_by_id(int(made.id), APP, **WAIT).active is True
    api.archive(int(made.id), APP, **WAIT)
    with pytest.raises(ApiException) as refusal:
        api.get_by_id(int(made.id), APP, **WAIT)
    assert refusal.value.status == 404


def test_several_are_switched_at_once(developer: Any) -> None:
    ids = [int(created(developer, property_name=name).id) for name in ("hs_email_optout", "legal_hold")]
    wanted = [SubscriptionBatchUpdateRequest(id=each, active=True) for each in (*ids, 1)]
    found, status, _ = developer.webhooks.subscriptions_api.update_batch_with_http_info(
        APP, BatchInputSubscriptionBatchUpdateRequest(inputs=wanted), **WAIT
    )
    assert status == 207
    assert [(int(row.id), row.active) for row in found.results] == [(each, True) for each in ids]


def test_a_subscription_that_cannot_be_is_refused(developer: Any) -> None:
    created(developer)
    refused: list[tuple[int, dict[str, Any]]] = [
        (409, OPT_OUT),
        (400, {"event_type": "contact.propertyChange", "property_name": None}),
        (400, {"event_type": "contact.propertyChange", "property_name": "hs_lastmodifieddate"}),
        (400, {"event_type": "contact.deletion", "property_name": "email"}),
        (400, {"event_type": "object.deletion", "property_name": None}),
    ]
    for status, about in refused:
        with pytest.raises(ApiException) as refusal:
            created(developer, **about)
        assert refusal.value.status == status, about


def test_another_app_is_not_found(developer: Any) -> None:
    with pytest.raises(ApiException) as refusal:
        developer.webhooks.subscriptions_api.get_all(APP + 1, **WAIT)
    assert refusal.value.status == 404


def test_the_settings_are_put_read_and_cleared(developer: Any) -> None:
    api = developer.webhooks.settings_api
    with pytest.raises(ApiException) as refusal:
        api.get_all(APP, **WAIT)
    assert refusal.value.status == 404
    assert aimed(developer, "http://127.0.0.1:1/hooks").target_url == "http://127.0.0.1:1/hooks"
    assert api.get_all(APP, **WAIT).throttling.max_concurrent_requests == 10
    with pytest.raises(ApiException):
        aimed(developer, "nowhere")
    api.clear(APP, **WAIT)
    with pytest.raises(ApiException):
        api.get_all(APP, **WAIT)


def test_what_is_subscribed_to_is_delivered_and_hubspots_helper_believes_it(
    developer: Any, sandbox: RunningSandbox, receiver: Receiver
) -> None:
    paused, active = created(developer, property_name="legal_hold"), created(developer, active=True)
    target = f"http://127.0.0.1:{receiver.port}/hooks"
    aimed(developer, target)
    people = [
        {"action": "unsubscribe", "record": "contacts/102"},
        {"action": "edit", "record": "contacts/102", "properties": {"legal_hold": "true"}},
    ]
    httpx.post(f"{sandbox.url}/__sandbox/act", json=people)
    flushed = httpx.post(f"{sandbox.url}/__sandbox/webhooks/flush", json={}, timeout=PATIENCE_SECONDS).json()
    assert (flushed["delivered"], flushed["subscriptions"]) == (1, 1)
    (posted,) = receiver.posted
    assert [one["subscriptionId"] for one in posted.events] == [int(active.id)] != [int(paused.id)]
    secret = sandbox.portal.webhooks.secret
    stamp, body = posted.headers["X-HubSpot-Request-Timestamp"], posted.body.decode()
    given = posted.headers["X-HubSpot-Signature-v3"]
    assert Signature.is_valid(given, secret, body, target, "POST", "v3", stamp)
    assert not Signature.is_valid(given, f"{secret}!", body, target, "POST", "v3", stamp)
    assert Signature.is_valid(posted.headers["X-HubSpot-Signature"], secret, body, signature_version="v1")
    assert abs(int(stamp) / 1000 - sandbox.portal.now().timestamp()) < 60


def test_the_dated_client_sees_the_same(sandbox: RunningSandbox) -> None:
    with DatedHubSpot(developer_api_key="eu1-0000-developer", base_url=sandbox.url, max_retries=0) as client:
        made = client.webhooks.create_event_subscription(
            APP, event_type="contact.propertyChange", property_name="hs_email_optout", active=False
        )
        assert made.active is False
        switched = client.webhooks.update_event_subscription(int(made.id), app_id=APP, active=True)
        assert switched.active is True
        found = client.webhooks.list_event_subscriptions(APP)
        assert [(row.id, row.property_name) for row in found.results] == [(made.id, "hs_email_optout")]
