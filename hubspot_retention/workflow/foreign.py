"""What others deleted; what they merged or brought back, `moves` writes down.

What can go wrong: a record that had to be kept is gone and nobody hears of it while it can still be restored; or
somebody is called because of a deletion that was our own, or harmless, so often that nobody looks any more. So what
became of a record is read by its id, ours is what a plan of ours did or has in flight, and of everything else that
was held or kept, or of which nobody can tell, an alarm says until when HubSpot's bin can give it back.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from hubspot_retention.core.alarm import Alarm, AlarmKind, AlarmLevel, AlarmRecord
from hubspot_retention.core.audit.entry import Facts
from hubspot_retention.core.audit.kinds import Subject
from hubspot_retention.core.deadline.ledger import GONE, ended
from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.deadline.timing import BIN
from hubspot_retention.core.plan.model import ItemState
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.portal import Gone
from hubspot_retention.core.record import PortalId, RecordRef
from hubspot_retention.workflow.aftermath import took_effect
from hubspot_retention.workflow.event_alarms import alarm_about, person_is_gone
from hubspot_retention.workflow.moves import Moves
from hubspot_retention.workflow.ports import Transaction
from hubspot_retention.workflow.reach import Surroundings
from hubspot_retention.workflow.worth import Loss, Worth, is_heard_of, is_known_held, worth_of

DELETION: Final = "deletion"
PRIVACY_DELETION: Final = "privacy-deletion"
NEVER: Final = "never"
"""Until when what was erased for good can be restored."""
OURS: Final = "own-disposal"
IN_FLIGHT: Final = "in-flight"

_UNSETTLED: Final = (ItemState.SENT, ItemState.UNKNOWN)

Raises = Callable[[Transaction, Alarm], None]
"""Stores an alarm of something that has happened."""


class Foreign(Moves):
    """Judges what others did to records of one portal."""

    def __init__(self, source: Surroundings, policy: RetentionPolicy, portal_id: PortalId, raises: Raises) -> None:
        super().__init__(policy, portal_id)
        self._source = source
        self._raises = raises

    def lost(self, record: RecordRef, told_at: datetime, *, privacy: bool = False) -> Loss:
        """Look for a record that is not in view in HubSpot's bin. Not to be called in a transaction."""
        found = Gone.ABSENT if privacy else self._source.read_archived(record)
        if isinstance(found, Gone):
            return Loss(record=record, deleted_at=told_at, privacy=privacy)
        seen, archived_at = found
        return Loss(record=record, deleted_at=archived_at if isinstance(archived_at, datetime) else told_at, seen=seen)

    def gone(self, tx: Transaction, loss: Loss, now: datetime) -> str:
        """Write down that a record is gone: settled in the ledger, with an alarm if it was to stay; answers a code. An
        alarm that an erased person is back as this record, or that it could not be read, is over. Where one that was
        merged into it was held, it was held."""
        self.read(tx, loss.record, now)
        person_is_gone(tx, loss.record, now)
        took_effect(tx, loss.record, now)
        own = tx.obligation(loss.record)
        is_held = any(is_known_held(tx, each, tx.obligation(each)) for each in loss.merged)
        for each in loss.merged:
            self.merged(tx, each, loss.record, now)
        ours = _of_ours(tx, loss.record, own)
        if ours:
            return ours
        alarm = alarm_about(tx, loss.record)
        if alarm is None:
            worth = Worth.HELD if is_held else worth_of(tx, loss, own, self._policy, now)
            if worth is not Worth.FREE or loss.privacy or not is_heard_of(loss, own, now):
                self._tell(tx, loss, worth, now)
        elif loss.privacy and not _tells_of_erasure(alarm):
            worth = Worth(dict(alarm.facts)["was"])
            tx.audit(self._entry(Subject.FOREIGN_DELETION, loss.record, now, _code(loss), self._facts(loss, worth)))
            tx.save_alarm(replace(alarm, facts=self._words(loss, worth)))
        known = tx.obligation(loss.record)
        if known is not None and known.is_live:
            self._end(tx, known, now)
        return _code(loss)

    def suspected(self, tx: Transaction, loss: Loss, now: datetime) -> None:
        """A deletion that nobody could look into: a person must."""
        if not _of_ours(tx, loss.record, tx.obligation(loss.record)) and alarm_about(tx, loss.record) is None:
            self._tell(tx, loss, Worth.UNKNOWN, now)

    def unreadable(self, tx: Transaction, record: RecordRef, code: str, now: datetime) -> None:
        """A record that something was told of, and that cannot be read: a person must look. Nobody finds that again,
        for what was told is done with: it is an event."""
        kind, facts = AlarmKind.EVENT_UNREADABLE, (("reason", code),)
        self._raises(tx, Alarm(kind=kind, about=str(record), level=AlarmLevel.WARNING, at=now, facts=facts))

    def _tell(self, tx: Transaction, loss: Loss, worth: Worth, now: datetime) -> None:
        """The audit entry, and the alarm unless the record was free to go."""
        tx.audit(self._entry(Subject.FOREIGN_DELETION, loss.record, now, _code(loss), self._facts(loss, worth)))
        if worth is not Worth.FREE:
            alarm = Alarm(
                kind=AlarmKind.FOREIGN_DELETION,
                about=str(loss.record),
                level=AlarmLevel.URGENT,
                at=now,
                facts=self._words(loss, worth),
            )
            self._raises(tx, alarm)

    def _restorable_until(self, loss: Loss) -> str:
        return NEVER if loss.privacy else self._policy.civil.day_of(loss.deleted_at + BIN).isoformat()

    def _words(self, loss: Loss, worth: Worth) -> tuple[tuple[str, str], ...]:
        return tuple((name, str(value)) for name, value in self._facts(loss, worth))

    def _facts(self, loss: Loss, worth: Worth) -> Facts:
        found = "no" if loss.privacy else "not-found" if loss.seen is None else "yes"
        return (
            ("what", _code(loss)),
            ("was", worth.value),
            ("deleted_at", loss.deleted_at.isoformat(timespec="seconds")),
            ("in_bin", found),
            ("restorable_until", self._restorable_until(loss)),
        )

    def _end(self, tx: Transaction, known: Obligation, now: datetime) -> None:
        after = ended(known._replace(heard_at=now), GONE, now)
        tx.save_obligations([after])
        self._tell_ledger(tx, known, after, now)


def _of_ours(tx: Transaction, record: RecordRef, known: Obligation | None) -> str:
    """Whether a plan of ours disposed of a record, or has a call for it in flight: then settling it is its matter.

    What was disposed of and was seen in view since, or came under a new obligation since, is not ours any more.
    """
    done = tx.disposed(record.object_type, [record.record_id]).get(record.record_id)
    plan = tx.plan(done[0]) if done else None
    if plan is not None and (known is None or not known.is_live or plan.built_at >= known.first_seen_at):
        return OURS
    sent = tx.disposed(record.object_type, [record.record_id], states=_UNSETTLED)
    return IN_FLIGHT if sent else ""


def _code(loss: Loss) -> str:
    return PRIVACY_DELETION if loss.privacy else DELETION


def _tells_of_erasure(alarm: AlarmRecord) -> bool:
    return dict(alarm.facts).get("what") == PRIVACY_DELETION
