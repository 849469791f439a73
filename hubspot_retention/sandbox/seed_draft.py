"""The portal under construction: makes the records of an invented company, keeps the document's lists.

A million contacts must fit in memory: dates, names and texts come from shared tables, and a record is a small
dict. Days are counted back from the as-of day (see `Days`); a path like `contacts/1001` stands for a record.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NotRequired, TypedDict, TypeVar

from hubspot_retention.sandbox import seed_names as names
from hubspot_retention.sandbox.seed_series import Days, IdSequence

NEWSLETTER = 501
OPERATIONAL = 502

_ENGAGEMENTS = ("notes", "emails", "calls", "meetings", "tasks")
_ENGAGEMENT_MIX = ("emails",) * 10 + ("notes",) * 4 + ("calls",) * 3 + ("meetings",) * 2 + ("tasks",)
_ACTIVITIES = (
    "hs_last_sales_activity_timestamp",
    "hs_last_sales_activity_timestamp",
    "notes_last_contacted",
    "recent_conversion_date",
    "hs_email_last_click_date",
    "hs_email_last_reply_date",
    "hs_sales_email_last_replied",
    "hs_analytics_last_visit_timestamp",
)
_LIVELY_FIRMS = 40  # new people turn up at one of the firms added lately

T = TypeVar("T")


class Record(TypedDict):
    """One object of the document; `case` says its situation, `mergedIds` the ids that were merged into it."""

    id: str
    properties: dict[str, str]
    case: NotRequired[str]
    subscriptions: NotRequired[list[dict[str, str | int]]]
    mergedIds: NotRequired[list[str]]


class Draft:
    """Collects the records of one portal, all of them drawn from one random sequence."""

    def __init__(self, rng: random.Random, today: date) -> None:
        self._random = rng.random
        self.days = Days(rng, today)
        self.at, self.on = self.days.at, self.days.on
        classes = ("companies", "contacts", "deals", "tickets", *_ENGAGEMENTS, "files")
        self.records: dict[str, list[Record]] = {name: [] for name in classes}
        self.associations: list[dict[str, str | bool]] = []
        starts = (("companies", 201), ("contacts", 1001), ("deals", 5001), ("tickets", 301), ("files", 901))
        self._ids = {name: IdSequence(rng, start) for name, start in starts}
        self._engagement_ids = IdSequence(rng, 70001)  # HubSpot numbers the five types in one row
        self._prospects: list[str] = []
        self._customers: list[str] = []
        self._first_names = [(name, names.plain(name)) for name in names.FIRST_NAMES]
        self._last_names = [(name, names.plain(name)) for name in names.LAST_NAMES]
        self.owners = _owners(rng)
        self._owner_ids = [owner["id"] for owner in self.owners]

    def between(self, low: int, high: int) -> int:
        return low + int(self._random() * (high - low + 1))

    def chance(self, share: float) -> bool:
        return self._random() < share

    def pick(self, pool: Sequence[T]) -> T:
        return pool[int(self._random() * len(pool))]

    def contact(self, case: str, stage: str, seen: int, extra: Mapping[str, str] | None = None) -> str:
        """A person last active `seen` days ago and created some time before that."""
        first, plain_first = self.pick(self._first_names)
        last, plain_last = self.pick(self._last_names)
        contact_id = self._ids["contacts"].take()
        properties = {
            "createdate": self.at(seen + self.between(5, 1500)),
            "lastmodifieddate": self.at(self.between(1, 30)),
            "firstname": first,
            "lastname": last,
            "email": f"{plain_first}.{plain_last}{contact_id}@example.dk",
            "jobtitle": self.pick(names.JOB_TITLES),
            "lifecyclestage": stage,
            "hs_email_optout": "false",
            self.pick(_ACTIVITIES): self.at(seen),
        }
        if self.chance(0.9):
            properties["hubspot_owner_id"] = self.pick(self._owner_ids)
        if extra:
            properties.update(extra)
        self.records["contacts"].append({"id": contact_id, "case": case, "properties": properties, "subscriptions": []})
        return f"contacts/{contact_id}"

    def latest_contact(self) -> Record:
        return self.records["contacts"][-1]

    def merged_contact_id(self) -> str:
        """The id of a contact that is no more because it was merged into another: no record bears it."""
        return self._ids["contacts"].take()

    def company(self, stage: str, extra: Mapping[str, str] | None = None) -> str:
        company_id = self._ids["companies"].take()
        name, trade = self.pick(names.FIRM_NAMES), self.pick(names.FIRM_TRADES)
        properties = {
            "name": f"{name} {trade} {self.pick(names.FIRM_FORMS)}",
            "domain": f"{names.plain(name)}-{names.plain(trade)}-{company_id}.example.dk",
            "createdate": self.at(self.between(1600, 4000)),
            "hs_lastmodifieddate": self.at(self.between(1, 60)),
            "lifecyclestage": stage,
        }
        if extra:
            properties.update(extra)
        self.records["companies"].append({"id": company_id, "properties": properties})
        return f"companies/{company_id}"

    def prospect(self) -> str:
        """A firm that was never a customer; leads share it."""
        return self._shared_firm(self._prospects, "lead", 0.13)

    def customer(self) -> str:
        """A firm that is a customer without an end; its people share it."""
        return self._shared_firm(self._customers, "customer", 0.5)

    def deal(self, case: str, created: int, stage: str, extra: Mapping[str, str] | None = None) -> str:
        """A deal created so many days ago, in a stage of HubSpot's default pipeline."""
        deal_id = self._ids["deals"].take()
        properties = {
            "createdate": self.at(created),
            "hs_lastmodifieddate": self.at(self.between(1, 60)),
            "dealname": self.pick(names.SUBJECTS),
            "amount": str(self.between(5, 400) * 500),
            "pipeline": "default",
            "dealstage": stage,
            "hs_is_closed": "true" if stage.startswith("closed") else "false",
            "hs_is_closed_won": "true" if stage == "closedwon" else "false",
        }
        if extra:
            properties.update(extra)
        self.records["deals"].append({"id": deal_id, "case": case, "properties": properties})
        return f"deals/{deal_id}"

    def ticket(self, created: int) -> str:
        ticket_id = self._ids["tickets"].take()
        properties = {
            "createdate": self.at(created),
            "hs_lastmodifieddate": self.at(self.between(1, 60)),
            "subject": self.pick(names.SUBJECTS),
            "content": self.pick(names.TEXTS),
            "hs_pipeline": "0",
            "hs_pipeline_stage": "4",
        }
        self.records["tickets"].append({"id": ticket_id, "properties": properties})
        return f"tickets/{ticket_id}"

    def file(self) -> str:
        """An uploaded document; returns its bare id, as `hs_attachment_ids` wants it."""
        file_id = self._ids["files"].take()
        properties = {
            "name": f"{self.pick(names.FILE_NAMES)}-{file_id}",
            "extension": "pdf",
            "type": "DOCUMENT",
            "size": str(self.between(20, 4000) * 1024),
        }
        self.records["files"].append({"id": file_id, "properties": properties})
        return file_id

    def engagement(self, kind: str, days_ago: int, links: Sequence[str], attachments: str = "") -> None:
        """An engagement of that day on all of `links`; `attachments` as HubSpot lists them: `901;907`."""
        engagement_id = self._engagement_ids.take()
        instant = self.at(days_ago)
        properties = {
            "hs_createdate": instant,
            "hs_lastmodifieddate": instant,
            "hs_timestamp": instant,
            "hubspot_owner_id": self.pick(self._owner_ids),
            **self._content(kind),
        }
        if attachments:
            properties["hs_attachment_ids"] = attachments
        self.records[kind].append({"id": engagement_id, "properties": properties})
        for target in links:
            self.link(f"{kind}/{engagement_id}", target)

    def correspondence(self, latest: int, links: Sequence[str], most: int = 3) -> None:
        """One to `most` engagements of any kind on all of `links`, none later than `latest` days ago."""
        for _ in range(self.between(1, most)):
            self.engagement(self.pick(_ENGAGEMENT_MIX), latest + self.between(0, 200), links)

    def link(self, source: str, target: str, *, primary: bool = False) -> None:
        association: dict[str, str | bool] = {"from": source, "to": target}
        if primary:
            association["primary"] = True
        self.associations.append(association)

    def _content(self, kind: str) -> dict[str, str]:
        if kind == "notes":
            return {"hs_note_body": self.pick(names.TEXTS)}
        subject, text, state = names.ENGAGEMENT_FIELDS[kind]
        states = names.ENGAGEMENT_STATES[kind]
        return {subject: self.pick(names.SUBJECTS), text: self.pick(names.TEXTS), state: self.pick(states)}

    def _shared_firm(self, firms: list[str], stage: str, new: float) -> str:
        if not firms or self.chance(new):
            firms.append(self.company(stage))
        return firms[-1 - int(self._random() * min(len(firms), _LIVELY_FIRMS))]


def _owners(rng: random.Random) -> list[dict[str, str]]:
    """The users who look after contacts, flat as HubSpot's owners are."""
    ids = IdSequence(rng, 88001)
    return [
        {
            "id": ids.take(),
            "email": f"{names.plain(first)}.{names.plain(last)}@example.dk",
            "firstName": first,
            "lastName": last,
            "userId": str(4001 + place),
        }
        for place, (first, last) in enumerate(names.OWNER_NAMES)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A situation of the policy: what builds it, how often among 2,000 contacts, how many of them it adds."""

    build: Callable[[Draft], None]
    per_2000: float
    people: int = 1
