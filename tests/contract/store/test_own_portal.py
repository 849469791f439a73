"""Whose a database is, told by what is in it."""

from hubspot_retention.core.probe import ProbeQuestion, ProbeResult
from hubspot_retention.core.record import PortalId
from hubspot_retention.store.database import SqlStore
from tests.contract.store.service_values import HOUR
from tests.contract.store.values import NOW, a_run


def test_a_new_database_is_nobodys(store: SqlStore) -> None:
    with store.transaction() as tx:
        assert tx.own_portal() is None


def test_it_is_that_of_the_first_run_of_any_kind(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.save_watermark(PortalId(3), "hot-contacts", NOW - HOUR)
        tx.start_run(a_run(portal_id=PortalId(9), kind="what-if", started_at=NOW))
        tx.start_run(a_run(portal_id=PortalId(1), started_at=NOW - HOUR))
        assert tx.own_portal() == PortalId(9)


def test_before_any_run_it_is_the_one_that_was_met_or_tried_first(store: SqlStore) -> None:
    found = [ProbeResult(ProbeQuestion.SEARCH_LAG, "12", "seconds")]
    with store.transaction() as tx:
        tx.save_probe(PortalId(1), found, NOW)
        tx.save_probe(PortalId(7), found, NOW - HOUR)
        assert tx.own_portal() == PortalId(7)
        tx.save_watermark(PortalId(1), "hot-contacts", NOW)
        tx.save_watermark(PortalId(5), "first-met", NOW - HOUR)
        assert tx.own_portal() == PortalId(5)
