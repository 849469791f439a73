"""Who must be gone by when: a plain account of promises, which knows nothing of the ledger (L1, L4)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hubspot_retention.core.alarm import AlarmKind, AlarmRecord
from hubspot_retention.core.deadline.alarm import UNDECIDED
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from tests.simulator.checker import ViolationError
from tests.simulator.database import database
from tests.simulator.stage import BEGIN, Stage
from tests.simulator.town import LAG, Town

DAY: Final = 86_400.0
FIVE_DAYS: Final = 5 * DAY
MONTH: Final = 30 * DAY
_FIRST: Final = DAY / 2
"""The first hot sweep looks back for a day; what is older is for the full sweep."""
_SHOWN: Final = 5
_OF_DEADLINES: Final = (AlarmKind.DEADLINE_NEAR, AlarmKind.OVERDUE)


@dataclass(slots=True)
class Wish:
    """Somebody is to be gone, or off the list, by `until`; said at `since`. `rule`: what asks for it."""

    since: float
    until: float
    rule: str
    is_told: bool = False


@dataclass(slots=True)
class Account:
    """Keeps the wishes, and what people were told; it is told of the holds that stop the clock by `is_held`."""

    stage: Stage
    town: Town
    wishes: dict[RecordId, Wish] = field(default_factory=dict)
    told: list[tuple[float, AlarmRecord]] = field(default_factory=list)
    met: int = 0
    first_hot: float | None = None
    bound: frozenset[RecordId] = frozenset()

    # People are told: this is the mailbox of alarms.

    def tell(self, records: Sequence[AlarmRecord], *, settled: bool = False) -> bool:
        """A message arrives, or not."""
        if self.stage.fate(0.1, "a message to people is lost"):
            return False
        if not settled:
            self.told.extend((self.stage.seconds, record) for record in records)
        return True

    def wish(self, key: RecordId, rule: str, since: float, span: float) -> None:
        """Somebody unsubscribes, or asks to be erased; the shorter time counts."""
        known = self.wishes.get(key)
        if known is None or since + span < known.until:
            self.wishes[key] = Wish(since, since + span, rule)

    def ease(self) -> None:
        """Something that bound a person here is over: a day is left for whom it bound, whoever that was."""
        for wish in self.wishes.values():
            wish.until = max(wish.until, self.stage.seconds + DAY)

    def forget(self, key: RecordId) -> None:
        """It is taken back, or the record is gone by another's hand."""
        self.wishes.pop(key, None)

    # What the account says.

    def is_met(self, key: RecordId) -> bool:
        """Whether nothing is owed any more."""
        seen = self.town.there.get(key)
        return seen is None or (seen.stage == "customer" and key in self.town.off)

    def look(self, held: frozenset[RecordId]) -> None:
        """Raises ViolationError for a deadline that was missed and nobody was told of. A hold stops the clock, and
        leaves a day when it is lifted."""
        now, self.bound = self.stage.seconds, held
        for key, wish in list(self.wishes.items()):
            if self.is_met(key):
                self.forget(key)
                self.met += 1
            elif key in held:
                wish.until = max(wish.until, now + DAY)
            elif now > wish.until and not wish.is_told:
                wish.is_told = self._was_told(key, wish)
                if not wish.is_told:
                    late = f"{key} was to be gone by {wish.until / 3600:.1f} h, and nobody was told ahead"
                    self.stage.tell(f"VIOLATION of L1: {late}")
                    raise ViolationError("L1", late)

    def _was_told(self, key: RecordId, wish: Wish) -> bool:
        record = str(RecordRef(ObjectType.CONTACT, key))
        return any(_is_about(alarm, record, wish.rule) for at, alarm in self.told if wish.since <= at <= wish.until)

    def swept(self, began: float, what: str) -> None:
        """A sweep that began then was whole: whoever wished before it is in the ledger (L4)."""
        is_hot = what == "hot"
        if is_hot and self.first_hot is None:
            self.first_hot = began
        since = (self.first_hot or 0.0) - _FIRST if is_hot else -MONTH
        with database()[1].transaction() as tx:
            known = tx.obligations_of(ObjectType.CONTACT, sorted(self.wishes))
        for key, wish in self.wishes.items():
            found = known.get(key)
            shown = (
                self.town.changed_at.get(RecordRef(ObjectType.CONTACT, key), wish.since) + LAG if is_hot else wish.since
            )
            asked = since <= wish.since and shown < began and not self.is_met(key) and key not in self.bound
            heard = found is not None and (found.is_live or (is_hot and found.heard_at >= _instant(wish.since)))
            if not asked or heard:
                continue
            words = f"a whole {what} sweep came by, and the ledger does not know of {key}"
            self.stage.tell(f"VIOLATION of L4: {words}")
            raise ViolationError("L4", words)


def _instant(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def _is_about(alarm: AlarmRecord, record: str, rule: str) -> bool:
    """Whether an alarm tells of a record's deadline: it names the record, or so many that not all are named."""
    facts = dict(alarm.facts)
    if alarm.kind is AlarmKind.RAISED:
        return alarm.about == record
    if alarm.kind not in _OF_DEADLINES or alarm.about not in (rule, UNDECIDED):
        return False
    return record in facts["first"].split() or int(facts["records"]) > _SHOWN
