"""A named person brings a database back: which doubts that is for, which holds are placed, what the log says of it."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from hubspot_retention.core.audit.anchor import Anchored, Doubt
from hubspot_retention.core.audit.entry import Entry, read_entry
from hubspot_retention.core.hold import Hold
from hubspot_retention.core.record import RecordRef
from hubspot_retention.errors import BlockedError, UsageError
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.store.private_text import read_text
from hubspot_retention.workflow.recover import HandedIn, Recoverer, Recovery
from tests.builders import at, on
from tests.stores import a_database

NOW = at("2026-11-22T09:00")
SIGNED = cast(Any, "the log as it was signed")
WHY = "the disk broke"


def a_hold(record: str = "contacts/101", matter: str = "J-1", **more: Any) -> HandedIn:
    """A hold that must be in force."""
    values: dict[str, Any] = {"reason": "a dispute", "review_on": None}
    return HandedIn(record=RecordRef.parse(record), matter=matter, **values | more)


@dataclass(slots=True)
class Anchors:
    """Anchors that doubt the log for these reasons; `refused`: those that will not begin anew, and why. `signed`: the
    last entry of what was signed, with the holds that were in force by then and what was still known of what the
    anchors saw."""

    store: SqlStore
    found: tuple[Doubt, ...] = (Doubt.BEHIND,)
    refused: Mapping[str, str] = field(default_factory=dict)
    signed: list[tuple[Entry, int, int]] = field(default_factory=list)
    shown: list[object] = field(default_factory=list)

    def bring_back(self, *holds: HandedIn) -> Recovery:
        """Anna brings it back."""
        return Recoverer(self.store, cast(Any, self), "anna", lambda: NOW).run(WHY, holds)

    def look(self) -> tuple[Doubt, ...]:
        return self.found

    def sign_end(self, at: datetime) -> Any:
        assert at == NOW
        with self.store.transaction() as tx:
            last = read_entry(list(self.store.entries())[-1].body)
            self.signed.append((last, len(tx.holds()), len(tx.anchored())))
        return SIGNED

    def show_anew(self, signed: object) -> Mapping[str, str]:
        self.shown.append(signed)
        return self.refused

    def holds(self) -> list[tuple[Hold, str]]:
        """Those in force, with their reasons."""
        with self.store.transaction() as tx:
            return list(tx.holds())


class CutShortError(Exception):
    """The process ended."""


class CutShort:
    """A store of which the process ends before another transaction begins, after `left` more."""

    def __init__(self, store: SqlStore, left: int) -> None:
        self._store = store
        self._left = left

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def transaction(self) -> Any:
        if not self._left:
            raise CutShortError
        self._left -= 1
        return self._store.transaction()


@pytest.fixture
def anchors(tmp_path: Path) -> Iterator[Anchors]:
    """A restored database, of which an anchor saw more."""
    with open_store(a_database(tmp_path / "retention.db")) as store:
        with store.transaction() as tx:
            tx.save_anchored([Anchored(name="file", size=3, at=NOW - timedelta(days=1))])
        yield Anchors(store)


def is_untouched(anchors: Anchors) -> bool:
    """Whether nothing was placed, written or shown."""
    with anchors.store.transaction() as tx:
        return not (tx.holds() or anchors.signed or anchors.shown) and len(tx.anchored()) == 1


@pytest.mark.parametrize("doubt", [Doubt.BEHIND, Doubt.FORKED, Doubt.LOST])
def test_a_doubt_that_only_a_person_can_settle_is_settled_and_stands_in_the_log(anchors: Anchors, doubt: Doubt) -> None:
    anchors.found = (doubt, Doubt.OLD)
    anchors.bring_back()
    ((entry, _, _),) = anchors.signed
    assert (entry.kind, entry.code, entry.actor, entry.at) == ("recovery.confirmed", doubt.value, "anna", NOW)
    assert anchors.shown == [SIGNED]


def test_the_log_says_what_a_person_settled_also_where_another_anchor_could_not_be_read(anchors: Anchors) -> None:
    anchors.found = (Doubt.UNREADABLE, Doubt.BEHIND)
    anchors.bring_back()
    assert anchors.signed[0][0].code == Doubt.BEHIND.value


def test_a_log_that_its_anchors_know_is_not_brought_back(anchors: Anchors) -> None:
    anchors.found = ()
    with pytest.raises(
        UsageError, match=r"^there is nothing to bring back: the audit log extends what its anchors saw$"
    ):
        anchors.bring_back(a_hold())
    assert is_untouched(anchors)


def test_an_anchor_that_was_not_reached_for_long_is_no_reason_to_bring_anything_back(anchors: Anchors) -> None:
    anchors.found = (Doubt.OLD,)
    with pytest.raises(UsageError, match="nothing to bring back"):
        anchors.bring_back(a_hold())
    assert is_untouched(anchors)


def test_while_no_anchor_can_be_read_nobody_can_tell_and_nothing_is_brought_back(anchors: Anchors) -> None:
    anchors.found = (Doubt.UNREADABLE,)
    with pytest.raises(BlockedError, match="no anchor can be read"):
        anchors.bring_back(a_hold())
    assert is_untouched(anchors)


def test_what_is_missing_is_held_before_the_recovery_stands_in_the_log(anchors: Anchors) -> None:
    hold = a_hold(reason="a claim", review_on=on("2027-01-31"))
    done = anchors.bring_back(hold, a_hold("deals/7", "J-2"))
    assert done == Recovery(placed=2, known=0, refused={})
    ((entry, in_force, _),) = anchors.signed
    facts = dict(entry.facts)
    assert (in_force, facts["holds_placed"], facts["holds_known"]) == (2, 2, 0)
    placed = {(str(held.record), held.matter): (held, reason) for held, reason in anchors.holds()}
    held, reason = placed["contacts/101", "J-1"]
    assert (held.placed_by, held.placed_at, held.review_on, reason) == ("anna", NOW, on("2027-01-31"), "a claim")
    assert ("deals/7", "J-2") in placed
    entries = [read_entry(stored.body) for stored in anchors.store.entries()]
    assert [(entry.kind, entry.record, entry.actor) for entry in entries] == [
        ("hold.placed", "contacts/101", "anna"),
        ("hold.placed", "deals/7", "anna"),
        ("recovery.confirmed", None, "anna"),
    ]


def test_a_hold_that_is_there_is_not_placed_twice_but_one_for_another_matter_is(anchors: Anchors) -> None:
    anchors.bring_back(a_hold())
    assert anchors.bring_back(a_hold(), a_hold(matter="J-9"), a_hold("contacts/102")) == Recovery(
        placed=2, known=1, refused={}
    )
    facts = dict(anchors.signed[1][0].facts)
    assert (facts["holds_placed"], facts["holds_known"]) == (2, 1)
    assert sorted((str(held.record), held.matter) for held, _ in anchors.holds()) == [
        ("contacts/101", "J-1"),
        ("contacts/101", "J-9"),
        ("contacts/102", "J-1"),
    ]


def test_the_second_of_two_holds_for_one_matter_is_placed_if_only_one_is_there(anchors: Anchors) -> None:
    anchors.bring_back(a_hold())
    assert anchors.bring_back(a_hold(reason="the other side's"), a_hold()) == Recovery(placed=1, known=1, refused={})
    assert len(anchors.holds()) == 2
    assert anchors.bring_back(a_hold(), a_hold()) == Recovery(placed=0, known=2, refused={})


def test_the_log_has_the_commitment_to_why_and_the_words_are_kept_apart(anchors: Anchors) -> None:
    anchors.bring_back()
    commitment = dict(anchors.signed[0][0].facts)["why"]
    assert commitment != WHY
    with anchors.store.transaction() as tx:
        assert read_text(tx._open_session, cast(str, commitment)) == WHY
        assert tx.forget_texts(NOW) == 0
        assert tx.forget_texts(NOW + timedelta(seconds=1)) == 1


def test_what_the_anchors_saw_before_counts_no_more_when_it_is_signed(anchors: Anchors) -> None:
    anchors.bring_back()
    assert anchors.signed[0][2] == 0


@pytest.mark.parametrize(("left", "is_settled"), [(0, False), (1, False), (2, False), (3, True), (4, True)])
def test_wherever_it_is_cut_short_what_the_anchors_saw_is_known_unless_the_log_says_who_brought_it_back(
    anchors: Anchors, left: int, is_settled: bool
) -> None:
    store, anchors.store = anchors.store, cast(SqlStore, CutShort(anchors.store, left))
    with suppress(CutShortError):
        anchors.bring_back(a_hold())
    with store.transaction() as tx:
        known = len(tx.anchored())
    is_told = "recovery.confirmed" in [read_entry(stored.body).kind for stored in store.entries()]
    assert (known, is_told) == ((0, True) if is_settled else (1, False))


def test_anchors_that_will_not_begin_anew_are_told_with_their_reason(anchors: Anchors) -> None:
    anchors.refused = {"witness": "forget it there first"}
    assert anchors.bring_back().refused == {"witness": "forget it there first"}
