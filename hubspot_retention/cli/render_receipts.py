"""Consent receipts, as text for 80 columns and as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from hubspot_retention.cli.moments import shown
from hubspot_retention.cli.render_plan import table
from hubspot_retention.core.consent import ConsentReceipt
from hubspot_retention.core.policy.model import RetentionPolicy


def receipts_json(receipts: Sequence[ConsentReceipt], policy: RetentionPolicy) -> list[dict[str, Any]]:
    """Receipts as plain JSON; instants are ISO 8601 in civil time with offset. `counts`: the person is known to be
    gone."""
    civil = policy.civil
    return [
        {
            "record": f"contacts/{each.record_id}",
            "subscription": each.consent.subscription,
            "state": each.consent.state.value,
            "at": None if each.consent.at is None else civil.show(each.consent.at),
            "source": each.consent.source,
            "basis": each.consent.basis,
            "kept_until": civil.show(_end(each, policy)),
            "counts": each.erased_at is not None,
        }
        for each in receipts
    ]


def receipts_table(receipts: Sequence[ConsentReceipt], policy: RetentionPolicy) -> Table:
    """Which newsletter, given or withdrawn, when, how, until when it is kept."""
    made = table("Consent to", "Was", "On", "How", "Kept until")
    for each in receipts:
        said = each.consent
        how = ", ".join(part for part in (said.source, said.basis) if part)
        on = "" if said.at is None else shown(said.at, policy.civil)
        made.add_row(said.subscription, said.state.value, on, Text(how), shown(_end(each, policy), policy.civil))
    return made


def _end(receipt: ConsentReceipt, policy: RetentionPolicy) -> datetime:
    return policy.civil.add(receipt.last_used_at, policy.evidence.consent_receipts)
