"""What the running service says of itself, and what became of disposals, as text for 80 columns and as JSON."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.console import RenderableType
from rich.text import Text

from hubspot_retention.cli.render_plan import table
from hubspot_retention.service.asking import Running

_MOST: Final = 8


def running_lines(running: Running | None) -> Iterator[RenderableType]:
    """Whether it is ready, how much of the quota is used, what it asked of HubSpot."""
    if running is None:
        yield Text("No service answers on the operations port of these settings.", "yellow")
        return
    if running.reasons:
        yield Text(f"It is not ready: {', '.join(running.reasons)}.", "bold red")
    else:
        yield Text("It is ready.")
    if running.quota_used is not None:
        yield Text(f"{running.quota_used:.1%} of the account's daily requests are used.")
    if running.requests:
        yield from _requests(running.requests)


def _requests(requests: Mapping[tuple[str, str], int]) -> Iterator[RenderableType]:
    total: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for (endpoint, status), number in requests.items():
        total[endpoint] += number
        refused[endpoint] += 0 if status.startswith("2") else number
    made = table("Asked of HubSpot since it began", "Requests", "Not granted")
    for column in (1, 2):
        made.columns[column].justify = "right"
    for endpoint, number in total.most_common(_MOST):
        made.add_row(endpoint, f"{number:,}", f"{refused[endpoint]:,}")
    yield made
    if len(total) > _MOST:
        rest = sum(number for _, number in total.most_common()[_MOST:])
        yield Text(f"and {rest:,} more to {len(total) - _MOST} endpoints.")


def running_json(running: Running | None) -> dict[str, Any] | None:
    """The same as plain JSON; `None`: no service answers."""
    if running is None:
        return None
    return {
        "ready": not running.reasons,
        "reasons": list(running.reasons),
        "quota_used_ratio": running.quota_used,
        "requests": [
            {"endpoint": endpoint, "status": status, "count": number}
            for (endpoint, status), number in sorted(running.requests.items())
        ],
    }


def disposals_line(disposals: Mapping[tuple[str, str], int]) -> Text:
    """What became of disposals since the database was made."""
    told = [f"{rule} {result} {number:,}" for (rule, result), number in sorted(disposals.items())]
    return Text(f"So far: {'; '.join(told)}." if told else "Nothing was disposed of yet.")


def disposals_json(disposals: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    """The same as plain JSON."""
    return [{"rule": rule, "result": result, "count": number} for (rule, result), number in sorted(disposals.items())]
