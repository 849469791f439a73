"""What hangs on nothing is told apart from what hangs on something and from what nobody can tell."""

from datetime import UTC, datetime

from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.core.residue import Letter, Residue, residue_of

EARLY = datetime(2015, 2, 1, 10, tzinfo=UTC)
LATE = datetime(2020, 2, 1, 10, tzinfo=UTC)


def test_what_hangs_on_nothing_is_named_in_order_and_the_oldest_of_it_dated() -> None:
    letters = [
        Letter(RecordId(8), EARLY, hangs=False),
        Letter(RecordId(9), LATE, hangs=False),
        Letter(RecordId(7), None, hangs=False),
        Letter(RecordId(5), datetime(2001, 1, 1, tzinfo=UTC), hangs=True),
        Letter(RecordId(6), datetime(2001, 1, 1, tzinfo=UTC), hangs=UNKNOWN),
        Letter(RecordId(4), None, hangs=UNKNOWN),
    ]
    assert residue_of(ObjectType.NOTE, letters) == Residue(
        kind=ObjectType.NOTE,
        read=6,
        unknown=2,
        loose=(RecordId(7), RecordId(8), RecordId(9)),
        oldest_at=EARLY,
    )


def test_where_there_is_no_correspondence_nothing_is_left_over() -> None:
    assert residue_of(ObjectType.CALL, []) == Residue(kind=ObjectType.CALL, read=0, unknown=0, loose=(), oldest_at=None)
