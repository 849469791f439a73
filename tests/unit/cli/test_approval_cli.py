"""`approval standing`: what a person lets a rule do by itself, and what the command answers."""

from datetime import timedelta
from pathlib import Path

import pytest

from hubspot_retention.bootstrap import application
from hubspot_retention.core.deadline.approval import StandingApproval
from hubspot_retention.core.policy.parse import parse_policy
from tests.documents import CLIENTI, clienti
from tests.faults.people import a_portal
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import House, Ran, wide_lines


@pytest.fixture
def house(house_of: MakeHouse) -> House:
    """An empty portal under an approved policy."""
    made = house_of(a_portal())
    assert made("policy", "approve", "--digest", clienti().digest).code == 0
    return made


def grant(house: House, rule: str = "unsubscribed", most: str = "50", until: str = "2027-06-30") -> Ran:
    """Give one."""
    return house(
        "approval", "standing", "grant", "--rule", rule, "--max-per-day", most, "--until", until, "--who", "bent"
    )


def test_it_is_given_and_told_with_its_end(house: House) -> None:
    ran = grant(house)
    assert (ran.code, ran.out) == (
        0,
        "standing approval 1: rule unsubscribed acts by itself, at most 50 a day, until 2027-06-30 00:00\n",
    )


def test_it_is_listed_with_what_is_left_of_the_day(house: House) -> None:
    grant(house)
    text = house("approval", "standing", "list").out
    assert "unsubscribed" in text
    assert "in force" in text
    assert wide_lines(text) == []
    (row,) = house("approval", "standing", "list", "--json").json
    assert row.items() >= {"approval": 1, "in_force": True, "max_per_day": 50, "left_today": 50}.items()
    assert (row["granted_by"], row["until"]) == ("bent", "2027-06-30T00:00:00+02:00")


def test_without_any_the_list_says_so(house: House) -> None:
    assert house("approval", "standing", "list").out == "There is no standing approval.\n"


def test_it_is_taken_back_and_listed_only_on_demand(house: House) -> None:
    grant(house)
    ran = house("approval", "standing", "revoke", "1", "--who", "carl")
    assert (ran.code, ran.out) == (0, "standing approval 1 for rule unsubscribed is revoked\n")
    assert house("approval", "standing", "list", "--json").json == []
    (row,) = house("approval", "standing", "list", "--all", "--json").json
    assert (row["in_force"], row["revoked_by"]) == (False, "carl")
    assert "revoked by carl" in house("approval", "standing", "list", "--all").out


def test_one_that_cannot_be_given_is_refused_in_words(house: House) -> None:
    ran = grant(house, rule="inactive-contact")
    assert ran.code == 4
    assert ran.err.startswith("no standing approval for rule inactive-contact: the policy wants each of its disposals")
    assert grant(house, until="tomorrow").code == 2
    assert grant(house, until="2030-01-01").code == 4


def test_for_a_rule_that_does_not_exist_everything_is_told_at_once(house: House) -> None:
    ran = grant(house, rule="unsubscribd", most="0", until="tomorrow")
    assert ran.code == 2
    assert [line.split(":")[0] for line in ran.err.splitlines()] == [
        "no standing approval for rule unsubscribd",
        "no standing approval for 0 a day",
        "--until",
    ]
    assert grant(house, rule="unsubscribd").code == 2
    assert house("approval", "standing", "list", "--json").json == []


def test_one_that_is_not_there_cannot_be_taken_back(house: House) -> None:
    ran = house("approval", "standing", "revoke", "7")
    assert ran.code == 2
    assert "no standing approval 7" in ran.err


def test_one_under_a_policy_that_has_grown_wider_is_shown_as_such(house: House) -> None:
    grant(house)
    app = application()
    with app.store() as store, store.transaction() as tx:
        narrower = app.policy()[1].replace('after = "P24M"', 'after = "P36M"')
        tx.approve_policy("0" * 64, narrower, app.clock.now(), "bent")
    listed = house("approval", "standing", "list").out
    assert "not in force" in listed
    why = "the policy is wider than the one approved last (rule former-customer disposes after P24M, before it was P3Y)"
    assert f"1: {why}; see `policy approve`" in " ".join(listed.split())
    assert wide_lines(listed) == []
    (row,) = house("approval", "standing", "list", "--json").json
    assert (row["in_force"], row["why_not"]) == (False, f"{why}; see `policy approve`")


def shorter(tmp_path: Path) -> str:
    """The policy, but that former customers go sooner; its path."""
    path = tmp_path / "shorter.toml"
    path.write_text(CLIENTI.read_text().replace('after = "P24M"', 'after = "P6M"'))
    return str(path)


def test_approving_a_policy_names_the_standing_approvals_that_end_by_it(house: House, tmp_path: Path) -> None:
    grant(house, rule="former-customer")
    grant(house)
    path = shorter(tmp_path)
    wider = "rule former-customer disposes after P6M, before it was P24M"
    ends = (
        "Standing approval 1 for rule former-customer, given by bent, ends: "
        f"the policy is wider than the one that it was given under ({wider}).\n"
    )
    digest = parse_policy(Path(path).read_text()).digest
    refused = house("policy", "approve", "--policy", path)
    assert (refused.code, ends in refused.err, "approval 2" in refused.err) == (2, True, False)
    assert len(house("approval", "standing", "list", "--json").json) == 2
    ran = house("policy", "approve", "--policy", path, "--digest", digest, "--who", "carl")
    assert (ran.code, ends in ran.err) == (0, True)
    rows = house("approval", "standing", "list", "--all", "--json", "--policy", path).json
    assert [(row["in_force"], row["revoked_by"]) for row in rows] == [(False, "carl"), (True, None)]


def test_one_that_is_over_is_shown_as_such(house: House) -> None:
    app = application()
    now = app.clock.now()
    old = StandingApproval(
        approval_id=0,
        rule="unsubscribed",
        max_per_day=1,
        until_at=now - timedelta(days=1),
        granted_by="bent",
        granted_at=now - timedelta(days=9),
        policy_digest="abc",
    )
    with app.store() as store, store.transaction() as tx:
        tx.grant_standing(old)
    listed = house("approval", "standing", "list").out
    assert " over" in listed
    assert "1: " not in listed
