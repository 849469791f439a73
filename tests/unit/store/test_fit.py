"""The store is what the use cases ask for: mypy proves it here, the names are checked at run time."""

from hubspot_retention.store.database import SqlStore, SqlTransaction
from hubspot_retention.workflow.ports import Store, Transaction


def _as_store(store: SqlStore) -> Store:
    return store


def _as_transaction(transaction: SqlTransaction) -> Transaction:
    return transaction


def test_every_method_that_the_use_cases_ask_for_is_there() -> None:
    for port, adapter in ((Store, SqlStore), (Transaction, SqlTransaction)):
        asked = {name for part in port.__mro__ for name in vars(part) if not name.startswith("_")}
        assert len(asked) > 1
        assert asked <= set(dir(adapter))
