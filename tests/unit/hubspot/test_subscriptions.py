from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import respx

from hubspot_retention.core.consent import ALL_MAIL, Consent, ConsentState
from hubspot_retention.core.facts.observation import OptOut, OptOutSource
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.portal import Address
from hubspot_retention.errors import PortalContractError, PortalDeniedError, PortalTemporaryError
from hubspot_retention.hubspot.subscriptions import Subscriptions
from hubspot_retention.hubspot.translate import ListedAddress
from hubspot_retention.sandbox.options import SandboxOptions, Tier
from hubspot_retention.sandbox.scopes import ALL_SCOPES
from tests.unit.hubspot.surroundings import (
    BASE,
    Surroundings,
    a_contact,
    a_document,
    a_portal,
    a_transport,
    the_policy,
)

STATUSES = f"{BASE}/communication-preferences/2026-03/statuses"
ANNA = Address("anna@example.dk")
FIRST, SECOND = "2026-10-01T10:00:00Z", "2026-11-01T10:00:00Z"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def status(state: str, timestamp: str | None = FIRST, subscription: int = 501, source: str = "Self Service") -> Any:
    return {"status": state, "timestamp": timestamp, "subscriptionId": subscription, "source": source}


def wide(state: str = "UNSUBSCRIBED", timestamp: str = FIRST, kind: str = "PORTAL_WIDE") -> Any:
    return {"status": state, "timestamp": timestamp, "wideStatusType": kind}


def opt_out(respx_mock: respx.MockRouter, own: list[Any], for_all: list[Any] | None = None) -> object:
    definitions = {"results": [{"id": "501", "name": "Nyhedsbrev"}, {"id": "502", "name": "Drift"}]}
    respx_mock.get(f"{BASE}/communication-preferences/2026-03/definitions").respond(200, json=definitions)
    respx_mock.post(f"{STATUSES}/batch/read").respond(403)
    respx_mock.get(f"{STATUSES}/anna%40example.dk/unsubscribe-all").respond(200, json={"results": for_all or []})
    respx_mock.get(f"{STATUSES}/anna%40example.dk").respond(200, json={"results": own})
    return Subscriptions(a_transport(), the_policy()).opt_outs([ANNA])[0]


def test_the_timestamp_of_the_newsletters_opt_out_counts(respx_mock: respx.MockRouter) -> None:
    assert opt_out(respx_mock, [status("UNSUBSCRIBED")]) == OptOut(at(FIRST), OptOutSource.PERSON)


def test_the_last_word_on_each_newsletter_is_a_consent_and_nothing_of_it_is_free_text(
    respx_mock: respx.MockRouter,
) -> None:
    free = status("UNSUBSCRIBED", None, source="typed by Anna") | {"legalBasis": "because Anna said so"}
    rows = [
        status("SUBSCRIBED") | {"legalBasis": "CONSENT_WITH_NOTICE"},
        free,
        status("NOT_SPECIFIED"),
        status("UNSUBSCRIBED", subscription=502),
    ]
    opt_out(respx_mock, rows, [wide()])
    given, withdrawn = ConsentState.GIVEN, ConsentState.WITHDRAWN
    assert Subscriptions(a_transport(), the_policy()).consents(ANNA) == (
        Consent(subscription="501", state=given, at=at(FIRST), source="Self Service", basis="CONSENT_WITH_NOTICE"),
        Consent(subscription="501", state=withdrawn, at=None),
        Consent(subscription=ALL_MAIL, state=withdrawn, at=at(FIRST)),
    )


def test_consents_that_are_refused_are_unknown(respx_mock: respx.MockRouter) -> None:
    opt_out(respx_mock, [])
    respx_mock.get(f"{STATUSES}/anna%40example.dk").respond(400, json={"category": "VALIDATION_ERROR"})
    assert Subscriptions(a_transport(), the_policy()).consents(ANNA) is UNKNOWN


def test_only_unsubscribed_counts_and_other_rows_carry_timestamps_as_well(respx_mock: respx.MockRouter) -> None:
    rows = [status("NOT_SPECIFIED"), status("UNSUBSCRIBED", subscription=502), status("SUBSCRIBED", subscription=502)]
    assert opt_out(respx_mock, rows, [wide(kind="BUSINESS_UNIT_WIDE")]) is None


LATER = "2026-10-15T10:00:00Z"


@pytest.mark.parametrize(
    ("own", "for_all"),
    [
        ([status("SUBSCRIBED")], []),
        ([], [wide("SUBSCRIBED")]),
        ([status("SUBSCRIBED", None)], []),
        ([status("SUBSCRIBED", LATER)], [wide()]),
        ([status("SUBSCRIBED", LATER), status("UNSUBSCRIBED")], [wide()]),
        ([status("UNSUBSCRIBED")], [wide("SUBSCRIBED", LATER)]),
        ([status("SUBSCRIBED", None)], [wide()]),
        ([status("SUBSCRIBED"), status("UNSUBSCRIBED", None)], []),
    ],
)
def test_whoever_may_have_subscribed_again_is_not_known_to_be_out_whatever_the_properties_say(
    respx_mock: respx.MockRouter, own: list[Any], for_all: list[Any]
) -> None:
    assert opt_out(respx_mock, own, for_all) is UNKNOWN


