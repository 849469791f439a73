"""What the service really tells a monitoring system, and what a PromQL expression asks for."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from hubspot_retention.core.alarm import AlarmKind, AlarmLevel, AlarmRecord, Tick
from hubspot_retention.core.audit.anchor import Anchored, AnchorKind
from hubspot_retention.core.deadline.obligation import LIVE, ObligationCount, ObligationState
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import ObjectType
from hubspot_retention.service.counting import DISPOSALS, WEBHOOKS
from hubspot_retention.service.figures import Figures
from hubspot_retention.service.metrics import Metrics, Sources
from hubspot_retention.service.names import limits_of
from hubspot_retention.settings import read_settings
from hubspot_retention.web.webhook import Answered
from tests.builders import at

AS_OF: Final = at("2026-11-22T09:00")
ROOT: Final = Path(__file__).parents[3]
_METRIC: Final = re.compile(r"\bretention_\w+")
_SELECTOR: Final = re.compile(r"\b(retention_\w+)\{([^}]*)\}")
_MATCHER: Final = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_GROUPING: Final = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
OF_THE_SCRAPE: Final = frozenset(("instance", "job"))
"""Labels that Prometheus itself adds."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on a label: `metric{label=~"values"}`."""

    metric: str
    label: str
    sign: str
    values: str

    def matches(self, value: str) -> bool:
        """Whether it holds for a value."""
        found = re.fullmatch(self.values, value) is not None if self.sign.endswith("~") else value == self.values
        return found is not self.sign.startswith("!")


def metrics_of(expression: str) -> set[str]:
    """The metrics of ours that an expression names."""
    return set(_METRIC.findall(expression))


def matchers_of(expression: str) -> Iterator[Matcher]:
    """The conditions on labels in an expression."""
    for metric, inside in _SELECTOR.findall(expression):
        for label, sign, values in _MATCHER.findall(inside):
            yield Matcher(metric, label, sign, values)


def groupings_of(expression: str) -> set[str]:
    """The labels by which an expression groups."""
    return {label.strip() for inside in _GROUPING.findall(expression) for label in inside.split(",") if label.strip()}


@cache
def exposed() -> Mapping[str, Mapping[str, frozenset[str]]]:
    """Metric -> label -> the values that it can have here, as a scrape of the real service names them."""
    sources = Sources(
        figures=_figures,
        webhooks=dict,
        requests=lambda: {("GET /crm/objects", "200"): 1, ("GET /crm/objects", "none"): 1},
        quota_used=lambda: 0.5,
        is_ready=lambda: True,
    )
    text = Metrics(sources).scrape()[0].decode()
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return {
        name: {label: frozenset(values) for label, values in labels.items()}
        for name, labels in found.items()
        if not name.endswith("_created")
    }


def _figures() -> Figures:
    """Something of everything."""
    counts = [
        ObligationCount(
            state=state,
            rule="unsubscribed",
            disposition=Disposition.ERASE,
            total=3,
            overdue=1,
            late=0,
            oldest_due_at=AS_OF,
            next_call_by=AS_OF,
        )
        for state in (*LIVE, ObligationState.DONE)
    ]
    alarms = [
        AlarmRecord(kind=kind, about="portal", level=AlarmLevel.WARNING, first_at=AS_OF, last_seen_at=AS_OF)
        for kind in AlarmKind
    ]
    ticks = limits_of(read_settings("", "none", {}).service)
    results = ("done", "failed", "skipped")
    return Figures(
        at=AS_OF,
        obligations=counts,
        ticks={name: Tick(name=name, last_done_at=AS_OF) for name in ticks},
        alarms=alarms,
        counters={
            **{(WEBHOOKS, answer.value): 1 for answer in Answered},
            **{(DISPOSALS, f"unsubscribed/{result}"): 1 for result in results},
        },
        holds=1,
        inbox_waiting=0,
        sweep=dict.fromkeys(ObjectType, 1),
        anchors=[Anchored(name=kind.value, at=AS_OF) for kind in AnchorKind],
    )
