"""Webhooks over HTTP, from a running sandbox to somebody who listens."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.running import RunningSandbox, running_sandbox
from hubspot_retention.sandbox.webhook_signing import signature_v1, signature_v3
from tests.unit.sandbox.portals import CONTACTS, Sandbox, a_contact, a_document
from tests.unit.sandbox.receivers import PATIENCE_SECONDS, Posted, Receiver, a_receiver

SECRET = "a-secret-of-the-sandbox"
CROWD = a_document(contacts=[a_contact(str(number)) for number in range(1, 301)], associations=[])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as found:
        yield found


@pytest.fixture
def running() -> Iterator[RunningSandbox]:
    with running_sandbox(CROWD) as sandbox:
        yield sandbox


def control(sandbox: RunningSandbox, path: str, body: object, status: int = 200) -> Any:
    answer = httpx.post(f"{sandbox.url}/__sandbox/{path}", json=body, timeout=PATIENCE_SECONDS)
    assert answer.status_code == status, answer.text
    return answer.json()


def deliver(sandbox: RunningSandbox, receiver: Receiver, **how: Any) -> Any:
    return control(sandbox, "webhooks", {"target": receiver.url, "secret": SECRET, "time_factor": 0.0001, **how})


def erase(sandbox: RunningSandbox, *numbers: int) -> None:
    control(sandbox, "act", [{"action": "erase", "record": f"contacts/{number}"} for number in numbers])


def flush(sandbox: RunningSandbox, **how: Any) -> Any:
    return control(sandbox, "webhooks/flush", {"seconds": PATIENCE_SECONDS, **how})


def test_an_act_is_posted_signed_as_hubspot_signs(running: RunningSandbox, receiver: Receiver) -> None:
    deliver(running, receiver)
    control(running, "act", {"action": "unsubscribe", "record": "contacts/1"})
    assert flush(running)["flushed"] is True
    (posted,) = receiver.posted
    assert posted.path == "/hooks?to=a%40b.c&x=%20y"
    at = int(posted.headers["X-HubSpot-Request-Timestamp"])
    assert abs(at - running.portal.now().timestamp() * 1000) < 60_000
    signed = signature_v3(SECRET, "POST", receiver.url.replace("%40", "@"), posted.body, at)
    assert posted.headers["X-HubSpot-Signature-v3"] == signed
    assert posted.headers["X-HubSpot-Signature"] == signature_v1(SECRET, posted.body)
    assert posted.headers["Content-Type"] == "application/json"
    assert [one["propertyName"] for one in posted.events] == ["hs_email_optout"]


def test_another_address_can_be_signed_than_the_one_that_is_posted_to(
    running: RunningSandbox, receiver: Receiver
) -> None:
    deliver(running, receiver, signed_as="https://www.example.dk/webhooks/hubspot")
    erase(running, 1)
    flush(running)
    posted = receiver.posted[0]
    at = int(posted.headers["X-HubSpot-Request-Timestamp"])
    public = signature_v3(SECRET, "POST", "https://www.example.dk/webhooks/hubspot", posted.body, at)
    assert posted.headers["X-HubSpot-Signature-v3"] == public


def test_a_refusal_is_tried_again_until_it_is_taken(running: RunningSandbox, receiver: Receiver) -> None:
    answers = iter([503, 401, None])
    receiver.answer = lambda _: next(answers, 204)
    deliver(running, receiver)
    control(running, "act", {"action": "archive", "record": "contacts/1"})
    counts = flush(running, hurry=True)
    assert [one["attemptNumber"] for one in receiver.events()] == [0, 1, 2, 3]
    assert (counts["delivered"], counts["retried"], counts["failed"]) == (1, 3, 0)
    assert counts["answers"] == {"204": 1, "401": 1, "503": 1, "cut": 1}


def test_after_ten_retries_an_event_is_lost(running: RunningSandbox, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    deliver(running, receiver)
    control(running, "act", {"action": "archive", "record": "contacts/1"})
    counts = flush(running, hurry=True)
    assert (counts["flushed"], counts["failed"], counts["delivered"], counts["requests"]) == (True, 1, 0, 11)


def test_an_answer_that_does_not_come_is_none(running: RunningSandbox, receiver: Receiver) -> None:
    goes_on = threading.Event()

    def answer(posted: Posted) -> int:
        if posted.events[0]["attemptNumber"] == 0:
            goes_on.wait(PATIENCE_SECONDS)
        return 204

    receiver.answer = answer
    deliver(running, receiver, timeout_seconds=0.1)
    control(running, "act", {"action": "archive", "record": "contacts/1"})
    counts = flush(running, hurry=True)
    goes_on.set()
    assert counts["answers"] == {"204": 1, "timeout": 1}


def test_nobody_who_listens_is_tried_again_too(running: RunningSandbox, receiver: Receiver) -> None:
    deliver(running, receiver, target="http://127.0.0.1:1/hooks")
    control(running, "act", {"action": "archive", "record": "contacts/1"})
    assert flush(running, hurry=True)["answers"] == {"refused": 11}


def test_requests_overlap_up_to_ten(running: RunningSandbox, receiver: Receiver) -> None:
    goes_on = threading.Event()

    def answer(_: Posted) -> int:
        goes_on.wait(PATIENCE_SECONDS)
        return 204

    receiver.answer = answer
    deliver(running, receiver, paused=True)
    with httpx.Client(base_url=running.url, headers={"Authorization": f"Bearer {running.token}"}) as http:
        for start in range(1, 301, 100):
            batch = [
                {"id": str(n), "properties": {"firstname": "A", "lastname": "B", "jobtitle": "C"}}
                for n in range(start, start + 100)
            ]
            assert http.post(f"{CONTACTS}/batch/update", json={"inputs": batch}).status_code == 200
            more = [{"id": str(n)} for n in range(start, start + 100)]
            assert http.post(f"{CONTACTS}/batch/archive", json={"inputs": more}).status_code == 204
    control(running, "webhooks", {"paused": False})
    receiver.wait_for(10)
    goes_on.set()
    counts = flush(running)
    assert counts["delivered"] == counts["events"] == 1_200
    assert max(len(each.events) for each in receiver.posted) == 100


def test_drops_and_copies_leave_every_other_event_delivered(running: RunningSandbox, receiver: Receiver) -> None:
    deliver(running, receiver, drop=0.3, duplicate=1.0, shuffle=1.0, spread_seconds=0.05, seed=3)
    erase(running, *range(1, 51))
    counts = flush(running)
    assert counts["events"] == 100
    assert 0 < counts["dropped"] < 60
    kept = 100 - counts["dropped"]
    assert counts["delivered"] == 2 * kept
    told = [(one["subscriptionType"], one["objectId"]) for one in receiver.events()]
    assert len(told) == 2 * len(set(told)) == 2 * kept


def test_only_what_is_listed_is_delivered(running: RunningSandbox, receiver: Receiver) -> None:
    listed = [{"eventType": "contact.privacyDeletion"}]
    assert deliver(running, receiver, subscriptions=listed)["subscriptions"] == 1
    erase(running, 1)
    flush(running)
    assert [one["subscriptionType"] for one in receiver.events()] == ["contact.privacyDeletion"]
    control(running, "webhooks", {"drop": 0.0})
    assert httpx.get(f"{running.url}/__sandbox/webhooks").json()["subscriptions"] == 1
    assert deliver(running, receiver)["subscriptions"] == "all"


def test_delivery_ends_when_it_is_told_to(running: RunningSandbox, receiver: Receiver) -> None:
    deliver(running, receiver)
    erase(running, 1)
    flush(running)
    assert httpx.delete(f"{running.url}/__sandbox/webhooks").status_code == 204
    erase(running, 2)
    counts = flush(running)
    assert (counts["target"], counts["events"], counts["pending"]) == (None, 0, 0)
    assert {one["objectId"] for one in receiver.events()} == {1}


def test_the_threads_of_delivery_end_with_the_server(receiver: Receiver) -> None:
    before = set(threading.enumerate())
    with running_sandbox(a_document(), SandboxOptions(webhook_url=receiver.url, webhook_secret=SECRET)) as sandbox:
        assert any(each.name == "sandbox-webhooks" for each in threading.enumerate())
        erase(sandbox, 101)
        flush(sandbox)
    assert {each for each in set(threading.enumerate()) - before if each.name == "sandbox-webhooks"} == set()
    assert len(receiver.events()) == 2


def test_a_sandbox_can_deliver_from_its_start(receiver: Receiver) -> None:
    options = SandboxOptions(webhook_url=receiver.url, webhook_secret=SECRET, webhook_time_factor=0.0001)
    receiver.answer = lambda posted: 204 if posted.events[0]["attemptNumber"] else 500
    with running_sandbox(a_document(), options) as sandbox:
        control(sandbox, "act", {"action": "archive", "record": "contacts/101"})
        assert flush(sandbox)["delivered"] == 1


def test_retries_fall_due_when_the_clock_of_the_portal_is_moved(running: RunningSandbox, receiver: Receiver) -> None:
    answers = iter([503])
    receiver.answer = lambda _: next(answers, 204)
    deliver(running, receiver, time_factor=1)
    control(running, "act", {"action": "archive", "record": "contacts/1"})
    receiver.wait_for(1)
    assert flush(running, seconds=0)["flushed"] is False
    control(running, "clock", {"forward_seconds": 3600})
    assert flush(running)["delivered"] == 1
    at = int(receiver.posted[-1].headers["X-HubSpot-Request-Timestamp"])
    assert abs(at / 1000 - running.portal.now().timestamp()) < 60


def test_forgeries_are_each_wrong_in_their_own_way(running: RunningSandbox, receiver: Receiver) -> None:
    def genuine(posted: Posted) -> bool:
        headers = posted.headers
        at, given = headers.get("X-HubSpot-Request-Timestamp"), headers.get("X-HubSpot-Signature-v3")
        if at is None or given is None or abs(int(at) / 1000 - running.portal.now().timestamp()) > 300:
            return False
        return given == signature_v3(SECRET, "POST", receiver.url.replace("%40", "@"), posted.body, int(at))

    receiver.answer = lambda posted: 204 if genuine(posted) else 401
    deliver(running, receiver)
    erase(running, 1)
    assert flush(running)["answers"] == {"204": 1}
    kinds = ["wrong_secret", "altered_body", "replayed_old", "from_the_future", "missing_header", "v1_only"]
    assert control(running, "webhooks/forge", {"n": 360}) == {
        "sent": 360,
        "answers": {kind: {"401": 60} for kind in kinds},
    }
    one = control(running, "webhooks/forge", {"n": 3, "kinds": ["v1_only"]})
    assert one["answers"] == {"v1_only": {"401": 3}}
    forged = receiver.posted[-1]
    assert "X-HubSpot-Signature-v3" not in forged.headers
    assert forged.headers["X-HubSpot-Signature"] == signature_v1(SECRET, forged.body)
    assert forged.events[0]["propertyName"] == "hs_email_optout"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("webhooks", {}),
        ("webhooks", {"target": "ftp://x"}),
        ("webhooks", {"target": "http://127.0.0.1:1/", "secret": ""}),
        ("webhooks", {"target": "http://127.0.0.1:1/", "colour": "red"}),
        ("webhooks", {"target": "http://127.0.0.1:1/", "drop": 1.5}),
        ("webhooks", {"target": "http://127.0.0.1:1/", "time_factor": -1}),
        ("webhooks", {"target": "http://127.0.0.1:1/", "paused": 1}),
        ("webhooks", {"target": "http://127.0.0.1:1/", "subscriptions": "all"}),
        ("webhooks", {"target": "http://127.0.0.1:1/", "subscriptions": [{"eventType": "contact.sneeze"}]}),
        ("webhooks", [1]),
        ("webhooks/forge", {"n": 1}),
        ("webhooks/forge", {"n": 0}),
        ("webhooks/forge", {"kinds": ["nice"]}),
        ("webhooks/flush", {"seconds": "long"}),
        ("clock", {}),
        ("clock", {"forward_seconds": -1}),
    ],
)
def test_a_control_that_cannot_be_obeyed_says_what_was_expected_and_changes_nothing(path: str, body: object) -> None:
    sandbox = Sandbox()
    assert "expected" in sandbox.do(f"/__sandbox/{path}", body, 400)["message"]
    assert sandbox.json("/__sandbox/webhooks")["target"] is None
    assert sandbox.portal.webhooks.subscriptions == {}
