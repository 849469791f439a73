"""The lines of the scoreboard: what is tried, what is aimed at, and which tests show it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line. `tests` are what pytest selects; none: not shown. `short` and `full` are how much is tried, as
    environment variables of the tests. `in_blocks`: the tests share the work, and every processor takes a part."""

    number: int
    what: str
    target: str
    tests: tuple[str, ...] = ()
    short: Mapping[str, str] = field(default_factory=lambda: _NONE)
    full: Mapping[str, str] = field(default_factory=lambda: _NONE)
    in_blocks: bool = False


ROWS: Final = (
    Row(
        number=1,
        what="random fault schedules in the deterministic simulator",
        target="10,000, full 1,000,000: 0 violations",
        tests=("tests/simulator/test_schedules.py", "tests/simulator/test_days.py"),
        short={"RETENTION_TEST_SCHEDULES": "10000"},
        full={"RETENTION_TEST_SCHEDULES": "1000000", "RETENTION_TEST_DAYS": "1250"},
        in_blocks=True,
    ),
    Row(
        number=2,
        what="seeded bugs, at least one per invariant, in the simulator or beside a property test",
        target="all found, within 10,000 schedules",
        tests=("tests/simulator/test_bugs.py",),
        full={"RETENTION_TEST_BUG_SCHEDULES": "10000"},
    ),
    Row(
        number=3,
        what="mutants of core and the disposal (short: the list of what is justified)",
        target="every survivor killed or justified",
        tests=("tests/mutants",),
        full={"RETENTION_TEST_MUTANTS": "1"},
    ),
    Row(
        number=4,
        what="kill -9 of the real process against the sandbox over HTTP",
        target="500 points: 0 lost entries, 0 double effects",
        tests=("tests/faults/test_kills.py",),
        short={"RETENTION_TEST_KILLS": "12"},
        full={"RETENTION_TEST_KILLS": "500"},
    ),
    Row(
        number=5,
        what="simulated power cuts of the store, with each journal, in one of five once more during the recovery",
        target="10,000: 0 acknowledged entries lost",
        tests=("tests/faults/test_power.py",),
        short={"RETENTION_TEST_POWER_CUTS": "200"},
        full={"RETENTION_TEST_POWER_CUTS": "10000"},
    ),
    Row(
        number=6,
        what="disk full, read-only or failing from any change on that SQLite asks for (short form: from two of each)",
        target="0 requests after a transaction failed, 0 unannounced, clear message, recovers",
        tests=("tests/faults/test_disk.py",),
        full={"RETENTION_TEST_EVERY_CHANGE": "1"},
    ),
    Row(
        number=7,
        what="clocks: jumps of an hour, a day, ten years; clock changes, leap days, month ends in nine zones",
        target="0 early disposals, 0 misses",
        tests=("tests/faults/test_clocks.py", "tests/properties/test_due.py", "tests/properties/test_civil.py"),
        full={"RETENTION_TEST_EVERY_CLOCK": "1"},
    ),
    Row(
        number=8,
        what="tampered exports of the log, 24 kinds, three of them with the stolen key or an older copy",
        target="10,000: 0 unnoticed with an outside anchor",
        tests=("tests/faults/test_tampering.py",),
        short={"RETENTION_TEST_TAMPERED": "600"},
        full={"RETENTION_TEST_TAMPERED": "10000"},
    ),
    Row(
        number=9,
        what="old backup restored, two instances, wrong volume (full: file, witness, both, beside who is told only)",
        target="read-only every time, 0 disposals",
        tests=("tests/faults/test_restored.py",),
        full={"RETENTION_TEST_ANCHORS": "every"},
    ),
    Row(
        number=10,
        what="verify 10 million entries (short form: 200,000, without a look at the time)",
        target="60 s on 2 cores, 200 MB",
        tests=("tests/faults/test_long_log.py",),
        short={"RETENTION_TEST_ENTRIES": "200000"},
        full={"RETENTION_TEST_ENTRIES": "10000000"},
    ),
    Row(
        number=11,
        what="forged, replayed, shifted webhooks",
        target="1,000,000: 0 accepted, 0 answers of 500 and up",
        tests=("tests/faults/test_forgeries.py",),
        short={"RETENTION_TEST_FORGERIES": "20000"},
        full={"RETENTION_TEST_FORGERIES": "1000000"},
    ),
    Row(
        number=12,
        what="webhook burst: 10 connections of 100 events, 60 s",
        target="p99 < 500 ms, 0 lost, 0 stored twice",
        tests=("tests/faults/test_burst.py",),
        short={"RETENTION_TEST_BURST": "5"},
        full={"RETENTION_TEST_BURST": "60"},
    ),
    Row(
        number=13,
        what="webhooks duplicated five times, shuffled, 30 % dropped",
        target="the final state of perfect delivery",
        tests=("tests/unit/workflow/test_any_order.py",),
    ),
    Row(
        number=14,
        what="HubSpot's faults: 429, 423, 477, 5xx, lost answer, 207, stale search, merges, property, scope, portal",
        target="0 violations, each its own message",
        tests=(
            "tests/faults/test_faults.py",
            "tests/faults/test_messages.py",
            "tests/unit/workflow/test_hot.py::test_a_search_that_is_not_whole_is_looked_at_and_gone_over_again",
            "tests/faults/test_refusals.py",
            "tests/acceptance/test_serve_in_trouble.py",
        ),
        full={"RETENTION_TEST_PATIENT_FAULTS": "1"},
    ),
    Row(number=15, what="300 portals, 8 workers, PostgreSQL", target="0 fencing violations"),
    Row(
        number=16,
        what="SQLite and PostgreSQL (not shown where there is no server)",
        target="the same suite, the same final state per seed",
        tests=(
            "tests/contract/store/test_seeds.py",
            "tests/contract/store",
            "tests/acceptance/test_serve_on_postgres.py",
        ),
        short={"RETENTION_TEST_SEEDS_ON_BOTH": "8"},
        full={"RETENTION_TEST_SEEDS_ON_BOTH": "1000"},
    ),
    Row(
        number=17,
        what="fuzzing: webhook (signed nonsense is 503 by design), policy parser",
        target="0 answers of 500 and up to strangers, 0 crashes",
        tests=("tests/faults/test_fuzzing.py",),
        short={"RETENTION_TEST_FUZZED_WEBHOOKS": "1500", "RETENTION_TEST_FUZZED_POLICIES": "400"},
        full={"RETENTION_TEST_FUZZED_WEBHOOKS": "100000", "RETENTION_TEST_FUZZED_POLICIES": "20000"},
    ),
    Row(number=18, what="console: route, role, method; cross-site requests", target="as the table, 0 accepted"),
    Row(
        number=19,
        what="personal-data canaries in logs, figures, alarms, jobs, errors, answers, reports, every byte on the disk",
        target="0 found in a run of 10,000 people (words of our own staff: in one table only)",
        tests=("tests/faults/test_canaries.py",),
        full={"RETENTION_TEST_CANARIES": "10000"},
    ),
    Row(
        number=20,
        what="receipts against an independent implementation",
        target="all agree",
        tests=("tests/unit/evidence/test_sealing.py",),
        full={"RETENTION_TEST_RECEIPTS": "400"},
    ),
    Row(
        number=21,
        what="soak: 30 simulated days (short form: 4, without a look at memory)",
        target="0 misses, flat memory",
        tests=("tests/faults/test_soak.py",),
        short={"RETENTION_TEST_SOAK_DAYS": "4"},
        full={"RETENTION_TEST_SOAK_DAYS": "30"},
    ),
)
