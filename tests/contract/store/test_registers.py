"""Holds, requests, what is remembered of records, and the small things."""

from datetime import timedelta

from sqlalchemy import delete, select

from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered
from hubspot_retention.core.probe import ProbeQuestion, ProbeResult
from hubspot_retention.core.record import ObjectType, PortalId, RecordId
from hubspot_retention.core.request import RequestEnd, RequestKind, SubjectRequest
from hubspot_retention.store.database import SqlStore
from hubspot_retention.store.private_text import commitment_to
from hubspot_retention.store.schema import private_text
from tests.contract.store.values import CONTACT, DAY, NOW, PORTAL, a_hold, a_record

LATER = NOW + timedelta(days=3)


def test_holds_in_force_make_the_register(store: SqlStore) -> None:
    with store.transaction() as tx:
        first = tx.place_hold(a_hold(1, matter="A", review_on=DAY), "complaint")
        tx.place_hold(a_hold(1, matter="B"), "")
        tx.place_hold(a_hold(2, matter="C"), "")
        assert tx.hold_register() == {a_record(1): ("A", "B"), a_record(2): ("C",)}
        tx.release_hold(first.hold_id, LATER, "bo.l")
        assert tx.hold_register() == {a_record(1): ("B",), a_record(2): ("C",)}


def test_a_hold_is_released_once(store: SqlStore) -> None:
    with store.transaction() as tx:
        placed = tx.place_hold(a_hold(), "complaint")
        released = tx.release_hold(placed.hold_id, LATER, "bo.l")
        assert released is not None
        assert released.released_at == LATER
        assert tx.release_hold(placed.hold_id, LATER, "bo.l") is None
        assert tx.release_hold(99, LATER, "bo.l") is None
        assert list(tx.holds()) == []
        assert list(tx.holds(released=True)) == [(released, "complaint")]


def test_a_reason_can_be_erased_and_its_commitment_stays(store: SqlStore) -> None:
    with store.transaction() as tx:
        placed = tx.place_hold(a_hold(), "complaint by phone")
        commitment = tx.hold_commitment(placed.hold_id)
        connection = tx._connection
        [(salt, text)] = connection.execute(select(private_text.c.salt, private_text.c.text))
        assert commitment == commitment_to(salt, text)
        connection.execute(delete(private_text))
        assert list(tx.holds()) == [(placed, "")]
        assert tx.hold_commitment(placed.hold_id) == commitment


def test_words_are_erased_when_their_time_has_come_but_for_the_reason_of_a_hold_that_was_in_force(
    store: SqlStore,
) -> None:
    with store.transaction() as tx:
        old, late, open_ = (tx.place_hold(a_hold(number), f"reason {number}") for number in (1, 2, 3))
        tx.release_hold(old.hold_id, NOW + timedelta(days=1), "bo.l")
        tx.release_hold(late.hold_id, LATER, "bo.l")
        tx.keep_words("the disk broke", NOW)
        tx.keep_words("it broke again", LATER)
        assert tx.forget_texts(NOW) == 0
        assert tx.forget_texts(LATER) == 2
        reasons = {held.hold_id: reason for held, reason in tx.holds(released=True)}
        assert reasons == {old.hold_id: "", late.hold_id: "reason 2", open_.hold_id: "reason 3"}
        left = tx._connection.scalars(select(private_text.c.text).order_by(private_text.c.text)).all()
        assert left == ["it broke again", "reason 2", "reason 3"]
        assert tx.hold_commitment(old.hold_id) is not None


def test_equal_reasons_have_different_commitments(store: SqlStore) -> None:
    with store.transaction() as tx:
        one, other = (tx.place_hold(a_hold(), "complaint").hold_id for _ in range(2))
        assert tx.hold_commitment(one) != tx.hold_commitment(other)


def test_there_is_no_commitment_without_a_hold(store: SqlStore) -> None:
    with store.transaction() as tx:
        assert tx.hold_commitment(1) is None


def test_a_request_is_closed_once(store: SqlStore) -> None:
    with store.transaction() as tx:
        opened = tx.add_request(
            SubjectRequest(
                request_id=0, contact_id=RecordId(101), kind=RequestKind.ACCESS, received_at=NOW, recorded_by="anna.k"
            )
        )
        closed = tx.close_request(opened.request_id, LATER, RequestEnd.ANSWERED)
        assert closed is not None
        assert (closed.closed_at, closed.end) == (LATER, RequestEnd.ANSWERED)
        assert tx.close_request(opened.request_id, LATER, RequestEnd.REFUSED) is None
        assert list(tx.requests()) == [closed]


def test_what_is_noted_again_is_replaced(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.note(
            CONTACT,
            [(RecordId(1), Remembered(starts="a=ongoing", archived_by_us=True)), (RecordId(2), NOTHING_REMEMBERED)],
        )
        tx.note(CONTACT, [(RecordId(1), Remembered(opted_out_at=NOW))])
        tx.note(ObjectType.DEAL, [(RecordId(1), Remembered(starts="b=ongoing"))])
        assert tx.recall(CONTACT, [RecordId(1), RecordId(2), RecordId(3)]) == {
            1: Remembered(opted_out_at=NOW),
            2: NOTHING_REMEMBERED,
        }


def test_nothing_is_noted_and_recalled_of_no_records(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.note(CONTACT, [])
        assert tx.recall(CONTACT, []) == {}


def test_a_probe_replaces_what_the_last_one_found_on_its_portal(store: SqlStore) -> None:
    lag = ProbeResult(ProbeQuestion.SEARCH_LAG, "12", "seconds")
    partial = ProbeResult(ProbeQuestion.PARTIAL_BATCH, "yes")
    with store.transaction() as tx:
        tx.save_probe(PORTAL, [partial, lag], NOW)
        tx.save_probe(PortalId(1), [partial], NOW)
        tx.save_probe(PORTAL, [lag], LATER)
        assert list(tx.probe_results(PORTAL)) == [lag]
        assert list(tx.probe_results(PortalId(1))) == [partial]


def test_the_approved_policy_is_the_last_one(store: SqlStore) -> None:
    with store.transaction() as tx:
        assert tx.approved_policy() is None
        tx.approve_policy("a", "name = 'one'", LATER, "anna.k")
        tx.approve_policy("b", "name = 'two'", NOW, "anna.k")
        assert tx.approved_policy() == "name = 'two'"


def test_the_text_of_every_policy_that_was_ever_approved_is_kept(store: SqlStore) -> None:
    with store.transaction() as tx:
        for digest, text in (("a", "name = 'one'"), ("b", "name = 'two'"), ("a", "name = 'one again'")):
            tx.approve_policy(digest, text, NOW, "anna.k")
        assert [tx.policy_document(digest) for digest in "abc"] == ["name = 'one again'", "name = 'two'", None]


def test_boundaries_are_replaced_whole(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.save_boundaries(PORTAL, {CONTACT: [RecordId(5)], ObjectType.DEAL: []})
        tx.save_boundaries(PORTAL, {CONTACT: [RecordId(7), RecordId(9)]})
        assert tx.boundaries(PORTAL) == {CONTACT: (7, 9)}
        assert tx.boundaries(PortalId(1)) == {}


def test_the_kill_switch_is_set_and_cleared(store: SqlStore) -> None:
    with store.transaction() as tx:
        assert tx.kill_switch() is None
        tx.set_kill_switch("anna.k: wrong policy")
        tx.set_kill_switch("bo.l: wrong portal")
        assert tx.kill_switch() == "bo.l: wrong portal"
        tx.set_kill_switch(None)
        assert tx.kill_switch() is None
