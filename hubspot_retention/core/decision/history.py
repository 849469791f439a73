"""The memory of earlier runs, in words that can be stored: starts and opt-outs, ids and dates only."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from hubspot_retention.core.decision.model import StartValue
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.facts.values import ONGOING


class Remembered(NamedTuple):
    """What earlier runs noted of a record.

    `starts` as `write_starts` wrote them. `opted_out_at` is the earliest opt-out seen since the last time the
    record was not opted out. `marketing_ended` marks that marketing was ended since. `archived_by_us`: this
    service archived the record, so whoever sees it in view again knows that a person restored it.
    """

    starts: str = ""
    opted_out_at: datetime | None = None
    opt_out_source: OptOutSource | None = None
    marketing_ended: bool = False
    archived_by_us: bool = False


NOTHING_REMEMBERED = Remembered()


def write_starts(starts: Iterable[tuple[str, StartValue]]) -> str:
    """Starts as one line of text, the same for the same starts."""
    words = [f"{name}={'ongoing' if value is ONGOING else value.isoformat()}" for name, value in starts]
    return ";".join(sorted(words) if len(words) > 1 else words)


def read_starts(text: str) -> dict[str, StartValue]:
    """The starts that `write_starts` wrote."""
    found: dict[str, StartValue] = {}
    for word in filter(None, text.split(";")) if text else ():
        name, _, value = word.partition("=")
        if value == "ongoing":
            found[name] = ONGOING
        else:
            found[name] = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    return found
