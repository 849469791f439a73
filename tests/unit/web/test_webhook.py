import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from hubspot_retention.core.record import PortalId
from hubspot_retention.core.webhook.signature import SignedRequest
from hubspot_retention.web.group_commit import BusyError, NotStoredError
from hubspot_retention.web.webhook import PATH, Answered, WebhookOptions, webhook_app
from tests.faults.forgeries import CURRENT, NEXT, NOON, PORTAL, RETIRED, SECRETS, URI, a_body, an_event, signed
from tests.unit.web.doors import Answer, Asked, Door, ask, of


def answer(door: Door, request: SignedRequest | Asked) -> Answer:
    return asyncio.run(door.ask(request))


def status(door: Door, request: SignedRequest | Asked) -> int:
    return answer(door, request).status


def test_events_are_stored_before_they_are_answered_with_nothing() -> None:
    door = Door()
    found = answer(door, signed(a_body(an_event(objectId=101), an_event(objectId=102))))
    assert (found.status, found.body) == (204, b"")
    assert [event.object_id for event in door.stored] == [101, 102]
    assert door.received_at == [NOON]
    assert door.counted == {Answered.ACCEPTED: 1}


def test_the_answer_waits_for_the_commit() -> None:
    committed = asyncio.Event()

    async def accept(events: Any, _: datetime) -> int:
        await committed.wait()
        return len(events)

    async def story() -> None:
        door = Door(accept=accept)
        asked = asyncio.ensure_future(door.ask(signed(a_body())))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not asked.done()
        committed.set()
        assert (await asked).status == 204

    asyncio.run(story())


def test_what_is_there_already_is_thanked_for_and_counted_apart() -> None:
    door = Door()
    door.new = 0
    assert status(door, signed(a_body())) == 204
    assert door.counted == {Answered.DUPLICATE: 1}


def test_no_events_are_nothing_to_store() -> None:
    door = Door()
    assert status(door, signed(b"[]")) == 204
    assert door.received_at == []
    assert door.counted == {Answered.ACCEPTED: 1}


def test_events_of_another_portal_are_thanked_for_and_not_stored() -> None:
    door = Door()
    assert status(door, signed(a_body(an_event(portalId=7)))) == 204
    assert door.stored == []
    assert door.counted == {Answered.OTHER_PORTAL: 1}


def test_of_a_mixed_request_our_portals_events_are_stored() -> None:
    door = Door()
    assert status(door, signed(a_body(an_event(portalId=7), an_event(objectId=101)))) == 204
    assert [(event.portal_id, event.object_id) for event in door.stored] == [(PORTAL, 101)]
    assert door.counted == {Answered.ACCEPTED: 1}


def test_a_stranger_is_told_nothing() -> None:
    door = Door()
    found = answer(door, signed(a_body(), secret=RETIRED))
    assert (found.status, found.body) == (401, b"")
    assert set(found.headers) == {"content-length"}
    assert door.stored == []
    assert door.counted == {Answered.FORGED: 1}


def test_a_request_that_comes_too_late_or_too_early_is_stale() -> None:
    door = Door()
    for away in (timedelta(minutes=6), timedelta(minutes=-6)):
        door.now = NOON + away
        assert status(door, signed(a_body())) == 401
    assert door.counted == {Answered.STALE: 2}


def test_what_the_request_says_of_its_host_and_path_is_not_believed() -> None:
    door = Door()
    true = of(signed(a_body()))
    forwarded = [("host", "attacker.example"), ("x-forwarded-proto", "http"), ("x-forwarded-host", "attacker.example")]
    assert status(door, Asked(headers=[*true.headers, *forwarded], parts=true.parts)) == 204
    elsewhere = of(signed(a_body(), uri=f"http://attacker.example{PATH}"))
    assert status(door, Asked(headers=[*elsewhere.headers, *forwarded], parts=elsewhere.parts)) == 401


@pytest.mark.parametrize("name", ["x-hubspot-signature-v3", "x-hubspot-request-timestamp"])
def test_a_header_that_is_sent_twice_is_none(name: str) -> None:
    true = of(signed(a_body()))
    twice = [*true.headers, *((key, value) for key, value in true.headers if key == name)]
    assert status(Door(), Asked(headers=twice, parts=true.parts)) == 401


def test_secrets_are_asked_for_at_every_request() -> None:
    secrets = [CURRENT]
    door = Door(secrets=lambda: tuple(secrets))
    assert status(door, signed(a_body(), secret=NEXT)) == 401
    secrets.append(NEXT)
    assert status(door, signed(a_body(), secret=NEXT)) == 204
    secrets.remove(CURRENT)
    assert status(door, signed(a_body(), secret=CURRENT)) == 401


