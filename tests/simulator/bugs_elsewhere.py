"""Deliberate bugs where a simulation is not what shows them: the property test that finds each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from hubspot_retention.core.audit import entry, verify
from hubspot_retention.core.audit.receipt import prove
from hubspot_retention.core.civil import Period
from hubspot_retention.core.deadline import forecast
from hubspot_retention.evidence import sealing
from hubspot_retention.workflow import hot, ports
from tests.architecture import test_identifiers
from tests.simulator.bugs import Patch
from tests.unit.core.audit import test_entry, test_verify
from tests.unit.core.deadline import test_forecast
from tests.unit.core.policy import test_shape
from tests.unit.evidence import test_sealing
from tests.unit.workflow import test_hot


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """One bug. `noticed_by`: the invariants that it breaks; `test`: what finds it, its parameters in `given` and else
    fixtures."""

    what: str
    noticed_by: tuple[str, ...]
    patch: Patch
    test: Callable[..., None]
    given: Mapping[str, object] = field(default_factory=dict)


def _nothing_is_long_enough(monkeypatch: Any) -> None:
    monkeypatch.setattr(Period, "is_zero", False)


def _any_number_will_do(monkeypatch: Any) -> None:
    monkeypatch.setitem(ports.Disposer.erase_contact.__annotations__, "contact_id", int)


def search_is_whole(monkeypatch: Any) -> None:
    """A search of which a part is missing counts as whole."""
    real = hot.HotSweep._class

    def sweep(self: Any, kind: Any, sweep: Any) -> None:
        real(self, kind, sweep)
        with self._store.transaction() as tx:
            tx.save_watermark(self._options.portal_id, f"hot-{kind.value}", sweep.now)

    monkeypatch.setattr(hot.HotSweep, "_class", sweep)


def _nothing_is_ever_late(monkeypatch: Any) -> None:
    monkeypatch.setattr(forecast, "finished_at", lambda number, pace, now: now)


def _any_text_will_do(monkeypatch: Any) -> None:
    monkeypatch.setattr(entry, "_is_text", lambda value: True)


def _hashes_are_believed(monkeypatch: Any) -> None:
    monkeypatch.setattr(verify.Verifier, "_judge", lambda self, row, follows: self._accept(row, row.seq + 1))
    monkeypatch.setattr(verify.Verifier, "_run", lambda self, rows, first: first)


def _proof_is_cut_short(monkeypatch: Any) -> None:
    def cut(*arguments: Any) -> Any:
        whole = prove(*arguments)
        return replace(whole, by_index={index: path[:-1] for index, path in whole.by_index.items()})

    monkeypatch.setattr(sealing, "prove", cut)


ELSEWHERE: Final[Mapping[str, Elsewhere]] = {
    bug.what: bug
    for bug in (
        Elsewhere(
            what="a period of nothing will do",
            noticed_by=("S4",),
            patch=_nothing_is_long_enough,
            test=test_shape.test_within_is_never_zero,
        ),
        Elsewhere(
            what="a contact is erased by any number",
            noticed_by=("S8",),
            patch=_any_number_will_do,
            test=test_identifiers.test_what_reads_or_disposes_takes_no_bare_numbers_and_texts_for_records,
        ),
        Elsewhere(
            what="the forecast never sees anything late",
            noticed_by=("L3",),
            patch=_nothing_is_ever_late,
            test=test_forecast.test_what_comes_to_its_turn_too_late_is_late_with_the_earliest_deadline,
        ),
        Elsewhere(
            what="a search that was cut short moves the mark on",
            noticed_by=("L4",),
            patch=search_is_whole,
            test=test_hot.test_a_search_that_is_not_whole_is_looked_at_and_gone_over_again,
        ),
        Elsewhere(
            what="an entry takes any text",
            noticed_by=("E2",),
            patch=_any_text_will_do,
            test=test_entry.test_text_that_could_be_personal_is_refused_without_repeating_it,
            given={"field": "code", "text": "anna@example.dk"},
        ),
        Elsewhere(
            what="a stored hash is believed",
            noticed_by=("E3",),
            patch=_hashes_are_believed,
            test=test_verify.test_two_places_are_both_named,
        ),
        Elsewhere(
            what="the proof of a receipt is cut short",
            noticed_by=("E5",),
            patch=_proof_is_cut_short,
            test=test_sealing.test_receipts_agree_with_the_definition_at_every_size_of_the_log,
        ),
    )
}
