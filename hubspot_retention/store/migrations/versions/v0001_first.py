"""The first version: plans, holds, requests, the memory of runs, and the audit log, which is append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Instant = sa.BigInteger


def upgrade() -> None:
    """Make the tables and the triggers that keep the audit log append-only."""
    _runs_and_plans()
    _registers()
    _notes()
    _audit_log()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgres_triggers()
    op.execute("INSERT INTO audit_head (one, entries, hash) VALUES (1, 0, " + _zeros() + ")")


def _zeros() -> str:
    zeros = "00" * 32
    return f"x'{zeros}'" if op.get_bind().dialect.name == "sqlite" else f"'\\x{zeros}'::bytea"


def _runs_and_plans() -> None:
    op.create_table(
        "run",
        sa.Column("run_id", Number, primary_key=True),
        sa.Column("portal_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("policy_digest", sa.Text, nullable=False),
        sa.Column("as_of", Instant, nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("finished_at", Instant),
        sa.Column("outcome", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "plan",
        sa.Column("plan_no", Number, primary_key=True),
        sa.Column("plan_id", sa.Text, nullable=False, unique=True),
        sa.Column("run_id", Number, sa.ForeignKey("run.run_id"), nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("portal_id", sa.BigInteger, nullable=False),
        sa.Column("policy_name", sa.Text, nullable=False),
        sa.Column("policy_digest", sa.Text, nullable=False),
        sa.Column("as_of", Instant, nullable=False),
        sa.Column("built_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("population", sa.LargeBinary, nullable=False),
        sa.Column("outcomes", sa.LargeBinary, nullable=False),
        sa.Column("rules", sa.LargeBinary, nullable=False),
        sa.Column("breaches", sa.LargeBinary, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_at", Instant),
        sa.Column("why_commitment", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "plan_item",
        sa.Column("plan_no", Number, sa.ForeignKey("plan.plan_no"), primary_key=True, autoincrement=False),
        sa.Column("object_type", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("record_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("state_code", sa.Text, nullable=False),
        sa.Column("deadline", Instant, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("plan_item_by_deadline", "plan_item", ["plan_no", "deadline", "object_type", "record_id"])


def _registers() -> None:
    op.create_table(
        "hold",
        sa.Column("hold_id", Number, primary_key=True),
        sa.Column("object_type", sa.SmallInteger, nullable=False),
        sa.Column("record_id", sa.BigInteger, nullable=False),
        sa.Column("matter", sa.Text, nullable=False),
        sa.Column("placed_by", sa.Text, nullable=False),
        sa.Column("placed_at", Instant, nullable=False),
        sa.Column("review_on", sa.Date),
        sa.Column("released_at", Instant),
        sa.Column("released_by", sa.Text),
        sa.Column("reason_commitment", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "request",
        sa.Column("request_id", Number, primary_key=True),
        sa.Column("contact_id", sa.BigInteger, nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("received_at", Instant, nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("closed_at", Instant),
        sa.Column("ended", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "private_text",
        sa.Column("commitment", sa.Text, primary_key=True),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )


def _notes() -> None:
    op.create_table(
        "memory",
        sa.Column("object_type", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("record_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("starts", sa.Text, nullable=False),
        sa.Column("opted_out_at", Instant),
        sa.Column("opt_out_source", sa.Text),
        sa.Column("marketing_ended", sa.Boolean, nullable=False),
        sa.Column("archived_by_us", sa.Boolean, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "probe_result",
        sa.Column("portal_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("question", sa.Text, primary_key=True),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("found_at", Instant, nullable=False),
    )
    op.create_table(
        "policy_approval",
        sa.Column("approval_id", Number, primary_key=True),
        sa.Column("policy_digest", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("approved_at", Instant, nullable=False),
        sa.Column("approved_by", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "boundary",
        sa.Column("portal_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("object_type", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("record_ids", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "kill_switch",
        sa.Column("one", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("words", sa.Text, nullable=False),
    )


def _audit_log() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("seq", Number, primary_key=True, autoincrement=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "audit_head",
        sa.Column("one", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("entries", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )


_SQLITE_TRIGGERS = (
    ("audit_entry_stays", "BEFORE UPDATE ON audit_entry", "1"),
    ("audit_entry_remains", "BEFORE DELETE ON audit_entry", "1"),
    # INSERT OR REPLACE takes a row away without firing the trigger above.
    (
        "audit_entry_once",
        "BEFORE INSERT ON audit_entry",
        "EXISTS (SELECT 1 FROM audit_entry WHERE seq = NEW.seq)",
    ),
    ("audit_head_grows", "BEFORE UPDATE ON audit_head", "NEW.entries < OLD.entries"),
    ("audit_head_remains", "BEFORE DELETE ON audit_head", "1"),
)


def _sqlite_triggers() -> None:
    for name, event, condition in _SQLITE_TRIGGERS:
        op.execute(
            f"CREATE TRIGGER {name} {event} WHEN {condition} "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )


def _postgres_triggers() -> None:
    op.execute(
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
    )
    for name, event in (
        ("audit_entry_stays", "BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW"),
        ("audit_entry_remains", "BEFORE TRUNCATE ON audit_entry FOR EACH STATEMENT"),
        (
            "audit_head_grows",
            "BEFORE UPDATE ON audit_head FOR EACH ROW WHEN (NEW.entries < OLD.entries)",
        ),
        ("audit_head_remains", "BEFORE DELETE ON audit_head FOR EACH ROW"),
        ("audit_head_stays", "BEFORE TRUNCATE ON audit_head FOR EACH STATEMENT"),
    ):
        op.execute(f"CREATE TRIGGER {name} {event} EXECUTE FUNCTION refuse_audit_change()")
