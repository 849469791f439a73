import logging
import re
from urllib.parse import urlsplit

import httpx
import pytest
import respx
import structlog

from hubspot_retention.core.portal import CallResult, Fate
from hubspot_retention.errors import (
    PortalDeniedError,
    PortalPausedError,
    PortalTemporaryError,
    UsageError,
)
from hubspot_retention.hubspot.calls import Bucket, Call, get, post
from hubspot_retention.hubspot.faults import RefusedError
from hubspot_retention.hubspot.pacing import PaceOptions
from hubspot_retention.hubspot.transport import RetryOptions
from tests.unit.hubspot.surroundings import BASE, TOKEN, FakeTime, a_transport

READ = get("/crm/objects/2026-03/contacts")
ERASE = post("/crm/objects/2026-03/contacts/gdpr-delete", {"objectId": "101"})
SECRET = "anna.secret@example.dk"


def route(mock: respx.MockRouter, call: Call) -> respx.Route:
    return mock.request(call.method, BASE + call.path)


def burst(policy: str, **headers: str) -> httpx.Response:
    body = {"status": "error", "policyName": policy, "message": f"limit of {SECRET}"}
    return httpx.Response(429, json=body, headers=headers)


def test_every_call_carries_the_token_and_the_body_as_json(respx_mock: respx.MockRouter) -> None:
    sent = route(respx_mock, ERASE).respond(204)
    a_transport().send(ERASE)
    request = sent.calls.last.request
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/json"
    assert request.content == b'{"objectId":"101"}'


def test_an_address_in_a_path_is_escaped_whole(respx_mock: respx.MockRouter) -> None:
    sent = respx_mock.get(url__startswith=BASE).respond(200, json={})
    a_transport().send(get("/statuses/{address}", {"address": "a/b?c#d+e@example.dk"}, (("channel", "EMAIL"),)))
    assert sent.calls.last.request.url.raw_path == b"/statuses/a%2Fb%3Fc%23d%2Be%40example.dk?channel=EMAIL"


@pytest.mark.parametrize("status", [502, 503, 504, 521, 523, 524, 500])
def test_a_read_is_tried_again_after_a_temporary_failure(respx_mock: respx.MockRouter, status: int) -> None:
    route(respx_mock, READ).side_effect = [httpx.Response(status), httpx.Response(200, json={})]
    assert a_transport().send(READ).status == 200


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("x"), httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x"), httpx.ConnectTimeout("x")],
)
def test_a_read_is_tried_again_after_no_answer(respx_mock: respx.MockRouter, error: Exception) -> None:
    route(respx_mock, READ).side_effect = [error, httpx.Response(200, json={})]
    assert a_transport().send(READ).status == 200


@pytest.mark.parametrize("error", [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.ProxyError("x")])
def test_where_no_connection_can_be_made_the_host_is_named_and_what_to_look_at(
    respx_mock: respx.MockRouter, error: Exception
) -> None:
    route(respx_mock, READ).side_effect = error
    words = (
        f"{READ.method} {READ.endpoint}: no connection to {urlsplit(BASE).hostname}: is HUBSPOT_BASE_URL right, "
        f"does a proxy or a name server stand in the way? ({type(error).__name__})"
    )
    with pytest.raises(PortalTemporaryError, match=f"^{re.escape(words)}$"):
        a_transport().send(READ)


def test_where_a_connection_was_made_no_answer_is_told(respx_mock: respx.MockRouter) -> None:
    route(respx_mock, READ).side_effect = httpx.ReadTimeout("x")
    with pytest.raises(PortalTemporaryError, match=r"no answer from HubSpot \(ReadTimeout\)$"):
        a_transport().send(READ)


@pytest.mark.parametrize(("failure", "why"), [(httpx.ConnectError("x"), "UNREACHABLE"), (httpx.Response(503), "503")])
def test_whoever_waits_for_a_portal_that_does_not_answer_twice_is_told_why_and_how_long(
    respx_mock: respx.MockRouter, failure: httpx.Response | Exception, why: str
) -> None:
    route(respx_mock, READ).side_effect = [failure, failure, failure, httpx.Response(200, json={})]
    time = FakeTime()
    with structlog.testing.capture_logs() as logs:
        a_transport(time).send(READ)
    told = [entry for entry in logs if entry["log_level"] == "warning"]
    assert [(entry["event"], entry["attempt"]) for entry in told] == [
        ("portal.kept_waiting", "2 of 8"),
        ("portal.kept_waiting", "3 of 8"),
    ]
    assert {(entry["endpoint"], entry["why"]) for entry in told} == {(f"{READ.method} {READ.endpoint}", why)}
    assert [entry["again_in_seconds"] for entry in told] == [round(each, 1) for each in time.slept[1:]]


