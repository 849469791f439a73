"""The tenth version: where the audit log begins, after its oldest entries were removed at the end of their period.

All data stays. From now on the database lets entries go, but only those that a cut has told of before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_GONE = "OLD.seq > (SELECT coalesce(max(size), 0) FROM audit_cut)"
_REFUSAL = "the audit log is append-only"


def upgrade() -> None:
    """Make the table, and change what guards the log."""
    op.create_table(
        "audit_cut",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("edge", sa.LargeBinary, nullable=False),
        sa.Column("before_at", sa.BigInteger, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("entry_seq", sa.BigInteger, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER IF EXISTS audit_entry_remains")
        for name, event in (
            ("audit_entry_remains", f"BEFORE DELETE ON audit_entry WHEN {_GONE}"),
            ("audit_cut_stays", "BEFORE UPDATE ON audit_cut WHEN 1"),
            ("audit_cut_remains", "BEFORE DELETE ON audit_cut WHEN 1"),
        ):
            op.execute(f"CREATE TRIGGER {name} {event} BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END")
    else:
        op.execute(
            "CREATE FUNCTION refuse_audit_removal() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {_GONE} THEN RAISE EXCEPTION '{_REFUSAL}'; END IF; RETURN OLD; END $$"
        )
        op.execute("DROP TRIGGER IF EXISTS audit_entry_stays ON audit_entry")
        for name, event, function in (
            ("audit_entry_stays", "BEFORE UPDATE ON audit_entry FOR EACH ROW", "refuse_audit_change"),
            ("audit_entry_leaves", "BEFORE DELETE ON audit_entry FOR EACH ROW", "refuse_audit_removal"),
            ("audit_cut_stays", "BEFORE UPDATE OR DELETE ON audit_cut FOR EACH ROW", "refuse_audit_change"),
            ("audit_cut_remains", "BEFORE TRUNCATE ON audit_cut FOR EACH STATEMENT", "refuse_audit_change"),
        ):
            op.execute(f"CREATE TRIGGER {name} {event} EXECUTE FUNCTION {function}()")
