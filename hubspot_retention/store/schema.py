"""The tables. Ids, codes, dates and digests; free text that people wrote lies in `private_text`, but for
the words of a stop, which lie in `kill_switch` until disposals go on.

A change here needs a migration: a test compares the two. Instants (`_at`) are microseconds since 1970 in UTC.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

metadata: Final = MetaData()

Number: Final = BigInteger().with_variant(Integer, "sqlite")
"""A key that counts itself up: SQLite does that for INTEGER only."""

run = Table(
    "run",
    metadata,
    Column("run_id", Number, primary_key=True),
    Column("portal_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("policy_digest", Text, nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("finished_at", BigInteger),
    Column("outcome", Text),
    sqlite_autoincrement=True,
)

plan = Table(
    "plan",
    metadata,
    Column("plan_no", Number, primary_key=True),
    Column("plan_id", Text, nullable=False, unique=True),
    Column("run_id", Number, ForeignKey("run.run_id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("portal_id", BigInteger, nullable=False),
    Column("policy_name", Text, nullable=False),
    Column("policy_digest", Text, nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("built_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("population", LargeBinary, nullable=False),
    Column("outcomes", LargeBinary, nullable=False),
    Column("rules", LargeBinary, nullable=False),
    Column("breaches", LargeBinary, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", BigInteger),
    Column("why_commitment", Text),
    sqlite_autoincrement=True,
)

plan_item = Table(
    "plan_item",
    metadata,
    Column("plan_no", Number, ForeignKey("plan.plan_no"), primary_key=True, autoincrement=False),
    Column("object_type", SmallInteger, primary_key=True, autoincrement=False),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("outcome", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_code", Text, nullable=False),
    Column("deadline", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
Index(
    "plan_item_by_deadline",
    plan_item.c.plan_no,
    plan_item.c.deadline,
    plan_item.c.object_type,
    plan_item.c.record_id,
)
Index("plan_item_by_record", plan_item.c.object_type, plan_item.c.record_id)

late_call = Table(
    "late_call",
    metadata,
    Column("object_type", SmallInteger, primary_key=True, autoincrement=False),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("plan_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

hold = Table(
    "hold",
    metadata,
    Column("hold_id", Number, primary_key=True),
    Column("object_type", SmallInteger, nullable=False),
    Column("record_id", BigInteger, nullable=False),
    Column("matter", Text, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("placed_at", BigInteger, nullable=False),
    Column("review_on", Date),
    Column("released_at", BigInteger),
    Column("released_by", Text),
    Column("reason_commitment", Text, nullable=False),
    sqlite_autoincrement=True,
)

request = Table(
    "request",
    metadata,
    Column("request_id", Number, primary_key=True),
    Column("contact_id", BigInteger, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("closed_at", BigInteger),
    Column("ended", Text),
    sqlite_autoincrement=True,
)

memory = Table(
    "memory",
    metadata,
    Column("object_type", SmallInteger, primary_key=True, autoincrement=False),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("starts", Text, nullable=False),
    Column("opted_out_at", BigInteger),
    Column("opt_out_source", Text),
    Column("marketing_ended", Boolean, nullable=False),
    Column("archived_by_us", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

private_text = Table(
    "private_text",
    metadata,
    Column("commitment", Text, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("text", Text, nullable=False),
    Column("stored_at", BigInteger, nullable=False, server_default="0"),
)

probe_result = Table(
    "probe_result",
    metadata,
    Column("portal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("question", Text, primary_key=True),
    Column("answer", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("found_at", BigInteger, nullable=False),
)

policy_approval = Table(
    "policy_approval",
    metadata,
    Column("approval_id", Number, primary_key=True),
    Column("policy_digest", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("approved_at", BigInteger, nullable=False),
    Column("approved_by", Text, nullable=False),
    sqlite_autoincrement=True,
)

boundary = Table(
    "boundary",
    metadata,
    Column("portal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("object_type", SmallInteger, primary_key=True, autoincrement=False),
    Column("record_ids", LargeBinary, nullable=False),
)

kill_switch = Table(
    "kill_switch",
    metadata,
    Column("one", SmallInteger, primary_key=True, autoincrement=False),
    Column("words", Text, nullable=False),
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("one", SmallInteger, primary_key=True, autoincrement=False),
    Column("entries", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("edge", LargeBinary, nullable=False, server_default=""),
)

audit_cut = Table(
    "audit_cut",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    Column("edge", LargeBinary, nullable=False),
    Column("before_at", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("entry_seq", BigInteger, nullable=False),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("text", Text, primary_key=True),
    Column("signatures", Text, nullable=False),
    Column("edge", LargeBinary, nullable=False),
    Column("signed_at", BigInteger, nullable=False),
)
