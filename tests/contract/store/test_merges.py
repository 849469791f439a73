"""Records that became others: what binds them binds what they became, in whatever order it is heard of."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from hubspot_retention.core.deadline.obligation import ObligationState
from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.facts.observation import ContactObservation
from hubspot_retention.core.hold import contact_causes
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.core.request import RequestEnd, RequestKind, RequestRegister, SubjectRequest
from hubspot_retention.store.database import SqlStore, SqlTransaction
from tests.builders import a_contact
from tests.contract.store.service_values import HOUR, an_obligation
from tests.contract.store.values import CONTACT, NOW, a_hold, a_record

LATER = NOW + timedelta(days=3)


def rename(tx: SqlTransaction, loser: int, winner: int, kind: ObjectType = CONTACT) -> bool:
    """One record became another."""
    return tx.rename_record(kind, RecordId(loser), RecordId(winner), LATER)


def a_request(contact: int = 101, **changes: Any) -> SubjectRequest:
    """A request that the store has not numbered yet."""
    said: dict[str, Any] = {"request_id": 0, "contact_id": RecordId(contact), "kind": RequestKind.ACCESS}
    return SubjectRequest(**(said | {"received_at": NOW, "recorded_by": "anna.k"} | changes))


def a_winner(number: int, *merged: int) -> ContactObservation:
    """A contact that others were merged into, as HubSpot shows it."""
    return a_contact(number, legal_hold=False, merged_ids=tuple(map(RecordId, merged)))


def bound(tx: SqlTransaction) -> dict[int, tuple[str, ...]]:
    """The matters in force by record number."""
    return {record.record_id: matters for record, matters in tx.hold_register().items()}


def test_a_hold_binds_the_winner_and_stays_as_it_was_placed(store: SqlStore) -> None:
    with store.transaction() as tx:
        placed = tx.place_hold(a_hold(1, matter="A"), "complaint")
        assert rename(tx, 1, 2)
        assert bound(tx) == {1: ("A",), 2: ("A",)}
        assert list(tx.holds()) == [(placed, "complaint")]


def test_a_merge_that_is_merely_noted_binds_the_winner_and_moves_nothing_else(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.place_hold(a_hold(1, matter="A"), "complaint")
        tx.note(CONTACT, [(RecordId(1), Remembered(marketing_ended=True))])
        assert tx.note_merge(CONTACT, RecordId(1), RecordId(2), LATER)
        assert not tx.note_merge(CONTACT, RecordId(1), RecordId(2), LATER)
        assert bound(tx) == {1: ("A",), 2: ("A",)}
        assert tx.became(a_record(1)) == {a_record(2)}
        assert tx.recall(CONTACT, [RecordId(1), RecordId(2)]).keys() == {1}
        assert not rename(tx, 1, 2)
        assert tx.recall(CONTACT, [RecordId(1), RecordId(2)]).keys() == {2}


def test_a_release_frees_the_loser_and_the_winner(store: SqlStore) -> None:
    with store.transaction() as tx:
        placed = tx.place_hold(a_hold(1), "complaint")
        rename(tx, 1, 2)
        tx.release_hold(placed.hold_id, LATER, "bo.l")
        assert bound(tx) == {}


def test_the_winner_is_held_by_the_union_each_matter_once(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.place_hold(a_hold(2, matter="B"), "")
        tx.place_hold(a_hold(1, matter="A"), "")
        tx.place_hold(a_hold(1, matter="B"), "")
        rename(tx, 1, 2)
        assert bound(tx) == {1: ("A", "B"), 2: ("B", "A")}


@pytest.mark.parametrize("order", list(permutations(((1, 2), (2, 3), (3, 1), (2, 4), (5, 6))))[::20])
def test_what_a_record_became_is_known_over_all_merges(store: SqlStore, order: Any) -> None:
    with store.transaction() as tx:
        for loser, winner in order:
            rename(tx, loser, winner)
        assert tx.became(a_record(1)) == {a_record(1), a_record(2), a_record(3), a_record(4)}
        assert tx.became(a_record(5)) == {a_record(6)}
        assert tx.became(a_record(6)) == frozenset()


def test_a_hold_placed_on_the_loser_after_the_merge_binds_the_winner(store: SqlStore) -> None:
    with store.transaction() as tx:
        rename(tx, 1, 2)
        tx.place_hold(a_hold(1, matter="A"), "")
        assert bound(tx)[2] == ("A",)


@pytest.mark.parametrize("order", list(permutations([(1, 2), (2, 3), (3, 4)])))
def test_a_hold_goes_along_a_chain_of_merges_heard_in_any_order(
    store: SqlStore, order: tuple[tuple[int, int], ...]
) -> None:
    with store.transaction() as tx:
        tx.place_hold(a_hold(1, matter="A"), "")
        request = tx.add_request(a_request(1))
        tx.note(CONTACT, [(RecordId(1), Remembered(opted_out_at=NOW))])
        tx.save_obligations([an_obligation(1)])
        for loser, winner in order:
            assert rename(tx, loser, winner)
        assert bound(tx) == {1: ("A",), 2: ("A",), 3: ("A",), 4: ("A",)}
        assert [each.contact_id for each in tx.requests()] == [1, 2, 3, 4]
        assert {each.request_id for each in tx.requests()} == {request.request_id}
        assert tx.recall(CONTACT, [RecordId(n) for n in range(1, 5)]) == {4: Remembered(opted_out_at=NOW)}
        live = tx.obligations_to_look_at(LATER, 10)
        assert [each.record.record_id for each in live] == [4]


def test_merges_in_a_circle_come_to_an_end_and_lose_nothing(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.place_hold(a_hold(1, matter="A"), "")
        tx.add_request(a_request(1))
        tx.note(CONTACT, [(RecordId(1), Remembered(starts="a=ongoing"))])
        tx.save_obligations([an_obligation(1)])
        for loser, winner in ((1, 2), (2, 3), (3, 1)):
            rename(tx, loser, winner)
        assert bound(tx) == {1: ("A",), 2: ("A",), 3: ("A",)}
        assert [each.contact_id for each in tx.requests()] == [1, 2, 3]
        assert len(tx.recall(CONTACT, [RecordId(n) for n in (1, 2, 3)])) == 1
        assert len(tx.obligations_to_look_at(LATER, 10)) == 1


def test_two_records_that_became_a_new_one_both_bind_it(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.place_hold(a_hold(1, matter="A"), "")
        tx.place_hold(a_hold(2, matter="B"), "")
        rename(tx, 1, 3)
        rename(tx, 2, 3)
        assert bound(tx)[3] == ("A", "B")


def test_another_class_of_the_same_number_is_another_record(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.place_hold(a_hold(1, record=a_record(1, ObjectType.DEAL)), "")
        tx.add_request(a_request(1))
        tx.note(ObjectType.DEAL, [(RecordId(1), Remembered(starts="a=ongoing"))])
        rename(tx, 1, 2, ObjectType.COMPANY)
        assert set(tx.hold_register()) == {a_record(1, ObjectType.DEAL)}
        assert [each.contact_id for each in tx.requests()] == [1]
        assert set(tx.recall(ObjectType.DEAL, [RecordId(1), RecordId(2)])) == {1}


def test_a_merge_that_is_heard_of_again_is_not_new_and_brings_nothing_back(store: SqlStore) -> None:
    """What the winner has become since (subscribed again) must not be overwritten by what the loser once was."""
    with store.transaction() as tx:
        tx.note(CONTACT, [(RecordId(1), Remembered(opted_out_at=NOW))])
        tx.save_obligations([an_obligation(1)])
        assert rename(tx, 1, 2)
        tx.note(CONTACT, [(RecordId(2), Remembered())])
        ended = an_obligation(2, state=ObligationState.ENDED, settled_at=LATER)
        tx.save_obligations([ended])
        assert not rename(tx, 1, 2)
        assert tx.recall(CONTACT, [RecordId(2)]) == {2: Remembered()}
        assert tx.obligation(a_record(2)) == ended


def test_what_is_written_of_the_loser_after_the_merge_moves_when_it_is_heard_of_again(store: SqlStore) -> None:
    with store.transaction() as tx:
        rename(tx, 1, 2)
        tx.save_obligations([an_obligation(1)])
        assert not rename(tx, 1, 2)
        assert [each.record.record_id for each in tx.obligations_to_look_at(LATER, 10)] == [2]


def test_what_would_be_remembered_of_winners_is_told_without_a_merge(store: SqlStore) -> None:
    one, two, three = (Remembered(opted_out_at=NOW + number * HOUR) for number in (1, 2, 3))
    with store.transaction() as tx:
        tx.note(CONTACT, [(RecordId(1), one), (RecordId(2), two), (RecordId(3), three)])
        wanted = {3: (1, 2), 4: (2,), 2: (7,), 8: (9,)}
        merged = {RecordId(winner): tuple(map(RecordId, losers)) for winner, losers in wanted.items()}
        assert tx.recall_as_merged(CONTACT, merged) == {
            3: one._replace(opt_out_source=None),
            4: two,
            2: two,
        }
        assert tx.recall(CONTACT, [RecordId(number) for number in range(1, 10)]) == {1: one, 2: two, 3: three}


def test_a_record_that_became_itself_is_nothing(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.place_hold(a_hold(1, matter="A"), "")
        tx.save_obligations([an_obligation(1)])
        assert not rename(tx, 1, 1)
        assert bound(tx) == {1: ("A",)}
        assert tx.obligation(a_record(1)) == an_obligation(1)


def test_what_hubspot_itself_says_of_merges_still_holds(store: SqlStore) -> None:
    """Without a word in our table, by the winner's own list of merged ids; with both, each hold is there."""
    with store.transaction() as tx:
        tx.place_hold(a_hold(1, matter="A"), "")
        assert [cause.matter for cause in contact_causes(a_winner(2, 1), tx.hold_register())] == ["A"]
        assert not contact_causes(a_winner(2), tx.hold_register())
        rename(tx, 1, 2)
        assert {cause.matter for cause in contact_causes(a_winner(2, 1), tx.hold_register())} == {"A"}
        assert {cause.matter for cause in contact_causes(a_winner(2), tx.hold_register())} == {"A"}


