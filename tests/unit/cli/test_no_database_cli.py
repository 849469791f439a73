"""A database that is not there, as when its name is a slip or the folder another one: nothing is said to be done."""

from pathlib import Path

import pytest

from tests.documents import clienti
from tests.faults.people import a_portal
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import House

DIGEST = "0" * 64


@pytest.fixture
def lost(house_of: MakeHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """The command in another folder than the one with the database."""
    house = house_of(a_portal())
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("RETENTION_DATABASE_URL", "sqlite:///data/retention.db")
    return house


@pytest.mark.parametrize(
    "words",
    [
        ("stop", "--why", "the lawyer called"),
        ("resume",),
        ("hold", "place", "contacts/101", "--matter", "J-1", "--reason", "a dispute"),
        ("hold", "list"),
        ("hold", "release", "1"),
        ("request", "record", "contacts/101", "--kind", "access", "--received", "2026-01-01"),
        ("request", "list"),
        ("request", "close", "1", "--as", "answered"),
        ("confirm", "contacts/101"),
        ("explain", "contacts/101"),
        ("status",),
        ("plan", "list"),
        ("plan", "show", "1-time"),
        ("plan", "approve", "1-time", "--digest", DIGEST),
        ("plan", "reject", "1-time", "--why", "too many"),
        ("plan", "apply", "1-time"),
        ("approval", "standing", "list"),
        ("approval", "standing", "revoke", "1"),
        ("alarm", "list"),
        ("audit", "verify"),
        ("audit", "tail"),
        ("audit", "export"),
        ("portal", "residue"),
    ],
    ids=" ".join,
)
def test_what_needs_a_database_refuses_and_makes_none(lost: House, words: tuple[str, ...]) -> None:
    ran = lost(*words)
    assert (ran.code, ran.out) == (2, "")
    assert f"there is no database at {Path.cwd()}/data/retention.db: is RETENTION_DATABASE_URL right?" in ran.err
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("portal", "setup"),
        ("policy", "approve", "--digest", clienti().digest),
        ("plan", "new"),
        ("reconcile",),
    ],
    ids=" ".join,
)
def test_what_sets_up_makes_one(lost: House, words: tuple[str, ...]) -> None:
    assert lost(*words).code == 0
    assert Path("data/retention.db").is_file()
    assert lost("hold", "list").code == 0


def test_the_keys_of_pseudonyms_may_be_made_first(lost: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    monkeypatch.setenv("RETENTION_PSEUDONYM_KEYS", str(tmp_path / "keys" / "pseudonyms.json"))
    assert lost("audit", "pseudonym-keys", "new").code == 0
    assert Path("data/retention.db").is_file()


def test_an_empty_file_is_no_database_yet(lost: House) -> None:
    Path("data").mkdir()
    Path("data/retention.db").touch()
    assert lost("stop", "--why", "the lawyer called").code == 2
    assert Path("data/retention.db").stat().st_size == 0
    assert lost("plan", "new").code == 0
