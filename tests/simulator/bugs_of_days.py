"""Deliberate bugs that only days of the service show: in its sweeps, ledger, due tick, standing approvals, bundles."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hubspot_retention.core import view
from hubspot_retention.core.deadline import duty
from hubspot_retention.core.plan import bundle
from hubspot_retention.service import finding, ticks
from hubspot_retention.workflow import (
    allowance,
    anchoring,
    bundles,
    due_plans,
    foreign,
    obligations,
    standing,
)
from hubspot_retention.workflow.steps import BundleSteps
from tests.simulator.bugs import Bug
from tests.simulator.bugs_elsewhere import search_is_whole


def _ledger_hears_no_sweep(monkeypatch: Any) -> None:
    real = obligations.Obligations.hear

    def hear(self: Any, tx: Any, kind: Any, decided: Any, hearing: Any) -> Any:
        return real(self, tx, kind, decided, hearing) if hearing.is_fresh else {}

    monkeypatch.setattr(obligations.Obligations, "hear", hear)


def _due_tick_sleeps(monkeypatch: Any) -> None:
    monkeypatch.setattr(ticks.Ticks, "due", lambda self: None)
    monkeypatch.setattr(finding, "deadline_alarms", lambda *_: ())


def _cap_not_counted(monkeypatch: Any) -> None:
    monkeypatch.setattr(due_plans.PlanMaker, "_count", lambda self, tx, uses, now: None)
    monkeypatch.setattr(allowance.Allowance, "take", lambda self, rule: next(iter(self.approvals_of(rule)), None))


def _no_grace(monkeypatch: Any) -> None:
    monkeypatch.setattr(duty, "not_before", lambda start, deadline, grace: None)


def _any_hand_will_do(monkeypatch: Any) -> None:
    monkeypatch.setattr(duty, "_by_person", lambda rule, opt_out: True)
    for module in (allowance, standing):
        monkeypatch.setattr(module, "counts_from_opt_out", lambda rule_id, policy: False)


def _firm_reaches_nobody(monkeypatch: Any) -> None:
    monkeypatch.setattr(view, "company_causes", lambda company, deals, register: ())


def _contact_first(monkeypatch: Any) -> None:
    monkeypatch.setattr(BundleSteps, "settle_bundle", lambda *_: True)


def _shared_letter_goes(monkeypatch: Any) -> None:
    def settle(contact_id: Any, engagement: Any, won: Any) -> bundle.Settled:
        return bundle.Settled(engagement, bundle.Fate.ARCHIVE)

    monkeypatch.setattr(bundles, "settle_for_contact", settle)


def _heir_begins_nothing(monkeypatch: Any) -> None:
    real = foreign.Foreign._tell_ledger

    def tell(self: Any, tx: Any, before: Any, after: Any, at: Any) -> None:
        if after is not None and not after.is_live:
            real(self, tx, before, after, at)

    monkeypatch.setattr(foreign.Foreign, "_tell_ledger", tell)


def _age_not_looked_at(monkeypatch: Any) -> None:
    monkeypatch.setattr(anchoring.Anchoring, "doubts", lambda self: self._doubts)


def _too_old_for_ever(monkeypatch: Any) -> None:
    real = anchoring.Anchoring.mark

    def mark(self: Any) -> None:
        if not self.doubts():
            real(self)

    monkeypatch.setattr(anchoring.Anchoring, "mark", mark)


def _bug(what: str, seed: int, noticed_by: str, patch: Callable[[Any], None]) -> Bug:
    return Bug(what=what, seed=seed, noticed_by=tuple(noticed_by.split()), patch=patch)


BUGS_OF_DAYS: Final[Mapping[str, Bug]] = {
    bug.what: bug
    for bug in (
        _bug("the ledger hears of no sweep", 0, "L4", _ledger_hears_no_sweep),
        _bug("a search cut short moves the mark on", 52, "L4", search_is_whole),
        _bug("nobody looks at the ledger", 2, "L1 L2", _due_tick_sleeps),
        _bug("caps are not counted", 51, "S5", _cap_not_counted),
        _bug("a click cannot be taken back", 11, "S5", _no_grace),
        _bug("whoever unsubscribed somebody will do", 21, "S5", _any_hand_will_do),
        _bug("a firm's hold reaches nobody", 27, "S1", _firm_reaches_nobody),
        _bug("the contact goes before the letters", 1, "C2", _contact_first),
        _bug("a shared letter goes", 1, "C1", _shared_letter_goes),
        _bug("an anchor is never too old", 310, "S14", _age_not_looked_at),
        _bug("an anchor that was too old stays so", 4, "L1 L2", _too_old_for_ever),
        _bug("what a record inherits never began", 104, "E1", _heir_begins_nothing),
    )
}
