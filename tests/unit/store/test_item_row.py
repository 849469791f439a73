"""A plan's item as a row of the store."""

import json

from hubspot_retention.core.record import RecordRef
from hubspot_retention.store.item_row import from_row, to_row
from tests.contract.store.values import NOW, an_item

DUE = (("former-customer", NOW), ("unsubscribed", NOW))


def test_an_item_that_was_stored_before_rows_told_every_rule_that_is_due_is_still_read() -> None:
    item = an_item()
    row = to_row(1, item._replace(decision=item.decision._replace(due=DUE)))
    assert from_row(row).decision.due == DUE
    *columns, body = row
    assert isinstance(body, bytes)
    older = json.dumps(json.loads(body)[:-3]).encode()
    assert from_row((*columns, older)) == item  # type: ignore[arg-type]


def test_an_item_that_was_stored_before_rows_told_which_correspondence_may_go_takes_none_along() -> None:
    item = an_item()._replace(may_go=(RecordRef.parse("emails/41"), RecordRef.parse("notes/42")))
    row = to_row(1, item)
    assert from_row(row) == item
    *columns, body = row
    assert isinstance(body, bytes)
    older = json.dumps(json.loads(body)[:-2]).encode()
    assert from_row((*columns, older)).may_go == ()  # type: ignore[arg-type]


def test_an_item_that_was_stored_before_marketing_could_be_observed_is_still_read() -> None:
    item = an_item()
    row = to_row(1, item._replace(decision=item.decision._replace(marketing_observed=True)))
    assert from_row(row).decision.marketing_observed
    *columns, body = row
    assert isinstance(body, bytes)
    older = json.dumps(json.loads(body)[:-1]).encode()
    assert from_row((*columns, older)) == item  # type: ignore[arg-type]
