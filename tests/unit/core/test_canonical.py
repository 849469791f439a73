"""Canonical JSON is, to the letter, what the standard library writes: digests of last year must be good tomorrow."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubspot_retention.core.canonical import canonical_json
from hubspot_retention.core.decision.model import Outcome

_plain: Any = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()
_values = st.recursive(_plain, lambda of: st.lists(of) | st.dictionaries(st.text(), of), max_leaves=8)


def by_the_standard_library(value: object) -> bytes:
    """The spelling that everybody can check."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


@given(_values)
def test_it_is_what_the_standard_library_writes(value: object) -> None:
    assert canonical_json(value) == by_the_standard_library(value)


@pytest.mark.parametrize(("text", "spelled"), [("o", "o"), ("ø", r"\u00f8"), ("\x7f", r"\u007f")])
def test_its_keys_are_in_order_and_nothing_stands_between_them(text: str, spelled: str) -> None:
    assert canonical_json({"b": 1, "a": [text, True]}) == b'{"a":["%s",true],"b":1}' % spelled.encode()


@pytest.mark.parametrize("code", [*range(0x100), 0x2028, 0xFFFF, 0x1F600])
def test_every_character_is_spelled_the_same(code: int) -> None:
    text = f"a{chr(code)}b"
    assert canonical_json({text: [text]}) == by_the_standard_library({text: [text]})


def test_a_word_of_ours_is_a_text() -> None:
    assert canonical_json([Outcome.HELD, "ø"]) == b'["held","\\u00f8"]'
    assert canonical_json(Outcome.HELD) == b'"held"'
