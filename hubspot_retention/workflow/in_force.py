"""What was in force when somebody decided: a change of the policy, or of a setting that people rely on, leaves a trace.

What can go wrong: four eyes are switched off for an hour, or a limit is raised for one run, and afterwards nobody can
tell. So whoever plans, approves, applies or serves first compares with what was in force the last time. What is
remembered are numbers: they lie beside the counters, and hold no path and no secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from hubspot_retention.core.audit.entry import Entry, FactValue
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.policy.model import Guardrails, Mode
from hubspot_retention.core.record import PortalId
from hubspot_retention.workflow.ports import Store

_KEPT_AS: Final = "in-force"
_POLICY: Final = "policy"
_MODES: Final = tuple(Mode)
_DIGITS: Final = 12
"""How much of the policy's digest is remembered: 48 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The policy's digest, and the settings that decide what may go, whose word it takes, and of which portal."""

    policy_digest: str
    mode: Mode
    allow_erase: bool
    four_eyes: bool
    guardrails: Guardrails
    portal_id: PortalId | None

    def numbers(self) -> Mapping[str, int]:
        """Each as a number; shares in hundredths of a percent, no portal as 0."""
        limits = self.guardrails
        return {
            _POLICY: int(self.policy_digest[:_DIGITS], 16),
            "mode": _MODES.index(self.mode),
            "allow_erase": int(self.allow_erase),
            "four_eyes": int(self.four_eyes),
            "max_disposals": limits.max_disposals,
            "max_percent_hundredths": round(100 * limits.max_percent),
            "percent_from": limits.percent_from,
            "max_shrink_percent_hundredths": round(100 * limits.max_shrink_percent),
            "portal": self.portal_id or 0,
        }


def note_in_force(store: Store, now_in_force: InForce, actor: str, now: datetime) -> None:
    """Write down what is no longer as it was the last time, with what it was; the first time there is nothing to
    compare with."""
    numbers = now_in_force.numbers()
    with store.transaction() as tx:
        before = {label: value for (name, label), value in tx.counters().items() if name == _KEPT_AS}
        changed = {label: value for label, value in numbers.items() if before.get(label) != value}
        for label, value in changed.items():
            tx.count(_KEPT_AS, label, value - before.get(label, 0))
        told = {label: value for label, value in changed.items() if label in before}
        if _POLICY in told:
            was = (("before", f"{before[_POLICY]:0{_DIGITS}x}"),)
            entry = Entry(subject=Subject.POLICY, verb=Verb.CHANGED, at=now, actor=actor, facts=was)
            tx.audit(replace(entry, policy_digest=now_in_force.policy_digest))
        facts: list[tuple[str, FactValue]] = []
        for label in (label for label in told if label != _POLICY):
            facts += [(label, _shown(label, told[label])), (f"{label}_before", _shown(label, before[label]))]
        if facts:
            tx.audit(Entry(subject=Subject.SETTINGS, verb=Verb.CHANGED, at=now, actor=actor, facts=tuple(facts)))


def _shown(label: str, value: int) -> FactValue:
    return _MODES[value].value if label == "mode" else value
