"""How many records are read together before they go."""

import pytest

from hubspot_retention.core.plan.model import Action
from hubspot_retention.workflow.batches import BATCH, in_batches
from tests.unit.core.plan.plans import an_item


@pytest.mark.parametrize(
    ("action", "number", "expected"),
    [
        (Action.ARCHIVE, 120, [100, 20]),
        (Action.ERASE, 120, [50, 50, 20]),
        (Action.END_MARKETING, 25, [10, 10, 5]),
    ],
)
def test_no_more_are_read_together_than_can_go_while_they_are_fresh(
    action: Action, number: int, expected: list[int]
) -> None:
    items = [an_item(f"contacts/{101 + place}", action=action) for place in range(number)]
    batches = list(in_batches(items, BATCH))
    assert [len(batch) for batch in batches] == expected
    assert [item for batch in batches for item in batch] == items


def test_marketing_ends_after_everything_else_of_its_hundred() -> None:
    order = [Action.END_MARKETING, Action.ERASE, Action.END_MARKETING, Action.ARCHIVE, Action.ERASE]
    items = [an_item(f"contacts/{101 + place}", action=action) for place, action in enumerate(order)]
    batches = [[int(item.record.record_id) for item in batch] for batch in in_batches(items, BATCH)]
    assert batches == [[102, 105], [104], [101, 103]]


def test_people_are_archived_after_all_who_may_share_letters_with_them_however_early_their_deadline() -> None:
    people = [an_item(f"contacts/{101 + place}", action=Action.ARCHIVE) for place in range(2)]
    others = [an_item("deals/21", action=Action.ARCHIVE), an_item("contacts/103")]
    batches = [[str(item.record) for item in batch] for batch in in_batches([*people, *others], 1)]
    assert batches == [["deals/21"], ["contacts/103"], ["contacts/101"], ["contacts/102"]]


def test_where_records_cannot_be_read_fewer_are_read_together() -> None:
    items = [an_item(f"contacts/{101 + place}", action=Action.ERASE) for place in range(3)]
    assert [len(batch) for batch in in_batches(items, 1)] == [1, 1, 1]
