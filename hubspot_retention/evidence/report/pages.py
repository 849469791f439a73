"""What the report's pages are made of: sections of paragraphs, tables and charts, the same for HTML and PDF."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; what stands between backticks is typed as it stands."""

    text: str
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a head; `numbers` are the columns set flush right, `weights` how wide the columns are to each other
    (equal where none are given)."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...] = ()
    weights: tuple[int, ...] = ()
    kind: Literal["table"] = "table"


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing (SVG) with its caption; the table beside it says the same in figures."""

    caption: str
    svg: str
    kind: Literal["chart"] = "chart"


Block = Paragraph | Table | Chart


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered part of the report."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole report. `language` is `en` or `da`; `contents` the heading of the contents list."""

    language: str
    title: str
    subtitle: str
    made: str
    contents: str
    page: str
    sections: tuple[Section, ...]
