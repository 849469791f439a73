"""Consent receipts: what proves the consents of people who are gone, under their pseudonyms."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update

from hubspot_retention.core.consent import Consent, ConsentReceipt, ConsentState
from hubspot_retention.core.record import RecordId
from hubspot_retention.store.encoding import from_micros, from_micros_or_none, to_micros, to_micros_or_none
from hubspot_retention.store.people_schema import consent_receipt
from hubspot_retention.store.prepared import Prepared
from hubspot_retention.store.session import Rows

_PENDING = (consent_receipt.c.record_id == bindparam("contact"), consent_receipt.c.erased_at.is_(None))
_COMPLETE = Prepared(update(consent_receipt).where(*_PENDING), ["erased_at"])
_LIFT = Prepared(delete(consent_receipt).where(*_PENDING))


class ReceiptRows(Rows):
    """Consent receipts."""

    def keep_receipts(self, receipts: Sequence[ConsentReceipt]) -> None:
        """Store receipts, each if there is none yet of that contact, pseudonym and subscription."""
        here = consent_receipt.c
        for each in receipts:
            key = {"record_id": each.record_id, "pseudonym": each.pseudonym, "subscription": each.consent.subscription}
            found = select(here.record_id).where(*(here[name] == value for name, value in key.items()))
            if self._connection.execute(found).first() is None:
                self._connection.execute(insert(consent_receipt).values(key | _values(each)))

    def complete_receipts(self, record_id: RecordId, at: datetime) -> int:
        """The contact was seen to be gone; answers how many receipts count from now on."""
        return self._open_session.change(_COMPLETE, contact=record_id, erased_at=to_micros(at))

    def lift_receipts(self, record_id: RecordId) -> None:
        """The contact was not erased after all; what was erased before stays."""
        self._open_session.change(_LIFT, contact=record_id)

    def move_receipts(self, loser: RecordId, winner: RecordId) -> None:
        """What was erased goes on as another id; what is pending stays with its call."""
        here = (consent_receipt.c.record_id == loser, consent_receipt.c.erased_at.is_not(None))
        found = [_receipt_of(row) for row in self._connection.execute(select(consent_receipt).where(*here)).all()]
        self._connection.execute(delete(consent_receipt).where(*here))
        self.keep_receipts([replace(each, record_id=winner) for each in found])

    def receipts_of(self, pseudonyms: Sequence[str]) -> Sequence[ConsentReceipt]:
        """The receipts under any of a few pseudonyms, the oldest first."""
        order = (consent_receipt.c.last_used_at, consent_receipt.c.record_id, consent_receipt.c.subscription)
        wanted = select(consent_receipt).where(consent_receipt.c.pseudonym.in_(pseudonyms)).order_by(*order)
        return [_receipt_of(row) for row in self._connection.execute(wanted)]

    def forget_receipts(self, before: datetime) -> int:
        """Take away those of consents last used before an instant; answers how many."""
        old = consent_receipt.c.last_used_at < to_micros(before)
        return self._connection.execute(delete(consent_receipt).where(old)).rowcount

    def forget_receipts_of_epoch(self, epoch: str) -> int:
        """Take away those of an epoch, which prove nobody's consent once its key is destroyed; answers how many."""
        return self._connection.execute(delete(consent_receipt).where(consent_receipt.c.epoch == epoch)).rowcount


def _values(receipt: ConsentReceipt) -> dict[str, Any]:
    consent = receipt.consent
    return {
        "epoch": receipt.pseudonym.partition(":")[0],
        "state": consent.state.value,
        "stated_at": to_micros_or_none(consent.at),
        "source": consent.source,
        "basis": consent.basis,
        "last_used_at": to_micros(receipt.last_used_at),
        "erased_at": to_micros_or_none(receipt.erased_at),
    }


def _receipt_of(row: Row[tuple[object, ...]]) -> ConsentReceipt:
    consent = Consent(
        subscription=row.subscription,
        state=ConsentState(row.state),
        at=from_micros_or_none(row.stated_at),
        source=row.source,
        basis=row.basis,
    )
    return ConsentReceipt(
        record_id=RecordId(row.record_id),
        pseudonym=row.pseudonym,
        consent=consent,
        last_used_at=from_micros(row.last_used_at),
        erased_at=from_micros_or_none(row.erased_at),
    )
