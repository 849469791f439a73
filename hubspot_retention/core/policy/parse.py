"""`parse_policy(text)`: a TOML document to the frozen policy, or every problem with it at once.

Danger: a misread rule disposes of what must stay. So nothing is guessed: unknown keys, wrong types, facts
that do not exist, empty groups and periods of no length are problems; with one problem there is no policy.
"""

import tomllib
from difflib import get_close_matches
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hubspot_retention.core.policy.build import built
from hubspot_retention.core.policy.document import PolicyDocument, json_schema
from hubspot_retention.core.policy.document_criteria import EXPECTED_CRITERION, TAGS
from hubspot_retention.core.policy.document_rules import RULE_TAGS
from hubspot_retention.core.policy.fields import Reading
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.policy.problem import Misfit, PolicyError, Problem, in_order, shown
from hubspot_retention.core.policy.shape import misfits

__all__ = ["PolicyError", "Problem", "json_schema", "parse_policy"]

_DEEPEST: Final = 40
"""Levels of tables and lists; whoever looks into them does so recursively."""
_LARGEST: Final = 2**63
"""TOML's whole numbers are of 64 bits. Python reads larger ones, and then cannot write them down."""
_UNION_TAGS: Final = frozenset((*TAGS.values(), *RULE_TAGS))
_PLAIN: Final = {
    "string_type": "a text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "model_type": "a table",
    "too_short": "at least one",
}


def parse_policy(text: str) -> RetentionPolicy:
    """The policy that a TOML document says. Raises `PolicyError` with every problem of it at once."""
    raw = _toml(text)
    found = list(misfits(raw))
    document: PolicyDocument | None = None
    try:
        document = PolicyDocument.model_validate(raw, context=Reading())
    except ValidationError as error:
        found.extend(_misfit(detail) for detail in error.errors())
    if found or document is None:
        raise PolicyError(in_order(found, raw))
    return built(document)


def _toml(text: str) -> dict[str, Any]:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, where = str(error).removesuffix(")").rpartition(" (at ")
        raise PolicyError([Problem(where, what, "TOML, as https://toml.io describes it")]) from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:  # a number of more digits than Python reads
        raise _too_large() from error
    _require_bounds(raw)
    return raw


def _require_bounds(raw: dict[str, Any]) -> None:
    """Nothing is nested too deeply and no number is too large, before anybody looks closer."""
    waiting: list[tuple[object, int]] = [(raw, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > _DEEPEST:
            raise _too_deep()
        match value:
            case dict():
                waiting.extend((item, depth + 1) for item in value.values())
            case list():
                waiting.extend((item, depth + 1) for item in value)
            case int() if not -_LARGEST <= value < _LARGEST:
                raise _too_large()


def _too_deep() -> PolicyError:
    return PolicyError([Problem("the document", "tables nested too deeply", "a few levels at most")])


def _too_large() -> PolicyError:
    return PolicyError(
        [Problem("the document", "a whole number that is too large", "one of 64 bits, as TOML has them")]
    )


def _misfit(detail: ErrorDetails) -> Misfit:
    place = tuple(step for step in detail["loc"] if step not in _UNION_TAGS)
    match detail["type"]:
        case "missing":
            return Misfit(place, "nothing", "a value: it is required")
        case "extra_forbidden":
            return Misfit(place, shown(detail["input"]), _another_key(str(place[-1])))
        case "criterion":
            return Misfit(place, shown(detail["input"]), EXPECTED_CRITERION)
        case "literal_error" if place[-1] == "class":
            return Misfit(place, shown(detail["input"]), "'contact', 'deal' or 'engagement'")
        case known if known in _PLAIN:
            return Misfit(place, shown(detail["input"]), _PLAIN[known])
        case _:
            return Misfit(place, shown(detail["input"]), detail["msg"].removeprefix("Input should be "))


def _another_key(key: str) -> str:
    """No such key; perhaps one that the document knows elsewhere was meant."""
    schema = json_schema()
    tables = [schema, *schema["$defs"].values()]
    known = sorted({name for table in tables for name in table.get("properties", ())})
    near = get_close_matches(key, known, cutoff=0.75)
    return f"no such key here; {near[0]} is one" if near and near[0] != key else "no such key here"
