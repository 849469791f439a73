"""The eighth version: receipts of the consents of people who were erased. All data stays."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the table, and the index that finds a person's."""
    op.create_table(
        "consent_receipt",
        sa.Column("record_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("pseudonym", sa.Text, primary_key=True),
        sa.Column("subscription", sa.Text, primary_key=True),
        sa.Column("epoch", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("stated_at", sa.BigInteger),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("last_used_at", sa.BigInteger, nullable=False),
        sa.Column("erased_at", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    op.create_index("consent_receipt_by_pseudonym", "consent_receipt", ["pseudonym"])
