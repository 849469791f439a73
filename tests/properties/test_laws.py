"""The laws at the end of semantics 5, on the product: what may change never adds a disposal."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hubspot_retention.core.civil import Period
from hubspot_retention.core.criteria import Criterion, Holds, Known, LaterThanEach, Not, NotPast
from hubspot_retention.core.decision.decide import History
from hubspot_retention.core.decision.model import Decision, Outcome
from hubspot_retention.core.policy.model import Basis, Keep, Mode, RetentionPolicy, RetentionRule, Start
from hubspot_retention.core.policy.vocabulary import FactKind, fact_names
from hubspot_retention.core.record import ObjectType, RecordRef
from tests.builders import changed
from tests.documents import clienti
from tests.observed import Observed, around
from tests.properties.portals import (
    a_random_portal,
    all_records,
    disposed,
    seeds,
    unreadable_versions,
    with_record,
)

luck = st.randoms(use_true_random=False)


@settings(max_examples=30)
@given(seeds, luck)
def test_adding_a_hold_to_the_register_never_adds_a_disposal(seed: int, rng: Random) -> None:
    portal = a_random_portal(seed)
    before = disposed(portal.decide())
    for seen in rng.sample(all_records(portal), 6):
        ref = RecordRef(_kind(seen), seen.record_id)
        after = portal.decide(around(register={ref: ("sag-1",)}))
        assert disposed(after) <= before
        if str(ref) in after:
            assert after[str(ref)].outcome is Outcome.HELD


@settings(max_examples=30)
@given(seeds, luck)
def test_setting_a_hold_or_a_debt_never_adds_a_disposal(seed: int, rng: Random) -> None:
    portal = a_random_portal(seed)
    before = disposed(portal.decide())
    for seen in rng.sample(all_records(portal), 6):
        flag = rng.choice([name for name in ("legal_hold", "owes", "restricted") if name in seen._fields])
        assert disposed(with_record(portal, changed(seen, **{flag: True})).decide()) <= before


@st.composite
def keeps(draw: st.DrawFn, kind: ObjectType) -> RetentionRule:
    """Any rule that only keeps."""
    truths = st.sampled_from(fact_names(FactKind.TRUTH, kind))
    moments = st.sampled_from(fact_names(FactKind.MOMENT, kind))
    criteria: st.SearchStrategy[Criterion] = st.one_of(
        truths.map(Holds),
        moments.map(Known),
        moments.map(NotPast),
        truths.map(lambda fact: Not(Holds(fact))),
        st.tuples(moments, moments).map(lambda pair: LaterThanEach(pair[0], (pair[1],))),
    )
    start = Start(fact=draw(moments), financial_year_end=draw(st.booleans()))
    period = draw(st.sampled_from((None, Period(days=0), Period(days=30), Period(months=12), Period(months=60))))
    keep = Keep(
        start=None if period is None else start, period=period, condition=draw(criteria) if period is None else None
    )
    return RetentionRule(
        rule_id="extra",
        object_type=kind,
        title="Extra",
        when=draw(criteria),
        purpose="A purpose",
        basis=draw(st.sampled_from(Basis)),
        cites=("GDPR art. 6(1)",),
        keep=keep,
        dispose=None,
        mode=Mode.REVIEW,
    )


@settings(max_examples=40)
@given(seeds, st.sampled_from((ObjectType.CONTACT, ObjectType.DEAL)).flatmap(keeps), st.integers(0, 17))
def test_adding_a_rule_that_keeps_never_adds_a_disposal(seed: int, rule: RetentionRule, place: int) -> None:
    portal, policy = a_random_portal(seed), clienti()
    wider = replace(policy, rules=(*policy.rules[:place], rule, *policy.rules[place:]))
    assert disposed(portal.decide(around(policy=wider))) <= disposed(portal.decide())


@settings(max_examples=30)
@given(seeds, luck)
def test_what_becomes_unreadable_never_adds_a_disposal(seed: int, rng: Random) -> None:
    """Any field of any record, any member of a list, any association; one at a time."""
    portal = a_random_portal(seed)
    before = disposed(portal.decide())
    versions = [new for seen in all_records(portal) for _, new in unreadable_versions(seen)]
    for new in rng.sample(versions, 60):
        assert disposed(with_record(portal, new).decide()) <= before


@settings(max_examples=30)
@given(seeds, luck)
def test_much_that_becomes_unreadable_at_once_never_adds_a_disposal(seed: int, rng: Random) -> None:
    portal = a_random_portal(seed)
    before = disposed(portal.decide())
    for _ in range(8):
        broken = portal
        for seen in rng.sample(all_records(portal), 4):
            _, new = rng.choice(sorted(unreadable_versions(seen)))
            broken = with_record(broken, new)
            assert disposed(broken.decide()) <= before


@settings(max_examples=30)
@given(seeds, st.lists(st.integers(1, 86_400 * 700), min_size=6, max_size=6))
def test_moving_as_of_forward_never_turns_a_disposal_back_into_a_retain(seed: int, steps: list[int]) -> None:
    portal, as_of = a_random_portal(seed), around().as_of - timedelta(days=500)
    before = portal.decide(around(as_of))
    for step in steps:
        as_of += timedelta(seconds=step if step % 2 else step % 86_400)
        after = portal.decide(around(as_of))
        assert not {key for key in disposed(before) if after[key].outcome is Outcome.RETAIN}
        before = after


@settings(max_examples=30)
@given(seeds, luck)
def test_the_order_of_records_holds_and_associations_changes_nothing(seed: int, rng: Random) -> None:
    portal = a_random_portal(seed)
    refs = [RecordRef(_kind(seen), seen.record_id) for seen in rng.sample(all_records(portal), 3)]
    register = {ref: (f"sag-{ref.record_id}",) for ref in refs}
    shuffled = Observed(*(_shuffled(rng, group) for group in (portal.contacts, portal.deals, portal.companies)))
    turned = dict(reversed(register.items()))
    assert shuffled.decide(around(register=turned)) == portal.decide(around(register=register))


def _shuffled(rng: Random, records: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(_turned(rng, seen) for seen in rng.sample(records, len(records)))


def _turned(rng: Random, seen: Any) -> Any:
    links = {name: getattr(seen, name) for name in _links(seen)}
    return changed(seen, **{name: tuple(rng.sample(ids, len(ids))) for name, ids in links.items()})


def _links(seen: object) -> list[str]:
    return [name for name in ("contacts", "deals", "companies") if hasattr(seen, name)]


@settings(max_examples=40)
@given(seeds, st.integers(-900, 900))
def test_the_short_way_of_one_rule_says_what_weighing_everything_says(seed: int, days: int) -> None:
    """Records of which no earlier run knows anything may take the short way; with a history, also an empty one, every
    record goes the long way."""
    portal, as_of = a_random_portal(seed, 30), around().as_of + timedelta(days=days)
    histories = {seen.record_id: History() for seen in all_records(portal)}
    assert portal.decide(around(as_of)) == portal.decide(around(as_of, histories=histories))


@settings(max_examples=25)
@given(seeds, luck)
def test_the_order_of_rules_changes_only_which_of_two_equal_rules_is_named(seed: int, rng: Random) -> None:
    portal, policy = a_random_portal(seed), clienti()
    turned = replace(policy, rules=tuple(rng.sample(policy.rules, len(policy.rules))))
    before, after = portal.decide(), portal.decide(around(policy=turned))
    assert before.keys() == after.keys()
    for key, decision in before.items():
        assert _nameless(after[key]) == _nameless(decision)
        if after[key].rule == decision.rule:
            assert after[key].due_at == decision.due_at
        else:
            assert _rank(after[key], turned) == _rank(decision, policy)


def _nameless(decision: Decision) -> tuple[object, ...]:
    why = frozenset(decision.reasons) if decision.outcome is not Outcome.DISPOSE else None
    dates = (decision.erase_by, decision.until, decision.answer_by)
    return (decision.outcome, decision.disposition, dates, decision.marketing_ends, decision.right, why)


def _rank(decision: Decision, policy: RetentionPolicy) -> tuple[object, ...]:
    """What the deciding rule is chosen by, but for the order in the policy."""
    rule = policy.rule(decision.rule or "")
    assert rule is not None
    assert rule.dispose is not None
    assert decision.due_at is not None
    return (rule.dispose.right, policy.civil.earliest(decision.due_at, rule.dispose.within))


def _kind(seen: object) -> ObjectType:
    name = type(seen).__name__
    return next(kind for kind in ObjectType if name.lower().startswith(kind.name.lower()))
