"""The report's proof of integrity: what was verified, what was signed, who outside was shown it, how to verify it."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hubspot_retention.core.audit.anchor import Anchored
from hubspot_retention.core.audit.verify import VerifyReport
from hubspot_retention.core.audit.whole import StoredCheckpoint
from hubspot_retention.evidence.report.language import Language
from hubspot_retention.evidence.report.pages import Block, Paragraph, Table

_IN_DAYS = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrity:
    """The log as it was verified, all that was signed of it (the oldest first), who outside was shown it, and when
    time-stamps of it were given."""

    verified: VerifyReport
    checkpoints: Sequence[StoredCheckpoint] = ()
    anchors: Sequence[Anchored] = ()
    stamped_at: Sequence[datetime] = ()


def proof(given: Integrity, checks: int, made_at: datetime, say: Language) -> list[Block]:
    """The section. `checks`: how often the service verified the log in the period."""
    root = b64encode(given.verified.edge.root()).decode()
    head, entries = given.verified.head.hash.hex(), say.number(given.verified.entries)
    return [
        Paragraph(say("proof.intact", entries=entries, head=head, root=root)),
        *_removed(given.verified.removed, say),
        Paragraph(say("proof.checks", count=say.number(checks))),
        Paragraph(say("proof.how")),
        *_signed(given.checkpoints, say),
        *_anchors(given.anchors, made_at, say),
        *_stamps(given.stamped_at, say),
        Paragraph(say("proof.self")),
    ]


def _removed(number: int, say: Language) -> list[Block]:
    return [Paragraph(say("proof.removed", number=say.number(number)))] if number else []


def _signed(checkpoints: Sequence[StoredCheckpoint], say: Language) -> list[Block]:
    if not checkpoints:
        return [Paragraph(say("proof.unsigned"))]
    last = checkpoints[-1]
    said = say("proof.signed", at=say.moment(last.at), size=say.number(last.size), count=say.number(len(checkpoints)))
    return [Paragraph(said), Table((say("proof.checkpoint"),), tuple((line,) for line in last.note.splitlines()))]


def _anchors(anchors: Sequence[Anchored], made_at: datetime, say: Language) -> list[Block]:
    if not anchors:
        return [Paragraph(say("proof.no-anchors"))]
    head = tuple(say(key) for key in ("anchor", "shown-at", "age", "entries-n", "trouble"))
    rows = tuple(
        (
            say.code_words("anchor", anchor.name),
            say.moment(anchor.at) or say("never"),
            "" if anchor.at is None else _age(made_at - anchor.at, say),
            say.number(anchor.size),
            anchor.error,
        )
        for anchor in anchors
    )
    return [Paragraph(say("proof.anchors")), Table(head, rows, (2, 3))]


def _age(age: timedelta, say: Language) -> str:
    if age >= _IN_DAYS:
        return say("days", count=say.number(age.days))
    return say("hours", count=say.number(age // timedelta(hours=1)))


def _stamps(stamped_at: Sequence[datetime], say: Language) -> list[Block]:
    if not stamped_at:
        return []
    return [Paragraph(say("proof.stamps", count=say.number(len(stamped_at)), at=say.moment(max(stamped_at))))]
