"""Each of HubSpot's faults has words of its own: what a person reads says which it was, and nobody went who should not.

The fault begins once the plans are approved and lasts; afterwards it is over, and what is due goes.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pytest

from hubspot_retention.core.plan.model import Plan, PlanStatus
from hubspot_retention.errors import RetentionError
from hubspot_retention.sandbox.limits import too_many
from hubspot_retention.sandbox.scopes import ALL_SCOPES
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_customer, a_portal, asks_to_go, inactive
from tests.faults.world import World

ERASE, READ = "gdpr-delete", "contacts/batch/read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A fault, the words that tell of it (a message, or the code of a record), and who goes all the same."""

    begin: Callable[[World], object]
    words: str
    goes: frozenset[str] = frozenset()


def a_fault(kind: str, path: str, **more: object) -> Callable[[World], object]:
    """A fault that lasts."""
    return lambda world: world.fault(kind, path=path, count=None, **more)


def merged_away(world: World) -> None:
    """Both turn out to be a customer, in each way that HubSpot merges."""
    world.act("merge", record="contacts/101", into="contacts/104")
    world.act("merge", record="contacts/102", into="contacts/104", newId=True)


def without_scope(world: World) -> None:
    """Somebody takes a scope from the token."""
    served = world.sandbox.gateway
    served.options = replace(served.options, scopes=ALL_SCOPES - {"crm.objects.contacts.read"})


def another_account(world: World) -> None:
    """The token is exchanged for another portal's."""
    portal = world.sandbox.portal
    portal.account = replace(portal.account, id=999)


BOTH = frozenset({"contacts/101", "contacts/102"})
CASES: Mapping[str, Case] = {
    "too many requests": Case(begin=a_fault("429", READ), words="HubSpot answered 429"),
    "record locked": Case(begin=a_fault("423", ERASE), words="http-423"),
    "account being moved": Case(begin=a_fault("477", READ), words="moved to another data centre"),
    "server error, reading": Case(begin=a_fault("error_before", READ, status=503), words="HubSpot answered 503"),
    "server error, erasing": Case(begin=a_fault("error_before", ERASE, status=500), words="read-back-still-there"),
    "answer lost, after the effect": Case(
        begin=a_fault("connection_cut_after_effect", ERASE), words="read-back-absent", goes=BOTH
    ),
    "no answer to a read": Case(begin=a_fault("connection_cut", READ), words="no answer from HubSpot"),
    "refused for good": Case(begin=a_fault("error_before", ERASE, status=400), words="http-400"),
    "merged away": Case(begin=merged_away, words="merged-into-another"),
    "scope revoked": Case(begin=without_scope, words="lacks the scope crm.objects.contacts.read"),
    "token revoked": Case(begin=a_fault("error_before", "", status=401), words="the token is not valid"),
    "another portal": Case(begin=another_account, words="reads portal 999 now"),
}


def told(world: World, plan: Plan) -> str:
    """What a person reads after the application of a plan: the message, the codes of its records."""
    try:
        world.apply(plan)
        message = ""
    except RetentionError as error:
        message = str(error)
    codes = sorted({item.state_code for item in world.items(plan) if item.state_code})
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "…", " ".join((message, *codes)))


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_told_in_words_of_its_own_and_nobody_goes_who_should_not(world_of: MakeWorld, name: str) -> None:
    case = CASES[name]
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102), a_customer(104)]))
    plan = world.rights()
    case.begin(world)
    said = told(world, plan)
    assert [other for other, each in CASES.items() if each.words in said] == [name], said
    assert {effect.split()[1] for effect in world.effects()} == case.goes
    assert "contacts/104" not in case.goes


def test_a_daily_quota_that_is_used_up_is_told_otherwise_than_too_many_at_once(
    world_of: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    plan = world.rights()
    monkeypatch.setattr("hubspot_retention.sandbox.gateway.too_many", lambda _: too_many("DAILY"))
    world.fault("429", path=READ)
    assert "daily request quota is used up" in told(world, plan)
    assert world.effects() == []


def test_a_hold_property_that_was_renamed_holds_everybody_and_is_named(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), inactive(102)]))
    plan = world.rights()
    world.sandbox.portal.definitions.archive("contacts", "legal_hold", "2026-01-01T00:00:00Z")
    assert "held-now" in told(world, plan)
    assert world.effects() == []
    with pytest.raises(RetentionError, match="legal_hold"):
        world.portal.require_properties()


@pytest.mark.parametrize("kind", ["partial_207", "silent_partial"])
def test_an_answer_that_is_not_whole_is_asked_for_again_one_by_one(world_of: MakeWorld, kind: str) -> None:
    world = world_of(a_portal(contacts=[inactive(101), inactive(102), a_customer(104)]))
    plan = world.time_rules()
    world.fault(kind, path="batch/archive" if kind == "silent_partial" else READ, count=2)
    assert told(world, plan).split() == ["read-back-absent"] or world.plan(plan).status is PlanStatus.PARTLY_APPLIED
    assert {effect.split()[1] for effect in world.effects()} <= BOTH
    for item in world.items(plan):
        assert (item.state.value == "done") is not world.is_in_view(str(item.record))
