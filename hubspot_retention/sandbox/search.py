"""The search API: filters, one sort, pages of 200, ten thousand results and no more (fewer where the options say so).

Search sees the portal a moment late. Source: HubSpot's guide to searching the CRM (2026-04), "Limits".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from hubspot_retention.sandbox.calls import Call, Reply, answer, invalid
from hubspot_retention.sandbox.filters import Predicate, filter_groups, predicate
from hubspot_retention.sandbox.index import Before
from hubspot_retention.sandbox.object_types import ObjectType
from hubspot_retention.sandbox.serial import shape_for, shown
from hubspot_retention.sandbox.tables import Table, Values
from hubspot_retention.sandbox.values import comparable

_PAGE = 200
_LONGEST_BODY = 3_000
_HIGHEST_ID = 2**62

Group = tuple[int, int, list[Predicate]]
"""The ids between which a group of filters can match, and its other filters."""


def search(call: Call) -> Reply:
    """POST /crm/objects/{type}/search."""
    if len(call.body.decode("utf-8", "replace")) > _LONGEST_BODY:
        raise invalid(f"The request body must not be longer than {_LONGEST_BODY} characters")
    kind, body = call.kind(), call.object()
    limit, start = _number(body, "limit", 10), _number(body, "after", 0)
    if not 1 <= limit <= _PAGE:
        raise invalid(f"The limit must be between 1 and {_PAGE}, found {limit}", code="INVALID_LIMIT")
    most = call.options.search_results
    if start + limit > most:
        raise invalid(f"Paging past {most} results of a search is not supported")
    table = call.portal.tables[kind.name]
    overrides = call.portal.index.overrides(table, stale=call.stale)
    total, ids = _page(call, table, overrides, body, slice(start, start + limit))
    asked = [str(name) for name in body.get("properties") or []]
    shape = shape_for(call.portal, kind.name, asked)
    rows = [shown(call.portal, kind.name, (record_id, _seen(table, overrides, record_id)), shape) for record_id in ids]
    found: dict[str, Any] = {"total": total, "results": rows}
    if start + limit < total:
        found["paging"] = {"next": {"after": str(start + limit)}}
    return answer(found)


def _page(
    call: Call, table: Table, overrides: Mapping[str, Before], body: Mapping[str, Any], window: slice
) -> tuple[int, list[str]]:
    """How many records match, and those of the page. What asks for nothing but ids is cut out of their order."""
    kind = table.kind
    groups = [_group(call, kind, filters) for filters in filter_groups(body)] or [(0, _HIGHEST_ID, [])]
    plain = len(groups) == 1 and not groups[0][2] and not overrides and not body.get("query")
    name, descending = _sort(body)
    if plain and name in ("", "hs_object_id"):
        return table.stretch(groups[0][0], groups[0][1], window, descending=descending)
    ids = _matching(table, overrides, groups, str(body.get("query") or "").lower())
    ids = _sorted(call, table, ids, body)
    return len(ids), ids[window]


def _sort(body: Mapping[str, Any]) -> tuple[str, bool]:
    """The property to sort by, if any, and whether the largest comes first."""
    sorts = body.get("sorts") or []
    if len(sorts) > 1:
        raise invalid("Only one sort is supported")
    if not sorts:
        return "", False
    rule = sorts[0]
    if isinstance(rule, str):
        return rule, False
    return str(rule.get("propertyName", "")), rule.get("direction") == "DESCENDING"


def _number(body: Mapping[str, Any], name: str, default: int) -> int:
    raw = body.get(name, default)
    text = str(default if raw in (None, "") else raw)
    if not text.isdigit():
        raise invalid(f"Invalid value for {name}: {text[:40]}", code="INVALID_INTEGER")
    return int(text)


def _seen(table: Table, overrides: Mapping[str, Before], record_id: str) -> Values:
    before = overrides.get(record_id)
    return table.live[record_id] if before is None else before


def _matching(table: Table, overrides: Mapping[str, Before], groups: Sequence[Group], words: str) -> list[str]:
    least, most = min(group[0] for group in groups), max(group[1] for group in groups)
    ids = table.between(least, most)
    if overrides:
        old = [record_id for record_id, before in overrides.items() if before is not None]
        ids = sorted({*ids, *(each for each in old if least <= int(each) <= most)} - _unseen(overrides), key=int)
    return [each for each in ids if _matches(each, _seen(table, overrides, each), groups, words)]


def _unseen(overrides: Mapping[str, Before]) -> set[str]:
    return {record_id for record_id, before in overrides.items() if before is None}


def _matches(record_id: str, values: Values, groups: Sequence[Group], words: str) -> bool:
    if words and not any(words in value.lower() for value in values.values()):
        return False
    return any(
        least <= int(record_id) <= most and all(test(record_id, values) for test in tests)
        for least, most, tests in groups
    )


def _group(call: Call, kind: ObjectType, filters: list[Mapping[str, Any]]) -> Group:
    """The filters of a group, those on the record id as a range: a portal of a million is searched by
    ranges.
    """
    least, most, tests = 0, _HIGHEST_ID, []
    for raw in filters:
        low, high = _id_range(raw)
        if (low, high) == (0, _HIGHEST_ID):
            tests.append(predicate(call, kind, raw))
        least, most = max(least, low), min(most, high)
    return least, most, tests


def _id_range(raw: Mapping[str, Any]) -> tuple[int, int]:
    value, high = str(raw.get("value", "")), str(raw.get("highValue", ""))
    if raw.get("propertyName") != "hs_object_id" or not value.isdigit():
        return 0, _HIGHEST_ID
    match raw.get("operator"):
        case "EQ":
            return int(value), int(value)
        case "GT":
            return int(value) + 1, _HIGHEST_ID - 1
        case "GTE":
            return int(value), _HIGHEST_ID - 1
        case "LT":
            return 0, int(value) - 1
        case "LTE":
            return 0, int(value)
        case "BETWEEN" if high.isdigit():
            return int(value), int(high)
        case _:
            return 0, _HIGHEST_ID


def _sorted(call: Call, table: Table, ids: list[str], body: Mapping[str, Any]) -> list[str]:
    """The ids by the values of a property; those without one come last."""
    name, descending = _sort(body)
    if name in ("", "hs_object_id"):
        return ids[::-1] if descending else ids
    definition = call.portal.definitions.live(table.kind.name, name)
    if definition is None:
        raise invalid(f"There was a problem with the request: property {name[:60]} does not exist")
    empty: list[str] = []
    valued: list[tuple[Any, str]] = []
    for record_id in ids:
        text = table.live.get(record_id, {}).get(name)
        key = None if text is None else comparable(definition, text)
        if key is None:
            empty.append(record_id)
        else:
            valued.append((key, record_id))
    valued.sort(key=lambda pair: pair[0], reverse=descending)
    return [record_id for _, record_id in valued] + empty
