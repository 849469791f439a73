"""Tables of the report that say so where there is nothing to show."""

from collections.abc import Iterable, Mapping

from hubspot_retention.evidence.report.language import Language
from hubspot_retention.evidence.report.pages import Block, Paragraph, Table


def table_of(
    say: Language,
    heads: str,
    rows: Iterable[tuple[str, ...]],
    numbers: tuple[int, ...] = (),
    weights: tuple[int, ...] = (),
) -> Block:
    """A table with the named heads, or the word that there is nothing."""
    found = tuple(rows)
    head = tuple(say(key) for key in heads.split())
    return Table(head, found, numbers, weights) if found else Paragraph(say("no-lines"))


def more_lines(say: Language, shown: int, total: int) -> list[Block]:
    """How many lines there are of which only some are shown."""
    return [Paragraph(say("more-lines", shown=say.number(shown), total=say.number(total)))] if shown < total else []


def counts_of(counts: Mapping[str, int], say: Language) -> Block:
    """Reasons, and how often each was one."""
    rows = ((say.code_words("reason", code), say.number(n)) for code, n in sorted(counts.items()))
    return table_of(say, "reason count", rows, (1,))
