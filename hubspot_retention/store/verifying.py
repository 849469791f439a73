"""Verifies the log in the database, while others may append to it: a long one in two processes, for a minute each
would be two of one.

What can go wrong: there can be no second process, it dies, or what it read does not join what was read here. Then it is
read here, from where the first half ended: the other only saves time.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import URL, Select, bindparam, select

from hubspot_retention.core.audit.chain import Head
from hubspot_retention.core.audit.cut import Cut, begin_of
from hubspot_retention.core.audit.verify import Damage, Finding, VerifyReport
from hubspot_retention.core.audit.whole import BLOCK_LEVEL, Stretch, WholeLog
from hubspot_retention.other_process import pool_of, processors
from hubspot_retention.store.audit_log import NO_HEAD, pages
from hubspot_retention.store.checkpoints import read_checkpoints
from hubspot_retention.store.encoding import as_bytes
from hubspot_retention.store.engine import Access, connect
from hubspot_retention.store.errors import StoreError
from hubspot_retention.store.log_cuts import read_cut, read_entry_of
from hubspot_retention.store.prepared import Prepared
from hubspot_retention.store.schema import audit_entry, audit_head
from hubspot_retention.store.session import Session

LONG: Final = 500_000
"""Entries. A shorter log is verified before a second process would have begun."""

_Page = list[tuple[int, bytes, bytes]]


def _both() -> Select[Any]:
    columns = (audit_entry.c.seq, audit_entry.c.body, audit_entry.c.hash, *audit_head.c["entries", "hash", "edge"])
    both = audit_head.outerjoin(audit_entry, audit_entry.c.seq > bindparam("after"))
    return select(*columns).select_from(both).order_by(audit_entry.c.seq)


_COUNT = Prepared(select(audit_head.c.entries))
_END_AND_HEAD = Prepared(_both())


def verify_log(session: Session, long: int = LONG, level: int = BLOCK_LEVEL) -> VerifyReport:
    """Verify the log; its end and its head are read by one statement. If its beginning was removed while it was read,
    it is read again."""
    while True:
        cut, report = _verified(session, long, level)
        if report.intact or read_cut(session) == cut:
            return report


def _verified(session: Session, long: int, level: int) -> tuple[Cut | None, VerifyReport]:
    with session.read():
        signed = read_checkpoints(session)
        count = session.scalar(_COUNT) or 0
        cut = read_cut(session)
        is_told = cut is None or _is_told(session, cut)
    begin, tree = begin_of(cut if is_told else None)
    log = WholeLog(signed, begin, tree)
    middle = (begin.count + count) // 2 >> level << level
    if count - begin.count >= long and middle > begin.count and processors() > 1:
        _in_two(session, log, (middle, [each.size for each in signed], level))
    read_to = -1 if log.place == begin.count else log.place  # what lies before the beginning is to be found, too
    for page in pages(session, read_to):
        log.feed_rows(page)
    end, head, edge = _end_and_head(session, log.place)
    log.feed_rows(end)
    report = log.close(head, edge)
    if cut is None or is_told:
        return cut, report
    return cut, replace(report, findings=(Finding(Damage.BEGIN, 1, max(cut.size, 1)), *report.findings))


def _is_told(session: Session, cut: Cut) -> bool:
    """Whether a checkpoint and an entry of the log say of the cut what its row says."""
    return cut.is_told(read_entry_of(session, cut.entry_seq), read_entry_of(session, cut.size + 1))


def _in_two(session: Session, log: WholeLog, half: tuple[int, Sequence[int], int]) -> None:
    """Read the first half here and the second in another process."""
    url, middle = session.connection.engine.url, half[0]
    with ExitStack() as stack:
        try:
            second = stack.enter_context(pool_of(1)).submit(_read_by_itself, url, *half)
        except OSError:
            return
        for page in _until(middle, pages(session, -1)):
            log.feed_rows(page)
        try:
            stretch = second.result()
        except BrokenProcessPool:
            return
    if stretch is not None:
        log.take(stretch)


def _until(last: int, found: Iterator[_Page]) -> Iterator[_Page]:
    for page in found:
        if page[-1][0] >= last:
            yield [row for row in page if row[0] <= last]
            return
        yield page


def _read_by_itself(url: URL, middle: int, sizes: Sequence[int], level: int) -> Stretch | None:
    """In the other process: the entries after `middle`; `None` if that entry is not there."""
    session = Session(connect(url, Access.READ))
    try:
        before = read_entry_of(session, middle)
        if before is None:
            return None
        stretch = Stretch(Head(middle, before.hash), sizes, level)
        for page in pages(session, middle):
            stretch.feed_rows(page)
        stretch.close()
        return stretch
    finally:
        session.close()


def _end_and_head(session: Session, after: int) -> tuple[_Page, Head, bytes]:
    with session.read():
        rows = session.rows(_END_AND_HEAD, after=after)
    if not rows:
        raise StoreError(NO_HEAD)
    entries = [(row[0], as_bytes(row[1]), as_bytes(row[2])) for row in rows if row[0] is not None]
    return entries, Head(rows[0][3], as_bytes(rows[0][4])), as_bytes(rows[0][5])
