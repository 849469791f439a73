"""What earlier runs saw can be stored and read back, whatever it was."""

from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from hubspot_retention.core.decision.history import read_starts, write_starts
from hubspot_retention.core.decision.model import StartValue
from hubspot_retention.core.facts.values import ONGOING
from hubspot_retention.core.policy.vocabulary import FactKind, fact_names

values: st.SearchStrategy[StartValue] = st.one_of(st.dates(), st.datetimes(timezones=st.just(UTC)), st.just(ONGOING))
starts = st.dictionaries(st.sampled_from(fact_names(FactKind.MOMENT)), values)


@given(starts)
def test_starts_read_back_as_they_were_written(found: dict[str, StartValue]) -> None:
    assert read_starts(write_starts(found.items())) == found


@given(starts)
def test_the_same_starts_are_written_alike_in_any_order(found: dict[str, StartValue]) -> None:
    entries = list(found.items())
    assert write_starts(reversed(entries)) == write_starts(entries)
