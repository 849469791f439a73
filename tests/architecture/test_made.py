"""Named tuples made the quick way, `made(Kind, (...))`, have a value for each field: nothing else counts them."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from tests.architecture.sources import ROOT, functions, modules, name

PACKED = {"hubspot_retention/bootstrap/parcels.py"}
"""Where the values were packed as one, by another process."""


def calls() -> Iterator[tuple[Path, str, ast.expr, ast.AST]]:
    """Where, what is made, of what, and in which function."""
    for path in modules():
        if "core.made import made" not in path.read_text(encoding="utf-8") or name(path) in PACKED:
            continue
        for function in functions(path):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "made":
                    kind, values = node.args
                    assert isinstance(kind, ast.Name)
                    yield path, kind.id, values, function


def tuples(values: ast.expr, function: ast.AST) -> list[ast.Tuple]:
    """The values as they are written; of a name, in every assignment in that function."""
    if isinstance(values, ast.Tuple):
        return [values]
    assert isinstance(values, ast.Name)
    assigned = [node for node in ast.walk(function) if isinstance(node, ast.Assign)]
    named = [each.value for each in assigned if [ast.unparse(target) for target in each.targets] == [values.id]]
    return [value for value in named if isinstance(value, ast.Tuple)]


def test_each_field_is_given_a_value() -> None:
    found = list(calls())
    assert len(found) > 5
    for path, kind, values, function in found:
        module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        fields = len(getattr(module, kind)._fields)
        written = tuples(values, function)
        assert written
        for each in written:
            is_unpacked = any(isinstance(value, ast.Starred) for value in each.elts)
            assert len(each.elts) == fields or (is_unpacked and len(each.elts) < fields), f"{name(path)}: {kind}"
