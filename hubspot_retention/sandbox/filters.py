"""What a search matches: HubSpot's operators over the values of a record."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from hubspot_retention.sandbox.calls import Call, invalid, kind_named
from hubspot_retention.sandbox.definitions import PropertyDefinition
from hubspot_retention.sandbox.object_types import ObjectType, object_type
from hubspot_retention.sandbox.tables import Values
from hubspot_retention.sandbox.values import comparable

Predicate = Callable[[str, Values], bool]
"""Whether a record, by id and values, matches."""

_MOST_GROUPS = 5
_MOST_FILTERS = 6
_MOST_TOTAL = 18
_COMPARISONS = ("EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN")
_WORD = re.compile(r"[\w*]+", re.UNICODE)


def filter_groups(body: Mapping[str, Any]) -> list[list[Mapping[str, Any]]]:
    """The filters of a search, in their groups; a 400 if they are too many."""
    raw = body.get("filterGroups") or []
    if not isinstance(raw, list) or not all(isinstance(group, Mapping) for group in raw):
        raise invalid("filterGroups must be a list of objects", code="INVALID_JSON")
    groups = [list(group.get("filters") or []) for group in raw]
    if body.get("filters"):
        groups.append(list(body["filters"]))
    if len(groups) > _MOST_GROUPS:
        raise invalid(f"Too many filterGroups: {len(groups)}, at most {_MOST_GROUPS} are supported")
    if any(len(group) > _MOST_FILTERS for group in groups):
        raise invalid(f"Too many filters in a filterGroup, at most {_MOST_FILTERS} are supported")
    if sum(len(group) for group in groups) > _MOST_TOTAL:
        raise invalid(f"Too many filters, at most {_MOST_TOTAL} are supported in total")
    return groups


def predicate(call: Call, kind: ObjectType, raw: Mapping[str, Any]) -> Predicate:
    """What one filter matches; a 400 for an unknown property or operator, or values that do not go with
    it.
    """
    name, operator = str(raw.get("propertyName", "")), str(raw.get("operator", ""))
    if name.startswith("associations."):
        return _associated(call, kind, name.removeprefix("associations."), raw)
    definition = call.portal.definitions.live(kind.name, name)
    if definition is None:
        raise invalid(f"There was a problem with the request: property {name[:60]} does not exist")
    if operator == "HAS_PROPERTY":
        return lambda _, values: name == "hs_object_id" or name in values
    if operator == "NOT_HAS_PROPERTY":
        return lambda _, values: name != "hs_object_id" and name not in values
    if operator in ("IN", "NOT_IN"):
        return _in(definition, raw, negated=operator == "NOT_IN")
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        return _contains(name, str(raw.get("value", "")), negated=operator.startswith("NOT"))
    if operator in _COMPARISONS:
        return _compared(definition, operator, raw)
    raise invalid(f"Invalid operator: {operator[:40]}", code="INVALID_OPERATOR")


def _value(record_id: str, values: Values, name: str) -> str | None:
    return record_id if name == "hs_object_id" else values.get(name)


def _bound(definition: PropertyDefinition, raw: Mapping[str, Any], key: str) -> Any:
    given = raw.get(key)
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise invalid(f"A filter on {definition.name} needs a {key}", code="REQUIRED_FIELD")
    found = _for_comparison(definition, str(given))
    if found is None:
        raise invalid(f"Invalid {key} for {definition.name}: {str(given)[:40]}", code="INVALID_VALUE")
    return found


def _for_comparison(definition: PropertyDefinition, text: str) -> Any:
    """Enumerations are case-sensitive, texts are not, numbers and instants compare as such."""
    return text if definition.type == "enumeration" else comparable(definition, text)


def _compared(definition: PropertyDefinition, operator: str, raw: Mapping[str, Any]) -> Predicate:
    name, bound = definition.name, _bound(definition, raw, "value")
    if operator == "NEQ":
        equal = _compared(definition, "EQ", raw)
        return lambda record_id, values: not equal(record_id, values)
    high = _bound(definition, raw, "highValue") if operator == "BETWEEN" else bound
    test: dict[str, Callable[[Any], bool]] = {
        "EQ": lambda found: bool(found == bound),
        "LT": lambda found: bool(found < bound),
        "LTE": lambda found: bool(found <= bound),
        "GT": lambda found: bool(found > bound),
        "GTE": lambda found: bool(found >= bound),
        "BETWEEN": lambda found: bool(bound <= found <= high),
    }
    compare = test[operator]

    def matches(record_id: str, values: Values) -> bool:
        text = _value(record_id, values, name)
        found = None if text is None else _for_comparison(definition, text)
        return found is not None and compare(found)

    return matches


def _in(definition: PropertyDefinition, raw: Mapping[str, Any], *, negated: bool) -> Predicate:
    """On texts the values must be given in lower case, as in HubSpot."""
    listed, name = raw.get("values"), definition.name
    if not isinstance(listed, list) or not listed:
        raise invalid(f"A filter on {name} with IN needs values", code="REQUIRED_FIELD")
    texts = {str(value) for value in listed}

    def matches(record_id: str, values: Values) -> bool:
        text = _value(record_id, values, name)
        if text is None:
            return False
        found = text.lower() if definition.type == "string" else text
        return (found in texts) is not negated

    return matches


def _contains(name: str, token: str, *, negated: bool) -> Predicate:
    pattern = re.compile(re.escape(token.lower()).replace(r"\*", ".*"))

    def matches(record_id: str, values: Values) -> bool:
        text = (_value(record_id, values, name) or "").lower()
        found = pattern.fullmatch(text) or any(pattern.fullmatch(word) for word in _WORD.findall(text))
        return bool(found) is not negated

    return matches


def _associated(call: Call, kind: ObjectType, target: str, raw: Mapping[str, Any]) -> Predicate:
    other = object_type(target) or kind_named(target)
    ends = call.portal.links.pair(kind.name, other.name)
    operator = raw.get("operator")
    if operator == "EQ":
        wanted = {str(raw.get("value", ""))}
    elif operator == "IN":
        wanted = {str(value) for value in raw.get("values") or []}
    else:
        raise invalid(f"Invalid operator for associations: {operator}", code="INVALID_OPERATOR")
    return lambda record_id, _: not wanted.isdisjoint(ends.get(record_id, ()))
