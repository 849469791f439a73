"""The second version: the deadline ledger, standing approvals, the inbox, ticks, alarms, merges. All data stays."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Instant = sa.BigInteger


def upgrade() -> None:
    """Make the tables, and the index that finds a record's items in all plans."""
    op.create_index("plan_item_by_record", "plan_item", ["object_type", "record_id"])
    _ledger()
    _inbox()
    _notes()


def _ledger() -> None:
    op.create_table(
        "obligation",
        sa.Column("object_type", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("record_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("disposition", sa.Text),
        sa.Column("due_at", Instant),
        sa.Column("erase_by", Instant),
        sa.Column("call_by", Instant),
        sa.Column("not_before", Instant),
        sa.Column("first_seen_at", Instant, nullable=False),
        sa.Column("heard_at", Instant, nullable=False),
        sa.Column("next_look_at", Instant, nullable=False),
        sa.Column("by_person", sa.Boolean, nullable=False),
        sa.Column("is_right", sa.Boolean, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("plan_id", sa.Text, nullable=False),
        sa.Column("settled_at", Instant),
        sqlite_with_rowid=False,
    )
    op.create_index("obligation_by_deadline", "obligation", ["state", "call_by"])
    op.create_index("obligation_by_look", "obligation", ["state", "next_look_at"])
    op.create_table(
        "standing_approval",
        sa.Column("approval_id", Number, primary_key=True),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("max_per_day", sa.Integer, nullable=False),
        sa.Column("until_at", Instant, nullable=False),
        sa.Column("granted_by", sa.Text, nullable=False),
        sa.Column("granted_at", Instant, nullable=False),
        sa.Column("policy_digest", sa.Text, nullable=False),
        sa.Column("revoked_at", Instant),
        sa.Column("revoked_by", sa.Text, nullable=False),
        sa.Column("used_on", sa.Date),
        sa.Column("used", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "merged",
        sa.Column("object_type", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("loser", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("winner", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("heard_at", Instant, nullable=False),
        sqlite_with_rowid=False,
    )


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("event_no", Number, primary_key=True),
        sa.Column("portal_id", sa.BigInteger, nullable=False),
        sa.Column("subscription_id", sa.BigInteger, nullable=False),
        sa.Column("event_id", sa.BigInteger, nullable=False),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("object_type", sa.SmallInteger),
        sa.Column("object_id", sa.BigInteger, nullable=False),
        sa.Column("property_name", sa.Text, nullable=False),
        sa.Column("occurred_at", Instant, nullable=False),
        sa.Column("change_source", sa.Text, nullable=False),
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("others", sa.Text, nullable=False),
        sa.Column("received_at", Instant, nullable=False),
        sa.Column("handled_at", Instant),
        sa.Column("outcome", sa.Text),
        sqlite_autoincrement=True,
    )
    same = ["event_id", "object_id", "occurred_at", "event_type", "property_name", "subscription_id", "portal_id"]
    op.create_index("inbox_once", "inbox", same, unique=True)
    waiting = sa.text("handled_at IS NULL")
    op.create_index("inbox_waiting", "inbox", ["event_no"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_index("inbox_by_end", "inbox", ["handled_at"])


def _notes() -> None:
    op.create_table(
        "tick",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("last_started_at", Instant),
        sa.Column("last_done_at", Instant),
        sa.Column("last_error", sa.Text, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
    )
    op.create_table(
        "watermark",
        sa.Column("portal_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_table(
        "alarm",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("about", sa.Text, primary_key=True),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("first_at", Instant, nullable=False),
        sa.Column("last_seen_at", Instant, nullable=False),
        sa.Column("last_sent_at", Instant),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("settled_at", Instant),
        sa.Column("facts", sa.Text, nullable=False),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("label", sa.Text, primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
