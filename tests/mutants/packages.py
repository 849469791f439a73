"""What is changed, and which tests are to notice.

The tests are those in process that are fast: the slower ones (other processes, Hypothesis, the simulator) may notice
more, but what they alone would notice is worth a test of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PRODUCT: Final = Path("hubspot_retention")


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """`sources`: files and folders below the product. `tests`: what pytest selects."""

    name: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]

    def modules(self) -> tuple[Path, ...]:
        """Its modules, relative to the root of the project."""
        found = (ROOT / PRODUCT / source for source in self.sources)
        files = (sorted(path.rglob("*.py")) if path.is_dir() else [path] for path in found)
        return tuple(path.relative_to(ROOT) for each in files for path in each)


_FACTS: Final = ("tests/unit/core/test_civil.py", "tests/unit/core/test_criteria.py", "tests/unit/core/facts")
_DECISION: Final = (*_FACTS, "tests/unit/core/decision", "tests/golden")
_HOLDS: Final = tuple(f"tests/unit/core/test_{name}.py" for name in ("hold", "request", "record"))
_ERASED: Final = tuple(f"core/{name}.py" for name in ("consent", "tombstone"))
_READING: Final = (
    *("parse", "problem", "fields", "vocabulary"),
    *("document", "document_sources", "document_criteria", "document_rules"),
)
_SENTINELS: Final = tuple(
    f"core/{name}.py" for name in ("portal", "probe", "alarm", "owner_warning", "counted", "residue")
)

_BEFORE_A_DISPOSAL: Final = (
    *("recover", "succeed", "confirm", "approvals", "standing", "allowance", "approved"),
    *("returned", "begun", "deciding", "opting_out", "seal"),
    *("due_choice", "due_group", "due_letters", "due_plans", "due_reading", "person", "assess"),
)
_BESIDE_DISPOSALS: Final = ("triage", "reconcile", "watch", "review", "foreign", "hot", "inbox", "owner_warnings")


def _tests_of(sources: Iterable[str]) -> tuple[str, ...]:
    return tuple("tests/unit/" + "/test_".join(source.rpartition("/")[::2]) for source in sources)


def _audit(name: str, *modules: str) -> Package:
    sources = tuple(f"core/audit/{module}.py" for module in modules)
    return Package(name=name, sources=sources, tests=_tests_of(sources))


def _policy(name: str, *modules: str, tests: Iterable[str]) -> Package:
    """A part of the policy's reading, checking and showing, with the files of tests that are about it."""
    return Package(
        name=f"policy-{name}",
        sources=tuple(f"core/policy/{module}.py" for module in modules),
        tests=tuple(f"tests/unit/core/policy/test_{file}.py" for file in tests),
    )


def _workflow(*modules: str) -> Package:
    """Modules of the workflow with the files of tests that mirror them, by the name of the first."""
    sources = tuple(f"workflow/{module}.py" for module in modules)
    return Package(name=modules[0].replace("_", "-"), sources=sources, tests=_tests_of(sources))


PACKAGES: Final = (
    Package(name="dates", sources=("core/civil.py",), tests=(*_FACTS, "tests/unit/core/test_tombstone.py")),
    Package(name="canonical", sources=("core/canonical.py",), tests=("tests/unit/core/test_canonical.py",)),
    Package(name="criteria", sources=("core/criteria.py",), tests=_DECISION),
    Package(name="facts", sources=("core/facts",), tests=_DECISION),
    Package(name="holds", sources=("core/hold.py", "core/request.py", "core/record.py"), tests=(*_HOLDS, *_DECISION)),
    Package(name="decision", sources=("core/decision",), tests=_DECISION),
    _policy("shape", "shape", "lengths", tests=("shape", "shape_of_nonsense", "lengths")),
    _policy("reading", *_READING, tests=("parse", "document", "build", "shape", "vocabulary")),
    _policy("values", "build", "model", tests=("build", "model", "clienti", "examples")),
    _policy("logic", "logic", tests=("logic", "check", "clienti")),
    _policy("checking", "check", "check_firing", "check_timing", tests=("check", "examples", "clienti")),
    _policy("showing", "show", "words", tests=("show", "words")),
    _policy(
        "widening",
        *("compare", "compare_looks", "lessened"),
        tests=("compare", "compare_for_a_rule", "compare_looks", "lessened"),
    ),
    Package(
        name="plan",
        sources=("core/plan",),
        tests=("tests/unit/core/plan", "tests/properties/test_digest.py", "tests/golden"),
    ),
    Package(name="deadline", sources=("core/deadline",), tests=("tests/unit/core/deadline",)),
    _audit("tree", "merkle", "checkpoint", "anchor", "receipt", "witness", "rotation"),
    _audit("removal", "cut", "matters"),
    _audit("log", "verify", "whole", "chain", "entry"),
    Package(name="webhook", sources=("core/webhook",), tests=("tests/unit/core/webhook",)),
    Package(name="view", sources=("core/view.py",), tests=("tests/unit/core/test_view.py", *_HOLDS, *_DECISION)),
    Package(name="erased", sources=_ERASED, tests=_tests_of(_ERASED)),
    Package(name="sentinels", sources=_SENTINELS, tests=_tests_of(_SENTINELS)),
    Package(name="report", sources=("core/report",), tests=("tests/unit/core/report",)),
    *(_workflow(name) for name in ("steps", "settling")),
    Package(
        name="protocol",
        sources=tuple(f"workflow/{name}.py" for name in ("protocol", "aftermath", "item_entry", "remembered")),
        tests=("tests/unit/workflow/test_protocol.py", "tests/unit/workflow/test_remembered.py"),
    ),
    Package(
        name="application",
        sources=("workflow/dispose.py", "workflow/batches.py"),
        tests=(
            *("tests/unit/workflow/test_dispose.py", "tests/unit/workflow/test_batches.py"),
            "tests/faults/test_bundle.py",
        ),
    ),
    Package(
        name="clerk",
        sources=("workflow/clerk.py",),
        tests=("tests/unit/workflow/test_clerk.py", "tests/unit/workflow/test_following.py"),
    ),
    _workflow("gate"),
    Package(
        name="batch", sources=("workflow/carry.py", "workflow/looking.py"), tests=("tests/unit/workflow/test_carry.py",)
    ),
    *(_workflow(name) for name in ("overlap", "fresh", "bundles", "needed_in_bin", *_BEFORE_A_DISPOSAL)),
    *(_workflow(name) for name in ("shorten", "kept")),
    Package(
        name="due",
        sources=("workflow/due.py",),
        tests=tuple(f"tests/unit/workflow/test_due_{part}.py" for part in ("tick", "tick_planning", "tick_grouped")),
    ),
    _workflow("obligations", "obligation_entry"),
    _workflow("anchoring", "telling"),
    *(_workflow(name) for name in ("residue", "log_tree")),
    *(_workflow(name) for name in ("held_missed", "own_portal", "in_force", "reported")),
    Package(
        name="moves",
        sources=("workflow/moves.py", "workflow/event_alarms.py"),
        tests=tuple(f"tests/unit/workflow/test_{name}.py" for name in ("moves", "event_alarms", "foreign")),
    ),
    *(_workflow(name) for name in _BESIDE_DISPOSALS),
)
