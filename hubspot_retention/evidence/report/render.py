"""The report as a self-contained HTML page (no script, nothing loaded) or as a PDF made offline."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from importlib.resources import files
from typing import Final

from hubspot_retention.evidence.report.pages import Report

_TEMPLATES: Final = "hubspot_retention.evidence.report"


def _template(name: str) -> str:
    return files(_TEMPLATES).joinpath("templates", name).read_text(encoding="utf-8")


def as_html(report: Report, made_at: datetime) -> bytes:
    """One page that needs nothing beside it; printed, it breaks where a reader expects it."""
    from jinja2 import Environment, StrictUndefined

    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    said = template.from_string(_template("report.html")).render(report=report, made_at=made_at.isoformat())
    return said.encode("utf-8")


def as_pdf(report: Report, made_at: datetime) -> bytes:
    """The same on A4, with the fonts that the package brings along: the same figures give the same bytes."""
    import typst

    compiler = typst.Compiler(input=_template("report.typ").encode(), ignore_system_fonts=True)
    content = {"content": json.dumps(asdict(report), ensure_ascii=False)}
    made = compiler.compile(format="pdf", sys_inputs=content, timestamp=int(made_at.timestamp()))
    assert isinstance(made, bytes)
    return made


FORMATS: Final[dict[str, Callable[[Report, datetime], bytes]]] = {"html": as_html, "pdf": as_pdf}
