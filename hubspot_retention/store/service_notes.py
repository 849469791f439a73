"""What the service notes of itself: its ticks, how far it has read, its alarms, counters that outlive the process."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Dialect, Executable, Row, Table, select

from hubspot_retention.core.alarm import AlarmKind, AlarmLevel, AlarmRecord, Tick
from hubspot_retention.core.record import PortalId
from hubspot_retention.store.encoding import from_micros, from_micros_or_none, to_micros, to_micros_or_none
from hubspot_retention.store.prepared import Prepared, inserting
from hubspot_retention.store.service_schema import alarm, counter, tick, watermark
from hubspot_retention.store.session import Rows

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[tuple[str, str], ...]).decode


def _counting(dialect: Dialect) -> Executable:
    statement = inserting(counter, dialect)
    counted = {"value": counter.c.value + statement.excluded.value}
    found: Executable = statement.on_conflict_do_update(index_elements=list(counter.primary_key), set_=counted)
    return found


_COUNT = Prepared(_counting, [column.name for column in counter.c])


class ServiceNoteRows(Rows):
    """Ticks, watermarks, alarms, counters."""

    def tick_started(self, name: str, at: datetime) -> None:
        """One of the service's ticks begins."""
        began = {"last_started_at": to_micros(at)}
        self._put(tick, {"name": name}, began, {"last_error": "", "seconds": 0.0})

    def tick_done(self, name: str, at: datetime, seconds: float, error: str = "") -> None:
        """It has ended. With `error`, a code, its last success stays what it was."""
        ended: dict[str, Any] = {"last_error": error, "seconds": seconds}
        if not error:
            ended["last_done_at"] = to_micros(at)
        self._put(tick, {"name": name}, ended)

    def ticks(self) -> Mapping[str, Tick]:
        """The ticks that ever began, by name."""
        rows = self._connection.execute(select(tick).order_by(tick.c.name))
        return {row.name: _tick_of(row) for row in rows}

    def watermark(self, portal: PortalId, name: str) -> datetime | None:
        """Up to which instant something was read, `None` for never."""
        here = (watermark.c.portal_id == portal, watermark.c.name == name)
        return from_micros_or_none(self._connection.scalar(select(watermark.c.at).where(*here)))

    def save_watermark(self, portal: PortalId, name: str, at: datetime) -> None:
        """Up to which instant something was read."""
        self._put(watermark, {"portal_id": portal, "name": name}, {"at": to_micros(at)})

    def alarms(self, *, open_only: bool = False) -> Sequence[AlarmRecord]:
        """Alarms, by kind and what they are about; with `open_only` those that are not settled."""
        statement = select(alarm).order_by(alarm.c.kind, alarm.c.about)
        if open_only:
            statement = statement.where(alarm.c.settled_at.is_(None))
        return [_alarm_of(row) for row in self._connection.execute(statement)]

    def alarm(self, kind: AlarmKind, about: str) -> AlarmRecord | None:
        """The alarm of a kind about something, settled or not."""
        row = self._connection.execute(select(alarm).where(alarm.c.kind == kind.value, alarm.c.about == about)).first()
        return None if row is None else _alarm_of(row)

    def save_alarm(self, record: AlarmRecord) -> None:
        """Store an alarm in place of what stood there of its kind and what it is about."""
        values = {
            "level": record.level.value,
            "first_at": to_micros(record.first_at),
            "last_seen_at": to_micros(record.last_seen_at),
            "last_sent_at": to_micros_or_none(record.last_sent_at),
            "times": record.times,
            "settled_at": to_micros_or_none(record.settled_at),
            "facts": _encode(record.facts).decode(),
        }
        self._put(alarm, {"kind": record.kind.value, "about": record.about}, values)

    def count(self, name: str, label: str, by: int = 1) -> None:
        """Add to a counter that outlives the process."""
        self._open_session.change_each(_COUNT, [(name, label, by)])

    def counters(self) -> Mapping[tuple[str, str], int]:
        """The counters, by name and label."""
        rows = self._connection.execute(select(counter).order_by(counter.c.name, counter.c.label))
        return {(row.name, row.label): row.value for row in rows}

    def _put(
        self, table: Table, key: Mapping[str, Any], changes: Mapping[str, Any], first: Mapping[str, Any] | None = None
    ) -> None:
        """Change the row of a key, or make it. `first`: what else, or what instead, a new row holds."""
        statement = inserting(table, self._connection.dialect).values({**key, **changes, **(first or {})})
        statement = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changes)
        self._connection.execute(statement)


def _tick_of(row: Row[tuple[object, ...]]) -> Tick:
    return Tick(
        name=row.name,
        last_started_at=from_micros_or_none(row.last_started_at),
        last_done_at=from_micros_or_none(row.last_done_at),
        last_error=row.last_error,
        seconds=row.seconds,
    )


def _alarm_of(row: Row[tuple[object, ...]]) -> AlarmRecord:
    return AlarmRecord(
        kind=AlarmKind(row.kind),
        about=row.about,
        level=AlarmLevel(row.level),
        first_at=from_micros(row.first_at),
        last_seen_at=from_micros(row.last_seen_at),
        last_sent_at=from_micros_or_none(row.last_sent_at),
        times=row.times,
        settled_at=from_micros_or_none(row.settled_at),
        facts=_decode(row.facts),
    )
