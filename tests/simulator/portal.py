"""A portal at the border of the workflow: records as they are read by id, calls, and everything that goes wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hubspot_retention.core.facts.observation import ContactObservation
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.portal import CallResult, Fate, Gone, MergedInto, PortalDetails, SeenContact
from hubspot_retention.core.record import ObjectType, PortalId, RecordId
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


def _ignore(_kind: str, _record: RecordId) -> None:
    return


@dataclass(slots=True)
class SimulatedPortal:
    """Implements `RecordSource` and `Disposer` as far as contacts without correspondence need them.

    The checker's ears: `on_identity` hears whose token it was and how far the clocks were apart, `on_read` what an
    answer said of a record, `on_call` that a call is about to leave, `on_effect` that a record goes. `poison`: records
    that cannot be read.
    """

    stage: Stage
    there: dict[RecordId, ContactObservation]
    portal_id: PortalId = PORTAL
    merged: dict[RecordId, RecordId] = field(default_factory=dict)
    poison: set[RecordId] = field(default_factory=set)
    on_identity: Callable[[int, float], None] = lambda portal, skew: None
    on_read: Callable[[RecordId, Any], None] = lambda record, answer: None
    on_call: Callable[[str, RecordId], None] = _ignore
    on_effect: Callable[[str, RecordId], None] = _ignore

    # RecordSource

    def identity(self) -> PortalDetails:
        """Who the token belongs to, and how far our clock is off."""
        self._ask("asks whose token it is")
        self.on_identity(self.portal_id, self.stage.wall_offset)
        return PortalDetails(
            portal_id=self.portal_id,
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
        answers = {key: self._answer(key, blind) for key in ids}
        for key, answer in answers.items():
            self.on_read(key, answer)
        self.stage.step("has read")
        return answers

    def _answer(self, key: RecordId, blind: bool) -> Any:
        if key in self.merged:
            return MergedInto(self.merged[key])
        seen = self.there.get(key)
        if seen is None:
            return Gone.ABSENT
        return SeenContact(seen._replace(legal_hold=UNKNOWN) if blind else seen, None)

    def presence(self, object_type: ObjectType, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        """Whether records are in view."""
        self._ask(f"looks whether {_named(ids)} are there", ids)
        return {
            key: MergedInto(self.merged[key]) if key in self.merged else True if key in self.there else Gone.ABSENT
            for key in ids
        }

    def correspondence(self, owner: ObjectType, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        """There is none."""
        return dict.fromkeys(ids, ())

    def _ask(self, words: str, ids: Sequence[RecordId] = ()) -> None:
        self.stage.step(words)
        if self.poison.intersection(ids) or self.stage.fate(0.04, TEMPORARY):
            raise PortalTemporaryError("the answer was 503")
        if self.stage.fate(0.004, "HubSpot pauses the account (477)"):
            raise PortalPausedError("the account pauses")
        if self.stage.fate(0.004, "HubSpot refuses the token"):
            raise PortalDeniedError("the token was refused")

    # Disposer

    def archive(self, object_type: ObjectType, ids: Sequence[RecordId]) -> CallResult:
        """Archive records; some of them may be left out though the call was taken."""
        return self._call("archive", ids)

    def erase_contact(self, contact_id: RecordId) -> CallResult:
        """Erase a contact."""
        return self._call("erase", [contact_id])

    def _call(self, kind: str, ids: Sequence[RecordId]) -> CallResult:
        stage = self.stage
        for key in ids:
            self.on_call(kind, key)
        stage.step(f"calls {kind} of {_named(ids)}")
        for status in (429, 423, 404, 400):
            if stage.fate(0.03, f"HubSpot answers {status}, nothing has happened"):
                return CallResult(Fate.REFUSED, status)
        if stage.fate(0.04, "HubSpot pauses the account (477)"):
            raise PortalPausedError("the account pauses")
        if stage.fate(0.06, "the call is lost before it has an effect"):
            return CallResult(Fate.UNKNOWN)
        for key in ids:
            if key in self.there and not (len(ids) > 1 and stage.fate(0.1, f"HubSpot leaves {key} out")):
                self.on_effect(kind, key)
                del self.there[key]
        stage.step(f"{kind} of {_named(ids)} has happened")
        if stage.fate(0.1, "the answer is lost"):
            return CallResult(Fate.UNKNOWN, 502 if stage.random.random() < 0.5 else None)
        return CallResult(Fate.DONE, 204)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the simulated portal has no {name}")


def _named(ids: Sequence[RecordId]) -> str:
    return ", ".join(map(str, ids))
