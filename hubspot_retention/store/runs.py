"""Runs: when one began, how it ended, how much it read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import insert, select, update

from hubspot_retention.core.plan.query import NewRun
from hubspot_retention.core.record import ObjectType, PortalId
from hubspot_retention.store import schema
from hubspot_retention.store.encoding import from_micros, from_micros_or_none, to_micros
from hubspot_retention.store.errors import StoreError
from hubspot_retention.store.session import Rows

_DONE: Final = "done"
_WHAT_IF: Final = "what-if"
_PARTIAL: Final = ("due", "review")
"""Kinds of run that read some records only: what they counted is no measure of the portal."""


class RunRows(Rows):
    """Runs."""

    def start_run(self, run: NewRun) -> int:
        """Begin a run; answers its number."""
        statement = insert(schema.run).values(
            portal_id=run.portal_id,
            kind=run.kind,
            policy_digest=run.policy_digest,
            as_of=to_micros(run.as_of),
            started_at=to_micros(run.started_at),
            actor=run.actor,
        )
        return int(self._connection.execute(statement.returning(schema.run.c.run_id)).scalar_one())

    def finish_run(self, run_id: int, finished_at: datetime, outcome: str) -> None:
        """A run has ended: `done`, or the code of what stopped it."""
        change = (
            update(schema.run)
            .where(schema.run.c.run_id == run_id)
            .values(finished_at=to_micros(finished_at), outcome=outcome)
        )
        if self._connection.execute(change).rowcount != 1:
            raise StoreError(f"there is no run {run_id}")

    def last_population(self, portal: PortalId, before_run: int) -> Mapping[ObjectType, int]:
        """How many records of each class the last run before this one read that read the whole portal and ended as
        done; else empty."""
        statement = (
            select(schema.plan.c.population)
            .join(schema.run, schema.run.c.run_id == schema.plan.c.run_id)
            .where(schema.run.c.portal_id == portal, schema.run.c.run_id < before_run, schema.run.c.outcome == _DONE)
            .where(schema.run.c.kind.not_in(_PARTIAL))
            .order_by(schema.run.c.run_id.desc(), schema.plan.c.plan_no)
            .limit(1)
        )
        found = self._connection.scalar(statement)
        if found is None:
            return {}
        return dict(msgspec.json.decode(found, type=tuple[tuple[ObjectType, int], ...]))

    def last_full_run(self, portal: PortalId) -> datetime | None:
        """When the newest run began that read the whole portal and ended as done (a what-if is none)."""
        statement = (
            select(schema.run.c.started_at)
            .where(schema.run.c.portal_id == portal, schema.run.c.outcome == _DONE)
            .where(schema.run.c.kind.not_in((*_PARTIAL, _WHAT_IF)))
            .order_by(schema.run.c.run_id.desc())
            .limit(1)
        )
        return from_micros_or_none(self._connection.scalar(statement))

    def full_run_before(self, portal: PortalId, run_id: int) -> tuple[int, datetime] | None:
        """The number of the newest run before this one that read the whole portal and ended as done (a what-if is
        none), and when it began."""
        statement = (
            select(schema.run.c.run_id, schema.run.c.started_at)
            .where(schema.run.c.portal_id == portal, schema.run.c.run_id < run_id, schema.run.c.outcome == _DONE)
            .where(schema.run.c.kind.not_in((*_PARTIAL, _WHAT_IF)))
            .order_by(schema.run.c.run_id.desc())
            .limit(1)
        )
        found = self._connection.execute(statement).one_or_none()
        return None if found is None else (found.run_id, from_micros(found.started_at))

    def run_kind(self, run_id: int) -> str:
        """What kind of run it was."""
        kind: str | None = self._connection.scalar(select(schema.run.c.kind).where(schema.run.c.run_id == run_id))
        if kind is None:
            raise StoreError(f"there is no run {run_id}")
        return kind
