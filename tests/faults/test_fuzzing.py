"""Nonsense for what reads what others wrote: the webhook endpoint and the policy parser.

`RETENTION_TEST_FUZZED_WEBHOOKS` and `RETENTION_TEST_FUZZED_POLICIES` say how many (the scoreboard: 100,000 and 20,000).
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final, TypeVar

from hubspot_retention.core.policy.parse import PolicyError, parse_policy
from hubspot_retention.web.webhook import Answered
from tests.faults.forgeries import a_body, an_event, signed
from tests.faults.world import CLIENTI
from tests.unit.core.policy.texts import ARCHIVE, HEAD, a_rule
from tests.unit.web.doors import Asked, Door, of

WEBHOOKS = int(os.environ.get("RETENTION_TEST_FUZZED_WEBHOOKS", "1500"))
POLICIES = int(os.environ.get("RETENTION_TEST_FUZZED_POLICIES", "400"))

Text = TypeVar("Text", str, bytes)
_JSON: Final = (
    *(b"[", b"]", b"{", b"}", b":", b",", b'"', b"null", b"true", b"-0", b"1e999", b"NaN", b'"\\ud800"', b"\xff\xfe"),
    *(b"9" * 400, b"9" * 5000, b"[" * 3000, b'{"portalId":', b'{"a":' * 2000, b"\x00", b"\\", b'"\\u0000"', b"1" * 19),
)
_TOML: Final = (
    *("[", "]", "{", "}", "=", ",", '"', "'", '"""', "\n", ".", "[[rules]]", "[controller]", "\\u0000", "\x00", "ø"),
    *("9" * 400, "9" * 5000, "0x" + "f" * 6000, "-1", "0", "1e400", "nan", "-inf", "0000-00-00", "25:00:00", "true"),
    *("[" * 200 + "]" * 200, "[" * 450 + "]" * 450, "{ not = " * 90 + "{}" + " }" * 90, "a." * 900 + "a = 1"),
    *('"P0D"', '"P999999999999999999Y"', '"P-1M"', '"P1M1M"', '"Europe/Nowhere"', '"../../etc/passwd"', "[]", "{}"),
)
_SMALL: Final = HEAD + a_rule("a-rule", '{ is = "was_customer" }', ARCHIVE)
_FULL: Final = CLIENTI.read_text(encoding="utf-8")


def _mangled(chance: Random, text: Text, pieces: tuple[Text, ...]) -> Text:
    """A text with parts cut out, repeated, moved, or replaced by pieces that a reader stumbles over."""
    for _ in range(chance.randrange(1, 4)):
        begin = chance.randrange(len(text) + 1)
        end = min(len(text), begin + chance.choice((0, 1, 2, 8, 40)))
        middle = chance.choice((text[:0], text[begin:end] * 2, chance.choice(pieces)))
        text = text[:begin] + middle + text[end:]
    return text


def _another_value(chance: Random, text: str) -> str:
    """A policy with a piece in place of one value: most of these can be read as TOML, and so get further."""
    lines = text.split("\n")
    at = chance.choice([number for number, line in enumerate(lines) if " = " in line])
    lines[at] = f"{lines[at].partition(' = ')[0]} = {chance.choice(_TOML)}"
    return "\n".join(lines)


def _body(chance: Random) -> bytes:
    if chance.random() < 0.2:
        return chance.randbytes(chance.randrange(200))
    event = an_event()
    odd: tuple[object, ...] = (
        None,
        True,
        -1,
        2**63,
        2**64,
        10**30,
        1.5,
        "",
        "0",
        "x" * 5000,
        [],
        {},
        [[]],
        {"": 0},
        "\ud800",
        "1" * 19,
    )
    for name in chance.sample(sorted(event), chance.randrange(4)):
        event[name] = chance.choice(odd)
    event.update(mergedObjectIds=chance.choice((*odd, [1, "2", None])))
    return _mangled(chance, a_body(event), _JSON) if chance.random() < 0.7 else a_body(event)


def _by_a_stranger(chance: Random) -> Asked:
    """A request without a true signature: any method, any path, any headers."""
    words = ("", "0", "-1", "9" * 400, "²", "é", "v3", "a,b", "=" * 44, "1" * 13, "\x00", "chunked")
    names = (
        *("x-hubspot-signature-v3", "x-hubspot-request-timestamp", "content-length", "content-type"),
        *("host", "x-forwarded-host", "transfer-encoding", "expect"),
    )
    headers = [(chance.choice(names), chance.choice(words)) for _ in range(chance.randrange(6))]
    return Asked(
        headers=headers,
        parts=tuple(_body(chance) for _ in range(chance.randrange(1, 3))),
        method=chance.choice(("POST", "POST", "POST", "GET", "PUT", "OPTIONS", "HEAD", "X")),
        path=chance.choice(("/webhooks/hubspot",) * 4 + ("/", "/webhooks/hubspot/", "//", "/webhooks/../etc", "/%00")),
    )


def test_no_stranger_gets_an_answer_of_500_and_up(record_property: Callable[[str, object], None]) -> None:
    door = Door()

    async def all_of_them() -> Counter[int]:
        answers: Counter[int] = Counter()
        for seed in range(WEBHOOKS):
            status = (await door.ask(_by_a_stranger(Random(seed)))).status
            assert status < 500, (seed, status)
            answers[status] += 1
        return answers

    answers = asyncio.run(all_of_them())
    record_property("webhooks", f"{WEBHOOKS:,}, seeds from 0 on")
    assert set(answers) == {401, 404, 405, 413}
    assert door.stored == []


def test_nonsense_that_is_signed_is_read_or_told_as_unreadable_and_never_fails() -> None:
    door = Door()

    async def all_of_them() -> None:
        for seed in range(WEBHOOKS):
            answer = await door.ask(of(signed(_body(Random(seed)))))
            assert door.counted[Answered.FAILED] == 0, seed
            assert answer.status in (204, 503), (seed, answer.status)

    asyncio.run(all_of_them())
    assert set(door.counted) == {Answered.ACCEPTED, Answered.OTHER_PORTAL, Answered.UNREADABLE}


def test_a_policy_that_is_nonsense_is_refused_and_nothing_else(record_property: Callable[[str, object], None]) -> None:
    refused = 0
    for seed in range(POLICIES):
        chance = Random(seed)
        true = _FULL if seed % 8 == 0 else _SMALL
        text = _another_value(chance, true) if seed % 2 else _mangled(chance, true, _TOML)
        try:
            parse_policy(text)
        except PolicyError as error:
            refused += bool(error.problems)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}") from error
    record_property("policies", f"{POLICIES:,}, seeds from 0 on")
    assert refused > POLICIES // 2


def test_the_policies_that_are_mangled_are_policies() -> None:
    assert parse_policy(_SMALL).rules
    assert parse_policy(_FULL).rules
