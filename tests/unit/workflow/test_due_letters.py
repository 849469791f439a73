"""Correspondence is read for what takes it away; what cannot be read is found by halving and keeps nobody else out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from hubspot_retention.core.plan.model import Action, PlanItem, PlanKind
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.errors import PortalDeniedError, PortalError, PortalPausedError, PortalTemporaryError
from hubspot_retention.workflow.due_letters import Letters, read_letters
from hubspot_retention.workflow.due_reading import Candidate
from tests.unit.core.deadline.lines import an_obligation
from tests.unit.core.plan.plans import a_disposal, an_item
from tests.unit.workflow.carrying import a_letter

LETTER = a_letter("notes/31")


@dataclass(slots=True)
class Portal:
    """Everybody has a letter. `poison`: of whom nothing can be read; `is_down`: HubSpot does not answer at all."""

    poison: set[int] = field(default_factory=set)
    error: Exception = field(default_factory=lambda: PortalTemporaryError("no"))
    is_down: bool = False
    asked: list[str] = field(default_factory=list)

    def correspondence(self, kind: ObjectType, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        self.asked.append(f"{kind.value} {' '.join(map(str, ids))}" if len(ids) < 9 else f"{kind.value} ×{len(ids)}")
        if self.poison.intersection(ids):
            raise self.error
        return dict.fromkeys(ids, (LETTER,))

    def identity(self) -> None:
        self.asked.append("identity")
        if self.is_down:
            raise PortalTemporaryError("down")


def letters(portal: Portal, *items: PlanItem) -> Letters:
    """What is read for them."""
    given = [Candidate(kind=PlanKind.TIME, item=item, obligation=an_obligation()) for item in items]
    return read_letters(cast(Any, portal), given)


def people(*numbers: int) -> list[PlanItem]:
    """Who is to be erased."""
    return [an_item(f"contacts/{number}") for number in numbers]


def of(record: str, action: Action) -> PlanItem:
    """Something is to be done with a record."""
    return an_item(decision=a_disposal(record), action=action)


def test_it_is_read_for_erasures_of_contacts_and_for_deals_that_are_archived() -> None:
    portal = Portal()
    found = letters(
        portal,
        of("deals/1", Action.ARCHIVE),
        *people(101),
        of("contacts/102", Action.ARCHIVE),
        of("contacts/103", Action.END_MARKETING),
        *people(104),
        of("companies/5", Action.ARCHIVE),
    )
    assert portal.asked == ["deals 1", "contacts 101 104"]
    assert found.source is cast(Any, found)
    assert found.correspondence(ObjectType.CONTACT, [RecordId(101), RecordId(102)]) == {101: (LETTER,)}
    assert found.correspondence(ObjectType.DEAL, [RecordId(1)]) == {1: (LETTER,)}
    assert found.correspondence(ObjectType.COMPANY, [RecordId(5)]) == {}
    assert found.unreadable == set()


def test_it_is_read_a_hundred_at_a_time() -> None:
    portal = Portal()
    found = letters(portal, *people(*range(1, 251)))
    assert portal.asked == ["contacts ×100", "contacts ×100", "contacts ×50"]
    assert list(found.found[ObjectType.CONTACT]) == list(range(1, 251))


@pytest.mark.parametrize("error", [PortalTemporaryError("no"), ValueError("odd"), KeyError("less"), TypeError("none")])
def test_what_cannot_be_read_is_halved_until_it_stands_alone_after_all_others(error: Exception) -> None:
    portal = Portal({103}, error)
    found = letters(portal, *people(101, 102, 103), of("deals/1", Action.ARCHIVE))
    assert [each for each in portal.asked if each != "identity"] == [
        "contacts 101 102 103",
        "deals 1",
        "contacts 101",
        "contacts 102 103",
        "contacts 102",
        "contacts 103",
    ]
    assert portal.asked.count("identity") == 3
    assert {str(record) for record in found.unreadable} == {"contacts/103"}
    assert list(found.found[ObjectType.CONTACT]) == [101, 102]


def test_nobody_is_blamed_while_hubspot_does_not_answer() -> None:
    with pytest.raises(PortalTemporaryError, match="down"):
        letters(Portal({101}, is_down=True), *people(101))


@pytest.mark.parametrize("error", [PortalPausedError("paused"), PortalDeniedError("denied")])
def test_a_pause_or_a_refusal_of_the_token_ends_it_at_once(error: PortalError) -> None:
    portal = Portal({101}, error)
    with pytest.raises(type(error)):
        letters(portal, *people(101, 102))
    assert portal.asked == ["contacts 101 102"]
