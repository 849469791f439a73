"""A database belongs to the first portal it met, and is of no use with any other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubspot_retention.core.plan.query import NewRun
from hubspot_retention.core.record import PortalId
from hubspot_retention.errors import BlockedError
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.workflow.own_portal import keep_to, require_own
from tests.stores import a_database
from tests.unit.workflow.desk import NOW

OURS, OTHER = PortalId(111), PortalId(222)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """A new database."""
    with open_store(a_database(tmp_path / "retention.db")) as opened:
        yield opened


def owner(store: SqlStore) -> PortalId | None:
    """Whose the database is."""
    with store.transaction() as tx:
        return tx.own_portal()


def test_a_database_that_met_no_portal_refuses_none_and_a_look_alone_does_not_bind_it(store: SqlStore) -> None:
    require_own(store, OTHER)
    require_own(store, OURS)
    assert owner(store) is None


def test_a_run_binds_it_and_the_refusal_names_both_portals_and_says_what_to_do(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.start_run(NewRun(portal_id=OURS, policy_digest="a", as_of=NOW, started_at=NOW, kind="plan", actor="anna"))
    require_own(store, OURS)
    with pytest.raises(BlockedError) as refused:
        require_own(store, OTHER)
    assert str(refused.value) == (
        "this database belongs to portal 111, the token to portal 222: nothing is read or done. "
        "Use the right token; another portal needs a database of its own (RETENTION_DATABASE_URL)."
    )
    with pytest.raises(BlockedError, match="the settings name portal 222"):
        require_own(store, OTHER, "the settings name")


def test_what_is_met_first_is_kept_to_also_before_any_run(store: SqlStore) -> None:
    keep_to(store, OURS, NOW)
    keep_to(store, OURS, NOW)
    with pytest.raises(BlockedError, match="the token to portal 222"):
        keep_to(store, OTHER, NOW)
    assert owner(store) == OURS
