"""Every record of a class once, in pages, in bounded memory, as fast as the rate limit allows.

One cursor is sequential: at 100 ms a request it reaches half of the allowed rate. So a large list is read in
several id ranges at once, as many as the latency calls for. `ranges` proves that nothing was left out; the search
index is asked beside it, twice if it knows of more, because it lags. A list that is small, or that did not
behave, is read with one cursor.
"""

import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

import structlog

from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.record import RecordId
from hubspot_retention.errors import PortalContractError, RangesDisagreeError
from hubspot_retention.hubspot.associations import Links, read_associations
from hubspot_retention.hubspot.kinds import Kind
from hubspot_retention.hubspot.objects import list_call, search
from hubspot_retention.hubspot.ranges import Ranges, Span
from hubspot_retention.hubspot.transport import Transport
from hubspot_retention.hubspot.wire import Row, Total

_Seen = TypeVar("_Seen")
_HELD_BACK = 500
_PATIENCE_SECONDS = 0.2

_log = structlog.get_logger("hubspot_retention.hubspot")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderOptions:
    """`most_readers` requests of one list at once; lists under `one_cursor_below` records get one cursor.

    `index_lag_seconds`: how long after a first look the search index is asked again when it knows of more.
    """

    most_readers: int = 8
    one_cursor_below: int = 2000
    index_lag_seconds: float = 3.0
    pages_ahead: int = 8
    check_against_search: bool = True


class _Finished(Enum):
    READER = 0


@dataclass(frozen=True, slots=True)
class _Part(Generic[_Seen]):
    """One page: what is conclusive, and the rows whose associations must be asked for."""

    seen: list[_Seen]
    held_back: list[Row]


class ListReader(Generic[_Seen]):
    """Reads one list. `boundaries` are hints of a former run; afterwards `found_boundaries` has new ones."""

    def __init__(
        self,
        transport: Transport,
        kind: Kind[_Seen],
        options: ReaderOptions,
        boundaries: Sequence[RecordId] = (),
        *,
        one_cursor: bool = False,
    ) -> None:
        self._transport, self._kind, self._options = transport, kind, options
        self._hints, self._one_cursor = boundaries, one_cursor
        self.found_boundaries: tuple[RecordId, ...] = ()

    def pages(self) -> Iterator[Sequence[_Seen]]:
        """Every record once, in no order. Raises RangesDisagreeError, at the latest after the last page."""
        before = self._search()
        small = before is None or before.total < self._options.one_cursor_below
        if self._one_cursor or small or before is None:
            ranges = Ranges(self._kind.object_type)
        else:
            highest = max((int(row.id) for row in before.results), default=None)
            ranges = Ranges(self._kind.object_type, self._hints, highest)
        run = _Run(self._transport, self._kind, ranges, self._options)
        held_back: list[Row] = []
        try:
            for part in run.parts():
                if part.seen:
                    yield part.seen
                held_back.extend(part.held_back)
                if len(held_back) >= _HELD_BACK:
                    yield self._completed(held_back)
                    held_back = []
        finally:
            run.stop()
        if held_back:
            yield self._completed(held_back)
        self._require_all(ranges, before)
        self.found_boundaries = tuple(RecordId(low) for low in ranges.boundaries())

    def _completed(self, rows: Sequence[Row]) -> list[_Seen]:
        """The rows with their associations from the associations API."""
        return completed(self._transport, self._kind, rows)

    def _search(self) -> Total | None:
        if not self._options.check_against_search:
            return None
        return search(self._transport, self._kind.object_type)

    def _require_all(self, ranges: Ranges, before: Total | None) -> None:
        """The index may lag behind an archive: only what it says twice counts, and of one cursor only nothing."""
        count = ranges.prove()
        if before is None or count >= before.total:
            return
        self._transport.pause(self._options.index_lag_seconds)
        again = search(self._transport, self._kind.object_type)
        known = min(before.total, again.total)
        if count >= known:
            return
        label = self._kind.object_type.value
        if count == 0:
            raise PortalContractError(f"HubSpot's list of {label} is empty, but its search knows of {known}")
        if not (self._one_cursor or known < self._options.one_cursor_below):
            raise RangesDisagreeError(f"{count} {label} were read, but HubSpot's search knows of {known}")
        _log.warning("list.shorter_than_search", object_type=label, read=count, search=known)


def completed(transport: Transport, kind: Kind[_Seen], rows: Sequence[Row]) -> list[_Seen]:
    """Rows read, with their associations from the associations API."""
    ids = [RecordId(int(row.id)) for row in rows]
    by_type = [read_associations(transport, kind.object_type, other, ids) for other in kind.linked]
    seen = []
    for record_id, row in zip(ids, rows, strict=True):
        links: tuple[Links, ...] = tuple(found.get(record_id, UNKNOWN) for found in by_type)
        seen.append(kind.observe(row, links))
    return seen


class _Run(Generic[_Seen]):
    """The threads that read one list, and the bounded queue between them and who takes the pages."""

    def __init__(self, transport: Transport, kind: Kind[_Seen], ranges: Ranges, options: ReaderOptions) -> None:
        self._transport, self._kind, self._ranges, self._options = transport, kind, ranges, options
        self._queue: queue.Queue[_Part[_Seen] | Exception | _Finished] = queue.Queue(options.pages_ahead)
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def parts(self) -> Iterator[_Part[_Seen]]:
        """What the readers read, as it comes. The first failure of one of them ends it."""
        self._start_reader()
        finished = 0
        while finished < len(self._threads):
            match self._queue.get():
                case _Finished.READER:
                    finished += 1
                case Exception() as error:
                    raise error
                case part:
                    yield part
                    running = len(self._threads) - finished
                    if running < self._transport.requests_in_flight_wanted(self._options.most_readers):
                        self._start_reader()

    def stop(self) -> None:
        """Tell the readers to stop; one that waits for HubSpot ends by itself, and nobody hears of it."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(_PATIENCE_SECONDS)

    def _start_reader(self) -> None:
        span = self._ranges.claim()
        if span is None:
            return
        name = f"{self._kind.object_type}-{len(self._threads) + 1}"
        thread = threading.Thread(target=self._read, args=(span,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _read(self, span: Span | None) -> None:
        try:
            while span is not None and not self._stopped.is_set():
                self._put(self._page(span))
                if span.done:
                    span = self._ranges.claim()
        except Exception as error:
            self._put(error)
        self._put(_Finished.READER)

    def _put(self, item: _Part[_Seen] | Exception | _Finished) -> None:
        while not self._stopped.is_set():
            try:
                self._queue.put(item, timeout=_PATIENCE_SECONDS)
            except queue.Full:
                continue
            return

    def _page(self, span: Span) -> _Part[_Seen]:
        kind = self._kind
        call = list_call(kind.object_type, kind.names, kind.linked, span.cursor)
        page = self._transport.send(call).read(kind.decoders.page)
        try:
            ids = [int(row.id) for row in page.results]
            return self._part(page.results[self._ranges.take(span, ids, page.after)])
        except ValueError:
            label = kind.object_type.value
            raise PortalContractError(f"HubSpot's list of {label} has an id that is no number") from None

    def _part(self, rows: Sequence[Row]) -> _Part[_Seen]:
        part: _Part[_Seen] = _Part([], [])
        for row in rows:
            links = self._kind.inline(row)
            if links is None:
                part.held_back.append(row.alone())
            else:
                part.seen.append(self._kind.observe(row, links))
        return part
