"""What the use cases need of the outside world. Adapters do not import this; `bootstrap` proves the fit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from hubspot_retention.core.audit.cut import Cut
from hubspot_retention.core.audit.entry import Entry, StoredEntry
from hubspot_retention.core.audit.merkle import Frontier
from hubspot_retention.core.audit.whole import StoredCheckpoint
from hubspot_retention.core.consent import Consent
from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.facts.observation import (
    CompanyObservation,
    ContactObservation,
    DealObservation,
    OptOut,
)
from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.plan.model import ItemState, Plan, PlanItem, PlanStatus
from hubspot_retention.core.plan.query import ItemFilter, NewRun
from hubspot_retention.core.portal import (
    Address,
    CallResult,
    Correspondence,
    Gone,
    MergedInto,
    PortalDetails,
    ReadCompany,
    ReadContact,
    ReadDeal,
    SeenContact,
    UnreadContact,
)
from hubspot_retention.core.probe import ProbeResult
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.core.view import ContactTrace, ContactView, Judge
from hubspot_retention.workflow.docket_ports import (
    ContactNeighbours,
    ContactReader,
    DealNeighbours,
    DealWithContacts,
)
from hubspot_retention.workflow.log_ports import LogTransaction
from hubspot_retention.workflow.owner_ports import OwnerTransaction
from hubspot_retention.workflow.people_ports import PeopleTransaction
from hubspot_retention.workflow.register_ports import RegisterTransaction
from hubspot_retention.workflow.service_ports import ServiceTransaction


class RecordSource(Protocol):
    """Reads records from the portal."""

    def identity(self) -> PortalDetails:
        """Who the token belongs to, read now."""

    def require_properties(self) -> None:
        """Raise if a property or subscription type that the policy names does not exist, all at once."""

    def count(self, object_type: ObjectType) -> int:
        """How many records the search index knows of (it lags: a check, never a truth)."""

    def contacts(self, *, every_address: bool = False) -> Iterator[Sequence[SeenContact]]:
        """Every contact once, in pages; without `every_address` those who are opted out have theirs. Raises
        RangesDisagreeError."""

    def unread_contacts(self) -> Iterator[Sequence[UnreadContact]]:
        """Every contact once, in pages, for `contact_reader` to read. Raises RangesDisagreeError."""

    def contact_reader(self) -> ContactReader:
        """What reads such contacts, in this process or in another one."""

    def deals(self) -> Iterator[Sequence[DealObservation]]:
        """Every deal once, in pages. Raises RangesDisagreeError."""

    def companies(self) -> Iterator[Sequence[CompanyObservation]]:
        """Every company once, in pages. Raises RangesDisagreeError."""

    def use_one_cursor(self) -> None:
        """From now on read each list with one cursor."""

    def boundaries(self) -> Mapping[ObjectType, Sequence[RecordId]]:
        """Where the id space was split while reading, for the next run to begin with."""

    def opt_outs(self, addresses: Sequence[Address]) -> Sequence[OptOut | Unknown | None]:
        """The opt-out of each address, in order, whose contact is opted out by its properties; `None`: its statuses
        say neither that nor that it is subscribed. Unknown: they cannot be read, or say that it subscribed again."""

    def consents(self, address: Address) -> tuple[Consent, ...] | Unknown:
        """The last word of an address on each newsletter that the policy names, as far as it said one; unknown where
        HubSpot refuses to tell."""

    def read_contacts(self, ids: Sequence[RecordId]) -> Mapping[RecordId, ReadContact]:
        """Contacts read afresh by id, with their associations; every asked id has an answer."""

    def read_deals(self, ids: Sequence[RecordId]) -> Mapping[RecordId, ReadDeal]:
        """Deals read afresh by id, with their associations; every asked id has an answer."""

    def read_companies(self, ids: Sequence[RecordId]) -> Mapping[RecordId, ReadCompany]:
        """Companies read afresh by id; every asked id has an answer."""

    def deals_of_companies(self, ids: Sequence[RecordId]) -> Mapping[RecordId, tuple[RecordId, ...] | Unknown]:
        """The deals of each company."""

    def linked(
        self, object_type: ObjectType, other: ObjectType, ids: Sequence[RecordId]
    ) -> Mapping[RecordId, tuple[RecordId, ...] | Unknown]:
        """The records of another type that each of some records is associated with."""

    def correspondence(self, owner: ObjectType, ids: Sequence[RecordId]) -> Correspondence:
        """The engagements of contacts or deals, each with all it hangs on."""

    def letters_of(self, ids: Sequence[RecordId]) -> Mapping[RecordId, tuple[RecordRef, ...] | Unknown]:
        """Which engagements each of some contacts has, and no more of them."""

    def presence(self, object_type: ObjectType, ids: Sequence[RecordId]) -> Mapping[RecordId, bool | Gone | MergedInto]:
        """Whether records are in view (`True`), read by id."""


class Disposer(Protocol):
    """Changes records in the portal. Never retries by itself what may have had an effect."""

    def archive(self, object_type: ObjectType, ids: Sequence[RecordId]) -> CallResult:
        """Archive up to 100 records. Done says that the call was taken, not that each is gone: read back."""

    def erase_contact(self, contact_id: RecordId) -> CallResult:
        """Erase one contact by its id."""

    def associate(self, engagement: RecordRef, target: RecordRef) -> CallResult:
        """Associate an engagement with a record (repeatable without effect)."""

    def dissociate(self, engagement: RecordRef, target: RecordRef) -> CallResult:
        """Take an engagement off a record (repeatable without effect)."""

    def stamp_deal_end(self, deal_id: RecordId, day: str) -> CallResult:
        """Write `customer_until` (YYYY-MM-DD) to a deal."""

    def opt_out(self, address: Address) -> CallResult:
        """Opt an address out of every newsletter that the policy names and that it is not opted out of yet."""

    def leave_lists(self, contact_id: RecordId) -> CallResult:
        """Take a contact off the static lists that the policy names."""

    def erase_file(self, file_id: str) -> CallResult:
        """Erase a file by its own endpoint (gone within 7 days). One that is not there is done, if that is proved as
        it is of a record; any other 404 is a refusal."""


class Spool(Protocol):
    """Deals, companies and who hangs on whom, for the length of one assessment or one fresh read."""

    def restart(self) -> None:
        """Forget everything."""

    def close(self) -> None:
        """Let it vanish."""

    def add_companies(self, page: Sequence[CompanyObservation]) -> None:
        """Spool companies."""

    def add_deals(self, page: Sequence[DealObservation]) -> None:
        """Spool deals."""

    def judge_companies(self, judge: Judge) -> None:
        """After companies and deals, before contacts."""

    def neighbours(self, contacts: Sequence[ContactObservation | UnreadContact]) -> ContactNeighbours:
        """What is around some contacts."""

    def contact_views(self, contacts: Sequence[ContactObservation]) -> list[ContactView]:
        """Contacts with their neighbours."""

    def keep_traces(self, traces: Iterable[tuple[RecordId, ContactTrace]]) -> None:
        """Note what deals need to know of contacts."""

    def keep_notes(self, kind: ObjectType, notes: Iterable[tuple[RecordId, Remembered, Remembered]]) -> None:
        """Keep what later runs shall know, with what was known before, until the run is whole."""

    def notes(self, kind: ObjectType) -> Iterator[list[tuple[RecordId, Remembered, Remembered]]]:
        """What was kept for later runs, in pages: what was known before, what shall be known."""

    def deal_neighbours(self) -> Iterator[DealNeighbours]:
        """Every deal and what is around it, in pages. After the contacts."""

    def views_of(self, deal_ids: Iterable[RecordId]) -> list[DealWithContacts]:
        """Some deals with their neighbours."""

    def deals_of_contacts(self, ids: Sequence[RecordId]) -> Mapping[RecordId, Sequence[DealWithContacts]]:
        """The deals of some contacts, with their neighbours."""


class Transaction(
    ServiceTransaction, PeopleTransaction, OwnerTransaction, RegisterTransaction, LogTransaction, Protocol
):
    """One transaction of the store: everything in it is durable together, or nothing is."""

    def audit(self, entry: Entry) -> int:
        """Append an entry to the audit log; answers its sequence number."""

    def start_run(self, run: NewRun) -> int:
        """Begin a run; answers its number."""

    def finish_run(self, run_id: int, finished_at: datetime, outcome: str) -> None:
        """A run has ended: `done`, or the code of what stopped it."""

    def last_population(self, portal: PortalId, before_run: int) -> Mapping[ObjectType, int]:
        """How many records of each class the last finished run before this one read; empty for the first."""

    def add_plan(self, plan: Plan) -> None:
        """Store a plan's header (status `building`)."""

    def add_items(self, plan_id: str, items: Sequence[PlanItem]) -> None:
        """Store items of a plan."""

    def replace_items(self, plan_id: str, items: Sequence[PlanItem]) -> None:
        """Store items again under their record: bundles and blocks found later."""

    def save_plan(self, plan: Plan) -> None:
        """Store a plan's header again: digest, counts, status, who decided."""

    def plan(self, plan_id: str) -> Plan | None:
        """A plan's header."""

    def plans(self, portal: PortalId | None = None) -> Sequence[Plan]:
        """All plans, newest first."""

    def plans_of_status(self, portal: PortalId, statuses: tuple[PlanStatus, ...]) -> Sequence[Plan]:
        """The plans of a portal with one of some statuses, newest first."""

    def plan_status(self, plan_id: str) -> PlanStatus | None:
        """A plan's status."""

    def items(self, plan_id: str, wanted: ItemFilter) -> Iterator[PlanItem]:
        """Items of a plan in the filter's order; streamed, in pages, robust against changes while reading."""

    def items_of_record(self, record: RecordRef) -> Sequence[tuple[Plan, PlanItem]]:
        """Every plan that holds a record, newest first."""

    def count_states(self, plan_id: str) -> Mapping[ItemState, int]:
        """Items with an action, by state."""

    def set_item_state(self, plan_id: str, record: RecordRef, state: ItemState, code: str = "") -> None:
        """How far an item has come."""

    def recall(self, object_type: ObjectType, ids: Sequence[RecordId]) -> Mapping[RecordId, Remembered]:
        """What earlier runs noted of records."""

    def note(self, object_type: ObjectType, rows: Sequence[tuple[RecordId, Remembered]]) -> None:
        """Note records for later runs (insert or replace)."""

    def save_probe(self, portal: PortalId, results: Sequence[ProbeResult], at: datetime) -> None:
        """Store what `portal probe` found, replacing what stood there."""

    def probe_results(self, portal: PortalId) -> Sequence[ProbeResult]:
        """What `portal probe` last found; empty if it never ran."""

    def approve_policy(self, policy_digest: str, document: str, at: datetime, by: str) -> None:
        """Remember a policy that a person approved plans under, with its text."""

    def approved_policy(self) -> str | None:
        """The text of the policy last approved."""

    def save_boundaries(self, portal: PortalId, boundaries: Mapping[ObjectType, Sequence[RecordId]]) -> None:
        """Where to split the id space at the next run."""

    def boundaries(self, portal: PortalId) -> Mapping[ObjectType, Sequence[RecordId]]:
        """Where the last run split the id space."""

    def kill_switch(self) -> str | None:
        """Who stopped all disposals and why, or `None`."""

    def set_kill_switch(self, words: str | None) -> None:
        """Stop all disposals, or let them go on (`None`)."""


class Store(Protocol):
    """The service's own database."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin a write transaction (one writer at a time); commits at the end, rolls back on an exception."""

    def entries(self, after: int = 0) -> Iterator[StoredEntry]:
        """The audit log from a sequence number on, streamed."""

    def tree(self) -> Frontier:
        """The right edge of the audit log's tree as it is now."""

    def checkpoints(self) -> Sequence[StoredCheckpoint]:
        """What was ever signed of the audit log, the oldest first."""

    def tree_at(self, size: int) -> Frontier | None:
        """The edge as it was when the log had so many entries, if it was signed then."""

    def entry(self, seq: int) -> StoredEntry | None:
        """One entry of the audit log by its number; `None` if it is not there."""

    def cut(self) -> Cut | None:
        """Where the audit log begins, if its oldest entries were removed."""