def test_of_limits_and_locks_nobody_is_told(respx_mock: respx.MockRouter) -> None:
    short = burst("TEN_SECONDLY_ROLLING", **{"Retry-After": "1"})
    route(respx_mock, READ).side_effect = [short, httpx.Response(423), httpx.Response(200, json={})]
    with structlog.testing.capture_logs() as logs:
        a_transport().send(READ)
    assert not [entry for entry in logs if entry["log_level"] == "warning"]


def test_a_429_waits_as_long_as_retry_after_says(respx_mock: respx.MockRouter) -> None:
    time = FakeTime()
    answers = [burst("TEN_SECONDLY_ROLLING", **{"Retry-After": "7"}), httpx.Response(200, json={})]
    route(respx_mock, READ).side_effect = answers
    a_transport(time).send(READ)
    assert time.seconds >= 7


def test_a_429_without_retry_after_waits_the_interval(respx_mock: respx.MockRouter) -> None:
    time = FakeTime()
    told = {"X-HubSpot-RateLimit-Interval-Milliseconds": "4000"}
    route(respx_mock, READ).side_effect = [burst("TEN_SECONDLY_ROLLING", **told), httpx.Response(200, json={})]
    a_transport(time).send(READ)
    assert 4 <= time.seconds < 10


def test_a_429_of_a_search_waits_a_second(respx_mock: respx.MockRouter) -> None:
    time = FakeTime()
    search = post("/crm/objects/2026-03/contacts/search", {}, Bucket.SEARCH)
    route(respx_mock, search).side_effect = [burst("SECONDLY"), httpx.Response(200, json={})]
    a_transport(time).send(search)
    assert 1 <= time.seconds < 3


def test_a_lock_is_waited_for_at_least_two_seconds(respx_mock: respx.MockRouter) -> None:
    time = FakeTime()
    route(respx_mock, READ).side_effect = [httpx.Response(423), httpx.Response(200, json={})]
    a_transport(time).send(READ)
    assert time.seconds >= 2


def test_retries_are_capped(respx_mock: respx.MockRouter) -> None:
    sent = route(respx_mock, READ).respond(503)
    with pytest.raises(PortalTemporaryError, match="503"):
        a_transport().send(READ)
    assert sent.call_count == 8


def test_a_longer_wait_than_the_longest_is_left_to_the_caller(respx_mock: respx.MockRouter) -> None:
    time = FakeTime()
    sent = route(respx_mock, READ).respond(503, headers={"Retry-After": "3600"})
    with pytest.raises(PortalTemporaryError) as raised:
        a_transport(time).send(READ)
    assert raised.value.retry_after_seconds == 3600
    assert (sent.call_count, time.seconds) == (1, 0)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (burst("DAILY"), "daily request quota"),
        (burst("OTHER", **{"X-HubSpot-RateLimit-Daily-Remaining": "0"}), "daily request quota"),
        (httpx.Response(477, headers={"Retry-After": "86400"}), "another data centre"),
    ],
)
def test_a_used_up_day_and_a_migration_pause_the_run_at_once(
    respx_mock: respx.MockRouter, answer: httpx.Response, words: str
) -> None:
    sent = route(respx_mock, ERASE).mock(return_value=answer)
    with pytest.raises(PortalPausedError, match=words):
        a_transport().change(ERASE)
    with pytest.raises(PortalPausedError, match=words):
        a_transport().send(ERASE)
    assert sent.call_count == 2


def test_a_missing_scope_is_named(respx_mock: respx.MockRouter) -> None:
    context = {"requiredGranularScopes": ["crm.objects.contacts.write"]}
    body = {"category": "MISSING_SCOPES", "message": SECRET, "errors": [{"message": SECRET, "context": context}]}
    route(respx_mock, ERASE).respond(403, json=body)
    with pytest.raises(PortalDeniedError, match=r"lacks the scope crm\.objects\.contacts\.write") as raised:
        a_transport().change(ERASE)
    assert raised.value.missing_scopes == ("crm.objects.contacts.write",)


def test_a_refused_token_is_said_to_be_one(respx_mock: respx.MockRouter) -> None:
    route(respx_mock, READ).respond(401, json={})
    with pytest.raises(PortalDeniedError, match="token is not valid"):
        a_transport().send(READ)


