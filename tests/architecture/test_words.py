"""What is public says what it is; what a decision says is explained, and tested."""

import json
import re
from pathlib import Path

import pytest

from hubspot_retention.core.decision.explain import WORDINGS
from hubspot_retention.core.decision.model import ReasonCode
from tests.architecture.sources import PACKAGE, ROOT, modules, name, undocumented

REASONS = ROOT / "docs" / "reasons.md"
SCENERY = PACKAGE / "sandbox"
"""The sandbox's situations are told by their names: classes and modules need their sentence, functions do not."""


def test_everything_public_has_a_docstring() -> None:
    missing = {name(path): _missing(path) for path in modules()}
    assert {path: names for path, names in missing.items() if names} == {}


def _missing(path: Path) -> list[str]:
    found = list(undocumented(path))
    if path.is_relative_to(SCENERY):
        return [each for each in found if each == "*" or (each[0].isupper() and "." not in each)]
    return found


def documented() -> dict[str, tuple[str, str]]:
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+?) \| (.+?) \|$", REASONS.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == len({code for code, _, _ in rows})
    return {code: (meaning, advice) for code, meaning, advice in rows}


def test_every_reason_is_documented_and_no_other() -> None:
    assert documented().keys() == {code.value for code in ReasonCode}


def test_every_reason_has_its_words() -> None:
    assert WORDINGS.keys() == set(ReasonCode)


@pytest.mark.parametrize("code", ReasonCode)
def test_a_reason_is_documented_in_sentences(code: ReasonCode) -> None:
    assert all(text.endswith(".") for text in documented()[code.value])


def test_every_reason_is_exercised_by_a_test() -> None:
    folder = ROOT / "tests" / "unit" / "core" / "decision"
    tests = "\n".join(path.read_text(encoding="utf-8") for path in modules(folder))
    golden = json.loads((ROOT / "tests" / "golden" / "decisions.json").read_text(encoding="utf-8"))
    seen = {reason["code"] for decision in golden.values() for reason in decision["reasons"]}
    seen |= {code.value for code in ReasonCode if re.search(rf"\bReasonCode\.{code.name}\b", tests)}
    assert {code.value for code in ReasonCode} - seen == set()
