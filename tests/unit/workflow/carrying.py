"""A portal, a fresh read and a ledger that only note what is asked of them, and a carrier between them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.consent import Consent, Remembrance
from hubspot_retention.core.decision.model import Decision
from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.plan.model import ItemState, PlanItem
from hubspot_retention.core.plan.recheck import Skip
from hubspot_retention.core.policy.model import AttachmentPolicy, Mode
from hubspot_retention.core.portal import Address, CallResult, Engagement, Fate, Gone
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.core.view import ContactView
from hubspot_retention.errors import PortalError
from hubspot_retention.workflow.carry import Carrier, Tools
from hubspot_retention.workflow.fresh import FreshContact, FreshDeal, Memory
from hubspot_retention.workflow.gate import Permission
from hubspot_retention.workflow.protocol import NOTHING_NEEDED, Part, Prepared, Sending
from hubspot_retention.workflow.reported import Reported
from hubspot_retention.workflow.times import Times
from tests.builders import a_contact, at
from tests.documents import clienti

NOW = at("2026-11-22T09:00")
TAKEN = CallResult(Fate.DONE, 204)
NEWS_LIST = "77"


def a_letter(
    ref: str, *contacts: int, deals: tuple[int, ...] | Unknown = (), files: tuple[str, ...] = ()
) -> Engagement:
    """A piece of correspondence and what it hangs on."""
    return Engagement(
        ref=RecordRef.parse(ref),
        occurred_at=None,
        contacts=tuple(map(RecordId, contacts)),
        deals=deals if isinstance(deals, Unknown) else tuple(map(RecordId, deals)),
        tickets=(),
        files=files,
    )


def ref_of(items: Iterable[PlanItem]) -> str:
    """The records of items."""
    return " ".join(str(item.record) for item in items)


@dataclass(slots=True)
class Bench:
    """`now`: what the fresh read finds, the plan's own decision unless it is said otherwise. `letters`: by record id;
    `in_bin`: who needs one of them there.
    `answers`: to a call, else it is done; an error is raised. `there`: what is in view afterwards. `refused`: whom tx B
    keeps, by record. `events`: all that happened, in its order."""

    now: dict[str, Any] = field(default_factory=dict)
    letters: dict[int, Any] = field(default_factory=dict)
    in_bin: dict[RecordRef, tuple[RecordId, ...]] = field(default_factory=dict)
    answers: dict[str, CallResult | PortalError] = field(default_factory=dict)
    there: dict[int, Any] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)
    stands: bool = True
    fresh_for: float = float("inf")
    verified: bool = True
    consented: tuple[Consent, ...] | Unknown = ()
    pseudonym: Callable[[Address], str | None] = lambda address: None
    ends_after: float = float("inf")
    lists: tuple[str, ...] = (NEWS_LIST,)
    attachments: AttachmentPolicy = AttachmentPolicy.REPORT
    allow_erase: bool = True
    events: list[str] = field(default_factory=list)
    words: list[tuple[Any, ...]] = field(default_factory=list)
    remembered: list[Remembrance | None] = field(default_factory=list)
    parts: list[tuple[Part, ...]] = field(default_factory=list)
    needs: list[Mapping[RecordId, Sequence[RecordRef]]] = field(default_factory=list)
    former: dict[RecordId, tuple[RecordId, ...]] = field(default_factory=dict)
    claimed_around: frozenset[RecordRef] = frozenset()
    claimed_former: Mapping[RecordRef, Sequence[RecordId]] = field(default_factory=dict)

    def carrier(self, **more: Any) -> Carrier:
        """The carrier: one erase at a time, so that events have an order."""
        values: dict[str, Any] = {
            "source": self,
            "disposer": self,
            "store": self,
            "fresh": self,
            "policy": replace(clienti(), marketing_lists=self.lists, attachments=self.attachments),
            "times": Times(lambda: NOW, lambda: 0.0),
            "workers": 1,
            "should_stop": lambda: len(self.called()) >= self.ends_after,
            "pseudonym": lambda address: self.pseudonym(address),
        }
        permission = Permission(mode=Mode.REVIEW, allow_erase=self.allow_erase)
        reported = Reported(cast(Any, None), "1-rights", begun=False)
        return Carrier(Tools(**values | more), cast(Any, self), permission, reported)

    def called(self) -> list[str]:
        """The calls that change something, in their order."""
        reading = ("intended", "read", "letters of", "sent", "look", "still")
        return [event for event in self.events if not event.startswith(reading)]

    def carry_out(self, *items: PlanItem) -> list[str]:
        """Carry out a batch; answers the calls that it led to."""
        self.carrier().carry_out(items)
        return self.called()

    def _call(self, what: str) -> CallResult:
        self.events.append(what)
        answer = self.answers.get(what, TAKEN)
        if isinstance(answer, PortalError):
            raise answer
        return answer

    # FreshReader

    def contacts(self, ids: Sequence[RecordId], memory: Memory, as_of: Any) -> dict[RecordId, Any]:
        assert (memory, as_of) == (self._memory, NOW)
        return self._read("contacts", ids)

    def deals(self, ids: Sequence[RecordId], memory: Memory, as_of: Any) -> dict[RecordId, Any]:
        assert (memory, as_of) == (self._memory, NOW)
        return self._read("deals", ids)

    def _read(self, kind: str, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        self.events.append(f"read {kind} {' '.join(map(str, ids))}")
        return {key: self._fresh(f"{kind}/{key}") for key in ids}

    def _fresh(self, record: str) -> Any:
        found = self.now[record]
        around = frozenset((RecordRef.parse(record),))
        if not isinstance(found, Decision):
            return found
        if record.startswith("deals"):
            return FreshDeal(cast(Any, None), found, around)
        address = None if "nobody" in self.answers else Address(f"p{record[-3:]}@example.dk")
        number = RecordRef.parse(record).record_id
        view = ContactView(a_contact(number, merged_ids=self.former.get(number, ())), (), ())
        return FreshContact(view, found, address, (), around)

    # RecordSource

    def correspondence(self, kind: ObjectType, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        self.events.append(f"letters of {kind.value} {' '.join(map(str, ids))}")
        return {key: self.letters[key] for key in ids if key in self.letters}

    def letters_of(self, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        self.events.append(f"letters of contacts {' '.join(map(str, ids))}")
        hang = {key: self.letters[key] for key in ids if key in self.letters}
        return {
            key: found if isinstance(found, Unknown) else tuple(each.ref for each in found)
            for key, found in hang.items()
        }

    def presence(self, kind: ObjectType, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        self.events.append(f"look {kind.value} {' '.join(map(str, ids))}")
        return {key: self.there.get(key, Gone.ABSENT) for key in ids}

    def consents(self, address: Address) -> tuple[Consent, ...] | Unknown:
        self.events.append(f"read consents of {address.text}")
        return self.consented

    # Disposer

    def archive(self, kind: ObjectType, ids: Sequence[RecordId]) -> CallResult:
        return self._call(f"archive {kind.value} {' '.join(map(str, ids))}")

    def erase_contact(self, contact_id: RecordId) -> CallResult:
        return self._call(f"erase {contact_id}")

    def dissociate(self, engagement: RecordRef, target: RecordRef) -> CallResult:
        return self._call(f"dissociate {engagement} {target}")

    def stamp_deal_end(self, deal_id: RecordId, day: str) -> CallResult:
        return self._call(f"stamp {deal_id} {day}")

    def opt_out(self, address: Address) -> CallResult:
        return self._call(f"opt out {address.text}")

    def leave_lists(self, contact_id: RecordId) -> CallResult:
        return self._call(f"leave lists {contact_id}")

    def erase_file(self, file_id: str) -> CallResult:
        return self._call(f"erase file {file_id}")

    # Store

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        yield self

    def needed_in_bin(self, kind: ObjectType, ids: Sequence[RecordId]) -> dict[RecordId, tuple[RecordId, ...]]:
        return {ref.record_id: who for ref, who in self.in_bin.items() if ref.object_type is kind}

    # Ledger

    _memory = Memory({})

    def prepare(self, batch: Sequence[PlanItem]) -> Prepared:
        self.events.append(f"intended {ref_of(batch)}")
        return Prepared(self._memory, (), self.verified, 0.0, 0)

    def send(
        self,
        batch: Sequence[PlanItem],
        prepared: Prepared,
        parts: Sequence[Part] = (),
        remembered: Remembrance | None = None,
        needs: Mapping[RecordId, Sequence[RecordRef]] = NOTHING_NEEDED,
    ) -> Sending | None:
        self.claimed_around, self.claimed_former = prepared.around, prepared.former
        if ref_of(batch) in self.refused:
            return None
        self.events.append(f"sent {ref_of(batch)}")
        self.parts.append(tuple(parts))
        self.remembered.append(remembered)
        self.needs.append(needs)
        return Sending(1.0 if ref_of(batch) in self.late else 0.0)

    def still_stands(self, item: PlanItem, prepared: Prepared) -> Sending | None:
        self.events.append(f"still {item.record}")
        return Sending(1.0 if f"still {item.record}" in self.late else 0.0) if self.stands else None

    def may_call(self, batch: Sequence[PlanItem], sending: Sending) -> bool:
        if sending.at != 0.0:
            self.settle(batch, ItemState.PENDING, Verb.ABANDONED, "too-late-to-call")
        return sending.at == 0.0

    def is_fresh(self, prepared: Prepared) -> bool:
        return len(self.called()) < self.fresh_for

    def skip(self, item: PlanItem, why: Skip) -> None:
        self.words.append((str(item.record), why))

    def settle(self, items: Sequence[PlanItem], state: ItemState, verb: Verb, code: str) -> None:
        if items:
            self.words.append((ref_of(items), state, verb, code))

    def settle_refusal(self, items: Sequence[PlanItem], result: CallResult, about: str = "") -> None:
        self.words.append((ref_of(items), result, about))

    def give_back(self, batch: Sequence[PlanItem], code: str) -> None:
        self.words.append((ref_of(batch), "given back", code))

    def step(self, item: PlanItem, subject: Subject, verb: Verb, result: CallResult, about: str) -> None:
        if subject in (Subject.MARKETING, Subject.ATTACHMENT):
            self.words.append((str(item.record), verb, result, about))