@pytest.mark.parametrize("merged", [(), (1,)])
def test_a_request_of_the_loser_restricts_the_winner(store: SqlStore, merged: tuple[int, ...]) -> None:
    with store.transaction() as tx:
        opened = tx.add_request(a_request(1))
        rename(tx, 1, 2)
        assert RequestRegister.of_all(tx.requests()).of(a_winner(2, *merged)).restricts
        tx.close_request(opened.request_id, LATER, RequestEnd.ANSWERED)
        assert not RequestRegister.of_all(tx.requests()).of(a_winner(2, *merged)).restricts


def test_an_erasure_that_was_closed_stays_closed_for_the_winner(store: SqlStore) -> None:
    """Its instant stands in the property that the merge carried over."""
    with store.transaction() as tx:
        opened = tx.add_request(a_request(1, kind=RequestKind.ERASURE))
        tx.close_request(opened.request_id, LATER, RequestEnd.REFUSED)
        rename(tx, 1, 2)
        found = RequestRegister.of_all(tx.requests()).of(a_winner(2))
        assert (found.erasure_at, found.closed_at) == (None, frozenset((NOW,)))


def test_the_list_of_requests_can_be_had_as_they_were_made(store: SqlStore) -> None:
    with store.transaction() as tx:
        one, other = tx.add_request(a_request(1)), tx.add_request(a_request(5))
        rename(tx, 1, 2)
        assert list(tx.requests(followed=False)) == [one, other]
        assert [(each.request_id, each.contact_id) for each in tx.requests()] == [
            (one.request_id, 1),
            (one.request_id, 2),
            (other.request_id, 5),
        ]


