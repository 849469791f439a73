"""What the audit log says of an obligation: under which policy, and its dates when it begins, and never again
but for an answer that is owed."""

import pytest

from hubspot_retention.core.deadline.duty import ANSWER_OWED
from hubspot_retention.core.deadline.ledger import Told
from hubspot_retention.workflow.obligation_entry import entry_of
from tests.documents import clienti
from tests.unit.core.deadline.lines import CLICK, NOW, a_hint, an_obligation


@pytest.mark.parametrize("word", list(Told))
def test_each_word_names_the_record_the_rule_the_plan_and_the_policy(word: Told) -> None:
    entry = entry_of(an_obligation(plan_id="7-rights"), word, clienti(), NOW)
    assert (entry.kind, entry.at, entry.record) == (f"obligation.{word.value}", NOW, "contacts/101")
    assert (entry.rule, entry.code, entry.plan_id) == ("unsubscribed", "period-ended", "7-rights")
    assert entry.policy_digest == clienti().digest


def test_with_its_beginning_go_its_dates_and_with_nothing_else() -> None:
    found = {word: dict(entry_of(an_obligation(erase_by=None), word, clienti(), NOW).facts) for word in Told}
    assert found.pop(Told.OPENED) == {
        "due_at": CLICK.isoformat(),
        "erase_by": None,
        "call_by": "2026-11-25T10:00:00+00:00",
        "not_before": "2026-11-21T10:00:00+00:00",
    }
    assert list(found.values()) == [{}, {}, {}]


def test_with_an_answer_that_is_owed_goes_its_clock() -> None:
    owed = an_obligation("raised", reason=ANSWER_OWED)
    assert dict(entry_of(owed, Told.RAISED, clienti(), NOW).facts)["call_by"] == "2026-11-25T10:00:00+00:00"
    assert entry_of(owed, Told.ENDED, clienti(), NOW).facts == ()


def test_what_is_not_known_is_not_said() -> None:
    entry = entry_of(a_hint(reason=""), Told.RAISED, clienti(), NOW)
    assert (entry.rule, entry.code, entry.plan_id) == (None, None, None)
