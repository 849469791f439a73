"""The command `hubspot-retention`: its groups, its global options, and how failures are told.

Everything heavy is imported inside the commands, so that `--help` answers at once.
"""

import sys
from collections.abc import Sequence
from itertools import takewhile
from typing import Annotated

import typer

from hubspot_retention import __version__
from hubspot_retention.cli import (
    alarm,
    approval,
    audit,
    confirm,
    explain,
    hold,
    plan,
    plan_review,
    policy,
    policy_approve,
    portal,
    reconcile,
    request,
    sandbox,
    serve,
    status,
    stop,
    webhook,
    witness,
)
from hubspot_retention.cli.given import Given, PolicyFile, SettingsFile, Who
from hubspot_retention.errors import ExitCode, RetentionError

_INTERRUPTED = 130
"""What Typer exits with on Ctrl-C."""

app = typer.Typer(
    name="hubspot-retention",
    help="Keeps the promises of a privacy policy in HubSpot: decides, carries out, proves it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
plan.app.command("approve")(plan_review.approve)
plan.app.command("reject")(plan_review.reject)
plan.app.command("apply")(plan_review.apply)
policy.app.command("approve")(policy_approve.approve)
app.add_typer(policy.app, name="policy")
app.add_typer(plan.app, name="plan")
app.command("reconcile")(reconcile.reconcile)
app.command("serve")(serve.serve)
app.command("status")(status.status)
app.command("explain")(explain.explain)
app.command("confirm")(confirm.confirm)
app.add_typer(hold.app, name="hold")
app.add_typer(request.app, name="request")
app.add_typer(approval.app, name="approval")
app.add_typer(alarm.app, name="alarm")
app.command("stop")(stop.stop)
app.command("resume")(stop.resume)
app.add_typer(audit.app, name="audit")
app.add_typer(portal.app, name="portal")
app.add_typer(webhook.app, name="webhook")
app.add_typer(witness.app, name="witness")
app.add_typer(sandbox.app, name="sandbox")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hubspot-retention {__version__}")
        raise typer.Exit


@app.callback()
def globally(
    context: typer.Context,
    policy_file: PolicyFile = None,
    settings: SettingsFile = None,
    who: Who = None,
    verbose: Annotated[
        int, typer.Option("-v", "--verbose", count=True, show_default=False, help="Log more to stderr; -vv still more.")
    ] = 0,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Keeps the promises of a privacy policy in HubSpot: decides, carries out, proves it."""
    # `policy check` and `policy show` take the file as their argument.
    context.default_map = {"policy": {name: {"file": policy_file} for name in ("check", "show")}}
    context.obj = Given(policy=policy_file, settings=settings, who=who, verbose=verbose)


def run(arguments: Sequence[str]) -> int:
    """Run the command; answers its exit code. Failures are told on stderr in words, bugs with a hint."""
    try:
        app(list(arguments))
    except SystemExit as ended:
        if ended.code == _INTERRUPTED:
            sys.stderr.write("Interrupted. A plan that was being applied goes on with `plan apply`.\n")
            return ExitCode.FAILED
        return ended.code if isinstance(ended.code, int) else ExitCode.DONE
    except RetentionError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except Exception as error:
        return _told_bug(error, arguments)
    return ExitCode.DONE


def _told_bug(error: Exception, arguments: Sequence[str]) -> int:
    """An unexpected failure: its kind, and where it happened only if asked for (it may hold a record's data)."""
    import traceback

    if any(argument == "--verbose" or (argument[:2] == "-v" and set(argument[1:]) == {"v"}) for argument in arguments):
        traceback.print_exception(error)
    else:
        words = list(takewhile(lambda word: not word.startswith("-"), arguments))  # an option may hold an address
        again = " ".join(["hubspot-retention -v", *words, *(["…"] if words != list(arguments) else [])])
        sys.stderr.write(f"This is a bug: {type(error).__name__}. To see where, run it again as `{again}`.\n")
    return ExitCode.FAILED


def main() -> None:
    """The entry point."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
