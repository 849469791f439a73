"""Correspondence, with those in the bin who need it: what HubSpot does not show."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.portal import Correspondence
from hubspot_retention.core.record import RecordId, RecordRef
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.workflow.needed_in_bin import needs_known
from tests.stores import a_database
from tests.unit.workflow.carrying import NOW, a_letter

ONE, TWO, BINNED = RecordId(101), RecordId(102), RecordId(103)
NOTE, EMAIL = a_letter("notes/41", 101), a_letter("emails/41", 101, 102)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """A store that knows of one contact in the bin, who needs an e-mail."""
    with open_store(a_database(tmp_path / "store.db")) as opened:
        with opened.transaction() as tx:
            tx.note_needs(BINNED, [RecordRef.parse("emails/41")], NOW)
        yield opened


def test_a_letter_hangs_on_those_in_the_bin_who_need_it_and_one_of_the_same_number_does_not(store: SqlStore) -> None:
    needed = replace(EMAIL, contacts=(ONE, TWO, BINNED))
    assert needs_known(store, {ONE: (NOTE, EMAIL), TWO: (EMAIL,)}) == {ONE: (NOTE, needed), TWO: (needed,)}


def test_what_could_not_be_listed_stays_unknown_and_nobody_has_nothing(store: SqlStore) -> None:
    listed: Correspondence = {ONE: UNKNOWN, TWO: ()}
    assert needs_known(store, listed) == listed
