"""The inbox: every event once, handled once, forgotten only when it was handled."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from hubspot_retention.core.record import ObjectType
from hubspot_retention.store.database import SqlStore
from hubspot_retention.store.service_schema import inbox
from tests.contract.store.service_values import HOUR, an_event
from tests.contract.store.values import NOW, a_record


def test_events_come_out_in_the_order_in_which_they_came(store: SqlStore) -> None:
    merge = an_event(2, event_type="contact.merge", property_name="", others=(("primary", 1), ("merged", 2)))
    other = an_event(3, event_type="object.creation", object_type=None)
    with store.transaction() as tx:
        assert tx.add_events([other, merge], NOW) == 2
        assert tx.add_events([an_event(1)], NOW + HOUR) == 1
        stored = tx.events_to_handle(10)
        assert [each.event for each in stored] == [other, merge, an_event(1)]
        assert [each.received_at for each in stored] == [NOW, NOW, NOW + HOUR]
        assert list(tx.events_to_handle(2)) == list(stored[:2])
        assert tx.events_waiting() == 3


def test_an_event_that_comes_again_is_not_new(store: SqlStore) -> None:
    with store.transaction() as tx:
        assert tx.add_events([an_event(1), an_event(2), an_event(1)], NOW) == 2
        assert tx.add_events([an_event(2), an_event(3)], NOW + HOUR) == 1
        assert tx.add_events([an_event(3)], NOW + HOUR) == 0
        assert tx.add_events([], NOW) == 0
        assert [each.event.event_id for each in tx.events_to_handle(10)] == [1, 2, 3]
        assert tx.events_to_handle(1)[0].received_at == NOW


@pytest.mark.parametrize(
    "change",
    [
        {"portal_id": 1},
        {"subscription_id": 8},
        {"event_id": 9},
        {"event_type": "contact.creation"},
        {"object_id": 9},
        {"property_name": ""},
        {"occurred_at": NOW + timedelta(milliseconds=1)},
    ],
)
def test_an_event_that_differs_in_what_names_it_is_another(store: SqlStore, change: dict[str, Any]) -> None:
    with store.transaction() as tx:
        assert tx.add_events([an_event(1), an_event(**{"number": 1} | change)], NOW) == 2


@pytest.mark.parametrize(
    "change", [{"change_source": "IMPORT"}, {"source_id": "2"}, {"others": (("new", 1),)}, {"object_type": None}]
)
def test_an_event_that_differs_in_anything_else_is_the_same(store: SqlStore, change: dict[str, Any]) -> None:
    with store.transaction() as tx:
        assert tx.add_events([an_event(1), an_event(**{"number": 1} | change)], NOW) == 1
        assert tx.events_to_handle(10)[0].event == an_event(1)


def test_what_was_handled_does_not_come_again_even_if_it_is_sent_again(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.add_events([an_event(n) for n in range(1, 4)], NOW)
        first, second, _ = tx.events_to_handle(10)
        tx.mark_handled([first.number, second.number], NOW + HOUR, "looked")
        assert tx.add_events([first.event], NOW + HOUR) == 0
        assert [each.event.event_id for each in tx.events_to_handle(10)] == [3]
        assert tx.events_waiting() == 1


def test_many_events_are_marked_at_once_and_none_is_allowed(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.add_events([an_event(n, object_type=ObjectType.DEAL) for n in range(1203)], NOW)
        tx.mark_handled([], NOW, "looked")
        assert tx.events_waiting() == 1203
        tx.mark_handled([each.number for each in tx.events_to_handle(1202)], NOW, "looked")
        assert [each.event.event_id for each in tx.events_to_handle(10)] == [1202]


def test_only_what_was_handled_before_an_instant_is_forgotten(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.add_events([an_event(n) for n in range(1, 4)], NOW - 99 * HOUR)
        old, recent, _ = tx.events_to_handle(10)
        tx.mark_handled([old.number], NOW - HOUR, "looked")
        tx.mark_handled([recent.number], NOW, "looked")
        assert tx.forget_events(NOW) == 1
        assert tx.forget_events(NOW) == 0
        assert tx.events_waiting() == 1
        assert tx.add_events([old.event, recent.event], NOW) == 1


def test_a_number_is_never_given_again(store: SqlStore) -> None:
    """What marks an event as handled must not mean another one."""
    with store.transaction() as tx:
        tx.add_events([an_event(1)], NOW)
        [first] = tx.events_to_handle(1)
        tx._connection.execute(update(inbox).values(handled_at=0))
        tx.forget_events(NOW)
        tx.add_events([an_event(2)], NOW)
        assert tx.events_to_handle(1)[0].number > first.number


def test_what_came_since_is_told_of_records_of_properties_and_of_moves_handled_or_not(store: SqlStore) -> None:
    of_deal = {"object_type": ObjectType.DEAL, "event_type": "deal.propertyChange"}
    with store.transaction() as tx:
        assert tx.last_event() == 0
        tx.add_events([an_event(1, object_id=101)], NOW)
        before = tx.last_event()
        wanted = [
            an_event(2, object_id=101, event_type="contact.creation", property_name=""),
            an_event(3, object_id=900, property_name="legal_hold"),
            an_event(4, object_id=901, event_type="company.merge", property_name="", others=(("merged", 5),)),
            an_event(5, object_id=902, event_type="object.restore", property_name="", object_type=None),
            an_event(6, object_id=903, event_type="deal.associationChange", property_name=""),
            an_event(7, object_id=21, **of_deal),
        ]
        others = [
            an_event(8, object_id=904),
            an_event(9, object_id=905, event_type="contact.creation", property_name=""),
            an_event(10, object_id=101, **of_deal),
        ]
        tx.add_events([*wanted, *others], NOW)
        assert tx.last_event() == before + len(wanted) + len(others)
        records = [a_record(101), a_record(21, ObjectType.DEAL)]
        found = tx.events_since(before, records, {"legal_hold"})
        assert [each.event for each in found] == wanted
        tx.mark_handled([each.number for each in found], NOW, "looked")
        assert [each.event for each in tx.events_since(before, records, {"legal_hold"})] == wanted
        assert [each.event.event_id for each in tx.events_since(before, [], ())] == [4, 5, 6]
        assert tx.events_since(tx.last_event(), records, {"legal_hold"}) == []
