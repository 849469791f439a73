"""What a person does to the keys of pseudonyms, and what the log says of it when it is cut short."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest

from hubspot_retention.core.portal import Address
from hubspot_retention.core.record import RecordId
from hubspot_retention.core.tombstone import Tombstone
from hubspot_retention.errors import RetentionError, UsageError
from hubspot_retention.evidence.keyring import Keyring
from hubspot_retention.workflow.ports import Store
from hubspot_retention.workflow.upkeep import Keeper
from tests.unit.workflow.desk import NOW, Desk


def told(desk: Desk) -> list[tuple[str, dict[str, Any]]]:
    """What the log says of the keys."""
    return [(entry.kind, dict(entry.facts)) for entry in desk.entries("pseudonym-key")]


def erased(tombstones: int) -> tuple[str, dict[str, Any]]:
    """That the key was destroyed, and how many tombstones with it."""
    return "pseudonym-key.erased", {"epoch": "2026", "tombstones": tombstones, "receipts": 0}


@pytest.fixture
def ring(tmp_path: Path, desk: Desk) -> Keyring:
    """The key of a year in which one person was erased."""
    (tmp_path / "keys").mkdir()
    ring = Keyring(tmp_path / "keys" / "pseudonyms.json")
    ring.begin(date(2026, 1, 1), str)
    pseudonym = ring.of(Address("p101@example.dk"), date(2026, 3, 1))
    with desk.store.transaction() as tx:
        tx.bury(Tombstone(record_id=RecordId(101), pseudonym=pseudonym, sent_at=NOW, erased_at=NOW))
    return ring


def cut_short(_: str) -> None:
    """The process is killed before the key is destroyed."""
    raise KeyboardInterrupt


def cannot_be_written(_: str) -> None:
    """The volume of the keys takes nothing."""
    raise UsageError("cannot be written")


@pytest.mark.parametrize(("fails", "how"), [(cut_short, KeyboardInterrupt), (cannot_be_written, UsageError)])
def test_a_key_whose_destruction_failed_is_told_of_and_is_destroyed_when_it_is_asked_for_again(
    desk: Desk, ring: Keyring, fails: Callable[[str], None], how: type[BaseException]
) -> None:
    keeper = Keeper(desk.store, "bent")
    with pytest.raises(how):
        keeper.destroy_pseudonym_key("2026", fails, NOW)
    assert ring.keys().epochs == ("2026",)
    assert keeper.destroy_pseudonym_key("2026", ring.destroy, NOW) == (0, 0)
    assert ring.keys().epochs == ()
    assert told(desk) == [erased(1), erased(0)]


def test_a_process_that_is_killed_as_soon_as_the_key_is_destroyed_has_told_of_it(desk: Desk, ring: Keyring) -> None:
    def and_killed(epoch: str) -> None:
        ring.destroy(epoch)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Keeper(desk.store, "bent").destroy_pseudonym_key("2026", and_killed, NOW)
    assert ring.keys().epochs == ()
    assert told(desk) == [erased(1)]
    with desk.store.transaction() as tx:
        assert tx.count_tombstones() == 0


def test_a_key_of_which_nothing_could_be_told_is_not_destroyed(desk: Desk, ring: Keyring) -> None:
    class Full:
        @contextmanager
        def transaction(self) -> Iterator[Any]:
            with desk.store.transaction() as tx:
                yield tx
                raise RetentionError("disk full")

    with pytest.raises(RetentionError, match="disk full"):
        Keeper(cast(Store, Full()), "bent").destroy_pseudonym_key("2026", ring.destroy, NOW)
    assert (ring.keys().epochs, told(desk)) == (("2026",), [])
    with desk.store.transaction() as tx:
        assert tx.count_tombstones() == 1
