"""What the parts of a document make of each other: keys that belong together, values that cannot both be.

Reads the raw tables, whatever their state, so that these problems are told together with those that
`document.py` finds in single values. What is misshapen is passed over here, because it is told there.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hubspot_retention.core.civil import Period
from hubspot_retention.core.policy.document import AllGuardrailsTable, OptOutSourcesTable
from hubspot_retention.core.policy.document_sources import SourcesTable
from hubspot_retention.core.policy.lengths import BIN_DAYS, always_longer, length_bounds, room_after_bin
from hubspot_retention.core.policy.problem import Misfit, Place, shown

Raw = Mapping[str, Any]

_KEEP_FROM: Final = ("from", "from_financial_year_end_of")
_NEEDS_DISPOSE: Final = ("outweighed_is_referred", "refer_if_later", "guardrails")
_SHORT_MONTHS: Final = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


def misfits(raw: Raw) -> Iterator[Misfit]:
    """All that does not fit together."""
    rules = raw.get("rules")
    numbered = [(index, rule) for index, rule in enumerate(rules if isinstance(rules, list) else ())]
    tables = [(index, rule) for index, rule in numbered if isinstance(rule, Mapping)]
    limits = _table(raw, "guardrails")
    yield from _financial_year_end(_table(raw, "financial_year_end"))
    yield from _stages(_table(raw, "relationship"))
    yield from _opt_out_sources(_table(raw, "opt_out_sources"))
    yield from _sources(_table(raw, "sources"))
    yield from _guardrails(limits, None, ("guardrails",))
    yield from _repeated_ids(tables)
    classes = {str(rule.get("class")) for _, rule in tables}
    for index, rule in tables:
        place: Place = ("rules", index)
        if rule.get("class") == "engagement":
            yield from _follows(rule, classes, place)
            continue
        yield from _keep(rule, place)
        yield from _dispose(rule, place)
        yield from _parts(rule, place)
        yield from _guardrails(_table(rule, "guardrails"), limits, (*place, "guardrails"))


def _table(raw: Raw, key: str) -> Raw:
    found = raw.get(key)
    return found if isinstance(found, Mapping) else {}


def _period(value: object) -> Period | None:
    try:
        return Period.parse(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _financial_year_end(table: Raw) -> Iterator[Misfit]:
    month, day = table.get("month"), table.get("day", 31)
    last = _SHORT_MONTHS.get(month) if isinstance(month, int) else None
    if last is not None and isinstance(day, int) and last < day <= 31:
        yield Misfit(("financial_year_end", "day"), str(day), f"a day of month {month}, at most {last}")


def _texts(table: Raw, key: str, default: list[str]) -> list[str]:
    found = table.get(key, default)
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []


def _stages(table: Raw) -> Iterator[Misfit]:
    both = set(_texts(table, "customer_stages", ["customer"])) & set(_texts(table, "ended_stages", []))
    if both:
        place = ("relationship", "ended_stages")
        yield Misfit(place, shown(sorted(both)), "stages that are not among customer_stages")


def _opt_out_sources(table: Raw) -> Iterator[Misfit]:
    seen: dict[str, str] = {}
    for name, field in OptOutSourcesTable.model_fields.items():
        key = field.alias or name
        for text in _texts(table, key, field.default):
            first = seen.setdefault(text.casefold(), key)
            if first != key:
                yield Misfit(("opt_out_sources", key), shown(text), f"a source that is not among {first} already")


def _sources(table: Raw) -> Iterator[Misfit]:
    """One property cannot be two facts (lists aside: an activity may well be a conversation too)."""
    for name, of_class in SourcesTable.model_fields.items():
        seen: dict[str, str] = {}
        given = _table(table, name)
        fields = of_class.annotation.model_fields if of_class.annotation else {}
        for key, field in fields.items():
            value = given.get(key, field.default)
            if isinstance(value, str) and seen.setdefault(value, key) != key:
                yield Misfit(("sources", name, key), shown(value), f"another property than that of {seen[value]}")


def _repeated_ids(rules: list[tuple[int, Raw]]) -> Iterator[Misfit]:
    seen: set[str] = set()
    for index, rule in rules:
        name = rule.get("id")
        if isinstance(name, str) and name in seen:
            yield Misfit(("rules", index, "id"), shown(name), f"an id of its own; rule {index + 1} repeats it")
        elif isinstance(name, str):
            seen.add(name)


def _follows(rule: Raw, classes: set[str], place: Place) -> Iterator[Misfit]:
    followed = rule.get("follows")
    if followed in ("contact", "deal") and followed not in classes:
        yield Misfit((*place, "follows"), shown(followed), f"a class with a rule of its own; none has class {followed}")


def _parts(rule: Raw, place: Place) -> Iterator[Misfit]:
    if "keep" not in rule and "dispose" not in rule:
        yield Misfit(place, "neither keep nor dispose", "keep, dispose or both")
    if "dispose" not in rule:
        for key in _NEEDS_DISPOSE:
            if rule.get(key):
                yield Misfit((*place, key), shown(rule[key]), "dispose beside it: it says something of a disposal")


def _keep(rule: Raw, place: Place) -> Iterator[Misfit]:
    keep = rule.get("keep")
    if not isinstance(keep, Mapping):
        return
    at = (*place, "keep")
    starts = [key for key in _KEEP_FROM if key in keep]
    if len(starts) > 1:
        yield Misfit(at, " and ".join(starts), "one of them")
    if "until_end_of" in keep and ("period" in keep or starts):
        yield Misfit(at, "until_end_of beside a period", "either until_end_of, or period and from")
    elif "period" in keep and not starts:
        yield Misfit(at, "period alone", "period with from or from_financial_year_end_of")
    elif starts and "period" not in keep:
        yield Misfit(at, f"{starts[0]} alone", "a period with it, or until_end_of instead")
    elif not any(key in keep for key in ("period", "until_end_of", "while")):
        yield Misfit(at, "nothing that says how long", "period and from, until_end_of, or while")


def _dispose(rule: Raw, place: Place) -> Iterator[Misfit]:
    dispose = rule.get("dispose")
    if not isinstance(dispose, Mapping):
        return
    at = (*place, "dispose")
    after = _period(dispose.get("after"))
    if after is not None and after.is_zero and not (dispose.get("right") is True or rule.get("exclusive") is True):
        expected = "a period longer than nothing; only a right or an exclusive rule disposes at once"
        yield Misfit((*at, "after"), shown(dispose["after"]), expected)
    if dispose.get("disposition") == "erase" and rule.get("class") == "deal":
        yield Misfit((*at, "disposition"), '"erase"', '"archive": HubSpot erases contacts only')
    if dispose.get("disposition") == "archive" or rule.get("class") == "deal":
        yield from _room(dispose.get("within"), (*at, "within"))
    yield from _review(dispose, after, at)


def _room(within: object, place: Place) -> Iterator[Misfit]:
    """An archive is complete when the bin's 90 days are over: the call must come 90 days before the end."""
    periods = within if isinstance(within, list) else [within]
    for index, text in enumerate(periods):
        period = _period(text)
        if period is not None and not period.is_zero and room_after_bin(period) <= 0:
            days = length_bounds(period)[0]
            expected = f"more than {BIN_DAYS} days, such as P4M: HubSpot's bin takes {BIN_DAYS}, this may be {days}"
            yield Misfit((*place, index) if isinstance(within, list) else place, shown(text), expected)


