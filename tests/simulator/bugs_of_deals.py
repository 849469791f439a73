"""Deliberate bugs that only schedules with deals show: what goes by itself, what must stay, whose hold reaches it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from hubspot_retention.core import view
from hubspot_retention.core.audit.kinds import Verb
from hubspot_retention.core.hold import deal_causes
from hubspot_retention.core.plan.bundle import Fate, settle_for_deal
from hubspot_retention.core.plan.model import ItemState
from hubspot_retention.core.record import ObjectType
from hubspot_retention.store.database import SqlTransaction
from hubspot_retention.workflow import bundles, carry, looking, protocol, review
from hubspot_retention.workflow.bundles import bundle_of_contact
from hubspot_retention.workflow.remembered import remember
from hubspot_retention.workflow.steps import BundleSteps
from tests.simulator.bugs import Bug


def _end_not_written(monkeypatch: Any) -> None:
    monkeypatch.setattr(
        carry, "bundle_of_contact", lambda *all_of_it: replace(bundle_of_contact(*all_of_it), stamps=())
    )


def _deals_go_along(monkeypatch: Any) -> None:
    real = BundleSteps.settle_bundle

    def settle(self: Any, item: Any, sending: Any, settled: Any, stamps: Any) -> bool:
        done = real(self, item, sending, settled, stamps)
        self._disposer.archive(ObjectType.DEAL, [stamp.deal_id for stamp in stamps])
        return done

    monkeypatch.setattr(BundleSteps, "settle_bundle", settle)


def _deal_before_its_letters(monkeypatch: Any) -> None:
    monkeypatch.setattr(carry.Carrier, "_without_letters", lambda self, looked: looked.due)


def _shared_letter_goes_with_a_deal(monkeypatch: Any) -> None:
    def settle(deal_id: Any, letter: Any) -> Any:
        return replace(settle_for_deal(deal_id, letter), fate=Fate.ARCHIVE)

    monkeypatch.setattr(carry, "settle_for_deal", settle)


def _more_goes_than_was_planned(monkeypatch: Any) -> None:
    monkeypatch.setattr(carry, "goes_beyond", lambda settled, planned: False)


def _nobody_knows_what_is_needed_in_the_bin(monkeypatch: Any) -> None:
    """The plans of a schedule are made before anybody goes into the bin: they do not name such a letter either."""
    _more_goes_than_was_planned(monkeypatch)
    for module in (bundles, looking):
        monkeypatch.setattr(module, "needs_known", lambda store, letters: letters)


def _people_hold_no_deal(monkeypatch: Any) -> None:
    real = view.Judge.deal_causes
    monkeypatch.setattr(view.Judge, "deal_causes", lambda self, seen, contacts: real(self, seen, ()))


def _deals_hold_nobody(monkeypatch: Any) -> None:
    monkeypatch.setattr(view, "deal_causes", lambda deal, register: ())


def _older_numbers_hold_no_deal(monkeypatch: Any) -> None:
    def own(deal: Any, register: Any) -> Any:
        return deal_causes(deal._replace(merged_ids=()), register)

    monkeypatch.setattr(view, "deal_causes", own)


def _deal_in_flight_promised(monkeypatch: Any) -> None:
    real = review._in_flight

    def in_flight(tx: Any, held: Any, now: Any) -> Any:
        found = real(tx, held, now)
        return found if held.object_type is not ObjectType.CONTACT else tuple(each for each in found if each[1] == held)

    monkeypatch.setattr(review, "_in_flight", in_flight)


def _deals_are_done_together(monkeypatch: Any) -> None:
    real = carry.Carrier.settle

    def settle(self: Any, batch: Any) -> None:
        if len(batch) > 1 and batch[0].record.object_type is ObjectType.DEAL:
            self._ledger.settle(batch, ItemState.DONE, Verb.DONE, "taken")
        else:
            real(self, batch)

    monkeypatch.setattr(carry.Carrier, "settle", settle)


def _steps_know_no_time(monkeypatch: Any) -> None:
    monkeypatch.setattr(protocol.Ledger, "may_call", lambda self, batch, sending: True)


def _nobody_is_remembered(monkeypatch: Any) -> None:
    monkeypatch.setattr(protocol, "remember", lambda tx, item, remembered, at: None)


def _remembered_before_the_call(monkeypatch: Any) -> None:
    def stand(tx: Any, item: Any, remembered: Any, at: Any) -> None:
        remember(tx, item, remembered, at)
        tx.complete_tombstone(item.record.record_id, at)

    monkeypatch.setattr(protocol, "remember", stand)
    monkeypatch.setattr(SqlTransaction, "lift_tombstone", lambda tx, record_id: None)


def _word_without_a_pseudonym(monkeypatch: Any) -> None:
    monkeypatch.setattr(protocol, "named", lambda remembered: ())


BUGS_OF_DEALS: Final[Mapping[str, Bug]] = {
    bug.what: bug
    for bug in (
        Bug(what="an agreement's end is not written", seed=581, noticed_by=("C3",), patch=_end_not_written),
        Bug(what="a deal goes with its contact", seed=64, noticed_by=("S2", "S5"), patch=_deals_go_along),
        Bug(what="a deal goes before its letters", seed=9, noticed_by=("C2",), patch=_deal_before_its_letters),
        Bug(what="a letter of two deals goes", seed=9, noticed_by=("C1",), patch=_shared_letter_goes_with_a_deal),
        Bug(what="more goes than was planned", seed=9, noticed_by=("C5",), patch=_more_goes_than_was_planned),
        Bug(
            what="nobody knows what is needed in the bin",
            seed=2759,
            noticed_by=("C6",),
            patch=_nobody_knows_what_is_needed_in_the_bin,
            is_late=True,
        ),
        Bug(what="a contact's hold reaches no deal", seed=4299, noticed_by=("S1",), patch=_people_hold_no_deal),
        Bug(what="a deal's hold reaches nobody", seed=174, noticed_by=("S1", "S3"), patch=_deals_hold_nobody),
        Bug(
            what="a hold of a deal merged away holds nobody",
            seed=790,
            noticed_by=("S1",),
            patch=_older_numbers_hold_no_deal,
            is_late=True,
        ),
        Bug(what="a deal in flight is promised", seed=2627, noticed_by=("S1",), patch=_deal_in_flight_promised),
        Bug(what="a letter goes however late", seed=680, noticed_by=("C4",), patch=_steps_know_no_time),
        Bug(what="nobody who goes is remembered", seed=20, noticed_by=("T1",), patch=_nobody_is_remembered),
        Bug(what="who is not gone counts as gone", seed=64, noticed_by=("T2",), patch=_remembered_before_the_call),
        Bug(what="the word names no pseudonym", seed=20, noticed_by=("E5",), patch=_word_without_a_pseudonym),
        Bug(what="deals are done together", seed=20, noticed_by=("S12",), patch=_deals_are_done_together),
    )
}
