"""Somebody puts another file in the place of the database while it is in use: from then on two would be written."""

import shutil
from pathlib import Path

import pytest

from hubspot_retention.core.record import RecordRef
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.store.driver import DRIVER
from hubspot_retention.store.engine import Access
from hubspot_retention.store.errors import StoreRefusedError
from tests.contract.store.values import a_hold

REPLACED = r"retention\.db is another file than the one that was opened: it was replaced while it was in use"


@pytest.fixture(params=["sqlite_url", "rollback_url"])
def url(request: pytest.FixtureRequest) -> str:
    """A file, with and without write-ahead logging."""
    return str(request.getfixturevalue(request.param))


def path_of(url: str) -> Path:
    """The file."""
    return Path(url.removeprefix("sqlite:///"))


def a_backup(path: Path) -> Path:
    """One that was made as the documentation says."""
    copy = path.with_name("backup.db")
    source, target = DRIVER.connect(path), DRIVER.connect(copy)
    source.backup(target)
    target.close()
    source.close()
    return copy


def place(store: SqlStore, number: int) -> None:
    """Somebody places a hold."""
    with store.transaction() as tx:
        tx.place_hold(a_hold(number, matter=str(number)), "complaint")


def holds(store: SqlStore) -> list[RecordRef]:
    """What is held."""
    with store.transaction() as tx:
        return list(tx.hold_register())


@pytest.mark.parametrize("access", list(Access))
def test_whoever_has_the_database_open_does_nothing_more_once_a_backup_lies_in_its_place(
    url: str, access: Access
) -> None:
    with open_store(url) as first:
        place(first, 1)
    with open_store(url, access) as store:
        assert len(holds(store)) == 1
        a_backup(path_of(url)).replace(path_of(url))
        for _ in range(2):
            with pytest.raises(StoreRefusedError, match=REPLACED):
                holds(store)
        with pytest.raises(StoreRefusedError, match=REPLACED):
            store.audit_head()


def test_a_hold_is_never_said_to_stand_in_a_file_that_nobody_else_finds(url: str) -> None:
    """Else the service would hear of none of the two, for good, and dispose of both records."""
    with open_store(url) as service:
        place(service, 1)
        a_backup(path_of(url)).replace(path_of(url))
        with pytest.raises(StoreRefusedError, match=REPLACED):
            place(service, 2)
        with open_store(url, Access.BRIEF, makes=False) as person:
            place(person, 3)
        with pytest.raises(StoreRefusedError, match=REPLACED):
            holds(service)
    with open_store(url) as anew:
        assert len(holds(anew)) == 2


def test_a_transaction_that_is_refused_leaves_no_lock_behind(url: str) -> None:
    with open_store(url) as store:
        place(store, 1)
        away = path_of(url).with_name("away.db")
        shutil.move(path_of(url), away)
        with pytest.raises(StoreRefusedError, match=r"retention\.db cannot be looked at: No such file or directory"):
            place(store, 2)
        shutil.move(away, path_of(url))
        with open_store(url, Access.BRIEF) as other:
            place(other, 3)
        assert len(holds(store)) == 2


def test_a_link_that_leads_to_another_database_is_noticed_too(tmp_path: Path) -> None:
    for name in ("old", "new"):
        open_store(f"sqlite:///{tmp_path}/{name}.db").close()
    link = tmp_path / "retention.db"
    link.symlink_to("old.db")
    with open_store(f"sqlite:///{link}") as store:
        place(store, 1)
        link.unlink()
        link.symlink_to("new.db")
        with pytest.raises(StoreRefusedError, match=REPLACED):
            place(store, 2)
