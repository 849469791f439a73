"""The time-stamps that were kept, asked again: each must still stand for the log that is here."""

from dataclasses import replace
from datetime import timedelta

import pytest

from hubspot_retention.core.audit.anchor import Token
from hubspot_retention.evidence.stamped import StampReport, check_stamps
from hubspot_retention.evidence.timestamp import request_for
from tests.unit.core.audit.test_merkle import bodies_of, by_definition
from tests.unit.evidence.anchored import a_log
from tests.unit.evidence.authority import ENDS, an_authority

AUTHORITY = an_authority()


def a_token(size: int, *, of_another: bool = False) -> Token:
    note = a_log(size, of_another=of_another)[0]
    return Token(note=note, answer=AUTHORITY.answer(request_for(note).content), at=AUTHORITY.at)


def checked(*tokens: Token) -> StampReport:
    return check_stamps(tokens, lambda size: by_definition(bodies_of(30)[:size]), [AUTHORITY.root])


def test_time_stamps_of_a_log_that_only_grew_are_good() -> None:
    report = checked(a_token(3), a_token(23))
    assert [each.size for each in report.good] == [3, 23]
    assert report.findings == ()


@pytest.mark.parametrize("token", [a_token(31), a_token(7, of_another=True)], ids=["a longer log", "another log"])
def test_a_time_stamp_of_what_is_no_longer_there_is_a_finding(token: Token) -> None:
    report = checked(a_token(3), token)
    assert [each.size for each in report.good] == [3]
    (finding,) = report.findings
    assert "is of another log" in finding


def test_a_token_that_does_not_fit_its_checkpoint_is_a_finding() -> None:
    (finding,) = checked(replace(a_token(3), note=a_log(4)[0])).findings
    assert finding.startswith("the time-stamp that was kept at 2026-11-25T03:00:00+00:00, of 4 entries: it does not")


def test_what_is_no_checkpoint_is_a_finding() -> None:
    (finding,) = checked(replace(a_token(3), note="nothing")).findings
    assert finding.endswith("is of no checkpoint")


def test_a_certificate_that_has_ended_since_is_counted() -> None:
    report = checked(a_token(3), a_token(23))
    assert report.ended(ENDS - timedelta(seconds=1)) == 0
    assert report.ended(ENDS) == 2
