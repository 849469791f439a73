"""Plans without their items."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import bindparam, insert, select, update

from hubspot_retention.core.plan.model import OutcomeCount, Plan, PlanKind, PlanStatus, RuleCount
from hubspot_retention.core.record import ObjectType, PortalId
from hubspot_retention.store import schema
from hubspot_retention.store.encoding import from_micros, from_micros_or_none, to_micros, to_micros_or_none
from hubspot_retention.store.errors import StoreError
from hubspot_retention.store.prepared import Prepared
from hubspot_retention.store.private_text import keep_text, read_text
from hubspot_retention.store.session import Rows

_population = msgspec.json.Decoder(tuple[tuple[ObjectType, int], ...])
_outcomes = msgspec.json.Decoder(tuple[OutcomeCount, ...])
_rules = msgspec.json.Decoder(tuple[RuleCount, ...])
_breaches = msgspec.json.Decoder(tuple[str, ...])

_HERE = schema.plan.c.plan_id == bindparam("here")
_PLAN = Prepared(select(schema.plan).where(_HERE))
_NUMBERED = Prepared(select(schema.plan).where(schema.plan.c.plan_no == bindparam("number")))
_NUMBER = Prepared(select(schema.plan.c.plan_no).where(_HERE))
_WHY = Prepared(select(schema.plan.c.why_commitment).where(_HERE))
_SET = tuple(column.name for column in schema.plan.c if not column.primary_key)
_ADD = Prepared(insert(schema.plan), _SET)
_SAVE = Prepared(update(schema.plan).where(_HERE), _SET)
_NEWEST_FIRST = select(schema.plan).order_by(schema.plan.c.plan_no.desc())
_ALL = Prepared(_NEWEST_FIRST)
_OF_PORTAL = Prepared(_NEWEST_FIRST.where(schema.plan.c.portal_id == bindparam("portal")))
_STATUS = Prepared(select(schema.plan.c.status).where(_HERE))


@lru_cache(maxsize=16)
def _of_status(statuses: tuple[PlanStatus, ...]) -> Prepared:
    # `required`: to spell out the list, SQLAlchemy wants a value for each other parameter that is required.
    of_portal = schema.plan.c.portal_id == bindparam("portal", required=False)
    return Prepared(_NEWEST_FIRST.where(of_portal, schema.plan.c.status.in_([each.value for each in statuses])))


def _columns(plan: Plan) -> dict[str, object]:
    return {
        "plan_id": plan.plan_id,
        "run_id": plan.run_id,
        "kind": plan.kind.value,
        "portal_id": plan.portal_id,
        "policy_name": plan.policy_name,
        "policy_digest": plan.policy_digest,
        "as_of": to_micros(plan.as_of),
        "built_at": to_micros(plan.built_at),
        "expires_at": to_micros(plan.expires_at),
        "requested_by": plan.requested_by,
        "digest": plan.digest,
        "status": plan.status.value,
        "population": msgspec.json.encode(plan.population),
        "outcomes": msgspec.json.encode(plan.outcomes),
        "rules": msgspec.json.encode(plan.rules),
        "breaches": msgspec.json.encode(plan.breaches),
        "decided_by": plan.decided_by,
        "decided_at": to_micros_or_none(plan.decided_at),
    }


class PlanRows(Rows):
    """Plans."""

    def add_plan(self, plan: Plan) -> None:
        """Store a plan's header (status `building`)."""
        why = keep_text(self._open_session, plan.why, plan.decided_at or plan.built_at) if plan.why else None
        self._open_session.change(_ADD, why_commitment=why, **_columns(plan))

    def save_plan(self, plan: Plan) -> None:
        """Store a plan's header again: digest, counts, status, who decided."""
        why = self._open_session.scalar(_WHY, here=plan.plan_id)
        if read_text(self._open_session, why) != plan.why:
            why = keep_text(self._open_session, plan.why, plan.decided_at or plan.built_at) if plan.why else None
        if self._open_session.change(_SAVE, here=plan.plan_id, why_commitment=why, **_columns(plan)) != 1:
            raise StoreError(f"there is no plan {plan.plan_id}")

    def plan(self, plan_id: str) -> Plan | None:
        """A plan's header."""
        row = self._open_session.row(_PLAN, here=plan_id)
        return None if row is None else self._plan_of(row)

    def _numbered_plan(self, number: int) -> Plan:
        return self._plan_of(self._open_session.row(_NUMBERED, number=number))

    def plans(self, portal: PortalId | None = None) -> Sequence[Plan]:
        """All plans, newest first."""
        session = self._open_session
        found = session.named(_ALL) if portal is None else session.named(_OF_PORTAL, portal=portal)
        return [self._plan_of(row) for row in found]

    def plans_of_status(self, portal: PortalId, statuses: tuple[PlanStatus, ...]) -> Sequence[Plan]:
        """The plans of a portal with one of some statuses, newest first."""
        return [self._plan_of(row) for row in self._open_session.named(_of_status(statuses), portal=portal)]

    def plan_status(self, plan_id: str) -> PlanStatus | None:
        """A plan's status: it is asked for at every record, and the rest of a header takes long to read."""
        status = self._open_session.scalar(_STATUS, here=plan_id)
        return None if status is None else PlanStatus(status)

    def _plan_number(self, plan_id: str) -> int:
        number = self._plan_numbers.get(plan_id)
        if number is None:
            number = self._open_session.scalar(_NUMBER, here=plan_id)
            if number is None:
                raise StoreError(f"there is no plan {plan_id}")
            self._plan_numbers[plan_id] = number
        return number

    def _plan_of(self, row: Any) -> Plan:
        return Plan(
            plan_id=row.plan_id,
            run_id=row.run_id,
            kind=PlanKind(row.kind),
            portal_id=PortalId(row.portal_id),
            policy_name=row.policy_name,
            policy_digest=row.policy_digest,
            as_of=from_micros(row.as_of),
            built_at=from_micros(row.built_at),
            expires_at=from_micros(row.expires_at),
            requested_by=row.requested_by,
            digest=row.digest,
            status=PlanStatus(row.status),
            population=_population.decode(row.population),
            outcomes=_outcomes.decode(row.outcomes),
            rules=_rules.decode(row.rules),
            breaches=_breaches.decode(row.breaches),
            decided_by=row.decided_by,
            decided_at=from_micros_or_none(row.decided_at),
            why=read_text(self._open_session, row.why_commitment),
        )
