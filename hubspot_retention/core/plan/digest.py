"""The digest that an approval is bound to: the same facts, policy and `as_of` give the same one.

So what an earlier run remembered (whether a start is new) is not in it: a second run remembers the first.
"""

import hashlib

from hubspot_retention.core.canonical import canonical_json
from hubspot_retention.core.civil import Civil
from hubspot_retention.core.decision.wire import decision_json
from hubspot_retention.core.plan.model import Plan, PlanItem


class PlanDigest:
    """SHA-256 over the canonical lines of a plan: its header, then every item in the order of class and id."""

    def __init__(self, plan: Plan, civil: Civil) -> None:
        self._civil = civil
        self._hash = hashlib.sha256()
        header = {
            "kind": plan.kind.value,
            "portal": plan.portal_id,
            "policy": plan.policy_digest,
            "as_of": civil.show(plan.as_of),
            "population": [[kind.value, count] for kind, count in plan.population],
            "outcomes": [list(count) for count in plan.outcomes],
            "breaches": list(plan.breaches),
        }
        self._line(header)

    def add(self, item: PlanItem) -> None:
        """Add the next item."""
        found = decision_json(item.decision, self._civil)
        found["action"] = item.action.value
        found["block"] = None if item.block is None else item.block.value
        found["bundle"] = None if item.bundle is None else list(item.bundle)
        if item.may_go:
            found["may_go"] = [str(letter) for letter in item.may_go]
        self._line(found)

    def _line(self, value: object) -> None:
        self._hash.update(canonical_json(value) + b"\n")

    def hexdigest(self) -> str:
        """The digest, in hex."""
        return self._hash.hexdigest()
