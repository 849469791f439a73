"""A burst of webhooks at the receiver as a process of its own: 10 connections, 100 events in each request.

`RETENTION_TEST_BURST` says for how many seconds (the scoreboard: 60); without it the burst is left out, since its
latencies say something only of a machine that does nothing else.
"""

import os
from collections.abc import Callable

import pytest

from bench.webhooks import measure

SECONDS = float(os.environ.get("RETENTION_TEST_BURST", "0"))


@pytest.mark.skipif(SECONDS == 0, reason="RETENTION_TEST_BURST says for how many seconds")
def test_in_a_burst_nothing_is_lost_or_stored_twice_and_each_answer_comes_in_time(
    record_property: Callable[[str, object], None],
) -> None:
    figures = {figure.name.rpartition(": ")[2]: figure for figure in measure(10, SECONDS)}
    for name, figure in figures.items():
        record_property(name, f"{figure.middle:,.0f} {figure.unit}")
    assert [name for name, figure in figures.items() if figure.is_met is False] == []
