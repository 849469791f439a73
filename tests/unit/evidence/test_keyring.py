"""The file of the keys of pseudonyms, as processes share it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from hubspot_retention.core.portal import Address
from hubspot_retention.errors import UsageError
from hubspot_retention.evidence.keyring import Keyring
from hubspot_retention.evidence.pseudonyms import PseudonymKeys
from hubspot_retention.store.errors import StoreError

ADA = Address("ada@example.dk")
DAY = date(2026, 11, 25)


def untold(epoch: str) -> None:
    """Nobody writes it down."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the keys lie; there are none yet."""
    return tmp_path / "pseudonyms.json"


def test_a_file_that_is_not_there_is_never_made_by_using_it(path: Path) -> None:
    with pytest.raises(UsageError, match=r"Is the volume mounted\?"):
        Keyring(path).of(ADA, DAY)
    assert not path.exists()


def test_a_person_makes_the_first_key_once(path: Path) -> None:
    assert Keyring(path).begin(DAY, untold) == "2026"
    with pytest.raises(UsageError, match="there is a key of epoch 2026 already"):
        Keyring(path).begin(DAY, untold)
    assert Keyring(path).keys().epochs == ("2026",)


def test_a_key_that_cannot_be_told_of_is_not_made_and_one_that_cannot_be_made_anew_is_not_told_of(path: Path) -> None:
    told: list[str] = []

    def busy(epoch: str) -> None:
        assert not path.exists()
        raise StoreError("the database is busy")

    with pytest.raises(StoreError, match="busy"):
        Keyring(path).begin(DAY, busy)
    assert not path.exists()
    assert Keyring(path).begin(DAY, told.append) == "2026"
    with pytest.raises(UsageError, match="there is a key of epoch 2026 already"):
        Keyring(path).begin(DAY, told.append)
    assert told == ["2026"]


def test_a_new_year_makes_its_own_key_and_the_old_one_still_finds(path: Path) -> None:
    ring = Keyring(path)
    ring.begin(DAY, untold)
    old, new = ring.of(ADA, DAY), ring.of(ADA, date(2027, 1, 1))
    assert Keyring(path).all_of(ADA) == (old, new)


def test_a_key_that_is_destroyed_beside_a_running_process_is_used_no_more(path: Path) -> None:
    running = Keyring(path)
    running.begin(DAY, untold)
    running.of(ADA, date(2027, 1, 1))
    Keyring(path).destroy("2026")
    assert [pseudonym[:5] for pseudonym in running.all_of(ADA)] == ["2027:"]
    with pytest.raises(UsageError, match="no key of epoch 2026"):
        running.destroy("2026")


def test_a_file_that_is_replaced_while_it_is_read_is_read_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Keyring(path).begin(DAY, untold)
    load = PseudonymKeys.load

    def overtaken(where: Path) -> PseudonymKeys:
        monkeypatch.setattr(PseudonymKeys, "load", load)
        load(where).with_epoch_of(date(2027, 1, 1)).save(where)
        raise UsageError("what was read was overwritten")

    monkeypatch.setattr(PseudonymKeys, "load", overtaken)
    assert Keyring(path).keys().epochs == ("2026", "2027")


def test_an_address_is_signed_for_the_epochs_that_are_asked_for_as_far_as_there_are_keys(path: Path) -> None:
    ring = Keyring(path)
    ring.begin(DAY, untold)
    new = ring.of(ADA, date(2027, 1, 1))
    assert ring.signing(("2025", "2027"))(ADA) == (new,)


def test_two_that_need_the_first_key_of_a_year_at_once_make_one(path: Path) -> None:
    Keyring(path).begin(DAY, untold)
    rings = [Keyring(path) for _ in range(8)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = set(pool.map(lambda ring: ring.of(ADA, date(2027, 1, 1)), rings))
    assert found == {PseudonymKeys.load(path).of(ADA, "2027")}


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be opened"):
        Keyring(tmp_path / "nowhere" / "pseudonyms.json").begin(DAY, untold)
