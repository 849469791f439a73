"""Kill -9, a full disk, a second process, a lost connection, and hands that reach into the file."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from hubspot_retention.core.audit.verify import Damage, VerifyReport
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.store.engine import Access
from hubspot_retention.store.errors import StoreError, StoreRefusedError
from tests.contract.store.test_checkpoints import keep, signed_of
from tests.unit.core.audit.entries import an_entry

_PREPARE = """
import os, sys
from hubspot_retention.store.database import open_store
from tests.unit.core.audit.entries import an_entry
store = open_store(sys.argv[1])
def append(many=1):
    with store.transaction() as tx:
        return [tx.audit(an_entry()) for _ in range(many)][-1]
def say(words):
    os.write(1, f"{words}\\n".encode())
"""


@contextmanager
def _process(url: str, code: str) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that has opened the database; what it says comes line by line."""
    program = _PREPARE + textwrap.dedent(code)
    process = subprocess.Popen([sys.executable, "-c", program, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _line(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().decode().strip()


def test_what_was_acknowledged_survives_kill_9_at_any_moment(sqlite_url: str) -> None:
    chance = random.Random(20260315)
    acknowledged = 0
    for _ in range(8):
        with _process(sqlite_url, "while True: say(append(1 + os.getpid() % 3))") as process:
            for _ in range(chance.randint(1, 60)):
                acknowledged = int(_line(process))
            process.send_signal(signal.SIGKILL)
            rest = process.communicate()[0].split()
            acknowledged = int(rest[-1]) if rest else acknowledged
        with open_store(sqlite_url) as store:
            report = store.verify_log()
            assert report.intact
            assert report.entries >= acknowledged
    assert acknowledged > 8


def test_a_second_process_is_refused_and_told_who_is_there(url: str) -> None:
    with _process(url, "say('ready'); sys.stdin.read()") as process:
        assert _line(process) == "ready"
        with pytest.raises(StoreRefusedError, match=f"in use by process {process.pid}.*nothing was done"):
            open_store(url)
        with open_store(url, Access.READ) as reader:
            assert reader.audit_head().count == 0


def test_a_second_process_of_a_role_that_sees_less_is_refused_all_the_same(postgres_url: str) -> None:
    role = f"retention_test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'invented'".encode())
        try:
            url = make_url(postgres_url).set(username=role, password="invented")
            words = rf"is in use by process {os.getpid()}: \S+( \S+)*\. Wait for it to end.*nothing was done"
            with open_store(postgres_url), pytest.raises(StoreRefusedError, match=words):
                open_store(url.render_as_string(hide_password=False))
        finally:
            connection.execute(f"DROP ROLE {role}".encode())


def test_who_is_refused_in_the_same_process_does_not_take_away_the_locks_of_who_writes(sqlite_url: str) -> None:
    """Whoever closes any descriptor of the file lets go of all locks that the process has on it (POSIX)."""
    other = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
    path = sqlite_url.removeprefix("sqlite:///")
    with open_store(sqlite_url) as store, store.transaction() as tx:
        tx.audit(an_entry())
        with pytest.raises(StoreRefusedError, match="is in use by"):
            open_store(sqlite_url)
        tried = subprocess.run([sys.executable, "-c", other, path], capture_output=True, check=False)
        assert b"database is locked" in tried.stderr


def test_behind_a_process_that_hangs_in_a_transaction_nobody_waits_for_ever(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stops all disposals is told that it is not done, and can do it once the other is gone."""
    monkeypatch.setattr("hubspot_retention.store.engine._BUSY_MS", 200)
    code = """
    with store.transaction() as tx:
        tx.audit(an_entry())
        say('ready')
        sys.stdin.read()
    """
    with _process(url, code) as process:
        assert _line(process) == "ready"
        with open_store(url, Access.BRIEF) as person:
            for _ in range(2):
                with pytest.raises(StoreError, match="busy: another process is using it; nothing was stored"):
                    _stop(person)
            process.kill()
            process.wait()
            _stop(person)


def _stop(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.set_kill_switch("anna: a complaint")


def test_a_killed_process_leaves_no_lock_behind(sqlite_url: str) -> None:
    with _process(sqlite_url, "say('ready'); sys.stdin.read()") as process:
        assert _line(process) == "ready"
        process.kill()
        process.wait()
        open_store(sqlite_url).close()


def test_a_disk_that_takes_no_more_is_said_clearly_and_nothing_is_half_done(sqlite_url: str) -> None:
    code = """
    import resource
    from hubspot_retention.store.errors import StoreError
    say(append(10))
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize(sys.argv[2]) + 65536, hard))
    try:
        append(2000)
    except StoreError as error:
        say(error)
    say(len(list(store.entries())))
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    say(append(2000))
    """
    path = sqlite_url.removeprefix("sqlite:///")
    with _process(sqlite_url, code.replace("sys.argv[2]", repr(path))) as process:
        said = process.communicate()[0].decode().splitlines()
    assert said[0] == "10"
    assert "the disk could not be read or written; nothing was stored" in said[1]
    assert said[2:] == ["10", "2010"]
    with open_store(sqlite_url) as store:
        assert store.verify_log().intact


def test_a_full_database_is_said_clearly_and_recovers(sqlite_url: str) -> None:
    def append(store: SqlStore, many: int) -> None:
        with store.transaction() as tx:
            for _ in range(many):
                tx.audit(an_entry())

    with open_store(sqlite_url) as store:
        append(store, 10)
        connection = store._session.connection
        connection.exec_driver_sql("PRAGMA max_page_count = 60")
        connection.rollback()
        with pytest.raises(StoreError, match="the disk is full; nothing was stored"):
            append(store, 2000)
        assert store.verify_log().entries == 10
        connection.exec_driver_sql("PRAGMA max_page_count = 100000")
        connection.rollback()
        append(store, 2000)
        report = store.verify_log()
        assert (report.intact, report.entries) == (True, 2010)


def test_a_writer_that_lost_its_connection_is_the_only_writer_again(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        _end_other_connections(postgres_url)
        with pytest.raises(StoreError), store.transaction() as tx:
            tx.audit(an_entry())
        with store.transaction() as tx:
            assert tx.audit(an_entry()) == 1
        with pytest.raises(StoreRefusedError, match="is in use by"):
            open_store(postgres_url)


def test_a_connection_that_is_lost_in_the_middle_of_a_transaction_takes_only_that_one_with_it(
    postgres_url: str,
) -> None:
    def losing(store: SqlStore) -> None:
        with store.transaction() as tx:
            _end_other_connections(postgres_url)
            with suppress(StoreError):
                tx.kill_switch()
            tx.kill_switch()

    with open_store(postgres_url) as store:
        with pytest.raises(StoreError, match=r"cannot be reached|57P01"):
            losing(store)
        with store.transaction() as tx:
            assert tx.kill_switch() is None
        with pytest.raises(StoreRefusedError, match="is in use by"):
            open_store(postgres_url)


_SILENT = """
CREATE FUNCTION fall_silent() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER at_the_commit AFTER INSERT ON kill_switch DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION fall_silent();
"""


def test_when_the_connection_is_lost_in_the_commit_it_is_said_that_nobody_knows(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(_SILENT.encode())
        with pytest.raises(StoreError, match="it may have been stored, or not; look before you do it again"):
            _stop(store)
        with store.transaction() as tx:
            assert tx.audit(an_entry()) == 1
        _end_other_connections(postgres_url)
        with pytest.raises(StoreError, match=r"cannot be reached|57P01"):
            _stop(store)


def test_a_writer_whose_place_was_taken_does_not_write(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        _end_other_connections(postgres_url)
        with open_store(postgres_url):
            with pytest.raises(StoreError), store.transaction() as tx:
                tx.audit(an_entry())
            with pytest.raises(StoreRefusedError, match="is in use by"), store.transaction() as tx:
                tx.audit(an_entry())


def _end_other_connections(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize(
    ("tampering", "damage", "seq"),
    [
        ("UPDATE audit_entry SET body = replace(body, 'sent', 'done') WHERE seq = 5", Damage.CHANGED, 5),
        ("UPDATE audit_entry SET body = 7 WHERE seq = 5", Damage.CHANGED, 5),
        ("UPDATE audit_entry SET hash = 'x' WHERE seq = 20", Damage.CHANGED, 20),
        ("DELETE FROM audit_entry WHERE seq = 5", Damage.MISSING, 5),
        (
            "UPDATE audit_entry SET seq = -seq WHERE seq >= 5; UPDATE audit_entry SET seq = 1 - seq WHERE seq < 0;"
            "INSERT INTO audit_entry SELECT 5, body, hash FROM audit_entry WHERE seq = 2",
            Damage.ADDED,
            5,
        ),
        (
            "UPDATE audit_entry SET seq = -5 WHERE seq = 5; UPDATE audit_entry SET seq = 5 WHERE seq = 6;"
            "UPDATE audit_entry SET seq = 6 WHERE seq = -5",
            Damage.REORDERED,
            5,
        ),
        ("DELETE FROM audit_entry WHERE seq > 17", Damage.CUT, 18),
        ("UPDATE audit_head SET entries = 21", Damage.CUT, 21),
        ("UPDATE audit_head SET hash = x'00'", Damage.HEAD, 20),
        ("UPDATE audit_head SET edge = zeroblob(64)", Damage.TREE, 1),
        ("UPDATE audit_head SET edge = 7", Damage.TREE, 1),
        ("UPDATE checkpoint SET edge = zeroblob(64)", Damage.SIGNED, 1),
        ("UPDATE checkpoint SET text = replace(text, '20', '19')", Damage.SIGNED, 1),
        ("UPDATE checkpoint SET size = 19", Damage.SIGNED, 1),
        ("UPDATE checkpoint SET signatures = ''", Damage.SIGNED, 1),
    ],
)
def test_a_hand_in_the_file_is_found_and_named(sqlite_url: str, tampering: str, damage: Damage, seq: int) -> None:
    report = _tampered(sqlite_url, tampering)
    assert (report.findings[0].damage, report.findings[0].first) == (damage, seq)


def _tampered(url: str, tampering: str) -> VerifyReport:
    with open_store(url) as store:
        with store.transaction() as tx:
            for number in range(20):
                tx.audit(an_entry(record=f"contacts/{number}"))
        keep(store, signed_of(store))
    hand = sqlite3.connect(Path(url.removeprefix("sqlite:///")))
    for (trigger,) in hand.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        hand.execute(f"DROP TRIGGER {trigger}")
    hand.executescript(tampering)
    hand.commit()
    hand.close()
    with open_store(url) as store:
        return store.verify_log()


def test_a_file_that_is_no_database_is_refused(sqlite_url: str) -> None:
    Path(sqlite_url.removeprefix("sqlite:///")).write_bytes(b"invented, not a database" * 100)
    with pytest.raises(StoreError, match="no SQLite database"):
        open_store(sqlite_url)


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(StoreRefusedError, match="cannot be reached") as refused:
        open_store("postgresql://anna:geheim@127.0.0.1:1/retention")
    assert "geheim" not in str(refused.value)


def test_the_database_is_readable_by_its_owner_only(sqlite_url: str) -> None:
    with open_store(sqlite_url):
        assert os.stat(sqlite_url.removeprefix("sqlite:///")).st_mode & 0o077 == 0