def _review(dispose: Raw, after: Period | None, at: Place) -> Iterator[Misfit]:
    ahead, owner = dispose.get("warn_ahead"), dispose.get("review") == "owner"
    if owner and ahead is None:
        yield Misfit((*at, "warn_ahead"), "nothing", "how long ahead the owner is warned, such as P30D")
    if ahead is not None and not owner:
        yield Misfit((*at, "warn_ahead"), shown(ahead), 'review = "owner" beside it')
    warned = _period(ahead)
    if owner and warned is not None and after is not None and always_longer(warned, after):
        yield Misfit((*at, "warn_ahead"), shown(ahead), f"no longer than after, {dispose['after']}")


def _guardrails(limits: Raw, general: Raw | None, place: Place) -> Iterator[Misfit]:
    """A share that can never count, and limits of a rule that the policy's own (`general`) undercut."""
    values: dict[str, float] = {}
    for key, field in AllGuardrailsTable.model_fields.items():
        policy_wide = (general or {}).get(key, field.default)
        value = limits.get(key, policy_wide)
        kinds = (int, float) if field.annotation is float else (int,)
        if not all(type(number) in kinds for number in (value, policy_wide)):
            continue
        values[key] = value
        if general is not None and key != "percent_from" and value > policy_wide:
            yield Misfit((*place, key), shown(value), f"no more than the policy's own limit, {policy_wide}")
    counted, most = values.get("percent_from"), values.get("max_disposals")
    if limits and counted is not None and most is not None and counted >= most:
        expected = f"less than max_disposals, {most}: else max_percent never counts"
        yield Misfit((*place, "percent_from"), shown(counted), expected)
