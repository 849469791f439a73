"""`policy check | show | schema`: is the policy file right, what does it say, what may it hold.

Data go to stdout, messages to stderr. Exit codes: 0 fine, 1 problems or errors, 2 the file cannot be read.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubspot_retention.errors import ExitCode, RetentionError

if TYPE_CHECKING:
    from hubspot_retention.core.policy.model import RetentionPolicy
    from hubspot_retention.core.policy.problem import Finding, Problem

app = typer.Typer(help="The retention policy: check it, show it in plain English.", no_args_is_help=True)

PolicyFile = Annotated[
    Path | None, typer.Argument(metavar="FILE", help="A policy file; the configured one unless given.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.callback()
def policy() -> None:
    """The retention policy: check it, show it in plain English."""


@app.command()
def check(file: PolicyFile = None, as_json: AsJson = False) -> None:
    """Find everything that is wrong with a policy file, and what the whole of it makes of itself."""
    from hubspot_retention.core.policy.check import findings
    from hubspot_retention.core.policy.parse import PolicyError, parse_policy
    from hubspot_retention.core.policy.problem import Severity

    text, source = _read(file)
    found: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    digest = None
    try:
        parsed = parse_policy(text)
    except PolicyError as error:
        problems = error.problems
    else:
        found, digest = findings(parsed), parsed.digest
    if as_json:
        _print_json(_report(source, digest, problems, found))
    elif problems or found:
        _print_findings(problems, found)
    bad = len(problems) + sum(finding.severity is Severity.ERROR for finding in found)
    typer.echo(_verdict(source, bad, len(problems) + len(found) - bad), err=True)
    raise typer.Exit(ExitCode.FAILED if bad else ExitCode.DONE)


@app.command()
def show(file: PolicyFile = None, as_json: AsJson = False) -> None:
    """Tell the policy in plain English, rule by rule, and what each one really does in HubSpot."""
    parsed = _parsed(file)
    if as_json:
        from dataclasses import asdict

        from hubspot_retention.core.policy.show import evidence_rows, rule_rows

        evidence = [asdict(each) for each in evidence_rows(parsed)]
        rules = [asdict(row) for row in rule_rows(parsed)]
        about = {"name": parsed.name, "version": parsed.version, "digest": parsed.digest}
        _print_json({**about, "timezone": parsed.timezone, "rules": rules, "evidence": evidence})
        return
    from rich.console import Console

    from hubspot_retention.cli.policy_tables import policy_table

    Console().print(policy_table(parsed))


@app.command()
def schema() -> None:
    """Print the JSON Schema of a policy file, for editors that complete and check it."""
    from hubspot_retention.core.policy.parse import json_schema

    _print_json(json_schema())


def _read(file: Path | None) -> tuple[str, str]:
    """The text of the policy and where it came from."""
    from hubspot_retention.documents import policy_text

    try:
        return policy_text(file)
    except RetentionError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from error


def _parsed(file: Path | None) -> "RetentionPolicy":
    from hubspot_retention.core.policy.parse import PolicyError, parse_policy

    text, source = _read(file)
    try:
        return parse_policy(text)
    except PolicyError as error:
        typer.echo(f"{source} is no policy:", err=True)
        for problem in error.problems:
            typer.echo(f"  {problem}", err=True)
        raise typer.Exit(ExitCode.FAILED) from error


def _print_findings(problems: tuple["Problem", ...], found: tuple["Finding", ...]) -> None:
    from rich.console import Console

    from hubspot_retention.cli.policy_tables import findings_table, problems_table

    console = Console()
    if problems:
        console.print(problems_table(problems))
    if found:
        console.print(findings_table(found))


def _report(
    source: str, digest: str | None, problems: tuple["Problem", ...], found: tuple["Finding", ...]
) -> dict[str, Any]:
    return {
        "source": source,
        "digest": digest,
        "problems": [{"path": p.path, "found": p.found, "expected": p.expected} for p in problems],
        "findings": [{"severity": f.severity.value, "path": f.path, "text": f.text} for f in found],
    }


def _verdict(source: str, bad: int, others: int) -> str:
    aside = f"{others} thing{'s' if others != 1 else ''} to consider" if others else "nothing to consider"
    if bad:
        return f"{source}: {bad} problem{'s' if bad != 1 else ''}, {aside}."
    return f"{source}: the policy is right; {aside}."


def _print_json(content: dict[str, Any]) -> None:
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False))
