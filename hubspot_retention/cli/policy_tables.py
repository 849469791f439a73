"""Tables of a policy, of its problems and of what was found in it; made for 80 columns."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.policy.problem import Finding, Problem, Severity
from hubspot_retention.core.policy.show import RuleRow, evidence_rows, rule_rows

_COLOURS: Final = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def problems_table(problems: Sequence[Problem]) -> Table:
    """Where, what was found, what was expected."""
    table = _table("Where", "Found", "Expected")
    for problem in problems:
        table.add_row(Text(problem.path, "bold"), Text(problem.found), Text(problem.expected))
    return table


def findings_table(found: Sequence[Finding]) -> Table:
    """How much it weighs, where, what."""
    table = _table("", "Where", "What")
    for finding in found:
        weight = Text(finding.severity.value, _COLOURS[finding.severity])
        table.add_row(weight, Text(finding.path, "bold"), Text(finding.text))
    return table


def policy_table(policy: RetentionPolicy) -> Table:
    """Every rule in plain English, and what the service keeps as evidence."""
    table = _table("Rule", "In plain English")
    table.title = Text(f"{policy.name}, version {policy.version}", "bold")
    controller = policy.controller
    who = f"{controller.name}, {controller.address}, {controller.registration}"
    table.caption = Text(f"{who}. Days end at midnight of {policy.timezone}. Digest {policy.digest[:12]}.")
    table.columns[0].max_width = 24
    for row in rule_rows(policy):
        table.add_row(_name(row), _told(row).append("\n"))
    for each in evidence_rows(policy):
        told = Text("Kept by the service itself", "bold").append("\nWhat: ", "cyan").append(each.what)
        table.add_row(Text(each.name, "bold"), told.append("\nKept: ", "cyan").append(f"{each.kept}\n"))
    return table


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_lines=False, pad_edge=False, title_justify="left", caption_justify="left")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _name(row: RuleRow) -> Text:
    text = Text(row.rule_id, "bold")
    text.append(f"\n{row.record_class}", "dim")
    if row.within:
        text.append(f"\nmode {row.mode}", "dim")
    return text


def _told(row: RuleRow) -> Text:
    text = Text(row.title, "bold")
    for label, value in _lines(row):
        text.append(f"\n{label}: ", "cyan")
        text.append(value)
    return text


def _lines(row: RuleRow) -> Iterator[tuple[str, str]]:
    yield "What", row.applies_to
    if row.kept:
        yield "Kept", row.kept
    if row.then:
        yield "Then", row.then
    if row.within:
        yield "Within", f"{row.within}."
    yield "Why", row.why
    yield "In HubSpot", row.in_hubspot
