"""A database is made and brought up to date by migrations alone, and only forward."""

import sqlite3

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from hubspot_retention.store import migrate
from hubspot_retention.store.database import open_store
from hubspot_retention.store.engine import Access
from hubspot_retention.store.errors import StoreRefusedError
from hubspot_retention.store.location import sqlite_file
from hubspot_retention.store.schema import metadata


@pytest.fixture(params=["sqlite_url", "empty_postgres_url"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """An empty database on each of the two."""
    return str(request.getfixturevalue(request.param))


def test_an_empty_database_becomes_what_the_tables_say(empty_url: str) -> None:
    with open_store(empty_url) as store, store.transaction() as tx:
        context = MigrationContext.configure(tx._connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == migrate.REVISIONS[-1]


def test_every_migration_is_listed_in_its_order() -> None:
    scripts = ScriptDirectory(str(migrate._SCRIPTS))
    walked = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(walked)) == migrate.REVISIONS


@pytest.mark.parametrize("access", list(Access))
def test_a_database_of_a_newer_program_is_refused(url: str, access: Access) -> None:
    with open_store(url) as store, store.transaction() as tx:
        tx._connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    known = migrate.REVISIONS[-1]
    with pytest.raises(StoreRefusedError, match=f"of version 0999, this program knows up to {known}: use the newer"):
        open_store(url, access)


def test_a_database_of_something_else_is_refused_and_left_alone(sqlite_url: str, tmp_path: object) -> None:
    from sqlalchemy.engine import make_url

    path = sqlite_file(make_url(sqlite_url))
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE orders (id INTEGER)")
    other.close()
    with pytest.raises(StoreRefusedError, match="belongs to something else"):
        open_store(sqlite_url)
    after = sqlite3.connect(path)
    assert after.execute("SELECT name FROM sqlite_master").fetchall() == [("orders",)]
    after.close()


def test_a_migration_that_fails_leaves_nothing_and_lets_go_of_the_database(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = migrate.bring_up_to_date

    def stopped(connection: object) -> None:
        done(connection)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("hubspot_retention.store.database.bring_up_to_date", stopped)
        with pytest.raises(KeyboardInterrupt):
            open_store(empty_url)
    with open_store(empty_url) as store, store.transaction() as tx:
        assert "audit_entry" in inspect(tx._connection).get_table_names()