def test_a_refusal_shows_status_category_and_correlation_but_no_message(respx_mock: respx.MockRouter) -> None:
    body = {"category": "VALIDATION_ERROR", "message": f"{SECRET} is wrong", "correlationId": "aaaa-bbbb"}
    route(respx_mock, READ).respond(400, json=body)
    with pytest.raises(RefusedError) as raised:
        a_transport().send(READ)
    assert str(raised.value) == (
        "GET /crm/objects/2026-03/contacts: HubSpot answered 400 (VALIDATION_ERROR, correlation aaaa-bbbb)"
    )


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(502),
        httpx.Response(503),
        httpx.ReadTimeout("x"),
        httpx.RemoteProtocolError("cut"),
        httpx.WriteError("cut"),
    ],
)
def test_a_destroying_call_without_a_clear_answer_is_unknown_and_never_repeated(
    respx_mock: respx.MockRouter, answer: httpx.Response | Exception
) -> None:
    sent = route(respx_mock, ERASE)
    sent.side_effect = [answer]
    assert a_transport().change(ERASE).fate is Fate.UNKNOWN
    assert sent.call_count == 1


def test_a_change_of_which_a_part_failed_is_unknown_and_not_repeated(respx_mock: respx.MockRouter) -> None:
    sent = route(respx_mock, ERASE)
    sent.respond(207, json={"status": "COMPLETE", "numErrors": 1, "errors": [{"category": "VALIDATION_ERROR"}]})
    assert a_transport().change(ERASE) == CallResult(Fate.UNKNOWN, 207)
    assert sent.call_count == 1


def test_a_destroying_call_is_repeated_after_a_lock(respx_mock: respx.MockRouter) -> None:
    time = FakeTime()
    sent = route(respx_mock, ERASE)
    sent.side_effect = [httpx.Response(423), httpx.Response(204)]
    assert a_transport(time).change(ERASE).fate is Fate.DONE
    assert (sent.call_count, time.seconds >= 2) == (2, True)


def test_a_destroying_call_is_repeated_after_a_short_429(respx_mock: respx.MockRouter) -> None:
    route(respx_mock, ERASE).side_effect = [burst("X", **{"Retry-After": "1"}), httpx.Response(204)]
    assert a_transport().change(ERASE).fate is Fate.DONE


def test_a_destroying_call_does_not_outwait_the_freshness_of_its_check(respx_mock: respx.MockRouter) -> None:
    time = FakeTime()
    sent = route(respx_mock, ERASE)
    sent.side_effect = [burst("TEN_SECONDLY_ROLLING", **{"Retry-After": "10"})]
    result = a_transport(time).change(ERASE)
    assert (result.fate, result.status, time.seconds) == (Fate.REFUSED, 429, 0)


def test_after_a_429_of_a_change_the_next_call_waits_in_its_stead(respx_mock: respx.MockRouter) -> None:
    time = FakeTime()
    route(respx_mock, ERASE).side_effect = [burst("TEN_SECONDLY_ROLLING", **{"Retry-After": "10"})]
    route(respx_mock, READ).respond(200, json={})
    transport = a_transport(time)
    transport.change(ERASE)
    transport.send(READ)
    assert time.seconds >= 10


def test_a_change_that_found_no_slot_in_time_was_not_sent(respx_mock: respx.MockRouter) -> None:
    sent = route(respx_mock, ERASE).respond(204)
    transport = a_transport(pace=PaceOptions(start_limit=100))
    transport.pacer.hold_back(Bucket.BURST, 30.0)
    result = transport.change(ERASE)
    assert (result.fate, result.status, result.category) == (Fate.REFUSED, None, "NOT_SENT")
    assert sent.call_count == 0


def test_a_change_whose_machine_slept_while_it_waited_for_its_slot_was_not_sent(respx_mock: respx.MockRouter) -> None:
    class Suspended(FakeTime):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds + 289)

    sent = route(respx_mock, ERASE).respond(204)
    transport = a_transport(Suspended(), pace=PaceOptions(start_limit=100))
    transport.pacer.hold_back(Bucket.BURST, 3.0)
    result = transport.change(ERASE)
    assert (result.fate, result.status, result.category) == (Fate.REFUSED, None, "NOT_SENT")
    assert sent.call_count == 0


def test_a_change_that_found_no_connection_did_nothing(respx_mock: respx.MockRouter) -> None:
    route(respx_mock, ERASE).side_effect = httpx.ConnectError("refused")
    result = a_transport(retry=RetryOptions(attempts=1)).change(ERASE)
    assert (result.fate, result.category) == (Fate.REFUSED, "UNREACHABLE")


def test_a_change_is_tried_again_while_there_is_no_connection(respx_mock: respx.MockRouter) -> None:
    route(respx_mock, ERASE).side_effect = [httpx.ConnectError("refused"), httpx.Response(204)]
    assert a_transport().change(ERASE).fate is Fate.DONE


