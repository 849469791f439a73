"""The same suite against SQLite and against a real PostgreSQL."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from hubspot_retention.store.database import SqlStore, open_store
from tests.contract.store.postgres import NoServerError, a_server
from tests.stores import a_database


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server; the tests that need one are skipped where there is none."""
    try:
        with a_server() as url:
            yield url
    except NoServerError as error:
        pytest.skip(str(error))


@contextmanager
def _database(server: str, like: str = "template1") -> Iterator[str]:
    name = f"retention_test_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}".encode())
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(scope="session")
def migrated(postgres_server: str) -> Iterator[str]:
    """The name of a database that is up to date, to be copied."""
    with _database(postgres_server) as url:
        open_store(url).close()
        yield str(make_url(url).database)


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty database of its own for each test."""
    with _database(postgres_server) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str, migrated: str) -> Iterator[str]:
    """A new database of its own for each test."""
    with _database(postgres_server, migrated) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A file of its own for each test."""
    return f"sqlite:///{tmp_path / 'retention.db'}"


@pytest.fixture
def rollback_url(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file of its own, under a SQLite that is too old for write-ahead logging."""
    monkeypatch.setattr("hubspot_retention.store.engine.is_wal_sound", lambda driver: False)
    return sqlite_url


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """A new database on each of the two."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[SqlStore]:
    """An open store on each of the two."""
    if url.startswith("sqlite"):
        a_database(tmp_path / "retention.db")
    with open_store(url) as opened:
        yield opened
