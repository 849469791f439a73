"""An installation at a simulated portal and store: its settings, its policies, the application of one process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

from hubspot_retention.bootstrap import Options
from hubspot_retention.bootstrap.application import Application
from hubspot_retention.clock import Clock
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.settings import Settings, read_settings
from tests.simulator.database import Doors, the_policy
from tests.simulator.outside import Outside
from tests.simulator.portal import PORTAL
from tests.simulator.stage import Stage
from tests.simulator.town import Town


@cache
def settings_of(mode: str, grace_hours: int) -> Settings:
    """The settings of an installation."""
    environment = {
        "RETENTION_MODE": mode,
        "RETENTION_ALLOW_ERASE": "true",
        "RETENTION_GRACE_HOURS": str(grace_hours),
        "RETENTION_FOUR_EYES": "true",
    }
    return replace(read_settings("", "simulator", environment), portal_id=PORTAL)


@cache
def another_policy() -> tuple[str, RetentionPolicy]:
    """One that disposes sooner."""
    text = the_policy()[0].replace(
        'after = "P12M"\nfrom = "last_activity_at"', 'after = "P9M"\nfrom = "last_activity_at"'
    )
    assert text != the_policy()[0]
    return text, parse_policy(text)


class StageClock(Clock):
    """The wall clock of the service."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def now(self) -> Any:
        """As the stage has it."""
        return self._stage.now()


class SimulatedApplication(Application):
    """The application of one process, at the simulated portal and store."""

    def __init__(
        self,
        town: Town,
        doors: Doors,
        policy: tuple[str, RetentionPolicy],
        settings: Settings,
        outside: Outside | None = None,
    ) -> None:
        super().__init__(Options(environment={}, actor="carl"), StageClock(town.stage))
        self.monotonic = town.stage.monotonic
        self._policy, self._settings = (policy[1], policy[0]), settings
        self._town, self._doors = town, doors
        self._anchoring, self._is_anchored = None if outside is None else outside.anchoring(doors), True

    @contextmanager
    def store(self, access: str = "run", *, makes: bool | None = None) -> Iterator[Any]:
        """The store as this process has it."""
        yield self._doors

    @contextmanager
    def transport(self, sleep: Callable[[float], None] = lambda seconds: None) -> Iterator[Any]:
        """Nothing goes over a wire."""
        yield SimpleNamespace(
            pacer=SimpleNamespace(told=SimpleNamespace(daily=None, daily_remaining=None), per_second=19.0)
        )

    def portal_by(self, transport: Any, store: Any = None) -> Any:
        """The town."""
        return self._town
