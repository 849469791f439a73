"""What a command was given: options, environment, settings, the policy, who acts."""

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hubspot_retention.clock import Clock
from hubspot_retention.documents import policy_text, read_document
from hubspot_retention.errors import UsageError

if TYPE_CHECKING:
    from hubspot_retention.core.policy.model import RetentionPolicy
    from hubspot_retention.settings import Settings

_HOUR = timedelta(hours=1)
SERVICE = "service"
"""Who acts when no person does."""

_APP_ID = "HUBSPOT_APP_ID"


@dataclass(frozen=True, slots=True)
class Options:
    """What a command was given. `environment` is the process's unless a test says otherwise."""

    policy: Path | None = None
    settings: Path | None = None
    actor: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


class Given:
    """What a command was given, read when it is first asked for and then once."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self._options = options
        self._environment = options.environment
        self.clock = clock
        self._policy: tuple[RetentionPolicy, str] | None = None
        self._settings: Settings | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment, for what stands in no file of settings."""
        return self._environment

    @property
    def app_id(self) -> str:
        """Our own app, whose writes come back as events; empty where nobody names it."""
        return self._environment.get(_APP_ID, "")

    @property
    def actor(self) -> str:
        """Who acts: `--who`, `RETENTION_ACTOR`, else the login. Raises UsageError for what no log may hold."""
        name = self._options.actor or self._environment.get("RETENTION_ACTOR") or _login()
        if not name.isascii() or not name or not all(sign.isalnum() or sign in "_.-" for sign in name):
            raise UsageError(
                f"{name!r} is no login: the audit log takes letters, digits and _ . - only. "
                "Give --who or RETENTION_ACTOR."
            )
        if name == SERVICE:
            raise UsageError("'service' is who approves what a rule lets go by itself: give another --who")
        return name

    def settings(self) -> "Settings":
        """The service settings: `--settings`, `RETENTION_SETTINGS`, else the defaults; the environment over them."""
        from hubspot_retention.settings import read_settings

        if self._settings is not None:
            return self._settings
        named = self._environment.get("RETENTION_SETTINGS")
        path = self._options.settings or (Path(named) if named else None)
        text, source = ("", "defaults") if path is None else (read_document(path, "settings file"), str(path))
        self._settings = read_settings(text, source, self._environment)
        return self._settings

    def policy(self) -> "tuple[RetentionPolicy, str]":
        """The policy and its text. Raises UsageError with every problem at once."""
        from hubspot_retention.core.policy.parse import PolicyError, parse_policy

        if self._policy is None:
            text, source = policy_text(self._options.policy, self._environment)
            try:
                self._policy = parse_policy(text), text
            except PolicyError as error:
                lines = "\n".join(f"- {problem}" for problem in error.problems)
                raise UsageError(f"{source} is no policy that can be carried out:\n{lines}") from error
        return self._policy

    def fit_policy(self) -> "tuple[RetentionPolicy, str]":
        """The policy and its text, for who decides by it. Raises UsageError where the whole of it cannot do what it
        says, in the words of `policy check`."""
        from hubspot_retention.core.policy.check import unfit

        found = unfit(self.policy()[0])
        if found:
            lines = "\n".join(f"- {finding.path}: {finding.text}" for finding in found)
            raise UsageError(f"the policy cannot do what it says (`policy check`):\n{lines}")
        return self.policy()

    def grace(self) -> timedelta:
        """How long an opt-out may be taken back. Raises UsageError if that leaves too little of a deadline."""
        from hubspot_retention.core.deadline.alarm import shortest_right

        grace, shortest = self.settings().service.grace, shortest_right(self.policy()[0])
        if grace > shortest / 2:
            raise UsageError(
                f"[service] grace_hours: found {grace / _HOUR:g}, expected at most {shortest / 2 / _HOUR:g}: the "
                f"shortest right of the policy gives {shortest / _HOUR:g} hours, and half of them must be left"
            )
        return grace


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:  # a container's user may have no name
        raise UsageError("nobody says who acts: give --who or RETENTION_ACTOR") from error
