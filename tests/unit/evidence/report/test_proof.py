"""The proof of integrity: the checkpoint, the anchors and their age, and how to verify it oneself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hubspot_retention.core.audit.anchor import Anchored
from hubspot_retention.core.audit.chain import EMPTY
from hubspot_retention.core.audit.verify import VerifyReport
from hubspot_retention.core.audit.whole import StoredCheckpoint
from hubspot_retention.core.civil import Civil
from hubspot_retention.evidence.report.language import Language
from hubspot_retention.evidence.report.pages import Paragraph, Table
from hubspot_retention.evidence.report.proof import Integrity, proof

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
CIVIL = Civil(ZoneInfo("Europe/Copenhagen"))
VERIFIED = VerifyReport(entries=1234, head=EMPTY, findings=())
NOTE = "log.example.dk\n{}\nAAAA\n\n— log.example.dk BBBB\n"


def signed(size: int, hours_ago: int) -> StoredCheckpoint:
    return StoredCheckpoint(size=size, edge=b"", note=NOTE.format(size), at=NOW - timedelta(hours=hours_ago))


def told(given: Integrity, code: str = "en") -> str:
    texts = []
    for block in proof(given, 7, NOW, Language(code, CIVIL)):
        if isinstance(block, Paragraph):
            texts.append(block.text)
        elif isinstance(block, Table):
            texts += [" | ".join(row) for row in (block.head, *block.rows)]
    return "\n".join(texts)


def test_the_newest_checkpoint_is_told_line_by_line_so_that_it_can_be_kept() -> None:
    text = told(Integrity(verified=VERIFIED, checkpoints=(signed(900, 30), signed(1200, 2))))
    assert "Signed last on 25 November 2026, 11:00, over 1,200 of these entries; checkpoints that are kept: 2." in text
    assert "log.example.dk\n1200\nAAAA\n\n— log.example.dk BBBB" in text
    assert "root of the tree 47DEQpj8HBSa" in text


def test_anchors_are_told_with_their_age_and_what_is_in_their_way() -> None:
    anchors = (
        Anchored(name="file", size=1200, at=NOW - timedelta(minutes=150)),
        Anchored(name="witness", size=900, at=NOW - timedelta(days=9, hours=5), error="anchor-unreadable"),
        Anchored(name="timestamp"),
    )
    rows = told(Integrity(verified=VERIFIED, anchors=anchors)).splitlines()
    assert "A file on another volume | 25 November 2026, 10:30 | 2 h | 1,200 | " in rows
    assert "A witness | 16 November 2026, 08:00 | 9 days | 900 | anchor-unreadable" in rows
    assert "A time-stamping authority | never |  | 0 | " in rows


def test_the_time_stamps_that_are_kept_are_counted() -> None:
    text = told(Integrity(verified=VERIFIED, stamped_at=(NOW - timedelta(days=1), NOW, NOW - timedelta(days=2))))
    assert "that are kept: 3, the latest of 25 November 2026, 13:00." in text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("en", ("Nobody has signed this log yet", "Nobody outside the service", "python verify.py export")),
        ("da", ("Ingen har endnu underskrevet loggen", "Ingen uden for tjenesten", "python verify.py export")),
    ],
)
def test_what_is_not_there_is_said_and_how_to_verify_the_rest(code: str, words: tuple[str, ...]) -> None:
    text = told(Integrity(verified=VERIFIED), code)
    assert all(word in text for word in words)
    assert "checkpoints that are kept" not in text


@pytest.mark.parametrize(
    ("code", "words"),
    [("en", "first 1,000 of these entries are no longer kept"), ("da", "1.000 af disse poster gemmes")],
)
def test_what_was_removed_at_the_end_of_its_period_is_told(code: str, words: str) -> None:
    assert words not in told(Integrity(verified=VERIFIED), code)
    assert words in told(Integrity(verified=replace(VERIFIED, removed=1000)), code)
