"""A portal at the border of the workflow: records as they are read by id, calls, and everything that goes wrong."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from hubspot_retention.core.facts.observation import ContactObservation
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.portal import CallResult, Fate, Gone, MergedInto, PortalDetails, SeenContact
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.errors import PortalDeniedError, PortalPausedError, PortalTemporaryError
from tests.builders import a_contact, at
from tests.simulator.stage import Stage

PORTAL = PortalId(25412345)
TEMPORARY = "HubSpot does not answer the question"


def contacts(number: int) -> dict[RecordId, ContactObservation]:
    """Some who asked to be erased, some who have been silent for years."""
    found = {}
    for place in range(number):
        record_id = RecordId(101 + place)
        asked = at("2026-11-20T09:00") if place % 2 == 0 else None
        found[record_id] = a_contact(record_id, erasure_requested_at=asked)
    return found


class Calls(Protocol):
    """Hears that a call for a record is about to leave, alone or together with others."""

    def __call__(self, kind: str, record: RecordRef, *, together: bool) -> None:
        """It leaves."""


def _nobody_hears(kind: str, record: RecordRef, *, together: bool) -> None:
    return


@dataclass(slots=True)
class SimulatedPortal:
    """Implements `RecordSource` and `Disposer` as far as contacts without correspondence need them.

    The checker's ears: `on_read` hears what an answer said of a record, `on_call` that a call is about to leave,
    `on_effect` that a record goes. `trouble`: how often a question is not answered. `poison`: records that cannot be
    read. `tokens`: whose token a process has, if it is another portal's; `strangers`: the processes in whose portal no
    record has an id of ours. `late`: calls that take effect after their answer was lost, each with when, and whose it
    was.
    """

    stage: Stage
    there: dict[RecordId, ContactObservation]
    trouble: float = 0.04
    tokens: dict[str, PortalId] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)
    merged: dict[RecordRef, RecordId] = field(default_factory=dict)
    merged_at: dict[RecordRef, float] = field(default_factory=dict)
    poison: set[RecordId] = field(default_factory=set)
    on_read: Callable[[RecordRef, Any], None] = lambda record, answer: None
    on_call: Calls = _nobody_hears
    on_effect: Callable[[str, RecordRef, str], None] = lambda kind, record, who: None
    late: list[tuple[float, str, tuple[RecordRef, ...], str]] = field(default_factory=list)

    # What is in it.

    def of(self, kind: ObjectType) -> dict[RecordId, Any]:
        """The records of a class."""
        return self.there if kind is ObjectType.CONTACT else {}

    def has(self, record: RecordRef) -> bool:
        """Whether a record is in view."""
        return record.record_id in self.of(record.object_type)

    def everything(self) -> list[RecordRef]:
        """Every record that can be held."""
        return [RecordRef(ObjectType.CONTACT, key) for key in self.there]

    def around(self, record: RecordRef, without: Collection[RecordRef] = ()) -> Sequence[RecordRef]:
        """The records whose hold holds a record, itself among them. `without`: as if these were not there."""
        return (record,) if self.has(record) and record not in without else ()

    def hangs_together(self, record: RecordRef) -> frozenset[RecordRef]:
        """Whatever may have to be read before a record can go."""
        return frozenset((record,))

    def set_hold(self, record: RecordRef) -> None:
        """A hold is set in HubSpot itself."""
        there = self.of(record.object_type)
        there[record.record_id] = there[record.record_id]._replace(legal_hold=True)

    def merge(self, loser: RecordRef, winner: RecordRef) -> None:
        """Two records turn out to be one."""
        self.merged[loser], self.merged_at[loser] = winner.record_id, self.stage.seconds
        del self.of(loser.object_type)[loser.record_id]

    # RecordSource

    def identity(self) -> PortalDetails:
        """Who the token belongs to, and how far our clock is off."""
        self._ask("asks whose token it is")
        return PortalDetails(
            portal_id=self.tokens.get(self.stage.who, PORTAL),
            account_type="STANDARD",
            time_zone="Europe/Copenhagen",
            clock_skew_seconds=self.stage.wall_offset,
        )

    def require_properties(self) -> None:
        """They are all there."""

    def count(self, object_type: ObjectType) -> int:
        """As the index knows it."""
        return len(self.there) if object_type is ObjectType.CONTACT else 0

    def contacts(self, **how: Any) -> Any:
        """Everybody, in one page."""
        yield [SeenContact(seen, None) for seen in self.there.values()]

    def nothing(self) -> Any:
        """No page at all."""
        return iter(())

    deals = companies = nothing

    def boundaries(self) -> Mapping[ObjectType, Sequence[RecordId]]:
        """None are needed."""
        return {}

    def opt_outs(self, addresses: Sequence[Any]) -> list[None]:
        """Nobody has opted out."""
        return [None for _ in addresses]

    def read_contacts(self, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        """Contacts by id; a hold property that was renamed or is forbidden makes its value unknown."""
        self._ask(f"reads {_named(ids)} by id", ids)
        blind = self.stage.fate(0.03, "the hold property is not there any more")
        answers = {key: self._answer(key, blind=blind) for key in ids}
        for key, answer in answers.items():
            self.on_read(RecordRef(ObjectType.CONTACT, key), answer)
        self.stage.step("has read")
        return answers

    def _answer(self, key: RecordId, *, blind: bool) -> Any:
        if self.stage.who in self.strangers:
            return Gone.ABSENT
        seen = self.there.get(key)
        if seen is None:
            return self._instead(RecordRef(ObjectType.CONTACT, key)) or Gone.ABSENT
        return SeenContact(seen._replace(legal_hold=UNKNOWN) if blind else seen, None)

    def heir_of(self, record: RecordRef) -> tuple[RecordRef, float]:
        """What a record is now, and since when."""
        since = 0.0
        while record in self.merged:
            since = max(since, self.merged_at[record])
            record = RecordRef(record.object_type, self.merged[record])
        return record, since

    def _instead(self, record: RecordRef) -> MergedInto | None:
        return MergedInto(self.merged[record]) if record in self.merged else None

    def presence(self, object_type: ObjectType, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        """Whether records are in view."""
        self._ask(f"looks whether {_named(ids)} are there", ids)
        answers = {key: self._answer(key, blind=False) for key in ids}
        return {key: True if isinstance(answer, SeenContact) else answer for key, answer in answers.items()}

    def correspondence(self, owner: ObjectType, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        """There is none."""
        return dict.fromkeys(ids, ())

    def letters_of(self, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        """There are none."""
        return dict.fromkeys(ids, ())

    def _ask(self, words: str, ids: Sequence[RecordId] = ()) -> None:
        self.stage.step(words)
        if self.poison.intersection(ids) or self.stage.fate(self.trouble, TEMPORARY):
            raise PortalTemporaryError("the answer was 503")
        if self.stage.fate(0.004, "HubSpot pauses the account (477)"):
            raise PortalPausedError("the account pauses")
        if self.stage.fate(0.004, "HubSpot refuses the token"):
            raise PortalDeniedError("the token was refused")

    # Disposer

    def archive(self, object_type: ObjectType, ids: Sequence[RecordId]) -> CallResult:
        """Archive records; some of them may be left out though the call was taken."""
        return self._call("archive", [RecordRef(object_type, key) for key in ids])

    def erase_contact(self, contact_id: RecordId) -> CallResult:
        """Erase a contact."""
        return self._call("erase", [RecordRef(ObjectType.CONTACT, contact_id)])

    def _call(self, kind: str, records: Sequence[RecordRef]) -> CallResult:
        stage = self.stage
        for record in records:
            self.on_call(kind, record, together=len(records) > 1)
        stage.step(f"calls {kind} of {_named(records)}")
        for status in (429, 423, 404, 400):
            if stage.fate(0.03, f"HubSpot answers {status}, nothing has happened"):
                return CallResult(Fate.REFUSED, status)
        if stage.fate(0.04, "HubSpot pauses the account (477)"):
            raise PortalPausedError("the account pauses")
        if stage.fate(0.06, "the call is lost before it has an effect"):
            return CallResult(Fate.UNKNOWN)
        if stage.fate(0.08, "the answer is lost, and the effect comes later"):
            self.late.append((stage.seconds + stage.random.random() * 10, kind, tuple(records), stage.who))
            return CallResult(Fate.UNKNOWN, 502)
        for record in records:
            if self.has(record) and not (len(records) > 1 and stage.fate(0.2, f"HubSpot leaves {record} out")):
                self._goes(kind, record, stage.who)
        stage.step(f"{kind} of {_named(records)} has happened")
        if stage.fate(0.1, "the answer is lost"):
            return CallResult(Fate.UNKNOWN, 502 if stage.random.random() < 0.5 else None)
        return CallResult(Fate.DONE, 204)

    def take_effect(self) -> None:
        """What was to come later comes, once its time has come."""
        for call in [call for call in self.late if call[0] <= self.stage.seconds]:
            self.late.remove(call)
            _, kind, records, who = call
            for record in filter(self.has, records):
                self.stage.tell(f"{kind} of {record} takes effect")
                self._goes(kind, record, who)

    def _goes(self, kind: str, record: RecordRef, who: str) -> None:
        self.on_effect(kind, record, who)
        del self.of(record.object_type)[record.record_id]

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the simulated portal has no {name}")


def _named(records: Sequence[object]) -> str:
    return ", ".join(map(str, records))
