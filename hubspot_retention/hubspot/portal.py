"""HubSpot as the use cases see it: records to read, calls that change. Everything is done by what it is made of."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from threading import Lock
from typing import TypeVar

from hubspot_retention.core.consent import Consent
from hubspot_retention.core.facts.observation import CompanyObservation, DealObservation, OptOut
from hubspot_retention.core.facts.values import Instant, Unknown
from hubspot_retention.core.policy.model import RetentionPolicy
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
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.core.residue import Letter
from hubspot_retention.errors import PortalContractError
from hubspot_retention.hubspot import kinds
from hubspot_retention.hubspot.account import read_identity
from hubspot_retention.hubspot.associations import read_associations, record_ids
from hubspot_retention.hubspot.byid import ByIdReader
from hubspot_retention.hubspot.changed import ChangedReader, Observed
from hubspot_retention.hubspot.correspondence import CorrespondenceReader
from hubspot_retention.hubspot.dispose import HubSpotDisposer
from hubspot_retention.hubspot.kinds import Kind
from hubspot_retention.hubspot.objects import search
from hubspot_retention.hubspot.owners import HubSpotOwners
from hubspot_retention.hubspot.reading import ListReader, ReaderOptions
from hubspot_retention.hubspot.requirements import contact_types, missing_properties
from hubspot_retention.hubspot.side_by_side import side_by_side
from hubspot_retention.hubspot.subscriptions import Subscriptions
from hubspot_retention.hubspot.translate import CompanyTranslator, ContactTranslator, DealTranslator
from hubspot_retention.hubspot.transport import Transport
from hubspot_retention.hubspot.unread import ContactReader
from hubspot_retention.hubspot.wire import Row, decoders_of

_Seen = TypeVar("_Seen")
_ONLY_ID = ("hs_object_id",)
_RECORD_CLASSES = (ObjectType.CONTACT, ObjectType.DEAL, ObjectType.COMPANY)
Hints = Mapping[ObjectType, tuple[RecordId, ...]]


def _any(_: PortalId) -> None:
    return


class HubSpotPortal:
    """One portal under one policy. `hints` are the `boundaries()` of a former run: they save it the search. `admit`
    raises if the portal that the token belongs to is not the one to work with."""

    def __init__(
        self,
        transport: Transport,
        policy: RetentionPolicy,
        options: ReaderOptions | None = None,
        hints: Hints | None = None,
        admit: Callable[[PortalId], None] = _any,
    ) -> None:
        self._transport, self._policy = transport, policy
        self._options = options or ReaderOptions()
        self._boundaries = dict(hints or {})
        self._one_cursor = False
        self._admit = admit
        self._portal_id: PortalId | None = None
        self._types: Mapping[str, str] = {}
        self._lock = Lock()
        self._subscriptions = Subscriptions(transport, policy)
        self._disposer = HubSpotDisposer(transport, policy, self._subscriptions, self.identity)
        self._by_id = ByIdReader(transport, self.identity)
        self._ids_only = decoders_of(_ONLY_ID)
        self._engagements = CorrespondenceReader(transport, self._by_id)
        self._changed = ChangedReader(transport, policy, self._subscriptions.newsletter_ids, self._by_id)

    def identity(self) -> PortalDetails:
        """Who the token belongs to, read now. Raises PortalContractError if it is another portal than before, and what
        `admit` raises."""
        found = read_identity(self._transport)
        if self._portal_id is None:
            self._admit(found.portal_id)
        with self._lock:
            known = self._portal_id = self._portal_id or found.portal_id
        if known != found.portal_id:
            raise PortalContractError(
                f"The token read portal {known} before and reads portal {found.portal_id} now: nothing more is done"
            )
        return found

    def require_properties(self) -> None:
        """Raise PortalContractError if a property or subscription type that the policy names is missing, or has
        another type than its fact needs: all of them at once."""
        from hubspot_retention.hubspot.control import ControlPlane

        control = ControlPlane(self._transport)
        asks: list[Callable[[], object]] = [partial(control.property_definitions, of) for of in _RECORD_CLASSES]
        side_by_side(lambda ask: ask(), [*asks, self._subscriptions.newsletter_ids])
        problems = missing_properties(self._policy, self._subscriptions.newsletter_ids(), control)
        if problems:
            lines = "\n".join(f"- {problem}" for problem in problems)
            raise PortalContractError(f"The portal lacks what the policy reads (`portal setup` makes ours):\n{lines}")
        self._types = contact_types(self._policy, control)
        self._forget_contacts()

    def count(self, object_type: ObjectType) -> int:
        """How many records the search index knows of (it lags: a check, never a truth)."""
        return search(self._transport, object_type).total

    @cached_property
    def _contact_translator(self) -> ContactTranslator:
        newsletters = self._subscriptions.newsletter_ids()
        return ContactTranslator(self._policy.sources.contact, newsletters, self._types)

    def _forget_contacts(self) -> None:
        """The types of properties are known now, so contacts are read by them."""
        for name in ("_contact_translator", "_contacts_listed", "_contacts_addressed"):
            self.__dict__.pop(name, None)

    @cached_property
    def _contacts_listed(self) -> Kind[SeenContact]:
        return kinds.contacts(self._contact_translator, every_address=False)

    @cached_property
    def _contacts_addressed(self) -> Kind[SeenContact]:
        return kinds.contacts(self._contact_translator, every_address=True)

    @cached_property
    def _deals(self) -> Kind[DealObservation]:
        return kinds.deals(DealTranslator(self._policy.sources.deal))

    @cached_property
    def _companies(self) -> Kind[CompanyObservation]:
        return kinds.companies(CompanyTranslator(self._policy.sources.company))

    def contacts(self, *, every_address: bool = False) -> Iterator[Sequence[SeenContact]]:
        """Every contact once, in pages. Raises RangesDisagreeError."""
        return self._read(self._contacts_addressed if every_address else self._contacts_listed)

    def unread_contacts(self) -> Iterator[Sequence[UnreadContact]]:
        """Every contact once, in pages, for `contact_reader` to read. Raises RangesDisagreeError."""
        return self._read(kinds.unread_contacts(self._contact_translator))

    def contact_reader(self) -> ContactReader:
        """What reads such contacts, in this process or in another one."""
        types = tuple(sorted(self._types.items()))
        return ContactReader(self._policy.sources.contact, self._subscriptions.newsletter_ids(), types)

    def deals(self) -> Iterator[Sequence[DealObservation]]:
        """Every deal once, in pages. Raises RangesDisagreeError."""
        return self._read(self._deals)

    def companies(self) -> Iterator[Sequence[CompanyObservation]]:
        """Every company once, in pages. Raises RangesDisagreeError."""
        return self._read(self._companies)

    def letters(self, object_type: ObjectType) -> Iterator[Sequence[Letter]]:
        """Every piece of one kind of correspondence once, in pages. Raises RangesDisagreeError."""
        return self._read(kinds.letters(object_type))

    def _read(self, kind: Kind[_Seen]) -> Iterator[Sequence[_Seen]]:
        hints = self._boundaries.get(kind.object_type, ())
        reader = ListReader(self._transport, kind, self._options, hints, one_cursor=self._one_cursor)
        yield from reader.pages()
        if reader.found_boundaries:
            self._boundaries[kind.object_type] = reader.found_boundaries

    def use_one_cursor(self) -> None:
        """From now on read each list with one cursor."""
        self._one_cursor = True

    def boundaries(self) -> Hints:
        """Where ranges of like size begin, for the next run; ids only."""
        return dict(self._boundaries)

    def opt_outs(self, addresses: Sequence[Address]) -> Sequence[OptOut | Unknown | None]:
        """The opt-out of each address, in order, whose contact is opted out by its properties; `None`: its statuses
        say neither that nor that it is subscribed. Unknown: they cannot be read, or say that it subscribed again."""
        return self._subscriptions.opt_outs(addresses)

    def consents(self, address: Address) -> tuple[Consent, ...] | Unknown:
        """The last word of an address on each newsletter that the policy names, as far as it said one; unknown where
        HubSpot refuses to tell."""
        return self._subscriptions.consents(address)

    def read_contacts(self, ids: Sequence[RecordId]) -> Mapping[RecordId, ReadContact]:
        """Contacts read afresh by id, with their associations and addresses; every asked id has an answer."""
        return self._by_id.read(self._contacts_addressed, ids)

    def read_deals(self, ids: Sequence[RecordId]) -> Mapping[RecordId, ReadDeal]:
        """Deals read afresh by id, with their associations; every asked id has an answer."""
        return self._by_id.read(self._deals, ids)

    def read_companies(self, ids: Sequence[RecordId]) -> Mapping[RecordId, ReadCompany]:
        """Companies read afresh by id; every asked id has an answer."""
        return self._by_id.read(self._companies, ids)

    def deals_of_companies(self, ids: Sequence[RecordId]) -> Mapping[RecordId, tuple[RecordId, ...] | Unknown]:
        """The deals of each company."""
        found = read_associations(self._transport, ObjectType.COMPANY, ObjectType.DEAL, ids)
        return {company: record_ids(links) for company, links in found.items()}

    def linked(
        self, object_type: ObjectType, other: ObjectType, ids: Sequence[RecordId]
    ) -> Mapping[RecordId, tuple[RecordId, ...] | Unknown]:
        """The records of another type that each of some records is associated with."""
        found = read_associations(self._transport, object_type, other, ids)
        return {record_id: record_ids(links) for record_id, links in found.items()}

    def changed(self, object_type: ObjectType, since: datetime) -> Iterator[Sequence[RecordId] | Unknown]:
        """Records changed since an instant that are worth a look, in pages; `UNKNOWN`: the answer is not whole."""
        return self._changed.changed(object_type, since)

    def touched(
        self, object_type: ObjectType, ids: Sequence[RecordId]
    ) -> Mapping[RecordId, datetime | Unknown | Gone | MergedInto]:
        """When records were last changed, read by id; every asked id has an answer."""
        return self._changed.touched(object_type, ids)

    def read_archived(self, record: RecordRef) -> tuple[Observed, Instant] | Gone:
        """A contact, company or deal that lies in the bin, and since when."""
        match record.object_type:
            case ObjectType.CONTACT:
                return self._changed.archived(self._contacts_addressed, record.record_id)
            case ObjectType.DEAL:
                return self._changed.archived(self._deals, record.record_id)
            case _:
                return self._changed.archived(self._companies, record.record_id)

    def correspondence(self, owner: ObjectType, ids: Sequence[RecordId]) -> Correspondence:
        """The engagements of contacts or deals, each with all it hangs on."""
        return self._engagements.of(owner, ids)

    def letters_of(self, ids: Sequence[RecordId]) -> Mapping[RecordId, tuple[RecordRef, ...] | Unknown]:
        """Which engagements each of some contacts has, and no more of them."""
        return self._engagements.refs_of(ObjectType.CONTACT, ids)

    def presence(self, object_type: ObjectType, ids: Sequence[RecordId]) -> Mapping[RecordId, bool | Gone | MergedInto]:
        """Whether records are in view (`True`), read by id; what lies in the bin is `Gone.ABSENT`."""
        rows = self._by_id.rows(object_type, _ONLY_ID, self._ids_only, ids)
        return {record_id: True if isinstance(row, Row) else row for record_id, row in rows.items()}

    def owners(self) -> HubSpotOwners:
        """Who looks after records, as far as they are still there now."""
        return HubSpotOwners(self._transport, self._by_id)

    def archive(self, object_type: ObjectType, ids: Sequence[RecordId]) -> CallResult:
        """Archive up to 100 records. Done says that the call was taken, not that each is gone: read back."""
        return self._disposer.archive(object_type, ids)

    def erase_contact(self, contact_id: RecordId) -> CallResult:
        """Erase one contact by its id."""
        return self._disposer.erase_contact(contact_id)

    def associate(self, engagement: RecordRef, target: RecordRef) -> CallResult:
        """Associate an engagement with a record (repeatable without effect)."""
        return self._disposer.associate(engagement, target)

    def dissociate(self, engagement: RecordRef, target: RecordRef) -> CallResult:
        """Take an engagement off a record (repeatable without effect)."""
        return self._disposer.dissociate(engagement, target)

    def stamp_deal_end(self, deal_id: RecordId, day: str) -> CallResult:
        """Write `customer_until` (YYYY-MM-DD) to a deal."""
        return self._disposer.stamp_deal_end(deal_id, day)

    def opt_out(self, address: Address) -> CallResult:
        """Opt an address out of every newsletter that the policy names and that it is not opted out of yet."""
        return self._disposer.opt_out(address)

    def leave_lists(self, contact_id: RecordId) -> CallResult:
        """Take a contact off the static lists that the policy names."""
        return self._disposer.leave_lists(contact_id)

    def erase_file(self, file_id: str) -> CallResult:
        """Erase a file by its own endpoint (gone within 7 days); one that is proved not to be there is done."""
        return self._disposer.erase_file(file_id)
