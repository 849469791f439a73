"""docs/watching.md tells of everything that can be seen, and of nothing that cannot."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from hubspot_retention.cli.main import app
from hubspot_retention.core.deadline.obligation import LIVE
from hubspot_retention.service import health, names
from hubspot_retention.web.webhook import Answered
from hubspot_retention.workflow import watch
from tests.unit.deploy.exposition import ROOT, exposed
from tests.unit.deploy.pages import anchors

PAGES = [ROOT / "docs" / name for name in ("container.md", "kubernetes.md", "service.md", "watching.md")]
PAGE = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(retention_\w+(?:\{[\w,]+\})?)` \| (.+) \|$", PAGE, re.MULTILINE))


def _contained() -> Iterator[list[str]]:
    """What is run of ours by `docker compose` and `kubectl`, without options and what follows them."""
    for page in PAGES:
        for line in re.findall(r"^(?:docker compose|kubectl) .*", page.read_text(encoding="utf-8"), re.MULTILINE):
            words = shlex.split(line, comments=True)
            if "exec" in words and "hubspot-retention" in words[words.index("exec") :]:
                yield words[len(words) - words[::-1].index("hubspot-retention") :]
            elif words[2:3] == ["run"] and "--entrypoint" not in words:
                yield words[words.index("retention") + 1 :]


CONTAINED = list(_contained())


def test_every_metric_is_told_with_its_labels_and_no_other() -> None:
    told = {name: set(re.findall(r"\w+", labels)) for name, _, labels in (row.partition("{") for row in ROWS)}
    assert told == {name: set(labels) for name, labels in exposed().items()}


def test_every_answer_state_and_tick_that_a_metric_shows_is_told() -> None:
    answers = re.findall(r"`([a-z-]+)`", ROWS["retention_webhooks_total{answer}"])
    assert answers == [answer.value for answer in Answered]
    assert re.findall(r"`([a-z-]+)`", ROWS["retention_debt_records{reason}"]) == [state.value for state in LIVE]
    ticks = re.findall(r"`([a-z-]+)`", ROWS["retention_tick_last_success_seconds{tick}"])
    assert ticks == [names.INBOX, names.DUE, names.HOT, names.FULL, names.SELF_CHECK, names.WATCH, names.HEARTBEAT]


def test_every_reason_not_to_be_ready_is_told_twice_as_a_word_and_with_what_to_do() -> None:
    reasons = (
        health.NO_DATABASE,
        health.NO_PORTAL,
        health.NO_WEBHOOKS,
        watch.AUDIT_DAMAGED,
        watch.ANOTHER_PORTAL,
        watch.CLOCKS_DIFFER,
    )
    assert [reason for reason in reasons if PAGE.count(f"`{reason}`") < 2] == []
    assert f"`{health.TICK}…`" in PAGE


@pytest.mark.parametrize("words", CONTAINED, ids=" ".join)
def test_every_command_that_is_run_in_a_container_exists(words: list[str]) -> None:
    group: Any = get_command(app)
    for word in words:
        if not hasattr(group, "commands"):
            break
        assert word in group.commands, f"{words}: there is no {word}"
        group = group.commands[word]
    assert not hasattr(group, "commands"), f"{words} is a group of commands"


def test_every_file_that_a_page_names_exists() -> None:
    named = {
        found
        for page in PAGES
        for found in re.findall(r"`((?:deploy|secrets|config)/[\w./-]+)`", page.read_text(encoding="utf-8"))
        if not found.startswith("secrets/")
    }
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_into_another_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([\w./-]*)(?:#([\w-]+))?\)", page.read_text(encoding="utf-8"))
    for target, anchor in links:
        found = page.parent / target if target else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), f"{target}#{anchor}"
