import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import hubspot.utils.signature as official
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubspot_retention.core.webhook.signature import SignedRequest, Stamp, Verdict, signature, signed_uri, verify
from tests.faults.forgeries import CURRENT, NEXT, NOON, RETIRED, SECRETS, URI, a_body, signed

VECTOR_SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
VECTOR_URI = "https://www.example.com/webhook_uri"
VECTOR_TIME = "1693657560000"
VECTOR_NOW = datetime(2023, 9, 2, 12, 26, tzinfo=UTC)


def a_vector(body: bytes, expected: str, uri: str = VECTOR_URI) -> SignedRequest:
    return SignedRequest(method="POST", uri=uri, body=body, stamp=Stamp(signature=expected, timestamp=VECTOR_TIME))


VECTORS = [
    a_vector(b"{'example_field':'example_value'}", "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="),
    a_vector(b'{"example_field":"example_value"}', "oaA3M5dEtt6kFsseJD/Hv/x+JNl1vsoxFj4oxmwP6Go="),
    a_vector(
        b"[]",
        "47GlrW4HNQms/GuV5+e+8hnHBvmjdYAICm8S5QwMvFc=",
        "https://www.example.com/hook?to=a%40b.c%2Fd%20e&q=x%2Cy",
    ),
    a_vector('{"propertyValue":"Zoë ☂"}'.encode(), "hKSkp87RWxNYCWva7DjahBdKeaObavyrLs4tTwst56o="),
]


@pytest.mark.parametrize("request_", VECTORS)
def test_the_known_vectors_are_accepted(request_: SignedRequest) -> None:
    assert verify([VECTOR_SECRET], request_, VECTOR_NOW) is Verdict.ACCEPTED


def test_what_has_no_time_is_signed_without_one() -> None:
    without = replace(VECTORS[0], body=b"12", stamp=Stamp(signature=None, timestamp=None))
    with_time = replace(VECTORS[0], body=b"1", stamp=Stamp(signature=None, timestamp="2"))
    assert signature(VECTOR_SECRET, without) == signature(VECTOR_SECRET, with_time)


def test_a_uri_that_was_signed_without_decoding_is_not_hubspots() -> None:
    undecoded = replace(VECTORS[2].stamp, signature="G30TGM6Ohar+T0V7opol4shTHa4fcKZLtJNmxJ3GTAQ=")
    assert verify([VECTOR_SECRET], replace(VECTORS[2], stamp=undecoded), VECTOR_NOW) is Verdict.WRONG


def test_exactly_the_twelve_escapes_are_decoded() -> None:
    twelve = "%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B"
    others = "%20%2B%25%26%3D%23%C3%A6"
    assert signed_uri(f"https://x.dk/{twelve}?{others}&a=%2f") == f"https://x.dk/:/?@!$'()*,;?{others}&a=%2f"


def test_escapes_are_decoded_once() -> None:
    assert signed_uri("https://x.dk/%253A%25%33A") == "https://x.dk/%253A%25%33A"