def test_a_refused_change_tells_status_and_category(respx_mock: respx.MockRouter) -> None:
    route(respx_mock, ERASE).respond(404, json={"category": "OBJECT_NOT_FOUND"})
    result = a_transport().change(ERASE)
    assert (result.fate, result.status, result.category) == (Fate.REFUSED, 404, "OBJECT_NOT_FOUND")


def test_the_date_header_tells_how_far_the_clocks_are_apart(respx_mock: respx.MockRouter) -> None:
    route(respx_mock, READ).respond(200, json={}, headers={"Date": "Sun, 22 Nov 2026 11:54:00 GMT"})
    transport = a_transport()
    assert transport.clock_skew_seconds is None
    transport.send(READ)
    assert transport.clock_skew_seconds == 359.5


def test_an_answer_that_drips_is_given_up_after_the_total_time_out(respx_mock: respx.MockRouter) -> None:
    time = FakeTime()

    class Dripping(httpx.SyncByteStream):
        def __iter__(self) -> "Dripping":
            return self

        def __next__(self) -> bytes:
            time.seconds += 10
            return b" "

    sent = route(respx_mock, ERASE)
    sent.side_effect = lambda _: httpx.Response(200, stream=Dripping())
    assert a_transport(time, total_timeout_seconds=60).change(ERASE).fate is Fate.UNKNOWN
    assert sent.call_count == 1


@pytest.mark.parametrize("answer", [httpx.Response(400), httpx.ReadTimeout(SECRET), httpx.Response(200, json={})])
def test_an_address_reaches_neither_logs_nor_exceptions(
    respx_mock: respx.MockRouter, caplog: pytest.LogCaptureFixture, answer: httpx.Response | Exception
) -> None:
    call = Call(method="POST", endpoint="/statuses/{address}", args={"address": SECRET}, body={"to": SECRET})
    route(respx_mock, call).side_effect = [answer] * 8
    caplog.set_level(logging.DEBUG)
    shown = [repr(call)]
    with structlog.testing.capture_logs() as logs:
        try:
            a_transport().send(call)
        except (RefusedError, PortalTemporaryError) as error:
            linked: BaseException | None = error
            while linked is not None:
                shown += [str(linked), repr(linked), repr(getattr(linked, "request", ""))]
                linked = linked.__cause__ or linked.__context__
    shown += [str(entry) for entry in logs] + [record.getMessage() for record in caplog.records]
    assert logs
    assert not [text for text in shown if "secret" in text]


def test_the_token_is_never_shown() -> None:
    assert TOKEN not in repr(a_transport().options)


@pytest.mark.parametrize(
    "url", ["http://api.hubapi.com", "ftp://localhost", "api.hubapi.com", "http://127.0.0.1.example.dk"]
)
def test_the_token_travels_in_the_clear_to_this_machine_only(url: str) -> None:
    with pytest.raises(UsageError, match="https"):
        a_transport(base_url=url)


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "æ"])
def test_a_token_that_cannot_be_one_is_refused_before_the_first_call(token: str) -> None:
    with pytest.raises(UsageError, match="HUBSPOT_ACCESS_TOKEN"):
        a_transport(token=token)


def test_as_many_requests_are_wanted_at_once_as_fill_the_rate_at_the_latency(respx_mock: respx.MockRouter) -> None:
    time = FakeTime()

    def slow(_: httpx.Request) -> httpx.Response:
        time.seconds += 0.115
        told = {"X-HubSpot-RateLimit-Max": "190", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}
        return httpx.Response(200, json={}, headers=told)

    route(respx_mock, READ).side_effect = slow
    transport = a_transport(time)
    assert transport.requests_in_flight_wanted() == 2
    for _ in range(5):
        transport.send(READ)
    assert transport.requests_in_flight_wanted() == 4


def test_retry_after_may_be_a_date(respx_mock: respx.MockRouter) -> None:
    time = FakeTime()
    told = {"Retry-After": "Sun, 22 Nov 2026 12:00:09 GMT", "Date": "Sun, 22 Nov 2026 12:00:00 GMT"}
    route(respx_mock, READ).side_effect = [httpx.Response(503, headers=told), httpx.Response(200, json={})]
    a_transport(time).send(READ)
    assert time.seconds >= 9


def test_an_unknown_server_error_is_tried_again_and_a_redirect_is_refused(respx_mock: respx.MockRouter) -> None:
    route(respx_mock, READ).side_effect = [httpx.Response(530), httpx.Response(302, headers={"Location": "/x"})]
    with pytest.raises(RefusedError, match="302"):
        a_transport().send(READ)
