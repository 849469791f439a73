"""Which rules match: asked once per question, the same answer as asking every criterion by itself."""

from hypothesis import given
from hypothesis import strategies as st

from hubspot_retention.core.criteria import (
    AllOf,
    AnyOf,
    Criterion,
    Holds,
    Known,
    LaterThanEach,
    Not,
    NotPast,
    compile_criterion,
)
from hubspot_retention.core.decision.matching import Matcher
from hubspot_retention.core.policy.vocabulary import FactKind, fact_names
from hubspot_retention.core.record import ObjectType
from tests.documents import clienti
from tests.observed import Assembly, around
from tests.properties.portals import a_random_portal, seeds

truths = st.sampled_from(fact_names(FactKind.TRUTH, ObjectType.CONTACT))
moments = st.sampled_from(fact_names(FactKind.MOMENT, ObjectType.CONTACT))
questions: st.SearchStrategy[Criterion] = st.one_of(
    truths.map(Holds),
    moments.map(Known),
    moments.map(NotPast),
    st.tuples(moments, moments).map(lambda pair: LaterThanEach(pair[0], (pair[1],))),
)
criteria = st.recursive(
    questions,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: AllOf(tuple(items))),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: AnyOf(tuple(items))),
    ),
    max_leaves=6,
)


@given(st.lists(criteria, min_size=1, max_size=4), seeds)
def test_the_matcher_answers_as_every_criterion_by_itself(asked: list[Criterion], seed: int) -> None:
    civil, present = clienti().civil, around()
    matcher = Matcher(asked, civil, lambda answers: answers)
    alone = [compile_criterion(criterion, civil) for criterion in asked]
    for facts in Assembly(a_random_portal(seed, 6), present).contact_facts.values():
        assert matcher.ask(facts, present.as_of) == tuple(test(facts, present.as_of) for test in alone)