def test_an_opt_out_that_no_subscription_may_have_lifted_stands_beside_one_that_was(
    respx_mock: respx.MockRouter,
) -> None:
    rows = [status("UNSUBSCRIBED", FIRST), status("SUBSCRIBED", LATER), status("UNSUBSCRIBED", SECOND)]
    assert opt_out(respx_mock, rows) == OptOut(at(SECOND), OptOutSource.PERSON)


def test_the_earliest_of_own_and_portal_wide_counts(respx_mock: respx.MockRouter) -> None:
    found = opt_out(respx_mock, [status("UNSUBSCRIBED", SECOND)], [wide(timestamp=FIRST)])
    assert found == OptOut(at(FIRST), OptOutSource.UNKNOWN)


def test_an_opt_out_without_an_instant_is_one_all_the_same(respx_mock: respx.MockRouter) -> None:
    assert opt_out(respx_mock, [status("UNSUBSCRIBED", None)]) == OptOut(None, OptOutSource.PERSON)


def test_an_instant_that_cannot_be_read_is_unknown(respx_mock: respx.MockRouter) -> None:
    assert opt_out(respx_mock, [status("UNSUBSCRIBED", "soon")], [wide()]) is UNKNOWN


@pytest.mark.parametrize(
    ("source", "group"),
    [
        ("Public status API", OptOutSource.INTEGRATION),
        ("self service", OptOutSource.PERSON),
        ("", OptOutSource.UNKNOWN),
    ],
)
def test_the_source_is_grouped_by_the_policy(respx_mock: respx.MockRouter, source: str, group: OptOutSource) -> None:
    assert opt_out(respx_mock, [status("UNSUBSCRIBED", source=source)]) == OptOut(at(FIRST), group)


def people(count: int) -> dict[str, Any]:
    row = {"subscriptionId": 501, "status": "UNSUBSCRIBED", "timestamp": FIRST, "source": "Self Service"}
    return a_document(contacts=[{**a_contact(each), "subscriptions": [row]} for each in range(1, count + 1)])


def addresses(count: int) -> list[Address]:
    return [Address(f"p{each}@example.dk") for each in range(1, count + 1)]


EXPECTED = OptOut(datetime(2026, 10, 1, 10, tzinfo=UTC), OptOutSource.PERSON)


def test_with_the_enterprise_scope_a_hundred_addresses_go_into_a_request() -> None:
    with a_portal(people(120), SandboxOptions(tier=Tier.ENTERPRISE)) as surroundings:
        assert surroundings.portal.opt_outs(addresses(120)) == [EXPECTED] * 120
        assert surroundings.requests("/statuses/batch/read") == 2
        assert len(surroundings.sandbox.journal.entries()) == 5


def test_without_it_each_address_is_asked_for_and_the_batch_is_not_tried_again() -> None:
    with a_portal(people(5)) as surroundings:
        assert surroundings.portal.opt_outs(addresses(5)) == [EXPECTED] * 5
        surroundings.portal.opt_outs(addresses(2))
        assert surroundings.requests("/statuses/batch/read") == 1


def test_who_is_not_off_all_mail_costs_one_request() -> None:
    with a_portal(people(3)) as surroundings:
        surroundings.portal.opt_outs([ListedAddress(each.text, False) for each in addresses(3)])
        assert surroundings.requests("/unsubscribe-all") == 0


WIDE = {"wide": "PORTAL_WIDE", "status": "UNSUBSCRIBED", "timestamp": FIRST, "source": "Self Service"}
UNDATED = {"subscriptionId": 501, "status": "UNSUBSCRIBED", "source": "Self Service"}


@pytest.mark.parametrize("own", [[], [UNDATED]], ids=["no state of its own", "no instant of its own"])
@pytest.mark.parametrize("tier", [Tier.ENTERPRISE, Tier.PROFESSIONAL])
def test_where_its_own_states_do_not_tell_since_when_the_portal_wide_one_is_asked(own: list[Any], tier: Tier) -> None:
    document = a_document(contacts=[{**a_contact(1), "subscriptions": [*own, WIDE]}])
    with a_portal(document, SandboxOptions(tier=tier)) as surroundings:
        found = surroundings.portal.opt_outs([ListedAddress("p1@example.dk", False)])
    assert found == [OptOut(at(FIRST), OptOutSource.UNKNOWN)]


def test_the_answers_stand_in_the_order_of_the_addresses() -> None:
    with a_portal(people(2), SandboxOptions(tier=Tier.ENTERPRISE)) as surroundings:
        asked = [
            Address("p2@example.dk"),
            Address("P2@Example.dk "),
            Address("nobody@example.dk"),
            Address("p1@example.dk"),
        ]
        assert surroundings.portal.opt_outs(asked) == [EXPECTED, EXPECTED, None, EXPECTED]


