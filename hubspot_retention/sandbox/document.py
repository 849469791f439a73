"""Reading a portal document: the JSON form in which portals are written down for tests, rehearsals and the
demo.

    {"portal": {"id", "timeZone", "accountType", "tier"},
     "subscriptionTypes": [{"id", "name", "newsletter"?}],
     "contacts": [{"id", "properties", "subscriptions"?, "mergedIds"?, "archived"?, "archivedAt"?}],
     "companies" | "deals" | "tickets" | "notes" | "emails" | "calls" | "meetings" | "tasks": the same,
     "owners": [...], "files": [...],
     "associations": [{"from": "contacts/1", "to": "deals/2", "primary"?, "label"?}]}

Keys that are not known are left alone, so that a document can carry remarks.
"""

import gc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hubspot_retention.sandbox.clock import instant_text, parse_instant
from hubspot_retention.sandbox.links import FIRST, PLAIN, Links
from hubspot_retention.sandbox.object_types import OBJECT_TYPES
from hubspot_retention.sandbox.options import SandboxOptions, Tier
from hubspot_retention.sandbox.state import Account, Portal
from hubspot_retention.sandbox.subscriptions import Subscriptions, SubscriptionState, SubscriptionType
from hubspot_retention.sandbox.tables import Binned, Values
from hubspot_retention.sandbox.values import as_text, in_wire_form, loaded

