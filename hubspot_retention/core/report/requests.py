"""The requests of a period with their clocks, and how many were answered by the end of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from hubspot_retention.core.policy.model import RetentionPolicy, answer_by
from hubspot_retention.core.report.figures import RequestLine
from hubspot_retention.core.request import SubjectRequest


@dataclass(frozen=True, slots=True)
class RequestClock:
    """A request as the log tells of it, when it was received, and by when it had to be answered."""

    line: RequestLine
    received_at: datetime
    answer_by: datetime

    @property
    def is_late(self) -> bool:
        """Whether it was closed, and after its clock had ended."""
        return self.line.ended_at is not None and self.line.ended_at > self.answer_by

    def is_overdue(self, at: datetime) -> bool:
        """Whether it was open at that instant, and its clock had ended."""
        return self.line.ended_at is None and self.answer_by < at


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFigures:
    """Requests of a period, counted: written down in it; closed in it, and of those after their clock had ended; open
    at its end, and of those past their clock by then."""

    recorded: int = 0
    closed: int = 0
    late: int = 0
    open: int = 0
    overdue: int = 0


def clocks_of(
    lines: Iterable[RequestLine], register: Mapping[int, SubjectRequest], policy: RetentionPolicy
) -> tuple[RequestClock, ...]:
    """Each request with its clock. One that the register does not know counts from when it was written down."""
    found = []
    for line in lines:
        known = register.get(line.number)
        received_at = line.recorded_at if known is None else known.received_at
        found.append(RequestClock(line, received_at, answer_by(policy, received_at)))
    return tuple(found)


def count_requests(clocks: Iterable[RequestClock], begin: datetime, told_until: datetime) -> RequestFigures:
    """The figures of a period from the requests that were open in it. `told_until`: its end, or when the report is made
    if that is earlier."""
    found = tuple(clocks)
    closed = sum(clock.line.ended_at is not None for clock in found)
    return RequestFigures(
        recorded=sum(clock.line.recorded_at >= begin for clock in found),
        closed=closed,
        late=sum(clock.is_late for clock in found),
        open=len(found) - closed,
        overdue=sum(clock.is_overdue(told_until) for clock in found),
    )