@given(body=st.text(), secret=st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_the_signature_is_that_of_the_official_client(body: str, secret: str) -> None:
    request = SignedRequest(
        method="POST", uri=URI, body=body.encode(), stamp=Stamp(signature=None, timestamp=VECTOR_TIME)
    )
    expected = official.Signature.get_signature(secret, body, "v3", URI, "POST", VECTOR_TIME)
    assert signature(secret, request) == expected


@given(body=st.binary())
def test_bytes_that_are_no_text_are_signed_as_they_are(body: bytes) -> None:
    request = signed(body)
    assert verify(SECRETS, request, NOON) is Verdict.ACCEPTED
    assert verify(SECRETS, replace(request, body=body + b"\0"), NOON) is Verdict.WRONG


@given(data=st.data())
def test_no_altered_byte_goes_unnoticed(data: st.DataObject) -> None:
    request = signed(a_body())
    place = data.draw(st.integers(0, len(request.body) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != request.body[place]))
    altered = request.body[:place] + bytes([byte]) + request.body[place + 1 :]
    assert verify(SECRETS, replace(request, body=altered), NOON) is Verdict.WRONG


@given(given_signature=st.text(), timestamp=st.text())
def test_whatever_stands_in_the_headers_there_is_a_verdict_and_it_is_no(given_signature: str, timestamp: str) -> None:
    stamp = Stamp(signature=given_signature, timestamp=timestamp)
    assert verify(SECRETS, replace(signed(a_body()), stamp=stamp), NOON) is not Verdict.ACCEPTED


@given(text=st.from_regex(r"[A-Za-z0-9+/]{43}=", fullmatch=True))
def test_no_other_well_formed_signature_is_accepted(text: str) -> None:
    request = signed(a_body())
    if text != request.stamp.signature:
        assert verify(SECRETS, replace(request, stamp=replace(request.stamp, signature=text)), NOON) is Verdict.WRONG


@pytest.mark.parametrize(
    ("away", "verdict"),
    [
        (timedelta(0), Verdict.ACCEPTED),
        (timedelta(minutes=5), Verdict.ACCEPTED),
        (timedelta(minutes=-5), Verdict.ACCEPTED),
        (timedelta(minutes=5, microseconds=1), Verdict.TOO_OLD),
        (timedelta(minutes=-5, microseconds=-1), Verdict.FROM_THE_FUTURE),
        (timedelta(days=3650), Verdict.TOO_OLD),
        (timedelta(days=-3650), Verdict.FROM_THE_FUTURE),
    ],
)
def test_a_request_counts_for_five_minutes_both_ways(away: timedelta, verdict: Verdict) -> None:
    assert verify(SECRETS, signed(a_body()), NOON + away) is verdict


def test_either_of_two_current_secrets_will_do_and_a_retired_one_will_not() -> None:
    verdicts = [verify(SECRETS, signed(a_body(), secret=each), NOON) for each in (CURRENT, NEXT, RETIRED)]
    assert verdicts == [Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.WRONG]


def test_every_secret_is_tried_whatever_came_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    real = hmac.compare_digest

    def noting(one: str, other: str) -> bool:
        tried.append(one)
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", noting)
    assert verify(SECRETS, signed(a_body(), secret=CURRENT), NOON) is Verdict.ACCEPTED
    assert len(tried) == len(SECRETS)


def test_nobody_can_sign_with_an_empty_secret_or_without_any() -> None:
    request = signed(a_body(), secret="")
    assert verify(["", CURRENT], request, NOON) is Verdict.WRONG
    assert verify([], request, NOON) is Verdict.WRONG


@pytest.mark.parametrize("missing", ["signature", "timestamp"])
def test_without_one_of_the_headers_there_is_no_signature(missing: str) -> None:
    request = signed(a_body())
    stamp = replace(request.stamp, **{missing: None})
    assert verify(SECRETS, replace(request, stamp=stamp), NOON) is Verdict.NO_SIGNATURE


@pytest.mark.parametrize("timestamp", ["179534880000", "17953488000000", "1795348800000\n", "+795348800000", "١" * 13])
def test_a_time_has_thirteen_plain_digits(timestamp: str) -> None:
    request = signed(a_body())
    stamp = replace(request.stamp, timestamp=timestamp)
    assert verify(SECRETS, replace(request, stamp=stamp), NOON) is Verdict.BAD_SHAPE


@pytest.mark.parametrize("text", ["", "=" * 44, "A" * 44, "A" * 42 + "==", "A" * 43 + "=\n", "é" * 43 + "="])
def test_a_signature_has_forty_three_signs_of_base64_and_an_equals_sign(text: str) -> None:
    request = signed(a_body())
    stamp = replace(request.stamp, signature=text)
    assert verify(SECRETS, replace(request, stamp=stamp), NOON) is Verdict.BAD_SHAPE


def test_neither_body_nor_signature_is_shown() -> None:
    request = signed(b'[{"propertyValue":"Anna Testesen"}]')
    assert "Anna" not in repr(request)
    assert str(request.stamp.signature) not in repr(request)
