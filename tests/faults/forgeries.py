"""Webhook requests as HubSpot signs them, and what a stranger or a broken wire may make of them."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import Any

from hubspot_retention.core.webhook.signature import SignedRequest, Stamp, signature

PORTAL = 25412345
URI = "https://hooks.example.dk/webhooks/hubspot"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CURRENT, NEXT, RETIRED = "0b1f7c1e-current", "5d2e90ab-next", "77aa04c3-retired"
SECRETS = (CURRENT, NEXT)
"""Two secrets are in force while one is being replaced."""

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def milliseconds(at: datetime) -> str:
    """An instant as the header has it."""
    return str(int(at.timestamp() * 1000))


def signed(body: bytes, *, secret: str = CURRENT, at: datetime = NOON, uri: str = URI) -> SignedRequest:
    """A request as HubSpot sends it."""
    bare = SignedRequest(method="POST", uri=uri, body=body, stamp=Stamp(signature=None, timestamp=milliseconds(at)))
    return replace(bare, stamp=Stamp(signature=signature(secret, bare), timestamp=bare.stamp.timestamp))


def an_event(**more: Any) -> dict[str, Any]:
    """An unsubscription as HubSpot tells it."""
    return {
        "eventId": 1641846346,
        "subscriptionId": 6547065,
        "portalId": PORTAL,
        "appId": 39522895,
        "occurredAt": 1795348800000,
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        "objectId": 508369434347,
        "propertyName": "hs_email_optout",
        "propertyValue": "true",
        "changeSource": "FORM",
        "sourceId": "39522895",
        **more,
    }


def a_body(*events: Mapping[str, Any]) -> bytes:
    """The events of one request, as bytes."""
    return json.dumps(list(events) or [an_event()], separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgery:
    """A request that must not be accepted at this time, and how it came about."""

    how: str
    request: SignedRequest
    now: datetime


_Maker = Callable[[Random, SignedRequest], tuple[SignedRequest, datetime]]


def _stamped(request: SignedRequest, **parts: str | None) -> SignedRequest:
    return replace(request, stamp=replace(request.stamp, **parts))


def _given(request: SignedRequest) -> tuple[str, str]:
    assert request.stamp.signature is not None
    assert request.stamp.timestamp is not None
    return request.stamp.signature, request.stamp.timestamp


def _body_bit(random: Random, true: SignedRequest) -> tuple[SignedRequest, datetime]:
    altered = bytearray(true.body)
    altered[random.randrange(len(altered))] ^= 1 << random.randrange(8)
    return replace(true, body=bytes(altered)), NOON


def _body_length(random: Random, true: SignedRequest) -> tuple[SignedRequest, datetime]:
    cut = random.randrange(len(true.body))
    bodies = (true.body[:cut], true.body + b" ", b" " + true.body, true.body + true.body, true.body[1:] + b"]")
    return replace(true, body=random.choice(bodies)), NOON


def _other_event(random: Random, true: SignedRequest) -> tuple[SignedRequest, datetime]:
    return replace(true, body=a_body(an_event(objectId=random.randrange(1, 2**40)))), NOON


def _signature_sign(random: Random, true: SignedRequest) -> tuple[SignedRequest, datetime]:
    text, _ = _given(true)
    place = random.randrange(43)
    other = random.choice(_ALPHABET.replace(text[place], ""))
    return _stamped(true, signature=text[:place] + other + text[place + 1 :]), NOON


def _signature_tail(random: Random, true: SignedRequest) -> tuple[SignedRequest, datetime]:
    """Another spelling of the same bytes: the last sign of 256 bits in base64 has two bits to spare."""
    text, _ = _given(true)
    spelled = _ALPHABET.index(text[42])
    same = [spelled & ~3 | spare for spare in range(4) if spelled & ~3 | spare != spelled]
    return _stamped(true, signature=text[:42] + _ALPHABET[random.choice(same)] + "="), NOON


def _signature_shape(random: Random, true: SignedRequest) -> tuple[SignedRequest, datetime]:
    text, _ = _given(true)
    odd = ("", text[:-1], text + "=", text + "\n", " " + text, f"{text},{text}", text.lower() + "x", "ÆØÅ" + text[3:])
    return _stamped(true, signature=random.choice((*odd, text[:20] + "é" + text[21:], "=" * 44, None))), NOON


def _other_secret(random: Random, true: SignedRequest) -> tuple[SignedRequest, datetime]:
    secrets = (
        RETIRED,
        "",
        CURRENT + "x",
        CURRENT.upper(),
        " " + CURRENT,
        f"{CURRENT},{NEXT}",
        hex(random.getrandbits(99)),
    )
    return signed(true.body, secret=random.choice(secrets)), NOON


def _older_version(random: Random, true: SignedRequest) -> tuple[SignedRequest, datetime]:
    first = hashlib.sha256(CURRENT.encode() + true.body).hexdigest()
    second = hashlib.sha256(CURRENT.encode() + b"POST" + URI.encode() + true.body).hexdigest()
    return _stamped(true, signature=random.choice((first, second, first[:43] + "=", second[:43] + "="))), NOON


def _replayed(random: Random, true: SignedRequest) -> tuple[SignedRequest, datetime]:
    late = random.choice((1, 1_000, 60_000, 86_400_000, random.randrange(1, 10**11)))
    return true, NOON + timedelta(minutes=5, milliseconds=late)


def _from_the_future(random: Random, true: SignedRequest) -> tuple[SignedRequest, datetime]:
    early = random.choice((1, 1_000, 86_400_000, random.randrange(1, 10**11)))
    return true, NOON - timedelta(minutes=5, milliseconds=early)


def _freshened(random: Random, true: SignedRequest) -> tuple[SignedRequest, datetime]:
    """An old request under a new time: the time is signed, too."""
    now = NOON + timedelta(milliseconds=random.randrange(1, 10**9))
    return _stamped(true, timestamp=milliseconds(now)), now


def _timestamp_shape(random: Random, true: SignedRequest) -> tuple[SignedRequest, datetime]:
    _, text = _given(true)
    arabic = "".join(chr(0x0660 + int(digit)) for digit in text)
    odd = (
        "",
        text[:-3],
        text + "0",
        text + ".0",
        "+" + text[1:],
        " " + text,
        text + "\n",
        "-" + text,
        text[:-3] + "e3",
    )
    return _stamped(true, timestamp=random.choice((*odd, arabic, f"{text},{text}", "nan", "0x18fa2b3c4d5", None))), NOON


def _shifted(random: Random, true: SignedRequest) -> tuple[SignedRequest, datetime]:
    """Signs moved over the borders that the signed text does not mark: URI, body, time."""
    text, stamp = _given(true)
    number = random.randrange(1, 12)
    moved = (
        replace(true, body=URI[-number:].encode() + true.body),
        replace(true, body=true.body + stamp[:number].encode()),
        _stamped(replace(true, body=true.body[:-number]), timestamp=true.body[-number:].decode() + stamp),
        _stamped(replace(true, body=true.body + stamp[:number].encode()), timestamp=stamp[number:]),
        _stamped(replace(true, body=true.body[number:]), signature=text),
    )
    return random.choice(moved), NOON


def _other_place(random: Random, true: SignedRequest) -> tuple[SignedRequest, datetime]:
    """A request that was signed for another address."""
    others = ("http" + URI[5:], URI + "/", URI + "?", URI + "?a=b", URI[:-1], URI.upper(), URI.replace("hooks", "hook"))
    return replace(signed(true.body, uri=random.choice(others)), uri=URI), NOON


def _other_method(random: Random, true: SignedRequest) -> tuple[SignedRequest, datetime]:
    bare = replace(true, method=random.choice(("GET", "PUT", "post", "", "POST ")))
    return replace(true, stamp=replace(true.stamp, signature=signature(CURRENT, bare))), NOON


KINDS: Mapping[str, _Maker] = MappingProxyType(
    {
        "a bit of the body": _body_bit,
        "the length of the body": _body_length,
        "another event": _other_event,
        "a sign of the signature": _signature_sign,
        "another spelling of the signature": _signature_tail,
        "the shape of the signature": _signature_shape,
        "another secret": _other_secret,
        "an older version": _older_version,
        "replayed": _replayed,
        "from the future": _from_the_future,
        "an old request made fresh": _freshened,
        "the shape of the time": _timestamp_shape,
        "shifted over a border": _shifted,
        "signed for another address": _other_place,
        "signed for another method": _other_method,
    }
)
_NAMES = tuple(KINDS)


def forge(seed: int) -> Forgery:
    """The forgery of a seed: always the same, and each kind in its turn."""
    random = Random(seed)
    event = an_event(objectId=random.randrange(1, 2**40), eventId=random.randrange(1, 2**31))
    true = signed(a_body(event, an_event()), secret=random.choice(SECRETS))
    how = _NAMES[seed % len(_NAMES)]
    request, now = KINDS[how](random, true)
    return Forgery(how=how, request=request, now=now)
