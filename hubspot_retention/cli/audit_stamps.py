"""The time-stamps of the audit log on the command line: verified again, and handed on with what they are of."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubspot_retention.core.counted import counted
from hubspot_retention.errors import UsageError

if TYPE_CHECKING:
    from hubspot_retention.bootstrap import Application
    from hubspot_retention.evidence.stamped import Stamped, StampReport
    from hubspot_retention.workflow.ports import Store


@dataclass(frozen=True, slots=True)
class Stamps:
    """How many time-stamps were kept, and what is to be said of them; `None`: no certificates were given to verify
    them under."""

    kept: int
    report: "StampReport | None"

    @property
    def findings(self) -> tuple[str, ...]:
        """What is wrong with them."""
        return () if self.report is None else self.report.findings


def look_at_stamps(house: "Application", store: "Store") -> Stamps:
    """Verify all of them again, against a log that was verified itself. Raises UsageError for certificates that cannot
    be read."""
    from hubspot_retention.evidence.stamped import check_stamps
    from hubspot_retention.evidence.timestamp import read_certificates
    from hubspot_retention.workflow.log_tree import LogTree

    roots = house.settings().anchors.timestamp_roots
    with store.transaction() as tx:
        tokens = tx.tokens()
    if roots is None:
        return Stamps(len(tokens), None)
    return Stamps(len(tokens), check_stamps(tokens, LogTree(store).root_at, read_certificates(roots)))


def stamps_lines(stamps: Stamps, now: datetime) -> Iterator[str]:
    """What they prove, in sentences; nothing if there is none."""
    report = stamps.report
    if report is None:
        if stamps.kept:
            yield f"{stamps.kept:,} time-stamps were kept and not verified: set [anchors] timestamp_roots."
        return
    if report.good:
        first, last = report.good[0], report.good[-1]
        yield f"{len(report.good):,} time-stamps verify: {_told(first)}{'' if first is last else ' to ' + _told(last)}."
    for authority, policy, ends_at in _authorities(report):
        yield f"By {authority} under its policy {policy}; the certificate ends {ends_at.date().isoformat()}."
    if ended := report.ended(now):
        yield (
            f"{ended:,} of them stand under a certificate that has ended since: they were verified as of their own "
            "time, and the authority no longer vouches for that key."
        )
    yield from report.findings


def stamps_json(stamps: Stamps, now: datetime) -> dict[str, Any]:
    """The same as plain JSON; `verified` is null where no certificates were given."""
    report = stamps.report
    if report is None:
        return {"kept": stamps.kept, "verified": None, "findings": []}
    return {
        "kept": stamps.kept,
        "verified": len(report.good),
        "under_ended_certificates": report.ended(now),
        "first": _json(report.good[0]) if report.good else None,
        "last": _json(report.good[-1]) if report.good else None,
        "authorities": [
            {"authority": authority, "policy": policy, "certificate_ends_at": ends_at.isoformat()}
            for authority, policy, ends_at in _authorities(report)
        ],
        "findings": list(report.findings),
    }


def write_tokens(store: "Store", folder: Path) -> int:
    """Write each time-stamp beside the checkpoint that it is of, as `openssl ts` reads them; answers how many. Raises
    UsageError."""
    with store.transaction() as tx:
        tokens = tx.tokens()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, token in enumerate(tokens, start=1):
            (folder / f"{number:06}.checkpoint").write_bytes(token.note.encode())
            (folder / f"{number:06}.tsr").write_bytes(token.answer)
    except OSError as error:
        raise UsageError(f"--tokens: {folder} cannot be written: {error.strerror}") from error
    return len(tokens)


def _authorities(report: "StampReport") -> list[tuple[str, str, datetime]]:
    return sorted({(each.stamp.authority, each.stamp.policy, each.stamp.ends_at) for each in report.good})


def _told(stamped: "Stamped") -> str:
    return f"{stamped.stamp.at.isoformat(timespec='seconds')} ({counted(stamped.size, 'entry', 'entries')})"


def _json(stamped: "Stamped") -> dict[str, Any]:
    return {"at": stamped.stamp.at.isoformat(), "entries": stamped.size}
