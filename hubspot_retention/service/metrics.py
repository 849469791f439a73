"""Metrics for Prometheus, in the units of the job: read from the store when they are asked for.

No label ever holds a record: rules, states, codes and templates only.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, TypeVar

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from hubspot_retention import __version__
from hubspot_retention.errors import RetentionError
from hubspot_retention.service.counting import WEBHOOKS, Key
from hubspot_retention.service.figures import Figures
from hubspot_retention.service.works import code_of

if TYPE_CHECKING:
    from prometheus_client import Metric

_log = structlog.get_logger("hubspot_retention.service")
_Labels = TypeVar("_Labels", tuple[str], tuple[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where figures come from. `figures` raises RetentionError when the database cannot be read; `webhooks`: those
    that are counted and not stored yet; `requests`: HubSpot's answers by endpoint and status; `quota_used`: the share
    of the day's quota that is used up, if HubSpot said."""

    figures: Callable[[], Figures]
    webhooks: Callable[[], Mapping[Key, int]]
    requests: Callable[[], Mapping[Key, int]]
    quota_used: Callable[[], float | None]
    is_ready: Callable[[], bool]


class Metrics(Collector):
    """Every metric of the service."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def scrape(self) -> tuple[bytes, str]:
        """The text, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def describe(self) -> "list[Metric]":
        """Nothing ahead of time: the store is asked only when somebody scrapes."""
        return []

    def collect(self) -> "Iterator[Metric]":
        """All of them, as of now."""
        sources = self._sources
        try:
            figures = sources.figures()
        except RetentionError as error:  # readiness says so; what the process knows itself is still told
            _log.error("figures.unreadable", code=code_of(error))
        else:
            yield from _deadlines(figures)
            yield from _work(figures)
            answers = _webhooks(figures, sources)
            yield _counter("retention_webhooks", "Webhook requests by how they were answered", ["answer"], answers)
        yield _counter(
            "retention_requests",
            "Requests to HubSpot by endpoint and status",
            ["endpoint", "status"],
            sources.requests(),
        )
        used = sources.quota_used()
        yield _one("retention_quota_used_ratio", "Share of the day's quota of the account that is used", used)
        yield _one("retention_ready", "1 if /health/ready answers 200", float(sources.is_ready()))
        yield _many("retention_build_info", "The version that runs", ["version"], {(__version__,): 1})


def _deadlines(figures: Figures) -> "Iterator[Metric]":
    debt = {(state.value,): count for state, count in figures.debt.items()}
    yield _many("retention_debt_records", "Records past their date that are still there, by why", ["reason"], debt)
    oldest = figures.oldest_overdue_seconds
    yield _one("retention_oldest_overdue_seconds", "How long the longest waiting of them is past its date", oldest)
    yield _one("retention_on_time_ratio", "Share of disposals that met their deadline", figures.on_time_ratio)
    following = figures.next_deadline_seconds
    yield _one("retention_next_deadline_seconds", "Until the next deadline; negative if it has passed", following)
    live = {(state.value, rule): count for (state, rule), count in figures.by_state_and_rule.items()}
    yield _many("retention_obligations", "The deadline ledger by state and rule", ["state", "rule"], live)
    done = figures.disposals
    yield _counter("retention_disposals", "Disposals by rule and result", ["rule", "result"], done)


def _work(figures: Figures) -> "Iterator[Metric]":
    yield _one("retention_holds", "Matters that hold records", figures.holds)
    yield _one("retention_inbox_waiting", "Events of webhooks that wait to be looked at", figures.inbox_waiting)
    ticks = figures.ticks.values()
    succeeded = {(tick.name,): tick.last_done_at.timestamp() for tick in ticks if tick.last_done_at}
    yield _many("retention_tick_last_success_seconds", "Unix time of a tick's last success", ["tick"], succeeded)
    took = {(tick.name,): tick.seconds for tick in ticks}
    yield _many("retention_tick_seconds", "How long a tick last took", ["tick"], took)
    read = {(kind.value,): count for kind, count in figures.sweep.items()}
    yield _many("retention_sweep_records", "Records that the last sweep read, by class", ["class"], read)
    ages = {(name,): nan if age is None else age for name, age in figures.anchor_ages.items()}
    yield _many("retention_anchor_age_seconds", "Age of what an anchor of the audit log saw", ["anchor"], ages)
    kinds = {(kind.value,): count for kind, count in figures.alarms_by_kind.items()}
    yield _many("retention_alarms_open", "Alarms that are not settled", ["kind"], kinds)


def _webhooks(figures: Figures, sources: Sources) -> Mapping[tuple[str], int]:
    found: dict[tuple[str], int] = {(answer,): count for answer, count in figures.webhooks.items()}
    for (name, answer), count in sources.webhooks().items():
        if name == WEBHOOKS:
            found[(answer,)] = found.get((answer,), 0) + count
    return found


def _one(name: str, words: str, value: float | None) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=nan if value is None else value)


def _many(name: str, words: str, labels: list[str], values: Mapping[_Labels, float]) -> GaugeMetricFamily:
    made = GaugeMetricFamily(name, words, labels=labels)
    for key, value in sorted(values.items()):
        made.add_metric(list(key), value)
    return made


def _counter(name: str, words: str, labels: list[str], values: Mapping[_Labels, int]) -> CounterMetricFamily:
    made = CounterMetricFamily(name, words, labels=labels)
    for key, value in sorted(values.items()):
        made.add_metric(list(key), value)
    return made
