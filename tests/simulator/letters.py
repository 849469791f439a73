"""Correspondence at the border of the workflow: what hangs on what, and the steps of a bundle."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hubspot_retention.core.facts.observation import DealObservation
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.portal import CallResult, Engagement, Fate
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from tests.simulator.stage import Stage

_CONTACT, _DEAL = ObjectType.CONTACT, ObjectType.DEAL


@dataclass(slots=True)
class Letter:
    """A piece of correspondence: what it hangs on, each since when."""

    ref: RecordRef
    occurred_at: datetime
    links: dict[RecordRef, float]

    def on(self, kind: ObjectType) -> tuple[RecordId, ...]:
        """The records of a class that it hangs on."""
        return tuple(sorted(each.record_id for each in self.links if each.object_type is kind))


class Letters:
    """The part of a town that keeps letters."""

    __slots__ = ()
    stage: Stage
    letters: dict[RecordRef, Letter]
    deals_there: dict[RecordId, DealObservation]
    on_listed: Any
    on_letter: Any
    on_needs: Any
    _ask: Any

    def correspondence(self, owner: ObjectType, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        """What hangs on records; of some it cannot be listed."""
        self._ask(f"lists the correspondence of {owner.value}")
        found: dict[RecordId, Any] = {}
        for key in ids:
            mine = [each for each in self.letters.values() if RecordRef(owner, key) in each.links]
            found[key] = tuple(map(self._engagement, mine))
            if self.stage.fate(0.02, f"that of {key} cannot be listed"):
                found[key] = UNKNOWN
            self.on_listed(RecordRef(owner, key))
        return found

    def letters_of(self, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        """Which hang on contacts; of some it cannot be read."""
        self._ask("lists the letters of contacts")
        found: dict[RecordId, Any] = {}
        for key in ids:
            contact = RecordRef(_CONTACT, key)
            found[key] = tuple(each.ref for each in self.letters.values() if contact in each.links)
            if self.stage.fate(0.02, f"those of {key} cannot be read"):
                found[key] = UNKNOWN
            self.on_needs(contact)
        return found

    def _engagement(self, letter: Letter) -> Engagement:
        blind = self.stage.fate(0.02, f"the deals of {letter.ref} cannot be read")
        return Engagement(
            ref=letter.ref,
            occurred_at=letter.occurred_at,
            contacts=letter.on(_CONTACT),
            deals=UNKNOWN if blind else letter.on(_DEAL),
            tickets=(),
            files=(),
        )

    def associate(self, engagement: RecordRef, target: RecordRef) -> CallResult:
        """Hang a letter on a deal."""
        return self._step(f"{engagement} is hung on {target}", lambda: self._hang(engagement, target))

    def _hang(self, engagement: RecordRef, target: RecordRef) -> None:
        if engagement in self.letters:
            self.letters[engagement].links.setdefault(target, self.stage.seconds)

    def dissociate(self, engagement: RecordRef, target: RecordRef) -> CallResult:
        """Take a letter off a record."""
        return self._step(f"{engagement} is taken off {target}", lambda: self._take_off(engagement, target))

    def _take_off(self, engagement: RecordRef, target: RecordRef) -> None:
        if engagement in self.letters:
            self.letters[engagement].links.pop(target, None)

    def stamp_deal_end(self, deal_id: RecordId, day: str) -> CallResult:
        """Write a deal's end."""
        return self._step(f"the end of deal {deal_id} is written", lambda: self._stamp(deal_id, day))

    def _stamp(self, deal_id: RecordId, day: str) -> None:
        if deal_id in self.deals_there:
            self.deals_there[deal_id] = self.deals_there[deal_id]._replace(customer_until=date.fromisoformat(day))

    def _archive_letters(self, kind: ObjectType, ids: Sequence[RecordId]) -> None:
        for key in ids:
            letter = self.letters.get(RecordRef(kind, key))
            if letter is not None and not self.stage.fate(0.05, f"HubSpot leaves {letter.ref} out"):
                self.on_letter(letter, self.stage.who)
                del self.letters[letter.ref]

    def _step(self, words: str, effect: Any) -> CallResult:
        """A call beside the disposal itself: refused, lost before its effect or after it."""
        self.stage.step(words)
        if self.stage.fate(0.03, "HubSpot answers 423, nothing has happened"):
            return CallResult(Fate.REFUSED, 423)
        if self.stage.fate(0.03, "the call is lost before it has an effect"):
            return CallResult(Fate.UNKNOWN)
        effect()
        return (
            CallResult(Fate.UNKNOWN, 502) if self.stage.fate(0.04, "its answer is lost") else CallResult(Fate.DONE, 204)
        )
