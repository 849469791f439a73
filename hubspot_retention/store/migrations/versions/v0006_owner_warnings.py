"""The sixth version: warnings of owners. All data stays."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table, and the index that finds who is to be warned."""
    op.create_table(
        "owner_warning",
        sa.Column("object_type", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("record_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("settled_at", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    op.create_index("owner_warning_by_state", "owner_warning", ["state", "due_at"])
