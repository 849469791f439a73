"""Pseudonyms of addresses: found again with the key, and by nobody without it."""

from datetime import date
from pathlib import Path

import pytest

from hubspot_retention.core.portal import Address
from hubspot_retention.errors import UsageError
from hubspot_retention.evidence.pseudonyms import PseudonymKeys

ADA = Address("ada@example.dk")
KEYS = PseudonymKeys({}).with_epoch_of(date(2026, 3, 1))


def test_one_person_has_one_pseudonym_in_an_epoch_however_the_address_is_written() -> None:
    spellings = ("ada@example.dk", " Ada@Example.DK ", "\uff41da@example.dk")

    assert len({KEYS.of(Address(text), "2026") for text in spellings}) == 1
    assert KEYS.of(ADA, "2026") != KEYS.of(Address("bo@example.dk"), "2026")


def test_a_pseudonym_can_stand_in_an_entry_and_says_its_epoch_only() -> None:
    found = KEYS.of(ADA, "2026")

    assert found.startswith("2026:")
    assert len(found) == len("2026:") + 32
    assert "ada" not in found


def test_each_epoch_has_a_key_of_its_own_so_that_epochs_cannot_be_joined() -> None:
    both = KEYS.with_epoch_of(date(2027, 1, 1))

    first, second = both.all_of(ADA)
    assert first[5:] != second[5:]
    assert first == KEYS.of(ADA, "2026")
    assert both.epochs == ("2026", "2027")
    assert both.with_epoch_of(date(2027, 12, 31)) is both


def test_another_installation_has_other_pseudonyms() -> None:
    assert PseudonymKeys({}).with_epoch_of(date(2026, 3, 1)).of(ADA, "2026") != KEYS.of(ADA, "2026")


def test_a_destroyed_key_unlinks_its_epoch_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "pseudonyms.json"
    both = KEYS.with_epoch_of(date(2027, 1, 1))
    both.save(path)
    secret = path.read_text()

    both.without("2026").save(path)

    assert PseudonymKeys.load(path).epochs == ("2027",)
    assert secret[11:40] not in path.read_text()
    with pytest.raises(UsageError, match="no key of epoch 2026"):
        PseudonymKeys.load(path).without("2026")
    with pytest.raises(KeyError):
        PseudonymKeys.load(path).of(ADA, "2026")


def test_keys_are_kept_for_their_owner_alone_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "pseudonyms.json"
    KEYS.save(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert PseudonymKeys.load(path).of(ADA, "2026") == KEYS.of(ADA, "2026")
    assert PseudonymKeys.load(tmp_path / "nowhere").epochs == ()


def test_keys_that_others_may_read_or_that_are_damaged_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pseudonyms.json"
    KEYS.save(path)
    path.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        PseudonymKeys.load(path)
    for text, why in (("{", "cannot be read"), ("[]", "cannot be read"), ('{"2026": "00"}', "damaged")):
        path.write_text(text)
        path.chmod(0o600)
        with pytest.raises(UsageError, match=why):
            PseudonymKeys.load(path)
