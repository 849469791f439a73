"""The collector of cycles is kept from looking, and goes back to its habit."""

import gc

import pytest

from hubspot_retention.collector import seldom_collected


def test_within_the_block_it_looks_seldom_and_never_at_what_was_there() -> None:
    usual = gc.get_threshold()
    with seldom_collected():
        assert gc.get_threshold()[0] > usual[0]
        assert gc.get_freeze_count() > 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == (usual, 0)


def test_a_block_that_fails_leaves_it_as_it_was() -> None:
    usual = gc.get_threshold()
    with pytest.raises(LookupError), seldom_collected():
        raise LookupError
    assert (gc.get_threshold(), gc.get_freeze_count()) == (usual, 0)