def test_a_live_obligation_goes_on_as_the_winners_and_is_looked_at_at_once(store: SqlStore) -> None:
    before = an_obligation(1, state=ObligationState.REVIEW, by_person=True, attempts=4, plan_id="1-rights")
    with store.transaction() as tx:
        tx.save_obligations([before])
        rename(tx, 1, 2)
        assert tx.obligation(a_record(1)) == before._replace(
            state=ObligationState.ENDED, reason="merged", settled_at=LATER
        )
        assert tx.obligation(a_record(2)) == an_obligation(
            2, state=ObligationState.LOOK, reason="merged", heard_at=LATER, next_look_at=LATER
        )


@pytest.mark.parametrize("state", [ObligationState.DONE, ObligationState.ENDED])
def test_a_settled_obligation_does_not_go_on(store: SqlStore, state: ObligationState) -> None:
    settled = an_obligation(1, state=state, settled_at=NOW)
    with store.transaction() as tx:
        tx.save_obligations([settled])
        rename(tx, 1, 2)
        assert tx.obligation(a_record(1)) == settled
        assert tx.obligation(a_record(2)) is None


def test_two_live_obligations_become_one_with_the_earlier_dates(store: SqlStore) -> None:
    early = an_obligation(
        1, first_seen_at=NOW - HOUR, due_at=None, erase_by=NOW + HOUR, call_by=NOW + HOUR, by_person=True
    )
    known = an_obligation(
        2, state=ObligationState.RAISED, rule="objected", next_look_at=LATER + HOUR, right=False, attempts=3
    )
    with store.transaction() as tx:
        tx.save_obligations([early, known])
        rename(tx, 1, 2)
        assert tx.obligation(a_record(2)) == known._replace(
            first_seen_at=NOW - HOUR,
            erase_by=NOW + HOUR,
            call_by=NOW + HOUR,
            next_look_at=LATER,
            right=True,
        )


def test_a_settled_obligation_of_the_winner_is_opened_again_by_a_live_one_of_the_loser(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.save_obligations([an_obligation(1), an_obligation(2, state=ObligationState.ENDED, settled_at=NOW)])
        rename(tx, 1, 2)
        found = tx.obligation(a_record(2))
        assert found is not None
        assert (found.state, found.settled_at) == (ObligationState.LOOK, None)
