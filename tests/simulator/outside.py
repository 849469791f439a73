"""Somebody outside who remembers how long the log was, and cannot always be reached."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, cast

from hubspot_retention.core.audit.anchor import AnchorError, Grows
from hubspot_retention.core.audit.checkpoint import Checkpoint, open_note
from hubspot_retention.evidence.keys import SigningKey
from hubspot_retention.workflow.anchoring import Anchoring, AnchorPlan
from hubspot_retention.workflow.ports import Store
from tests.simulator.database import Doors
from tests.simulator.stage import Stage

KEY: Final = SigningKey.generate("log.example.dk")
"""The log's own."""
_PUBLIC: Final = KEY.public


@dataclass(slots=True)
class Outside:
    """An anchor. `seen`: the newest checkpoint it was shown, at `shown_at` as the stage counts; `stop_after`: how long
    ago that may be before disposals stop; `away_until`: until then it cannot be reached at all. `on_begun_anew` hears
    that a person had it begin anew: from then on others go by that, whether or not that person has heard of it."""

    stage: Stage
    seen: Checkpoint | None = None
    stop_after: timedelta = timedelta(hours=72)
    shown_at: float | None = None
    away_until: float = 0.0
    on_begun_anew: Callable[[], None] = lambda: None
    name: str = "outside"

    def anchoring(self, doors: Doors) -> Anchoring:
        """What a process that has just started keeps of it."""
        plan = AnchorPlan(
            anchors=[self],
            key=KEY,
            origin=KEY.name,
            stop_after=self.stop_after,
            instance=f"instance-{self.stage.steps}",
        )
        return Anchoring(cast(Store, doors), plan, self.stage.now)

    def latest(self) -> Checkpoint | None:
        """What it saw."""
        self._answer()
        return self.seen

    def show(self, note: str, log: Grows) -> str:
        """Keep a newer one; nothing is signed in return."""
        self._answer()
        doubt = None if self.seen is None else log.doubt_of(self.seen)
        if doubt is not None:
            raise AnchorError("another log was seen", doubt)
        self.seen, self.shown_at = open_note(note, [_PUBLIC]), self.stage.seconds
        return ""

    def show_anew(self, note: str) -> None:
        """Keep another one."""
        self._answer()
        self.seen = open_note(note, [_PUBLIC])
        self.on_begun_anew()

    def _answer(self) -> None:
        if self.stage.seconds < self.away_until or self.stage.fate(0.05, "the anchor cannot be reached"):
            raise AnchorError("it is away")
