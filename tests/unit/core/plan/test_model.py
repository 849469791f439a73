"""Plans and items as values."""

from hubspot_retention.core.plan.model import FINAL_STATES, Action, ItemState, RuleCount
from hubspot_retention.core.plan.query import ALL_ITEMS, ItemFilter, ItemOrder
from hubspot_retention.core.record import RecordRef
from tests.unit.core.plan.plans import a_plan, an_item


def test_an_item_is_about_the_record_of_its_decision() -> None:
    assert an_item("contacts/102").record == RecordRef.parse("contacts/102")


def test_a_call_whose_answer_was_lost_is_not_final() -> None:
    assert ItemState.UNKNOWN not in FINAL_STATES
    assert ItemState.SENT not in FINAL_STATES


def test_the_filter_for_all_items_filters_nothing_and_keeps_the_order_of_the_digest() -> None:
    assert ItemFilter(actions=(), outcomes=(), object_types=(), states=(), order=ItemOrder.RECORD) == ALL_ITEMS


def test_what_a_plan_only_observes_is_not_among_what_it_does() -> None:
    done, seen = RuleCount("a", Action.ERASE, 3, None, None), RuleCount("b", Action.OBSERVE, 2, None, None)
    assert (a_plan(rules=(done, seen)).to_do, a_plan(rules=(done, seen)).observed) == ((done,), 2)
    assert (a_plan(rules=(seen,)).to_do, a_plan().observed) == ((), 0)
