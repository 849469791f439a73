"""`policy approve`: a named person approves a policy, after seeing what it widens, and which duties it drops."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hubspot_retention.cli.given import PolicyFile, Who, application
from hubspot_retention.cli.output import say
from hubspot_retention.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubspot_retention.core.deadline.approval import StandingApproval
    from hubspot_retention.core.policy.model import RetentionPolicy

_SHORTEST = 12


def approve(
    context: typer.Context,
    digest: Annotated[
        str | None, typer.Option(help="The policy's digest, at least 12 characters; asked for on a terminal.")
    ] = None,
    policy: PolicyFile = None,
    who: Who = None,
) -> None:
    """Approve the policy as it stands: rules marked for it may then act, and what it widens no longer blocks. Standing
    approvals of rules that let more go than when they were given end."""
    from hubspot_retention.workflow.approvals import ending

    house = application(context, policy=policy, who=who)
    parsed, text = house.fit_policy()
    with house.store("brief", makes=True) as store:
        with store.transaction() as tx:
            before = tx.approved_policy()
            ends = ending(tx, parsed, house.clock.now())
        _tell_changes(before, parsed)
        _tell_ending(ends)
        _require_consent(digest, parsed)
        house.keeper(store).approve_policy(parsed, text, house.clock.now())
    typer.echo(f"{parsed.name}, version {parsed.version}, digest {parsed.digest}, is approved by {house.actor}")


def _tell_changes(before: str | None, parsed: "RetentionPolicy") -> None:
    """What the policy disposes of more or sooner, and what less or later, than the one last approved."""
    from hubspot_retention.core.policy.compare import widened
    from hubspot_retention.core.policy.lessened import lessened
    from hubspot_retention.core.policy.parse import PolicyError, parse_policy

    if before is None:
        say("No policy was approved before: read it whole with `policy show`.")
        return
    try:
        approved = parse_policy(before)
    except PolicyError:  # approved under another version of this service
        say("The policy last approved can no longer be read: nobody can tell whether this one is wider.")
        say("Read it whole with `policy show`.")
        return
    wider = widened(approved, parsed)
    if wider:
        say("Compared with the policy last approved it is wider:")
        for word in wider:
            say(f"- {word}")
    else:
        say("Compared with the policy last approved it is no wider.")
    less = lessened(approved, parsed)
    if less:
        say("It no longer does, or only later, what the policy last approved did:")
        for word in less:
            say(f"- {word}")


def _tell_ending(ends: "Sequence[tuple[StandingApproval, str]]") -> None:
    """Which standing approvals end by it: who gave them has never seen this policy."""
    for found, why in ends:
        say(f"Standing approval {found.approval_id} for rule {found.rule}, given by {found.granted_by}, ends: {why}.")


def _require_consent(digest: str | None, parsed: "RetentionPolicy") -> None:
    if digest is None and sys.stdin.isatty():
        typer.confirm(f"Approve {parsed.name}, version {parsed.version} ({parsed.digest[:_SHORTEST]})?", abort=True)
        return
    if digest is None:
        raise UsageError(f"nothing is approved: give --digest {parsed.digest[:_SHORTEST]} to approve this very policy")
    if len(digest) < _SHORTEST or not parsed.digest.startswith(digest.lower()):
        raise UsageError(
            f"nothing is approved: the policy's digest is not {digest!r} (at least {_SHORTEST} characters); "
            "`policy show` prints it"
        )
