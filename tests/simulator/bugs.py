"""Deliberate bugs, patched in for the length of a block: what each breaks, and which invariants must notice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hubspot_retention.core.audit.kinds import Verb
from hubspot_retention.core.plan.model import ItemState
from hubspot_retention.core.portal import CallResult, Fate
from hubspot_retention.workflow import carry, dispose, gate, looking, protocol, review

Patch = Callable[[Any], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """One bug. `noticed_by`: the invariants of which one must break within the bound. `seed`: the first schedule that
    found it when it was written down; the short form begins there."""

    what: str
    seed: int
    noticed_by: tuple[str, ...]
    patch: Patch


def _no_last_check(monkeypatch: Any) -> None:
    monkeypatch.setattr(protocol.Ledger, "_may_go_on", lambda self, tx, prepared: True)


def _word_after_the_call(monkeypatch: Any) -> None:
    def send(self: Any, *_: object) -> protocol.Sending:
        return protocol.Sending(self._times.monotonic())

    monkeypatch.setattr(protocol.Ledger, "send", send)


def _anonymous_word(monkeypatch: Any) -> None:
    real = protocol.Ledger.__init__

    def build(self: Any, store: Any, plan: Any, actor: str, *more: Any) -> None:
        real(self, store, plan, "", *more)

    monkeypatch.setattr(protocol.Ledger, "__init__", build)


def _hold_in_flight_promised(monkeypatch: Any) -> None:
    monkeypatch.setattr(review, "_in_flight", lambda tx, held: ())


def _no_time_bound(monkeypatch: Any) -> None:
    monkeypatch.setattr(protocol.Ledger, "in_time", lambda self, sending: True)


def _stale_read_is_fresh(monkeypatch: Any) -> None:
    monkeypatch.setattr(protocol, "FRESH_FOR_SECONDS", 1e9)


def _kill_switch_ignored(monkeypatch: Any) -> None:
    monkeypatch.setattr(protocol.Ledger, "_is_stopped", lambda self, tx: False)


def _recheck_ignored(monkeypatch: Any) -> None:
    monkeypatch.setattr(looking, "recheck", lambda item, decision: None)


def _refusal_is_success(monkeypatch: Any) -> None:
    def settle(self: Any, items: Any, result: CallResult, about: str = "") -> None:
        self.settle(items, ItemState.DONE, Verb.DONE, about + "no-answer")

    monkeypatch.setattr(protocol.Ledger, "settle_refusal", settle)


def _batch_is_done_together(monkeypatch: Any) -> None:
    def settle(self: Any, batch: Any) -> None:
        self._ledger.settle(batch, ItemState.DONE, Verb.DONE, "taken")

    monkeypatch.setattr(carry.Carrier, "settle", settle)


def _terminal_word_twice(monkeypatch: Any) -> None:
    real = protocol.Ledger._settle

    def settle(self: Any, tx: Any, item: Any, state: Any, verb: Any, code: str) -> None:
        real(self, tx, item, state, verb, code)
        if state is ItemState.DONE:
            real(self, tx, item, state, verb, code)

    monkeypatch.setattr(protocol.Ledger, "_settle", settle)


def _portal_not_checked(monkeypatch: Any) -> None:
    monkeypatch.setattr(dispose, "check_portal", lambda plan, details: None)


def _policy_not_checked(monkeypatch: Any) -> None:
    real = gate.admit

    def admit(store: Any, plan: Any, policy: Any, permission: Any, now: Any) -> None:
        class Same:
            digest, civil = plan.policy_digest, policy.civil

        real(store, plan, Same, permission, now)  # type: ignore[arg-type]

    monkeypatch.setattr(dispose, "admit", admit)


def _expiry_ignored(monkeypatch: Any) -> None:
    real = gate.admit
    monkeypatch.setattr(
        dispose, "admit", lambda store, plan, policy, may, now: real(store, plan, policy, may, plan.built_at)
    )
    monkeypatch.setattr(protocol.Ledger, "_is_stopped", lambda self, tx: tx.kill_switch() is not None)


def _merged_id_used(monkeypatch: Any) -> None:
    monkeypatch.setattr(looking.Looker, "_still_due", lambda self, batch, fresh: list(batch))

    def erase(self: Any, item: Any, looked: Any, judge: Any) -> bool:
        if self._ledger.send([item], looked.prepared) is None:
            return False
        return bool(self._after_erase(item, self._tools.disposer.erase_contact(item.record.record_id)))

    monkeypatch.setattr(carry.Carrier, "_erase_one", erase)


def _unknown_is_forgotten(monkeypatch: Any) -> None:
    monkeypatch.setattr(dispose.Applier, "_settle_unsettled", lambda self, plan, carrier: None)
    monkeypatch.setattr(carry.Carrier, "_after_erase", lambda self, item, result: result.fate is Fate.DONE)


def _retried_without_end(monkeypatch: Any) -> None:
    def erase(self: Any, item: Any, result: CallResult) -> bool:
        while result.fate is not Fate.DONE or (result.status == 204 and self._tools.source.there):
            result = self._tools.disposer.erase_contact(item.record.record_id)
        return True

    monkeypatch.setattr(carry.Carrier, "_after_erase", erase)


def _nothing_read_back(monkeypatch: Any) -> None:
    monkeypatch.setattr(carry.Carrier, "settle", lambda self, batch: None)


BUGS: Final[Mapping[str, Bug]] = {
    bug.what: bug
    for bug in (
        Bug(what="holds are not looked at again", seed=25, noticed_by=("S1",), patch=_no_last_check),
        Bug(what="a hold in flight is promised", seed=366, noticed_by=("S1",), patch=_hold_in_flight_promised),
        Bug(what="no time bound on the call", seed=109, noticed_by=("S1-time",), patch=_no_time_bound),
        Bug(what="no word before the effect", seed=0, noticed_by=("S2",), patch=_word_after_the_call),
        Bug(what="the word names no actor", seed=0, noticed_by=("S2",), patch=_anonymous_word),
        Bug(what="the fresh decision is ignored", seed=0, noticed_by=("S3",), patch=_recheck_ignored),
        Bug(what="an expired plan goes on", seed=156, noticed_by=("S6",), patch=_expiry_ignored),
        Bug(what="portal and clock are not checked", seed=26, noticed_by=("S7", "S13"), patch=_portal_not_checked),
        Bug(what="an old read counts as fresh", seed=63, noticed_by=("S9",), patch=_stale_read_is_fresh),
        Bug(what="a refusal counts as success", seed=5, noticed_by=("S10",), patch=_refusal_is_success),
        Bug(what="a merged-away id is used", seed=0, noticed_by=("S11", "S9", "S3"), patch=_merged_id_used),
        Bug(what="a batch is done together", seed=43, noticed_by=("S10",), patch=_batch_is_done_together),
        Bug(what="stops and rejections are ignored", seed=33, noticed_by=("S16", "S6"), patch=_kill_switch_ignored),
        Bug(what="another policy is not noticed", seed=7, noticed_by=("S19",), patch=_policy_not_checked),
        Bug(what="nothing is read back", seed=0, noticed_by=("L1",), patch=_nothing_read_back),
        Bug(what="an unknown call is forgotten", seed=15, noticed_by=("L1",), patch=_unknown_is_forgotten),
        Bug(what="retried without end", seed=0, noticed_by=("L5",), patch=_retried_without_end),
        Bug(what="a terminal word is written twice", seed=0, noticed_by=("E1",), patch=_terminal_word_twice),
    )
}
