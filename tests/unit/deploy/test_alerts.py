"""The alert rules: on metrics that exist, with values that occur, and with somewhere to read what to do."""

import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from hubspot_retention.core.alarm import EVENTS, AlarmKind
from hubspot_retention.service.names import limits_of
from hubspot_retention.settings import read_settings
from tests.unit.deploy.exposition import OF_THE_SCRAPE, ROOT, exposed, groupings_of, matchers_of, metrics_of
from tests.unit.deploy.pages import points_somewhere

FILE = ROOT / "deploy" / "alerts.yml"
CASES = ROOT / "deploy" / "alerts_test.yml"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(FILE.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]
]
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
SHOWN = {"anchor", "rule", "tick", "answer"}
"""Labels that a text may show: closed sets and ids of rules, never of a record."""


def test_each_has_a_name_of_its_own() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))
    assert all(name.startswith("Retention") for name in names)


@each_rule
def test_it_asks_for_metrics_that_the_service_has(rule: dict[str, Any]) -> None:
    asked = metrics_of(rule["expr"])
    assert asked
    assert asked <= exposed().keys()


@each_rule
def test_it_asks_for_labels_and_values_that_occur(rule: dict[str, Any]) -> None:
    for matcher in matchers_of(rule["expr"]):
        known = exposed()[matcher.metric]
        assert matcher.label in known
        if matcher.label != "status":
            wanted = matcher.values.split("|") if matcher.sign == "=~" else [matcher.values]
            assert set(wanted) <= known[matcher.label]
    labels = {label for metric in metrics_of(rule["expr"]) for label in exposed()[metric]}
    assert groupings_of(rule["expr"]) <= labels | OF_THE_SCRAPE


@each_rule
def test_it_says_how_bad_it_is_and_for_how_long_it_must_last(rule: dict[str, Any]) -> None:
    assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"\d+[smhd]", rule["for"])
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in {"critical", "warning"}


@each_rule
def test_it_tells_what_it_means_and_where_to_read_what_to_do(rule: dict[str, Any]) -> None:
    notes = rule["annotations"]
    assert notes.keys() == {"summary", "description", "runbook_url"}
    assert all(notes.values())
    assert notes["runbook_url"] == f"docs/watching.md#{rule['alert'].lower()}"
    assert points_somewhere(notes["runbook_url"])


@each_rule
def test_its_text_can_name_nobody(rule: dict[str, Any]) -> None:
    text = " ".join(rule["annotations"].values())
    assert set(re.findall(r"\$labels\.(\w+)", text)) <= SHOWN
    assert "@" not in text


def test_every_page_that_an_alert_has_is_of_an_alert() -> None:
    told = re.findall(r"^#+ (Retention\w+)$", (ROOT / "docs" / "watching.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert told == [rule["alert"] for rule in RULES]


def test_the_ages_are_those_after_which_the_service_itself_is_not_ready() -> None:
    limits = limits_of(read_settings("", "none", {}).service)
    found: dict[str, timedelta] = {}
    for rule in RULES:
        age = re.search(r'last_success_seconds\{tick=~?"([^"]+)"\} > (\d+)$', rule["expr"])
        if age is not None:
            found |= dict.fromkeys(age[1].split("|"), timedelta(seconds=int(age[2])))
    assert found == limits


def test_every_kind_of_alarm_that_no_metric_tells_has_an_alert() -> None:
    asked = {
        matcher.values
        for rule in RULES
        for matcher in matchers_of(rule["expr"])
        if matcher.metric == "retention_alarms_open"
    }
    assert asked == {AlarmKind.FORECAST_LATE, AlarmKind.REQUEST_NEAR, AlarmKind.REQUEST_OVERDUE, *EVENTS}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool, of Prometheus, is not installed")
def test_prometheus_itself_takes_them_and_they_fire_when_they_should() -> None:
    for words in (["check", "rules", str(FILE)], ["test", "rules", str(CASES)]):
        ran = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False, cwd=Path(FILE).parent)
        assert ran.returncode == 0, ran.stdout + ran.stderr
