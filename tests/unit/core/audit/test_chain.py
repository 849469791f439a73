"""Where a log ends, while it is appended to."""

import pytest

from hubspot_retention.core.audit.chain import LogEnd
from hubspot_retention.core.audit.merkle import Frontier
from tests.unit.core.audit.entries import a_log, an_entry

LOG, HEAD = a_log(5)


def test_chain_and_tree_go_on_together_from_where_they_were_stored() -> None:
    first, second = a_log(3)[1], Frontier.of(entry.body for entry in LOG[:3]).encoded()
    end = LogEnd.read(first, second)

    stored = [end.append(an_entry(record=f"contacts/{number + 1000}")) for number in (3, 4)]

    assert stored == LOG[3:]
    assert (end.head, end.edge.root()) == (HEAD, Frontier.of(entry.body for entry in LOG).root())


def test_a_tree_of_another_size_than_the_chain_is_refused() -> None:
    with pytest.raises(ValueError, match="right edge"):
        LogEnd.read(HEAD, Frontier.of(entry.body for entry in LOG[:3]).encoded()[:32])
