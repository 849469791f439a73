"""The dashboard: Grafana can load it, and each panel asks for what the service has."""

import json
import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.unit.deploy.exposition import OF_THE_SCRAPE, ROOT, exposed, groupings_of, matchers_of, metrics_of

DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "dashboard.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [(panel["title"], target) for panel in PANELS for target in panel["targets"]]
each_expression = pytest.mark.parametrize(("title", "target"), EXPRESSIONS, ids=lambda found: str(found)[:30])


@each_expression
def test_it_asks_for_metrics_and_labels_that_the_service_has(title: str, target: dict[str, Any]) -> None:
    expression = target["expr"]
    asked = metrics_of(expression)
    assert asked, title
    assert asked <= exposed().keys()
    labels = {label for metric in asked for label in exposed()[metric]} | OF_THE_SCRAPE
    assert {matcher.label for matcher in matchers_of(expression)} <= labels
    assert groupings_of(expression) <= labels
    assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= labels


@each_expression
def test_it_can_be_narrowed_to_one_installation(title: str, target: dict[str, Any]) -> None:
    assert target["expr"].count('instance=~"$instance"') == len(re.findall(r"retention_\w+", target["expr"])), title


def test_every_metric_is_shown() -> None:
    shown = {metric for _, target in EXPRESSIONS for metric in metrics_of(target["expr"])}
    assert shown == exposed().keys()


def test_each_panel_has_an_id_and_a_place_of_its_own() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= 24 for place in places)
    assert not any(_overlap(one, other) for one, other in combinations(places, 2))


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    across = one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
    down = one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]
    return across and down


def test_it_names_no_data_source_of_one_machine() -> None:
    sources = {json.dumps(panel["datasource"]) for panel in PANELS}
    assert sources == {json.dumps({"type": "prometheus", "uid": "${datasource}"})}
    assert [found["name"] for found in DASHBOARD["templating"]["list"]] == ["datasource", "instance"]
    assert "__inputs" not in DASHBOARD
    assert DASHBOARD.get("id") is None


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool, of Prometheus, is not installed")
def test_prometheus_understands_each_expression(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{n}", "expr": target["expr"]} for n, (_, target) in enumerate(EXPRESSIONS)]
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    ran = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
