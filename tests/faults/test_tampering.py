"""Tampered logs, against the verifier that a third party has.

`RETENTION_TEST_TAMPERED` says how many (the scoreboard: 10,000; else 600).
"""

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from hubspot_retention.evidence import standalone
from tests.faults.tampering import EXPORT, KEY, KINDS, SIGNED, WITH_THE_KEY, WITHOUT_THE_KEY, Lines, tamper, truly_cut

TAMPERED = int(os.environ.get("RETENTION_TEST_TAMPERED", "600"))
Verify = Callable[..., int]


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    """The exit code for an export; with what was kept outside, or without."""
    log, anchor = tmp_path / "log.jsonl", tmp_path / "anchor.txt"
    anchor.write_text(SIGNED[1])

    def of(lines: Lines, *, anchored: bool = True) -> int:
        log.write_text("".join(json.dumps(line) + "\n" for line in lines))
        outside = ["--anchor", str(anchor)] if anchored else []
        return standalone.main(["export", str(log), "--key", str(KEY.public), *outside])

    return of


def test_the_log_that_nobody_touched_verifies(verify: Verify) -> None:
    assert verify(EXPORT) == 0


def test_a_log_whose_beginning_was_removed_in_due_form_verifies(verify: Verify) -> None:
    assert verify(truly_cut()) == 0


def test_no_tampering_is_unnoticed_by_who_kept_a_checkpoint_outside(
    verify: Verify, record_property: Callable[[str, object], None]
) -> None:
    tried: Counter[str] = Counter()
    for seed in range(TAMPERED):
        how, lines = tamper(seed)
        assert lines != EXPORT, (seed, how)
        assert verify(lines) != 0, (seed, how)
        tried[how] += 1
    record_property("tampered", f"{TAMPERED:,}, seeds from 0 on")
    record_property("kinds", len(tried))
    assert set(tried) == set(KINDS)


@pytest.mark.parametrize("how", WITHOUT_THE_KEY)
def test_without_the_key_it_shows_even_without_anything_from_outside(verify: Verify, how: str) -> None:
    assert verify(tamper(tuple(KINDS).index(how))[1], anchored=False) != 0


@pytest.mark.parametrize("how", WITH_THE_KEY)
def test_with_the_key_it_shows_by_what_was_kept_outside_alone(verify: Verify, how: str) -> None:
    assert verify(tamper(tuple(KINDS).index(how))[1], anchored=False) == 0