def test_a_body_that_is_said_to_be_too_large_is_not_read() -> None:
    door = Door(body_limit=1_000)
    for size in ("1001", "9" * 16, "9" * 5_000):
        asked = Asked(headers=[("content-length", size)])
        found = answer(door, asked)
        assert (found.status, found.body, asked.read) == (413, b"", [])
        assert found.headers["connection"] == "close"
    assert door.counted == {Answered.TOO_LARGE: 3}


def test_a_body_that_grows_too_large_is_read_no_further() -> None:
    door = Door(body_limit=1_000)
    asked = Asked(parts=[b"x" * 400] * 10)
    assert status(door, asked) == 413
    assert sum(asked.read) == 1_200


def test_a_body_of_exactly_the_limit_is_read_whole_from_its_parts() -> None:
    request = signed(a_body())
    door = Door(body_limit=len(request.body))
    parts = (request.body[:100], request.body[100:], b"")
    assert status(door, of(request, parts=parts)) == 204
    assert len(door.stored) == 1


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"Anna Testesen"])
def test_a_signed_body_that_cannot_be_read_is_our_trouble_and_comes_again(body: bytes) -> None:
    door = Door()
    with capture_logs() as logs:
        found = answer(door, signed(body))
    assert (found.status, found.body) == (503, b"")
    assert int(found.headers["retry-after"]) > 0
    assert door.counted == {Answered.UNREADABLE: 1}
    assert [entry["event"] for entry in logs] == ["webhook.unreadable"]
    assert "Anna" not in str(logs)


@pytest.mark.parametrize(
    ("trouble", "answered"),
    [
        (BusyError("full"), Answered.BUSY),
        (NotStoredError("disk"), Answered.FAILED),
        (RuntimeError("Anna Testesen"), Answered.FAILED),
    ],
)
def test_our_own_trouble_is_503_whatever_it_is(trouble: Exception, answered: Answered) -> None:
    door = Door()
    door.fails = trouble
    with capture_logs() as logs:
        found = answer(door, signed(a_body()))
    assert (found.status, found.body) == (503, b"")
    assert int(found.headers["retry-after"]) > 0
    assert door.counted == {answered: 1}
    assert "Anna" not in str(logs)


def test_a_clock_or_a_secret_that_cannot_be_read_is_our_trouble_too() -> None:
    def fails(*_: object) -> Any:
        raise OSError("no")

    for part in ("now", "secrets"):
        assert status(Door(**{part: fails}), signed(a_body())) == 503


def test_a_counter_that_fails_changes_no_answer() -> None:
    def fails(_: Answered) -> None:
        raise RuntimeError("no")

    assert status(Door(counted=fails), signed(a_body())) == 204


def test_nobody_needs_to_count() -> None:
    door = Door()
    options = WebhookOptions(
        secrets=lambda: SECRETS, public_uri=URI, portal_id=PortalId(PORTAL), now=lambda: NOON, accept=door.accept
    )
    found = asyncio.run(ask(webhook_app(options), of(signed(a_body()))))
    assert found is not None
    assert found.status == 204


def test_who_waits_too_long_is_told_to_come_again_before_hubspot_hangs_up() -> None:
    gave_up = []

    async def accept(*_: object) -> int:
        try:
            return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]
        except asyncio.CancelledError:
            gave_up.append(True)
            raise

    door = Door(accept=accept, patience_seconds=0.01)
    assert status(door, signed(a_body())) == 503
    assert door.counted == {Answered.BUSY: 1}
    assert gave_up == [True]


def test_who_hangs_up_in_the_middle_is_not_counted() -> None:
    door = Door()
    asyncio.run(ask(door.app, Asked(parts=[b"[{"], hangs_up=True)))
    assert door.stored == []
    assert door.counted == {}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "post"])
def test_no_other_method_is_served(method: str) -> None:
    found = answer(Door(), of(signed(a_body()), method=method))
    assert (found.status, found.body, found.headers["allow"]) == (405, b"", "POST")


@pytest.mark.parametrize(
    "path", ["/", f"{PATH}/", "/webhooks", "/health/live", "/metrics", f"{PATH}/../x", "//", f"{PATH}%2f"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_other_path_is_served(method: str, path: str) -> None:
    door = Door()
    found = answer(door, of(signed(a_body()), method=method, path=path))
    assert (found.status, found.body) == (404, b"")
    assert door.counted == {}


def test_a_refused_request_leaves_no_trace_of_what_it_held() -> None:
    structlog.reset_defaults()
    with capture_logs() as logs:
        status(Door(), signed(a_body(an_event(propertyValue="anna@example.dk")), secret=RETIRED))
    assert [entry["log_level"] for entry in logs] == ["debug"]
    assert "anna" not in str(logs)
    assert not any(secret in str(logs) for secret in SECRETS)
