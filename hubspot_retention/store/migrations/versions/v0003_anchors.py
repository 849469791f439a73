"""The third version: what the anchors of the audit log were last shown. All data stays."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "anchor",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("anchored_at", sa.BigInteger),
        sa.Column("last_error", sa.Text, nullable=False),
    )
