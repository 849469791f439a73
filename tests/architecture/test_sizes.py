"""Modules and functions that a person can hold in their head, in folders that say what is in them."""

from tests.architecture.sources import PACKAGE, ROOT, functions, modules, name

LONGEST_MODULE = 300
LONGER = {"hubspot_retention/evidence/standalone.py": 800}
"""What is handed out as one file, which a third party reads and runs by itself, cannot be split."""
LONGEST_FUNCTION = 60
MEANINGLESS = {"utils", "util", "common", "helpers", "helper", "managers", "manager", "lib", "misc"}


def test_a_module_is_no_longer_than_a_person_reads_in_one_go() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {path: length for path, length in lengths.items() if length > LONGER.get(path, LONGEST_MODULE)} == {}


def test_no_function_is_too_long() -> None:
    lengths = {
        f"{name(path)}: {each.name}": (each.end_lineno or each.lineno) - each.lineno + 1
        for path in modules()
        for each in functions(path)
    }
    assert {function: length for function, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_no_folder_or_module_has_a_name_that_says_nothing() -> None:
    paths = [*modules(), *modules(ROOT / "tests"), *PACKAGE.iterdir()]
    assert [name(path) for path in paths if MEANINGLESS & {path.stem, *path.relative_to(ROOT).parts}] == []
