"""The state of a portal: records, associations, subscription states, definitions, and what hangs beside them.

One event loop serves the portal, so nothing here needs a lock. What changes the state stands in `writing.py`
(values) and `disposal.py` (archive, restore, erase, merge); what answers requests stands beside them and
changes nothing itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hubspot_retention.sandbox import clock
from hubspot_retention.sandbox.definitions import Definitions, standard_definitions
from hubspot_retention.sandbox.events import Events
from hubspot_retention.sandbox.history import Change, History
from hubspot_retention.sandbox.index import SearchIndex
from hubspot_retention.sandbox.links import Links
from hubspot_retention.sandbox.object_types import OBJECT_TYPES
from hubspot_retention.sandbox.options import SandboxOptions, Tier
from hubspot_retention.sandbox.origins import API, Origin
from hubspot_retention.sandbox.subscriptions import Subscriptions
from hubspot_retention.sandbox.tables import Table, Values
from hubspot_retention.sandbox.webhook_app import WebhookApp


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose portal it is, and on which edition of HubSpot."""

    id: int
    time_zone: str
    type: str
    tier: Tier


@dataclass(slots=True)
class StaticList:
    """A list of records, HubSpot's *segment*."""

    id: str
    name: str
    object_type: str
    processing: str
    created_at: str
    members: dict[str, str] = field(default_factory=dict)
    """Record id and since when."""


class Portal:
    """One portal in memory. Made from a document by `portal.load_document`."""

    def __init__(
        self,
        account: Account,
        subscriptions: Subscriptions,
        options: SandboxOptions,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self.account = account
        self.subscriptions = subscriptions
        self.now = now
        self.loaded_at = clock.instant_text(now())
        self.tables = {name: Table(kind) for name, kind in OBJECT_TYPES.items()}
        self.links = Links()
        self.definitions: Definitions = standard_definitions(
            [(kind.id, kind.name) for kind in subscriptions.types.values()], with_setup=options.with_setup
        )
        self.history = History()
        self.index = SearchIndex(options.index_lag_seconds)
        self.blocklist: set[str] = set()
        self.owners: dict[str, dict[str, Any]] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self.lists: dict[str, StaticList] = {}
        self.events = Events(lambda: self.now())
        self.webhooks = WebhookApp(account.id, self.loaded_at)

    def now_text(self) -> str:
        """The present as HubSpot writes it."""
        return clock.instant_text(self.now())

    def forward(self, span: timedelta) -> None:
        """Let that much time have passed: for every instant, the bin, and what search sees."""
        self.now = clock.ahead(self.now, span)
        self.index.pass_by(span.total_seconds())

    def created_at(self, object_type: str, record_id: str, values: Values) -> str:
        """When a record was made, or else when the portal was loaded."""
        table = self.tables[object_type]
        return (
            values.get(table.kind.created)
            or values.get("hs_createdate")
            or table.created_at.get(record_id)
            or self.loaded_at
        )

    def updated_at(self, object_type: str, record_id: str, values: Values) -> str:
        """When a record was last changed."""
        return values.get(self.tables[object_type].kind.modified) or self.created_at(object_type, record_id, values)

    def change(self, object_type: str, record_id: str, changes: Mapping[str, str], *, by: Origin = API) -> Values:
        """Give a record in view new values (an empty one clears) and a new modification instant.

        Nothing moves when no value differs, as in HubSpot. The values must be normalised.
        """
        table = self.tables[object_type]
        before = table.live[record_id]
        after = {name: value for name, value in {**before, **changes}.items() if value != ""}
        if after == before:
            return before
        at = self.now_text()
        after[table.kind.modified] = at
        self.index.note(object_type, record_id, before)
        change = Change("", at, by.source, by.source_id)
        self.history.note(
            (object_type, record_id), before, after, change, self.created_at(object_type, record_id, before)
        )
        table.live[record_id] = after
        table.forget_emails(record_id, before)
        table.note_emails(record_id, after)
        self.events.changed(table.kind, record_id, before, after, by)
        return after
