"""How Alembic runs the migrations: in the connection and the transaction that the store hands over."""

from alembic import context

from hubspot_retention.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
