"""The root of our errors, and the exit codes of the command.

Expected outcomes are values; these are failures of the outside world or of the input. Messages say what
happened, where, and what to do; they never hold property values.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the command answers to the shell."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    PARTLY_APPLIED = 3
    BLOCKED = 4


class RetentionError(Exception):
    """Anything that a person must hear about. `exit_code` is what the command ends with."""

    exit_code = ExitCode.FAILED


class UsageError(RetentionError):
    """The input is wrong; nothing was done."""

    exit_code = ExitCode.USAGE


class BlockedError(RetentionError):
    """A guardrail or a safety rule refuses; nothing was done."""

    exit_code = ExitCode.BLOCKED


class ProcessError(RetentionError):
    """A process that worked for this one has failed or ended; what was under way is void."""


class PortalError(RetentionError):
    """HubSpot could not be used. Root of what `hubspot/` raises."""


class PortalTemporaryError(PortalError):
    """Try again later; `retry_after_seconds` if HubSpot said when."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class PortalPausedError(PortalTemporaryError):
    """The whole account pauses: daily quota used up (until its midnight), or data centre migration (477)."""


class PortalDeniedError(PortalError):
    """The token is refused or lacks a scope; `missing_scopes` as far as HubSpot names them."""

    def __init__(self, message: str, missing_scopes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.missing_scopes = missing_scopes


class PortalContractError(PortalError):
    """HubSpot answered in a way that the fact sheet does not know; nothing is guessed."""


class RangesDisagreeError(PortalError):
    """Reading id ranges side by side did not cover the list: read again with one cursor."""
