"""Since when somebody is opted out: what is remembered counts, else what is told, else it was first seen now."""

from typing import Any

import pytest

from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered
from hubspot_retention.core.facts.observation import OptOut, OptOutSource
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.portal import Address, SeenContact
from hubspot_retention.workflow.opting_out import must_ask, noted, opt_out_of
from tests.builders import a_contact, at

NOW = at("2026-11-22T09:00")
CLICKED = at("2026-11-01T09:00")
OUT = OptOut(None, OptOutSource.UNKNOWN)
BEFORE = Remembered(opted_out_at=CLICKED, opt_out_source=OptOutSource.STAFF)
ADDRESS = Address("p101@example.dk")


@pytest.mark.parametrize(
    ("opt_out", "address", "before", "asks"),
    [
        (OUT, ADDRESS, NOTHING_REMEMBERED, True),
        (None, ADDRESS, NOTHING_REMEMBERED, False),
        (UNKNOWN, ADDRESS, NOTHING_REMEMBERED, False),
        (OUT, None, NOTHING_REMEMBERED, False),
        (OUT, ADDRESS, BEFORE, False),
    ],
)
def test_it_takes_a_request_for_whoever_is_out_has_an_address_and_is_not_remembered(
    opt_out: Any, address: Address | None, before: Remembered, asks: bool
) -> None:
    assert must_ask(SeenContact(a_contact(opt_out=opt_out), address), before) is asks


@pytest.mark.parametrize(
    ("before", "told", "found"),
    [
        (BEFORE, OptOut(NOW, OptOutSource.PERSON), OptOut(CLICKED, OptOutSource.STAFF)),
        (BEFORE, UNKNOWN, OptOut(CLICKED, OptOutSource.STAFF)),
        (Remembered(opted_out_at=CLICKED), None, OptOut(CLICKED, OptOutSource.UNKNOWN)),
        (NOTHING_REMEMBERED, OptOut(CLICKED, OptOutSource.PERSON), OptOut(CLICKED, OptOutSource.PERSON)),
        (NOTHING_REMEMBERED, OptOut(None, OptOutSource.IMPORT), OptOut(NOW, OptOutSource.IMPORT)),
        (NOTHING_REMEMBERED, None, OptOut(NOW, OptOutSource.UNKNOWN)),
        (NOTHING_REMEMBERED, UNKNOWN, UNKNOWN),
    ],
)
def test_what_is_remembered_counts_then_what_is_told_and_else_this_moment(
    before: Remembered, told: Any, found: Any
) -> None:
    assert opt_out_of(a_contact(opt_out=OUT), before, told, NOW) == found


@pytest.mark.parametrize("told", [None, OptOut(CLICKED, OptOutSource.PERSON)])
def test_who_cannot_be_read_is_not_known_to_be_out_whatever_is_remembered(told: Any) -> None:
    assert opt_out_of(a_contact(opt_out=UNKNOWN), BEFORE, told, NOW) is UNKNOWN


def test_later_runs_know_it_and_one_that_cannot_be_read_is_not_forgotten() -> None:
    found = noted(OptOut(NOW, OptOutSource.PERSON), BEFORE)
    assert found == Remembered(opted_out_at=NOW, opt_out_source=OptOutSource.PERSON)
    assert noted(UNKNOWN, BEFORE._replace(starts="x", archived_by_us=True)) == BEFORE
