"""Both languages say everything, each in its own way of writing."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hubspot_retention.core.audit.anchor import AnchorKind
from hubspot_retention.core.civil import Civil, Period
from hubspot_retention.core.decision.model import Outcome, ReasonCode
from hubspot_retention.core.policy.model import Basis, Disposition
from hubspot_retention.core.request import RequestEnd, RequestKind
from hubspot_retention.evidence import report
from hubspot_retention.evidence.report.language import Language
from hubspot_retention.evidence.report.texts import TEXTS

CIVIL = Civil(ZoneInfo("Europe/Copenhagen"))
ENGLISH, DANISH = Language("en", CIVIL), Language("da", CIVIL)
AT = datetime(2026, 11, 25, 5, 44, tzinfo=UTC)


@pytest.mark.parametrize("key", TEXTS)
def test_a_text_stands_in_both_languages_with_the_same_places(key: str) -> None:
    both = TEXTS[key]
    assert both.keys() == {"en", "da"}
    assert all(both.values())
    places = [sorted(re.findall(r"\{\w+\}", text)) for text in both.values()]
    assert places[0] == places[1]


def test_every_text_that_is_asked_for_is_there() -> None:
    folder = Path(report.__file__).parent
    asked = {key for path in folder.glob("*.py") for key in re.findall(r'say\("([^"]+)"', path.read_text("utf-8"))}
    assert asked - TEXTS.keys() == set()


@pytest.mark.parametrize(
    ("prefix", "codes"),
    [
        ("basis", Basis),
        ("disposition", Disposition),
        ("request", RequestKind),
        ("end", RequestEnd),
        ("outcome", Outcome),
        ("anchor", AnchorKind),
        ("reason", ReasonCode),
    ],
)
def test_every_code_of_a_closed_list_has_its_words(prefix: str, codes: type) -> None:
    assert {f"{prefix}.{code.value}" for code in codes} - TEXTS.keys() == set()  # type: ignore[attr-defined]


def test_days_and_instants_are_written_as_each_language_writes_them() -> None:
    assert ENGLISH.day(date(2026, 5, 1)) == "1 May 2026"
    assert DANISH.day(date(2026, 5, 1)) == "1. maj 2026"
    assert ENGLISH.moment(AT) == "25 November 2026, 06:44"
    assert DANISH.moment(AT) == "25. november 2026 kl. 06.44"
    assert DANISH.moment(None) == ""
    assert DANISH.month("2026-10") == "okt 2026"


def test_numbers_are_written_as_each_language_writes_them() -> None:
    assert (ENGLISH.number(1234567), DANISH.number(1234567)) == ("1,234,567", "1.234.567")
    assert (ENGLISH.percent(1, 3), DANISH.percent(1, 3), DANISH.percent(0, 0)) == ("33.3 %", "33,3 %", "–")


def test_a_share_is_never_rounded_up_to_all() -> None:
    assert ENGLISH.percent(9999, 10000) == "99.9 %"


def test_periods_are_told_in_words() -> None:
    periods = ("P24M", "P5Y", "P1M", "P30D", "P1D")
    told = [DANISH.period(Period.parse(text)) for text in periods]
    assert told == ["24 måneder", "5 år", "1 måned", "30 dage", "1 dag"]


def test_a_code_without_words_stands_as_it_is() -> None:
    assert DANISH.code_words("request", "new-kind") == "new-kind"
