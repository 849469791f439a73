"""The database's versions, run by Alembic when the store is opened."""
