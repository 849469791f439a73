"""What a judge hands on when it decides records among their neighbours."""

from datetime import UTC

from hubspot_retention.core.decision.decide import History
from hubspot_retention.core.decision.model import Outcome, ReasonCode
from hubspot_retention.core.view import Judge
from tests.builders import a_deal, at
from tests.documents import clienti
from tests.observed import AS_OF, around, decide_one


def test_a_judge_reckons_in_utc_wherever_its_clock_stands() -> None:
    judge = Judge.of(clienti(), {}, AS_OF)
    assert judge.as_of == AS_OF
    assert judge.as_of.tzinfo is UTC


def test_of_a_deal_too_it_counts_what_earlier_runs_know() -> None:
    old = a_deal(won=False, closed_at=at("2010-02-01T10:00"))
    restored = around(histories={201: History(restored=True)})
    assert decide_one(old).outcome is Outcome.DISPOSE
    decision = decide_one(old, around=restored)
    assert decision.outcome is Outcome.REFER
    assert [reason.code for reason in decision.reasons] == [ReasonCode.RESTORED_BY_A_PERSON]
