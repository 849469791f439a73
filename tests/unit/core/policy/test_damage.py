"""Whatever a document is damaged by, it is a policy or is told what is wrong with it."""

import tomllib
from typing import Any

import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.core.policy.texts import clienti_text, problems

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(("is", "id", "class", "period", "x")), st.integers(), max_size=2),
    st.sampled_from(("P0D", "P1M", "deal", "engagement", "erase", "customer_until", "is_open")),
)


def places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(spot for key, item in inside for spot in places(item, (*place, key)))]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_document_is_a_policy_or_a_list_of_problems_never_a_crash(data: st.DataObject) -> None:
    raw = tomllib.loads(clienti_text())
    for _ in range(data.draw(st.integers(1, 3))):
        spots = places(raw)[1:]
        *way, last = data.draw(st.sampled_from(spots))
        holder = raw
        for step in way:
            holder = holder[step]
        junk = data.draw(JUNK)
        if junk is None:
            del holder[last]
        else:
            holder[last] = junk
    found = problems(head=tomli_w.dumps(raw))
    assert all(problem.found and problem.expected for problem in found)
