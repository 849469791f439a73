"""Residue: correspondence that hangs on nothing any more, because what it hung on was archived or deleted.

An archive touches a contact alone, so that a person can restore it whole; what was written to it stays, and speaks of
it for ever. Nobody finds it in HubSpot by way of a record.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.record import ObjectType, RecordId


@dataclass(frozen=True, slots=True)
class Letter:
    """A piece of correspondence: when it took place, as far as that is known, and whether it hangs on a contact, a
    company, a deal or a ticket."""

    record_id: RecordId
    occurred_at: datetime | None
    hangs: bool | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Residue:
    """One kind of correspondence: how many pieces were read, of how many nobody can tell what they hang on, which hang
    on nothing, in the order of their ids, and when the oldest of those took place."""

    kind: ObjectType
    read: int
    unknown: int
    loose: tuple[RecordId, ...]
    oldest_at: datetime | None


def residue_of(kind: ObjectType, letters: Iterable[Letter]) -> Residue:
    """What is left over among the correspondence of one kind."""
    read = unknown = 0
    loose: list[RecordId] = []
    oldest: datetime | None = None
    for letter in letters:
        read += 1
        if isinstance(letter.hangs, Unknown):
            unknown += 1
        elif not letter.hangs:
            loose.append(letter.record_id)
            if letter.occurred_at is not None:
                oldest = letter.occurred_at if oldest is None else min(oldest, letter.occurred_at)
    return Residue(kind=kind, read=read, unknown=unknown, loose=tuple(sorted(loose)), oldest_at=oldest)
