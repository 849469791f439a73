"""The seventh version: proofs of checkpoints for others, what time-stamping authorities answered. All data stays."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "anchor_token",
        sa.Column("token_no", Number, primary_key=True),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("stored_at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
