"""Sources as `mutmut` takes them: it leaves decorated functions alone."""

import ast
from collections.abc import Iterator
from typing import Final

BARE: Final = "bare_"
"""What the name of a function begins with once its decorator is put on in a line of its own."""

_CACHES: Final = ("cache", "lru_cache")
_UNTOUCHED: Final = frozenset(("NamedTuple", "Protocol"))
"""A named tuple takes nothing in its body but fields and functions, and a protocol does nothing."""
_KEPT: Final = ("staticmethod", "classmethod")


def undecorated(source: str) -> str:
    """The same functions without decorators: those that remember are taken off, others follow in a line."""
    lines = source.splitlines()
    for owner, node in reversed(list(_functions(source))):
        if len(node.decorator_list) != 1 or (
            owner is not None and not _UNTOUCHED.isdisjoint(map(ast.unparse, owner.bases))
        ):
            continue
        [decorator] = node.decorator_list
        put_on = ast.unparse(decorator)
        if put_on in _KEPT:
            continue
        if put_on.partition("(")[0] not in _CACHES:
            lines.insert(_end(node), f"{' ' * node.col_offset}{node.name} = {put_on}({BARE}{node.name})")
            lines[node.lineno - 1] = lines[node.lineno - 1].replace(f"def {node.name}", f"def {BARE}{node.name}", 1)
        del lines[decorator.lineno - 1 : decorator.end_lineno]
    return "\n".join(lines) + "\n"


def functions(source: str) -> dict[str, str]:
    """Every function by its name (`one`, `Case.one`), its lines in one."""
    lines = source.splitlines()
    return {
        f"{owner.name}.{node.name}" if owner else node.name: " ".join(
            line.strip() for line in lines[node.lineno - 1 : _end(node)]
        )
        for owner, node in _functions(source)
    }


def _functions(source: str) -> Iterator[tuple[ast.ClassDef | None, ast.FunctionDef]]:
    for node in ast.parse(source).body:
        for each in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(each, ast.FunctionDef):
                yield (node if isinstance(node, ast.ClassDef) else None), each


def _end(node: ast.FunctionDef) -> int:
    assert node.end_lineno is not None
    return node.end_lineno
