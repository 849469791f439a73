"""The fifth version: the right edge of the audit log's tree beside its head, and what was signed of the log.

All data stays. The edge of a log that exists is made from its entries. Where they are not as many as the head says,
there is none: nothing is appended to such a log, and verifying it names what is missing.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from hubspot_retention.core.audit.merkle import Frontier, leaf_hash

revision = "0005"
down_revision = "0004"

_PAGE = 1000


def upgrade() -> None:
    """Make the column and the table."""
    op.add_column("audit_head", sa.Column("edge", sa.LargeBinary, nullable=False, server_default=""))
    op.create_table(
        "checkpoint",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, primary_key=True),
        sa.Column("signatures", sa.Text, nullable=False),
        sa.Column("edge", sa.LargeBinary, nullable=False),
        sa.Column("signed_at", sa.BigInteger, nullable=False),
    )
    edge, head = Frontier(), sa.table("audit_head", sa.column("entries"), sa.column("edge"))
    for bodies in _bodies():
        edge.extend([leaf_hash(body) for body in bodies])
    whole = sa.update(head).where(head.c.entries == edge.size)
    op.execute(whole.values(edge=sa.bindparam("made", edge.encoded(), sa.LargeBinary)))


def _bodies() -> Iterator[list[bytes]]:
    log = sa.table("audit_entry", sa.column("seq"), sa.column("body"))
    after = 0
    while True:
        page = sa.select(log.c.seq, log.c.body).where(log.c.seq > after).order_by(log.c.seq).limit(_PAGE)
        rows = op.get_bind().execute(page).all()
        if not rows:
            return
        yield [row.body if isinstance(row.body, bytes) else str(row.body).encode() for row in rows]
        after = rows[-1].seq
