"""The twelfth version: which letters the contacts need that were put into the bin. All data stays.

Of those who lie there already it is not known: HubSpot does not show it any more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "needed_in_bin",
        sa.Column("object_type", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("record_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("contact_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("needed_in_bin_by_contact", "needed_in_bin", ["contact_id"])
