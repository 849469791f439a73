"""Consent receipts: kept before the call, counted by what was seen, moved by merges, forgotten in time."""

from datetime import timedelta
from typing import Any

from hubspot_retention.core.consent import Consent, ConsentReceipt, ConsentState
from hubspot_retention.core.record import RecordId
from hubspot_retention.store.database import SqlStore
from tests.contract.store.values import CONTACT, NOW

LATER = NOW + timedelta(hours=1)
ADA, BO = "2026:ada0", "2027:b000"
GIVEN = Consent(subscription="501", state=ConsentState.GIVEN, at=None)
WITHDRAWN = Consent(
    subscription="502", state=ConsentState.WITHDRAWN, at=NOW, source="Self Service", basis="CONSENT_WITH_NOTICE"
)


def a_receipt(record_id: int = 101, pseudonym: str = ADA, consent: Consent = GIVEN, **changes: Any) -> ConsentReceipt:
    """A consent of somebody who is being erased."""
    said: dict[str, Any] = {"record_id": RecordId(record_id), "pseudonym": pseudonym, "consent": consent}
    return ConsentReceipt(**({"last_used_at": NOW} | said | changes))


def test_receipts_are_found_by_their_pseudonym_and_by_no_other(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.keep_receipts([a_receipt(), a_receipt(consent=WITHDRAWN), a_receipt(102, BO)])
        tx.keep_receipts([a_receipt(last_used_at=LATER)])
        assert list(tx.receipts_of([ADA, "2026:nobody"])) == [a_receipt(), a_receipt(consent=WITHDRAWN)]
        assert list(tx.receipts_of([])) == []


def test_what_is_pending_is_completed_or_lifted_and_what_was_completed_is_not(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.keep_receipts([a_receipt(), a_receipt(consent=WITHDRAWN), a_receipt(102)])
        assert tx.complete_receipts(RecordId(101), LATER) == 2
        assert tx.complete_receipts(RecordId(101), NOW) == 0
        for record_id in (101, 102):
            tx.lift_receipts(RecordId(record_id))
        assert [(each.record_id, each.erased_at) for each in tx.receipts_of([ADA])] == [(101, LATER)] * 2


def test_receipts_follow_a_merge_and_those_that_are_pending_stay_with_their_call(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.keep_receipts([a_receipt(erased_at=LATER), a_receipt(pseudonym=BO)])
        tx.rename_record(CONTACT, RecordId(101), RecordId(202), LATER)
        assert list(tx.receipts_of([ADA, BO])) == [a_receipt(pseudonym=BO), a_receipt(202, erased_at=LATER)]


def test_receipts_and_epochs_are_forgotten(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.keep_receipts([a_receipt(101), a_receipt(102, last_used_at=LATER), a_receipt(103, BO, last_used_at=LATER)])
        assert tx.forget_receipts(LATER) == 1
        assert tx.forget_receipts_of_epoch("2027") == 1
        assert [each.record_id for each in tx.receipts_of([ADA, BO])] == [102]