_STATES = ("SUBSCRIBED", "UNSUBSCRIBED", "NOT_SPECIFIED")
_ACCOUNT_TYPES = ("STANDARD", "DEVELOPER_TEST", "SANDBOX", "APP_DEVELOPER")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with a document: where, what stands there, what should."""

    path: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: found {self.found}, expected {self.expected}"


class DocumentError(Exception):
    """A document that describes no portal; `problems` lists all that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def read_document(document: Mapping[str, Any], options: SandboxOptions, *, given_away: bool = False) -> Portal:
    """The portal that a document describes. Raises DocumentError with all of its problems.

    A document that is `given_away` is used up: its dicts become the records and its lists are emptied on the way,
    which spares a large portal half of its memory. The collector rests meanwhile: it would walk millions of records
    again and again.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _Reader(document, options, given_away=given_away).portal()
    finally:
        if collecting:
            gc.enable()


def _consumed(rows: Sequence[Any]) -> Iterator[Any]:
    """The rows of a list in order, each dropped from it as it comes."""
    left = rows if isinstance(rows, list) else list(rows)
    left.reverse()
    while left:
        yield left.pop()


class _Reader:
    def __init__(self, document: Mapping[str, Any], options: SandboxOptions, *, given_away: bool) -> None:
        self._document = document
        self._options = options
        self._given_away = given_away
        self._problems: list[Problem] = []
        self._ids: dict[str, dict[str, str]] = {}

    def portal(self) -> Portal:
        portal = Portal(self._account(), self._subscription_types(), self._options)
        archived: dict[tuple[str, str], str] = {}
        for name in OBJECT_TYPES:
            self._records(portal, name, archived)
        self._associations(portal)
        for side, kept in (("owners", portal.owners), ("files", portal.files)):
            for path, row in self._rows(side):
                record_id = as_text(row.get("id"))
                if self._expect(bool(record_id), f"{path}.id", row.get("id"), "an id"):
                    kept[str(record_id)] = dict(row)
        if self._problems:
            raise DocumentError(self._problems)
        for (name, record_id), at in archived.items():
            table = portal.tables[name]
            links = tuple(portal.links.detach(name, record_id))
            table.bin[record_id] = Binned(values=table.remove(record_id), archived_at=at, links=links)
        return portal

    def _expect(self, right: bool, path: str, found: object, expected: str) -> bool:
        if not right:
            self._problems.append(Problem(path=path, found=repr(found)[:80], expected=expected))
        return right

    def _rows(self, key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        rows = self._document.get(key, [])
        if not self._expect(isinstance(rows, list | tuple), key, rows, "a list"):
            return
        for position, row in enumerate(_consumed(rows) if self._given_away else rows):
            path = f"{key}[{position}]"
            if self._expect(isinstance(row, Mapping), path, row, "an object"):
                yield path, row

    def _account(self) -> Account:
        raw = self._document.get("portal")
        if not self._expect(isinstance(raw, Mapping), "portal", raw, "an object with id, timeZone, accountType, tier"):
            raw = {}
        assert raw is not None
        portal_id = raw.get("id", 0)
        self._expect(isinstance(portal_id, int) and portal_id > 0, "portal.id", raw.get("id"), "a positive number")
        zone, kind = raw.get("timeZone", "UTC"), raw.get("accountType", "STANDARD")
        self._expect(isinstance(zone, str), "portal.timeZone", zone, "the name of a time zone")
        self._expect(kind in _ACCOUNT_TYPES, "portal.accountType", kind, " or ".join(_ACCOUNT_TYPES))
        tier = self._options.tier or raw.get("tier", Tier.PROFESSIONAL)
        known = tier in [str(each) for each in Tier]
        self._expect(known, "portal.tier", tier, " or ".join(Tier))
        return Account(id=portal_id, time_zone=zone, type=kind, tier=Tier(tier) if known else Tier.PROFESSIONAL)

    def _subscription_types(self) -> Subscriptions:
        subscriptions = Subscriptions()
        for path, row in self._rows("subscriptionTypes"):
            kind_id, name = row.get("id"), row.get("name")
            text = as_text(kind_id) or ""
            if self._expect(text.isdigit(), f"{path}.id", kind_id, "a number") and self._expect(
                isinstance(name, str) and name != "", f"{path}.name", name, "a name"
            ):
                subscriptions.types[int(text)] = SubscriptionType(
                    id=int(text), name=str(name), newsletter=row.get("newsletter")
                )
        return subscriptions

    def _records(self, portal: Portal, name: str, archived: dict[tuple[str, str], str]) -> None:
        table, records = portal.tables[name], dict[str, Values]()
        for path, row in self._rows(name):
            record_id = as_text(row.get("id")) or ""
            if not self._expect(record_id.isdigit(), f"{path}.id", row.get("id"), "a number, as a string"):
                continue
            if not self._expect(record_id not in records, f"{path}.id", record_id, "an id that no other record has"):
                continue
            values = self._values(portal, name, path, row)
            merged = self._merged(portal, name, path, (record_id, row))
            if merged and "hs_merged_object_ids" not in values:
                values = {**values, "hs_merged_object_ids": ";".join(merged)}
            records[record_id] = values
            if row.get("archived"):
                archived[name, record_id] = instant_text(parse_instant(str(row.get("archivedAt", ""))) or portal.now())
            if name == "contacts":
                self._states(portal, path, row, values)
        self._emails_differ(name, records)
        table.fill(records)
        self._ids[name] = {record_id: record_id for record_id in records}  # links share the ids of their records
        table.reserve([*records, *table.merged])

    def _values(self, portal: Portal, name: str, path: str, row: Mapping[str, Any]) -> Values:
        raw = row.get("properties", {})
        if not self._expect(isinstance(raw, Mapping), f"{path}.properties", raw, "an object"):
            return {}
        definitions = portal.definitions.known(name)
        odd = [prop for prop, value in raw.items() if not in_wire_form(definitions.get(prop), value)]
        values: Values = raw if self._given_away and not odd else dict(raw)
        for prop in odd:
            text = as_text(values.pop(prop))
            if text is None:
                scalar = "a string, a number, true, false or null"
                self._expect(raw[prop] is None, f"{path}.properties.{prop}", raw[prop], scalar)
            elif text != "":
                definition = definitions.get(prop)
                values[prop] = text if definition is None else loaded(definition, text)
        return values

    def _merged(self, portal: Portal, name: str, path: str, record: tuple[str, Mapping[str, Any]]) -> list[str]:
        record_id, row = record
        found: list[str] = []
        merged = row.get("mergedIds", [])
        if self._expect(isinstance(merged, list | tuple), f"{path}.mergedIds", merged, "a list of ids"):
            for each in merged:
                text = as_text(each) or ""
                if self._expect(text.isdigit(), f"{path}.mergedIds", each, "a number, as a string"):
                    portal.tables[name].merged[text] = record_id
                    found.append(text)
        return found

    def _emails_differ(self, name: str, records: dict[str, Values]) -> None:
        seen: dict[str, str] = {}
        if name != "contacts":
            return
        for record_id, values in records.items():
            address = values.get("email", "").lower()
            if address:
                first = seen.setdefault(address, record_id)
                self._expect(
                    first == record_id,
                    f"contacts/{record_id}.email",
                    "the address of another",
                    "an address of its own",
                )

    def _states(self, portal: Portal, path: str, row: Mapping[str, Any], values: Values) -> None:
        rows = row.get("subscriptions", [])
        if not self._expect(isinstance(rows, list | tuple), f"{path}.subscriptions", rows, "a list"):
            return
        for position, state in enumerate(rows):
            self._state(portal, f"{path}.subscriptions[{position}]", state, values.get("email", ""))

    def _state(self, portal: Portal, path: str, row: object, address: str) -> None:
        if not isinstance(row, Mapping):
            self._expect(False, path, row, "an object")
            return
        raw = row.get("timestamp")
        at = None if raw is None else parse_instant(str(raw))
        known = row.get("status") in _STATES
        kind = as_text(row.get("subscriptionId")) or ""
        right = [
            self._expect(
                address != "",
                path,
                "a state of a contact without email",
                "an email, which a state belongs to",
            ),
            self._expect(known, f"{path}.status", row.get("status"), " or ".join(_STATES)),
            self._expect(raw is None or at is not None, f"{path}.timestamp", raw, "an instant of ISO 8601, or nothing"),
            "wide" in row
            or self._expect(
                kind.isdigit() and int(kind) in portal.subscriptions.types,
                f"{path}.subscriptionId",
                row.get("subscriptionId"),
                "the id of one of the subscriptionTypes",
            ),
        ]
        if not all(right):
            return
        state = SubscriptionState(
            status=str(row["status"]),
            timestamp=None if at is None else instant_text(at),
            source=str(row.get("source", "Not specified")),
            legal_basis=row.get("legalBasis"),
            legal_basis_explanation=row.get("legalBasisExplanation"),
        )
        if "wide" in row:
            portal.subscriptions.put_wide(address, state)
        else:
            portal.subscriptions.put(address, int(kind), state)

    def _associations(self, portal: Portal) -> None:
        for path, row in self._rows("associations"):
            first = self._end(portal, f"{path}.from", row.get("from"))
            second = self._end(portal, f"{path}.to", row.get("to"))
            if first is None or second is None:
                continue
            pair = f"{first[0]} with {second[0]}"
            if not self._expect(Links.possible(first[0], second[0]), path, pair, "types that HubSpot associates"):
                continue
            kind = FIRST if row.get("primary") else str(row.get("label") or PLAIN)
            if kind == FIRST and not self._expect(
                "companies" in (first[0], second[0]) and first[0] != second[0],
                f"{path}.primary",
                pair,
                "a company",
            ):
                continue
            portal.links.join(first, second, kind)
            if kind == FIRST and row.get("label"):
                portal.links.join(first, second, str(row["label"]))

    def _end(self, portal: Portal, path: str, raw: object) -> tuple[str, str] | None:
        name, _, record_id = str(raw).partition("/")
        table = portal.tables.get(name)
        if table is None or record_id not in table.live:
            self._expect(False, path, raw, "a record of this document, such as contacts/101")
            return None
        return name, self._ids[name][record_id]
