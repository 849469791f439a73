"""The fourth version: tombstones of people who were erased. All data stays."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table, and the index that finds a person."""
    op.create_table(
        "tombstone",
        sa.Column("record_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("pseudonym", sa.Text, primary_key=True),
        sa.Column("epoch", sa.Text, nullable=False),
        sa.Column("sent_at", sa.BigInteger, nullable=False),
        sa.Column("erased_at", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    op.create_index("tombstone_by_pseudonym", "tombstone", ["pseudonym"])
