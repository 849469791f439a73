"""A plan's item as a row of the store."""

import json
from dataclasses import replace

from hubspot_retention.store.item_row import from_row, to_row
from tests.contract.store.values import NOW, an_item

DUE = (("former-customer", NOW), ("unsubscribed", NOW))


def test_an_item_that_was_stored_before_rows_told_every_rule_that_is_due_is_still_read() -> None:
    item = an_item()
    row = to_row(1, replace(item, decision=item.decision._replace(due=DUE)))
    assert from_row(row).decision.due == DUE
    *columns, body = row
    assert isinstance(body, bytes)
    older = json.dumps(json.loads(body)[:-1]).encode()
    assert from_row((*columns, older)) == item  # type: ignore[arg-type]
