"""What is kept of people who are gone: pseudonyms, whose keys lie outside the database, ids and instants.

A change here needs a migration. Instants (`_at`) are microseconds since 1970.
"""

from sqlalchemy import BigInteger, Column, Index, SmallInteger, Table, Text

from hubspot_retention.store.schema import metadata

tombstone = Table(
    "tombstone",
    metadata,
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("pseudonym", Text, primary_key=True),
    Column("epoch", Text, nullable=False),
    Column("sent_at", BigInteger, nullable=False),
    Column("erased_at", BigInteger),
    sqlite_with_rowid=False,
)
Index("tombstone_by_pseudonym", tombstone.c.pseudonym)

consent_receipt = Table(
    "consent_receipt",
    metadata,
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("pseudonym", Text, primary_key=True),
    Column("subscription", Text, primary_key=True),
    Column("epoch", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("stated_at", BigInteger),
    Column("source", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("last_used_at", BigInteger, nullable=False),
    Column("erased_at", BigInteger),
    sqlite_with_rowid=False,
)
Index("consent_receipt_by_pseudonym", consent_receipt.c.pseudonym)

needed_in_bin = Table(
    "needed_in_bin",
    metadata,
    Column("object_type", SmallInteger, primary_key=True, autoincrement=False),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("contact_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index("needed_in_bin_by_contact", needed_in_bin.c.contact_id)
