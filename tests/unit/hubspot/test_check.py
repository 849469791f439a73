from dataclasses import replace

import pytest

from hubspot_retention.core.record import PortalId
from hubspot_retention.errors import PortalDeniedError
from hubspot_retention.hubspot.check import PortalCheck, Verdict, check_portal, tier_guess
from hubspot_retention.hubspot.pacing import ToldLimits
from hubspot_retention.hubspot.scopes import needed_scopes
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.scopes import ALL_SCOPES
from tests.unit.hubspot.surroundings import a_contact, a_document, a_portal, a_record, a_transport, the_policy

HERE = PortalId(25412345)
WON = {"hs_is_closed": "true", "hs_is_closed_won": "true"}


def check(options: SandboxOptions | None = None, expected: PortalId | None = HERE, **parts: object) -> PortalCheck:
    with a_portal(a_document(**parts), options) as surroundings:
        return check_portal(surroundings.transport, the_policy(), expected)


def verdicts(found: PortalCheck) -> dict[str, Verdict]:
    return {line.topic: line.verdict for line in found.lines}


def texts(found: PortalCheck) -> str:
    return "\n".join(line.text for line in found.lines)


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox tells the time of this machine, the transport that of the test."""
    monkeypatch.setattr("hubspot_retention.hubspot.transport._skew", lambda *_: 1.0)


def test_a_portal_on_which_everything_stands_is_fine() -> None:
    found = check()
    assert found.is_fine
    assert verdicts(found) == dict.fromkeys(
        ("portal", "account", "time zone", "clock", "subscription types", "tier"), Verdict.FINE
    )
    assert all(scope.granted for scope in found.scopes)
    assert len(found.dispositions) == 5


def test_the_wrong_portal_is_a_problem() -> None:
    found = check(expected=PortalId(1))
    assert not found.is_fine
    assert "reads portal 25412345, the service settings expect 1" in texts(found)


def test_a_portal_that_nothing_is_compared_with_is_a_notice() -> None:
    found = check(expected=None)
    assert found.is_fine
    assert verdicts(found)["portal"] is Verdict.NOTICE


def test_another_time_zone_and_a_test_account_are_notices() -> None:
    account = {"id": 25412345, "timeZone": "US/Eastern", "accountType": "DEVELOPER_TEST", "tier": "free"}
    found = check(portal=account)
    assert found.is_fine
    assert (verdicts(found)["time zone"], verdicts(found)["account"]) == (Verdict.NOTICE, Verdict.NOTICE)


def test_clocks_that_are_five_minutes_apart_are_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubspot_retention.hubspot.transport._skew", lambda *_: -301.0)
    found = check()
    assert not found.is_fine
    assert verdicts(found)["clock"] is Verdict.PROBLEM


def test_missing_properties_are_listed_with_what_was_expected() -> None:
    found = check(SandboxOptions(with_setup=False))
    assert not found.is_fine
    missing = [each.needed.name for each in found.properties if not each.is_fine]
    assert len(missing) == 15
    assert "outstanding_balance" in missing
    assert found.fill == ()


def test_a_missing_newsletter_is_a_problem() -> None:
    found = check(subscriptionTypes=[{"id": 1, "name": "Andet"}])
    assert not found.is_fine
    assert "no subscription type 'Nyhedsbrev'; the portal has andet" in texts(found)


def test_a_missing_scope_is_named_with_what_it_is_for() -> None:
    found = check(SandboxOptions(scopes=frozenset(ALL_SCOPES - {"crm.objects.tickets.read"})))
    assert not found.is_fine
    missing = [scope for scope in found.scopes if scope.granted is False]
    assert [scope.scope for scope in missing] == ["tickets or crm.objects.tickets.read"]


def test_a_token_that_may_only_read_is_enough_for_a_plan() -> None:
    found = check(SandboxOptions(scopes=frozenset(s for s in ALL_SCOPES if s.endswith((".read", "oauth")))))
    assert found.is_fine
    assert [scope.for_writing for scope in found.scopes if scope.granted is False] == [True, True, True]


def test_where_hubspot_does_not_tell_the_scopes_reads_show_them() -> None:
    options = SandboxOptions(scopes=frozenset(ALL_SCOPES - {"crm.objects.deals.read"}))
    with a_portal(a_document(), options) as surroundings:
        fault = {"kind": "error_before", "path": "access-token-info", "status": 404, "count": 9}
        surroundings.sandbox.gateway.faults.add(fault)
        found = check_portal(surroundings.transport, the_policy(), HERE)
    granted = {scope.scope: scope.granted for scope in found.scopes}
    assert granted["crm.objects.deals.read"] is False
    assert granted["crm.objects.contacts.read"] is True
    assert granted["crm.objects.contacts.write"] is None


def test_a_fact_that_nobody_records_is_said_to_protect_nobody() -> None:
    deals = [a_record(each, **WON) for each in range(1, 5)] + [a_record(9)]
    found = check(deals=deals, contacts=[a_contact(1, legal_hold="true"), a_contact(2, legal_hold="false")])
    sentences = [each.sentence for each in found.fill]
    assert (
        "0 of 4 won deals have an outstanding balance (outstanding_balance): no outstanding balance is seen"
        in sentences
    )
    assert "1 of 2 contacts have a legal hold (legal_hold)" in sentences


def test_attachments_are_told_as_the_policy_has_them() -> None:
    with a_portal(a_document()) as surroundings:
        policy = replace(the_policy(), attachments=type(the_policy().attachments)("erase"))
        found = check_portal(surroundings.transport, policy, HERE)
    assert found.dispositions[-1].endswith("are erased by their own endpoint, gone within 7 days")
    granted = {scope.scope: scope.granted for scope in found.scopes}
    assert [granted[each] for each in ("files", "files.ui_hidden.read", "files.ui_hidden.write")] == [True, True, True]


@pytest.mark.parametrize(
    ("lists", "needed"),
    [
        ((), []),
        (("12", "34"), ["crm.lists.write"]),
        (("12", "Julekort 2025"), ["crm.lists.write", "crm.lists.read"]),
    ],
)
def test_a_list_that_is_named_by_words_takes_a_scope_to_be_found(lists: tuple[str, ...], needed: list[str]) -> None:
    scopes = needed_scopes(replace(the_policy(), marketing_lists=lists))
    assert [each.any_of[0] for each in scopes if "lists" in each.any_of[0]] == needed
    assert all(each.for_writing for each in scopes if "lists" in each.any_of[0])


def test_messages_that_are_not_read_are_to_be_looked_at_by_hand() -> None:
    told = [line for line in check().by_hand if "are not read" in line]
    assert len(told) == 1
    assert all(kind in told[0] for kind in ("SMS", "WhatsApp", "LinkedIn", "letters by post"))


def test_a_token_that_is_refused_ends_the_check() -> None:
    with (
        a_portal(a_document()) as surroundings,
        a_transport(base_url=surroundings.sandbox.url, token="no-such-token") as stranger,
        pytest.raises(PortalDeniedError),
    ):
        check_portal(stranger, the_policy(), HERE)


@pytest.mark.parametrize(
    ("burst", "daily", "name"),
    [
        (100, 250_000, "Free or Starter"),
        (190, 625_000, "Professional"),
        (190, 1_000_000, "Enterprise"),
        (110, None, "an OAuth app"),
        (None, None, "tells no rate limit"),
    ],
)
def test_the_tier_is_guessed_from_the_rate_headers(burst: int | None, daily: int | None, name: str) -> None:
    assert name in tier_guess(ToldLimits(burst=burst, daily=daily, daily_remaining=daily), None)
