"""The residue sweep: every kind is read once and whole, and how much was found is written down."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hubspot_retention.bootstrap import application
from hubspot_retention.core.audit.entry import read_entry
from hubspot_retention.core.record import ENGAGEMENT_TYPES, ObjectType, PortalId, RecordId
from hubspot_retention.core.residue import Letter
from hubspot_retention.errors import RangesDisagreeError
from hubspot_retention.store.database import open_store
from hubspot_retention.workflow.residue import ResidueSweep
from tests.stores import a_database

PORTAL = PortalId(25412345)


@dataclass
class OneNote:
    """A portal with one note, which its list tells twice where several ranges are read."""

    asked: list[ObjectType] = field(default_factory=list)
    one_cursor: bool = False

    def letters(self, object_type: ObjectType) -> Iterator[Sequence[Letter]]:
        self.asked.append(object_type)
        if object_type is ObjectType.NOTE:
            yield [Letter(RecordId(1), None, hangs=False)]
            if not self.one_cursor:
                raise RangesDisagreeError("a record stood in two ranges")

    def use_one_cursor(self) -> None:
        self.one_cursor = True


def test_a_list_whose_ranges_disagree_is_read_anew_with_one_cursor_and_counted_once(tmp_path: Path) -> None:
    source, told = OneNote(), list[tuple[str, int]]()
    with open_store(a_database(tmp_path / "retention.db")) as store:
        sweep = ResidueSweep(source, store, "anna")
        found = sweep.run(PORTAL, application().clock.now, lambda phase, done, total: told.append((phase, done)))
        (entry,) = [read_entry(stored.body) for stored in store.entries()]
    assert source.asked == [ObjectType.NOTE, *ENGAGEMENT_TYPES]
    assert [(each.kind, each.read, each.loose) for each in found if each.read] == [(ObjectType.NOTE, 1, (RecordId(1),))]
    assert told == [("reading notes", 1), ("reading notes", 1)]
    assert (entry.kind, dict(entry.facts)["read"], dict(entry.facts)["loose_notes"]) == ("residue.reported", 1, 1)
    assert (entry.portal_id, entry.actor) == (PORTAL, "anna")
