"""Deliberate bugs, patched in for the length of a block: what each breaks, and which invariants must notice."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from hubspot_retention.core.audit.kinds import Verb
from hubspot_retention.core.plan.model import ItemState
from hubspot_retention.core.portal import CallResult, Fate
from hubspot_retention.errors import BlockedError
from hubspot_retention.store import audit_log
from hubspot_retention.store.database import SqlTransaction
from hubspot_retention.store.errors import StoreError
from hubspot_retention.workflow import anchoring, carry, dispose, gate, looking, protocol, review
from hubspot_retention.workflow.batches import BATCH, in_batches

Patch = Callable[[Any], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """One bug. `noticed_by`: the invariants of which one must break within the bound. `seed`: the first schedule that
    found it when it was written down; the short form begins there. `is_late`: it takes a schedule to its end."""

    what: str
    seed: int
    noticed_by: tuple[str, ...]
    patch: Patch
    is_late: bool = False

    @property
    def heals(self) -> bool:
        """Whether it shows only once the faults have healed."""
        return self.is_late or any(invariant.startswith("L") for invariant in self.noticed_by)


def _no_last_check(monkeypatch: Any) -> None:
    def doubt(self: Any, tx: Any, batch: Any, prepared: Any) -> str:
        is_old = self._times.monotonic() - prepared.at > protocol.FRESH_FOR_SECONDS
        return protocol.CHECK_AGAIN if is_old or self._is_stopped(tx) else ""

    monkeypatch.setattr(protocol.Ledger, "_doubt", doubt)


def _webhooks_unheard(monkeypatch: Any) -> None:
    monkeypatch.setattr(SqlTransaction, "events_since", lambda self, number, records, properties: ())


def _word_after_the_call(monkeypatch: Any) -> None:
    def send(self: Any, *_: object, **named: object) -> protocol.Sending:
        return protocol.Sending(self._times.monotonic())

    monkeypatch.setattr(protocol.Ledger, "send", send)


def _anonymous_word(monkeypatch: Any) -> None:
    real = protocol.Ledger.__init__

    def build(self: Any, store: Any, plan: Any, policy: Any, actor: str, *more: Any, **named: Any) -> None:
        real(self, store, plan, policy, "", *more, **named)

    monkeypatch.setattr(protocol.Ledger, "__init__", build)


def _hold_in_flight_promised(monkeypatch: Any) -> None:
    monkeypatch.setattr(review, "_in_flight", lambda tx, held, now: ())


def _still_there_is_over(monkeypatch: Any) -> None:
    monkeypatch.setattr(SqlTransaction, "late_calls", lambda tx, since: ())


def _no_time_bound(monkeypatch: Any) -> None:
    monkeypatch.setattr(protocol.Ledger, "in_time", lambda self, sending: True)


def _stale_read_is_fresh(monkeypatch: Any) -> None:
    monkeypatch.setattr(protocol, "FRESH_FOR_SECONDS", 1e9)


def _kill_switch_ignored(monkeypatch: Any) -> None:
    monkeypatch.setattr(protocol.Ledger, "_is_stopped", lambda self, tx: False)


def _recheck_ignored(monkeypatch: Any) -> None:
    monkeypatch.setattr(looking, "recheck", lambda item, decision, policy: None)


def _refusal_is_success(monkeypatch: Any) -> None:
    def settle(self: Any, items: Any, result: CallResult, about: str = "") -> None:
        self.settle(items, ItemState.DONE, Verb.DONE, about + "no-answer")

    monkeypatch.setattr(protocol.Ledger, "settle_refusal", settle)


def _batch_is_done_together(monkeypatch: Any) -> None:
    real = carry.Carrier.settle

    def settle(self: Any, batch: Any) -> None:
        if len(batch) < 2:
            real(self, batch)
        else:
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


def _jump_not_noticed(monkeypatch: Any) -> None:
    monkeypatch.setattr(gate.ComparedClocks, "agree", lambda self: True)


def _any_status_will_do(monkeypatch: Any) -> None:
    monkeypatch.setattr(gate, "_refuse_status", lambda plan: None)


def _settings_not_asked(monkeypatch: Any) -> None:
    monkeypatch.setattr(gate, "_refuse_setting", lambda plan, permission: None)


def _two_eyes(monkeypatch: Any) -> None:
    real = review.Reviewer.__init__

    def build(self: Any, store: Any, actor: str, *, four_eyes: bool) -> None:
        real(self, store, actor, four_eyes=False)

    monkeypatch.setattr(review.Reviewer, "__init__", build)


def _gate_left_open(monkeypatch: Any) -> None:
    real = anchoring.Anchoring.require

    def require(self: Any) -> None:
        with suppress(BlockedError):
            real(self)

    monkeypatch.setattr(anchoring.Anchoring, "require", require)
    monkeypatch.setattr(anchoring.Anchoring, "stands", lambda self: True)


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
    _jump_not_noticed(monkeypatch)


def _merged_id_used(monkeypatch: Any) -> None:
    monkeypatch.setattr(looking.Looker, "_still_due", lambda self, batch, fresh: list(batch))

    def erase(self: Any, item: Any, looked: Any, judge: Any) -> bool:
        if self._ledger.send([item], looked.prepared) is None:
            return False
        return bool(self._after_erase(item, self._tools.disposer.erase_contact(item.record.record_id)))

    monkeypatch.setattr(carry.Carrier, "_erase_one", erase)


def _failed_word_is_swallowed(monkeypatch: Any) -> None:
    real = protocol.Ledger.send

    def send(self: Any, *arguments: Any, **named: Any) -> protocol.Sending | None:
        try:
            return real(self, *arguments, **named)
        except StoreError:
            return protocol.Sending(self._times.monotonic())

    monkeypatch.setattr(protocol.Ledger, "send", send)


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


def _poison_spoils_its_batch(monkeypatch: Any) -> None:
    monkeypatch.setattr(dispose, "in_batches", lambda items, size: in_batches(items, BATCH))


def _entry_stored_later(monkeypatch: Any) -> None:
    real, waiting = audit_log.AuditRows.audit, []

    def audit(self: Any, entry: Any) -> int:
        waiting.append(entry)
        return real(self, waiting.pop(0)) if len(waiting) > 1 else 0

    monkeypatch.setattr(audit_log.AuditRows, "audit", audit)


BUGS: Final[Mapping[str, Bug]] = {
    bug.what: bug
    for bug in (
        Bug(what="holds are not looked at again", seed=63, noticed_by=("S1",), patch=_no_last_check),
        Bug(what="webhooks are not listened to", seed=301, noticed_by=("S1-heard",), patch=_webhooks_unheard),
        Bug(what="a hold in flight is promised", seed=56, noticed_by=("S1",), patch=_hold_in_flight_promised),
        Bug(what="who was still there is safe", seed=205, noticed_by=("S1",), patch=_still_there_is_over),
        Bug(what="no time bound on the call", seed=21, noticed_by=("S1-time",), patch=_no_time_bound),
        Bug(what="no word before the effect", seed=1, noticed_by=("S2",), patch=_word_after_the_call),
        Bug(what="the word names no actor", seed=1, noticed_by=("S2",), patch=_anonymous_word),
        Bug(what="the fresh decision is ignored", seed=10, noticed_by=("S3",), patch=_recheck_ignored),
        Bug(what="any status of a plan will do", seed=7, noticed_by=("S5",), patch=_any_status_will_do),
        Bug(what="an expired plan goes on", seed=66, noticed_by=("S6",), patch=_expiry_ignored),
        Bug(what="portal and clock are not checked", seed=106, noticed_by=("S7",), patch=_portal_not_checked),
        Bug(what="an old read counts as fresh", seed=34, noticed_by=("S9",), patch=_stale_read_is_fresh),
        Bug(what="a refusal counts as success", seed=2, noticed_by=("S10",), patch=_refusal_is_success),
        Bug(what="a merged-away id is used", seed=8, noticed_by=("S11",), patch=_merged_id_used),
        Bug(what="a batch is done together", seed=12, noticed_by=("S12",), patch=_batch_is_done_together),
        Bug(what="a clock that jumps is not noticed", seed=128, noticed_by=("S13",), patch=_jump_not_noticed),
        Bug(what="a restored backup goes on", seed=0, noticed_by=("S14",), patch=_gate_left_open),
        Bug(what="a word that failed is swallowed", seed=46, noticed_by=("S15",), patch=_failed_word_is_swallowed),
        Bug(what="stops and rejections are ignored", seed=30, noticed_by=("S16",), patch=_kill_switch_ignored),
        Bug(what="the settings are not asked", seed=53, noticed_by=("S17",), patch=_settings_not_asked),
        Bug(what="two eyes are enough", seed=7, noticed_by=("S18",), patch=_two_eyes),
        Bug(what="another policy is not noticed", seed=234, noticed_by=("S19",), patch=_policy_not_checked),
        Bug(what="nothing is read back", seed=11, noticed_by=("L1",), patch=_nothing_read_back),
        Bug(what="an unknown call is forgotten", seed=4, noticed_by=("L1",), patch=_unknown_is_forgotten),
        Bug(what="one poison record spoils its batch", seed=0, noticed_by=("L2",), patch=_poison_spoils_its_batch),
        Bug(what="retried without end", seed=0, noticed_by=("L5",), patch=_retried_without_end),
        Bug(what="a terminal word is written twice", seed=2, noticed_by=("E1",), patch=_terminal_word_twice),
        Bug(what="an entry is stored with the next", seed=0, noticed_by=("E4",), patch=_entry_stored_later),
    )
}