def test_an_address_that_a_batch_left_out_is_asked_for_alone() -> None:
    with a_portal(people(4), SandboxOptions(tier=Tier.ENTERPRISE)) as surroundings:
        surroundings.sandbox.gateway.faults.add({"kind": "partial_207", "path": "statuses/batch/read"})
        assert surroundings.portal.opt_outs(addresses(4)) == [EXPECTED] * 4


def test_an_address_that_hubspot_refuses_is_unknown() -> None:
    with a_portal(people(1)) as surroundings:
        fault = {"kind": "error_before", "path": "statuses/p1", "status": 400}
        surroundings.sandbox.gateway.faults.add(fault)
        assert surroundings.portal.opt_outs(addresses(1)) == [UNKNOWN]


def fails_for(surroundings: Surroundings, *paths: str, kind: str = "error_before") -> None:
    for path in paths:
        fault = {"kind": kind, "path": path, "status": 500, "count": None}
        surroundings.sandbox.gateway.faults.add(fault)


def test_an_address_that_hubspot_fails_to_answer_for_is_unknown_and_the_others_are_told() -> None:
    with a_portal(people(3)) as surroundings:
        fails_for(surroundings, "statuses/p2")
        assert surroundings.portal.opt_outs(addresses(3)) == [EXPECTED, UNKNOWN, EXPECTED]


def test_an_address_that_a_batch_fails_over_is_unknown_and_the_others_are_told() -> None:
    with a_portal(people(3), SandboxOptions(tier=Tier.ENTERPRISE)) as surroundings:
        fails_for(surroundings, "statuses/batch/read", "statuses/p2")
        assert surroundings.portal.opt_outs(addresses(3)) == [EXPECTED, UNKNOWN, EXPECTED]


@pytest.mark.parametrize("tier", [Tier.ENTERPRISE, Tier.PROFESSIONAL])
def test_an_outage_is_no_answer_and_is_not_asked_of_address_after_address(tier: Tier) -> None:
    with a_portal(people(40), SandboxOptions(tier=tier)) as surroundings:
        fails_for(surroundings, "/statuses/")
        with pytest.raises(PortalTemporaryError):
            surroundings.portal.opt_outs(addresses(40))
        assert len({entry.path for entry in surroundings.sandbox.journal.entries()}) < 20


def test_four_addresses_that_hubspot_fails_to_answer_for_are_an_outage() -> None:
    with a_portal(people(9)) as surroundings:
        fails_for(surroundings, "statuses/p2", "statuses/p4", "statuses/p6")
        told = [UNKNOWN if each in (2, 4, 6) else EXPECTED for each in range(1, 10)]
        assert surroundings.portal.opt_outs(addresses(9)) == told
        fails_for(surroundings, "statuses/p8")
        with pytest.raises(PortalTemporaryError):
            surroundings.portal.opt_outs(addresses(9))


def test_no_answer_at_all_is_no_answer_for_any_address() -> None:
    with a_portal(people(3)) as surroundings:
        fails_for(surroundings, "statuses/p2", kind="connection_cut")
        with pytest.raises(PortalTemporaryError):
            surroundings.portal.opt_outs(addresses(3))


def test_consents_that_hubspot_fails_to_tell_are_waited_for() -> None:
    with a_portal(people(1)) as surroundings:
        fails_for(surroundings, "statuses/p1")
        with pytest.raises(PortalTemporaryError):
            surroundings.portal.consents(Address("p1@example.dk"))


def test_without_the_scope_to_read_them_nothing_is_guessed() -> None:
    scopes = frozenset(scope for scope in ALL_SCOPES if not scope.startswith("communication_preferences"))
    with a_portal(people(1), SandboxOptions(scopes=scopes)) as surroundings, pytest.raises(PortalDeniedError):
        surroundings.portal.opt_outs(addresses(1))


def test_newsletters_that_the_portal_lacks_are_named_all_at_once() -> None:
    policy = replace(the_policy(), newsletters=("Nyhedsbrev", "Seminarer", "Julekort"))
    with a_portal(people(1)) as surroundings:
        subscriptions = Subscriptions(surroundings.transport, policy)
        with pytest.raises(PortalContractError, match="'Seminarer', 'Julekort'"):
            subscriptions.newsletter_ids()


@pytest.mark.parametrize(("tier", "allowed"), [(Tier.ENTERPRISE, True), (Tier.PROFESSIONAL, False)])
def test_whether_batches_are_allowed_can_be_asked(tier: Tier, allowed: bool) -> None:
    with a_portal(people(1), SandboxOptions(tier=tier)) as surroundings:
        subscriptions = Subscriptions(surroundings.transport, the_policy())
        assert subscriptions.learn_whether_batches_are_allowed() is allowed


def test_an_opt_out_counts_from_after_the_last_subscription(respx_mock: respx.MockRouter) -> None:
    found = opt_out(respx_mock, [status("SUBSCRIBED", "2026-10-15T10:00:00Z")], [wide(timestamp=SECOND)])
    assert found == OptOut(at(SECOND), OptOutSource.UNKNOWN)
