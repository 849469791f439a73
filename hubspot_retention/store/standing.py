"""Standing approvals. Their daily cap is kept here as well: whatever a caller counts, it cannot be passed."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Row, case, insert, select, update

from hubspot_retention.core.deadline.approval import StandingApproval
from hubspot_retention.store.encoding import from_micros, from_micros_or_none, to_micros, to_micros_or_none
from hubspot_retention.store.service_schema import standing_approval
from hubspot_retention.store.session import Rows

_here = standing_approval.c


class StandingRows(Rows):
    """Standing approvals."""

    def grant_standing(self, approval: StandingApproval) -> StandingApproval:
        """Store a standing approval (its `approval_id` is given by the store)."""
        statement = insert(standing_approval).values(
            rule=approval.rule,
            max_per_day=approval.max_per_day,
            until_at=to_micros(approval.until_at),
            granted_by=approval.granted_by,
            granted_at=to_micros(approval.granted_at),
            policy_digest=approval.policy_digest,
            revoked_at=to_micros_or_none(approval.revoked_at),
            revoked_by=approval.revoked_by,
            used_on=approval.used_on,
            used=approval.used,
        )
        return _approval_of(self._connection.execute(statement.returning(standing_approval)).one())

    def revoke_standing(self, approval_id: int, at: datetime, by: str) -> StandingApproval | None:
        """Revoke one that is not revoked; `None` if there is none of that number."""
        statement = (
            update(standing_approval)
            .where(_here.approval_id == approval_id, _here.revoked_at.is_(None))
            .values(revoked_at=to_micros(at), revoked_by=by)
            .returning(standing_approval)
        )
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else _approval_of(row)

    def standing_approvals(self, *, all: bool = False) -> Sequence[StandingApproval]:
        """Standing approvals that are not revoked (or all), in the order they were granted."""
        statement = select(standing_approval).order_by(_here.approval_id)
        if not all:
            statement = statement.where(_here.revoked_at.is_(None))
        return [_approval_of(row) for row in self._connection.execute(statement)]

    def use_standing(self, approval_id: int, day: date, number: int) -> StandingApproval | None:
        """Let so many more go on a local day. `None`, and nothing is changed, if it is revoked, if that is more than
        its cap leaves, or if the day lies before one it was used on (a clock set back must not empty the count)."""
        if number < 0:
            raise ValueError("a standing approval is not given back")
        used = case((_here.used_on == day, _here.used), else_=0) + number
        statement = (
            update(standing_approval)
            .where(_here.approval_id == approval_id, _here.revoked_at.is_(None), used <= _here.max_per_day)
            .where(_here.used_on.is_(None) | (_here.used_on <= day))
            .values(used_on=day, used=used)
            .returning(standing_approval)
        )
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else _approval_of(row)


def _approval_of(row: Row[tuple[object, ...]]) -> StandingApproval:
    return StandingApproval(
        approval_id=row.approval_id,
        rule=row.rule,
        max_per_day=row.max_per_day,
        until_at=from_micros(row.until_at),
        granted_by=row.granted_by,
        granted_at=from_micros(row.granted_at),
        policy_digest=row.policy_digest,
        revoked_at=from_micros_or_none(row.revoked_at),
        revoked_by=row.revoked_by,
        used_on=row.used_on,
        used=row.used,
    )
