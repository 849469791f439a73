"""How a mutant differs from the function that it was made of, both as lines."""

import ast
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache


def change(old: Sequence[str], new: Sequence[str]) -> str:
    """What is changed: `old -> new`, the lines of each side in one."""
    differing = [code for code in _compared(old, new) if code[0] != "equal"]
    before = [line.strip() for _, start, end, _, _ in differing for line in old[start:end]]
    after = [line.strip() for _, _, _, start, end in differing for line in new[start:end]]
    return f"{' '.join(before)} -> {' '.join(after)}"


def passed(old: Sequence[str], new: Sequence[str]) -> tuple[int, ...]:
    """The lines, from 0, of the statements that differ: whoever passes none of them cannot notice."""
    differing = {line for tag, start, end, _, _ in _compared(old, new) if tag != "equal" for line in range(start, end)}
    for line in differing.copy():
        around = [head for head in _heads(tuple(old)) if line in head]
        if around:
            innermost: range = max(around, key=lambda head: head.start)
            differing.update(innermost)
    return tuple(sorted(differing))


def _compared(old: Sequence[str], new: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    return SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes()


@cache
def _heads(function: tuple[str, ...]) -> tuple[range, ...]:
    """The lines of each statement, up to the statements in it; of a function all, as a parameter concerns all."""
    indent = min(len(line) - len(line.lstrip()) for line in function if line.strip())
    tree = ast.parse("\n".join(line[indent:] for line in function))
    return tuple(_head(node) for node in ast.walk(tree) if isinstance(node, ast.stmt))


def _head(node: ast.stmt) -> range:
    assert node.end_lineno is not None
    end = node.end_lineno
    if not isinstance(node, ast.FunctionDef):
        end = min([end, *(line - 1 for line in _inner(node))])
    return range(node.lineno - 1, max(end, node.lineno))


def _inner(node: ast.stmt) -> Iterator[int]:
    if isinstance(node, ast.Match):
        yield from (case.pattern.lineno for case in node.cases)
    for statement in getattr(node, "body", ()):
        yield statement.lineno
