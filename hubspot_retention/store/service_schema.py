"""The tables of the long-running service: the deadline ledger, standing approvals, the inbox, ticks and alarms.

Ids, codes, dates and counts only. A change here needs a migration. Instants (`_at`) are microseconds since 1970.
"""

from sqlalchemy import BigInteger, Boolean, Column, Date, Float, Index, Integer, LargeBinary, SmallInteger, Table, Text

from hubspot_retention.store.schema import Number, metadata

obligation = Table(
    "obligation",
    metadata,
    Column("object_type", SmallInteger, primary_key=True, autoincrement=False),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("disposition", Text),
    Column("due_at", BigInteger),
    Column("erase_by", BigInteger),
    Column("call_by", BigInteger),
    Column("not_before", BigInteger),
    Column("first_seen_at", BigInteger, nullable=False),
    Column("heard_at", BigInteger, nullable=False),
    Column("next_look_at", BigInteger, nullable=False),
    Column("by_person", Boolean, nullable=False),
    Column("is_right", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("plan_id", Text, nullable=False),
    Column("settled_at", BigInteger),
    sqlite_with_rowid=False,
)
Index("obligation_by_deadline", obligation.c.state, obligation.c.call_by)
Index("obligation_by_look", obligation.c.state, obligation.c.next_look_at)

standing_approval = Table(
    "standing_approval",
    metadata,
    Column("approval_id", Number, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("max_per_day", Integer, nullable=False),
    Column("until_at", BigInteger, nullable=False),
    Column("granted_by", Text, nullable=False),
    Column("granted_at", BigInteger, nullable=False),
    Column("policy_digest", Text, nullable=False),
    Column("revoked_at", BigInteger),
    Column("revoked_by", Text, nullable=False),
    Column("used_on", Date),
    Column("used", Integer, nullable=False),
    sqlite_autoincrement=True,
)

inbox = Table(
    "inbox",
    metadata,
    Column("event_no", Number, primary_key=True),
    Column("portal_id", BigInteger, nullable=False),
    Column("subscription_id", BigInteger, nullable=False),
    Column("event_id", BigInteger, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("object_type", SmallInteger),
    Column("object_id", BigInteger, nullable=False),
    Column("property_name", Text, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("change_source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("others", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("handled_at", BigInteger),
    Column("outcome", Text),
    sqlite_autoincrement=True,
)
SAME_EVENT = (
    inbox.c.event_id,
    inbox.c.object_id,
    inbox.c.occurred_at,
    inbox.c.event_type,
    inbox.c.property_name,
    inbox.c.subscription_id,
    inbox.c.portal_id,
)
"""What makes two events the same one, the most telling first."""
Index("inbox_once", *SAME_EVENT, unique=True)
Index(
    "inbox_waiting",
    inbox.c.event_no,
    sqlite_where=inbox.c.handled_at.is_(None),
    postgresql_where=inbox.c.handled_at.is_(None),
)
Index("inbox_by_end", inbox.c.handled_at)

tick = Table(
    "tick",
    metadata,
    Column("name", Text, primary_key=True),
    Column("last_started_at", BigInteger),
    Column("last_done_at", BigInteger),
    Column("last_error", Text, nullable=False),
    Column("seconds", Float, nullable=False),
)

owner_warning = Table(
    "owner_warning",
    metadata,
    Column("object_type", SmallInteger, primary_key=True, autoincrement=False),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("due_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("settled_at", BigInteger),
    sqlite_with_rowid=False,
)
Index("owner_warning_by_state", owner_warning.c.state, owner_warning.c.due_at)

watermark = Table(
    "watermark",
    metadata,
    Column("portal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
)

alarm = Table(
    "alarm",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("about", Text, primary_key=True),
    Column("level", Text, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_seen_at", BigInteger, nullable=False),
    Column("last_sent_at", BigInteger),
    Column("times", Integer, nullable=False),
    Column("settled_at", BigInteger),
    Column("facts", Text, nullable=False),
)

counter = Table(
    "counter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("label", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

anchor = Table(
    "anchor",
    metadata,
    Column("name", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("anchored_at", BigInteger),
    Column("last_error", Text, nullable=False),
)

anchor_token = Table(
    "anchor_token",
    metadata,
    Column("token_no", Number, primary_key=True),
    Column("note", Text, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("stored_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

merged = Table(
    "merged",
    metadata,
    Column("object_type", SmallInteger, primary_key=True, autoincrement=False),
    Column("loser", BigInteger, primary_key=True, autoincrement=False),
    Column("winner", BigInteger, primary_key=True, autoincrement=False),
    Column("heard_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
