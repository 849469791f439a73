"""The eleventh version: since when the words of people are kept, so that they can go when their time has come.

All data stays. A hold's reason is as old as the hold, a plan's as its decision; of other words it is not known, and
they count from now.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the column, and fill it."""
    op.add_column("private_text", sa.Column("stored_at", sa.BigInteger, nullable=False, server_default="0"))
    text = sa.table("private_text", sa.column("commitment", sa.Text), sa.column("stored_at", sa.BigInteger))
    for name, commitment, at in (("hold", "reason_commitment", "placed_at"), ("plan", "why_commitment", "decided_at")):
        source = sa.table(name, sa.column(commitment, sa.Text), sa.column(at, sa.BigInteger))
        since = sa.select(sa.func.max(source.c[at])).where(source.c[commitment] == text.c.commitment).scalar_subquery()
        op.execute(sa.update(text).where(text.c.stored_at == 0).values(stored_at=sa.func.coalesce(since, 0)))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    seconds = "strftime('%s', 'now')" if is_sqlite else "extract(epoch FROM now())"
    op.execute(f"UPDATE private_text SET stored_at = CAST({seconds} AS BIGINT) * 1000000 WHERE stored_at = 0")
