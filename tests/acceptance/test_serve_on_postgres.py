"""The long-running service on a real PostgreSQL: the same click, the same erasure, the same proof."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from hubspot_retention.clock import Clock
from tests.acceptance.serving import a_house, eventually
from tests.contract.store.postgres import NoServerError, a_server
from tests.faults.people import a_contact, a_portal


@pytest.fixture
def database() -> Iterator[str]:
    """The URL of an empty database; skipped with the reason where there is no server."""
    try:
        with a_server() as server:
            name = f"retention_test_{uuid.uuid4().hex}"
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}".encode())
                yield make_url(server).set(database=name).render_as_string(hide_password=False)
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    except NoServerError as error:
        pytest.skip(str(error))


def test_on_postgresql_who_unsubscribed_is_erased_and_a_second_service_is_refused(
    tmp_path: Path, database: str
) -> None:
    lately = Clock().now().strftime("%Y-%m-01T00:00:00Z")
    people = a_portal(contacts=[a_contact(number, createdate=lately) for number in range(101, 111)])
    hot = {"RETENTION_HOT_MINUTES": "1440", "RETENTION_DATABASE_URL": database}
    with a_house(tmp_path, people, **hot) as house, house.serving() as process:
        house.deliver()
        house.unsubscribe("contacts/101")
        eventually(lambda: "obligation.done" in house.told("contacts/101"), "the end of the obligation")
        assert house.taken() == ["contacts/101"]
        second = house.command("serve", **{**house.settings, "RETENTION_OPERATIONS_PORT": "0"})
        assert second.returncode != 0
        assert f"process {process.pid}" in second.stderr
        house.proves()
    assert not (tmp_path / "retention.db").exists()
