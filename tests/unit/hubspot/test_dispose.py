from dataclasses import replace
from typing import Any

import pytest
import respx

from hubspot_retention.core.portal import Address, CallResult, Fate, Gone
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.errors import PortalDeniedError
from hubspot_retention.hubspot.portal import HubSpotPortal
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.scopes import ALL_SCOPES
from tests.unit.hubspot.surroundings import (
    BASE,
    Surroundings,
    a_contact,
    a_document,
    a_portal,
    a_record,
    a_transport,
    the_policy,
)

NOTE = RecordRef(ObjectType.NOTE, RecordId(40))
ANNA = RecordRef(ObjectType.CONTACT, RecordId(1))
BENT = RecordRef(ObjectType.CONTACT, RecordId(2))


def the_document(**parts: Any) -> dict[str, Any]:
    return a_document(
        contacts=[a_contact(1), a_contact(2)],
        deals=[a_record(20)],
        notes=[a_record(40, hs_timestamp="2024-05-01T10:00:00Z")],
        files=[{"id": "7"}],
        associations=[{"from": "notes/40", "to": "contacts/1"}],
        **parts,
    )


def effects(surroundings: Surroundings) -> list[str]:
    return [effect for entry in surroundings.sandbox.journal.entries() for effect in entry.effects]


def test_an_erase_goes_by_id_and_by_nothing_else(respx_mock: respx.MockRouter) -> None:
    sent = respx_mock.post(f"{BASE}/crm/objects/2026-03/contacts/gdpr-delete").respond(204)
    result = HubSpotPortal(a_transport(), the_policy()).erase_contact(RecordId(101))
    assert result == CallResult(Fate.DONE, 204)
    assert sent.calls.last.request.content == b'{"objectId":"101"}'


def test_an_erased_contact_is_out_of_view() -> None:
    with a_portal(the_document()) as surroundings:
        assert surroundings.portal.erase_contact(ANNA.record_id).fate is Fate.DONE
        assert surroundings.portal.presence(ObjectType.CONTACT, [ANNA.record_id]) == {ANNA.record_id: Gone.ABSENT}
        assert effects(surroundings) == ["erased contacts/1"]


def test_an_erase_of_nobody_is_refused() -> None:
    with a_portal(the_document()) as surroundings:
        result = surroundings.portal.erase_contact(RecordId(999))
    assert result == CallResult(Fate.REFUSED, 404, "OBJECT_NOT_FOUND")


@pytest.mark.parametrize(
    ("kind", "effects_expected"),
    [("timeout_after_effect", 1), ("connection_cut", 0), ("connection_cut_after_effect", 1), ("error_before", 0)],
)
def test_a_lost_answer_is_unknown_and_the_call_was_made_at_most_once(kind: str, effects_expected: int) -> None:
    with a_portal(the_document()) as surroundings:
        surroundings.sandbox.gateway.faults.add({"kind": kind, "path": "gdpr-delete", "count": 9, "ms": 50})
        result = surroundings.portal.erase_contact(ANNA.record_id)
        surroundings.sandbox.gateway.faults.clear()
        assert result.fate is Fate.UNKNOWN
        assert len(effects(surroundings)) == effects_expected
        assert surroundings.requests("/gdpr-delete") == 1


def test_a_batch_archives_its_members_and_says_only_that_it_was_taken() -> None:
    with a_portal(the_document()) as surroundings:
        ids = [RecordId(1), RecordId(2), RecordId(999)]
        assert surroundings.portal.archive(ObjectType.CONTACT, ids) == CallResult(Fate.DONE, 204)
        assert effects(surroundings) == ["archived contacts/1", "archived contacts/2", "found no contacts/999"]


@pytest.mark.parametrize("count", [0, 101])
def test_a_batch_has_one_to_a_hundred_members(count: int) -> None:
    portal = HubSpotPortal(a_transport(), the_policy())
    with pytest.raises(ValueError, match="1 to 100"):
        portal.archive(ObjectType.CONTACT, [RecordId(each) for each in range(count)])


def test_an_engagement_is_moved_from_one_contact_to_another() -> None:
    with a_portal(the_document()) as surroundings:
        for _ in range(2):
            assert surroundings.portal.associate(NOTE, BENT).fate is Fate.DONE
            assert surroundings.portal.dissociate(NOTE, ANNA).fate is Fate.DONE
        found = surroundings.portal.correspondence(ObjectType.CONTACT, [ANNA.record_id, BENT.record_id])
    assert found[ANNA.record_id] == ()
    kept = found[BENT.record_id]
    assert isinstance(kept, tuple)
    assert kept[0].contacts == (BENT.record_id,)


def test_the_deals_end_is_stamped_under_the_policys_own_property() -> None:
    with a_portal(the_document()) as surroundings:
        assert surroundings.portal.stamp_deal_end(RecordId(20), "2024-10-31").fate is Fate.DONE
        deal = surroundings.portal.read_deals([RecordId(20)])[RecordId(20)]
    assert str(getattr(deal, "customer_until", None)) == "2024-10-31"


def test_marketing_ends_once_and_only_for_the_newsletters() -> None:
    with a_portal(the_document()) as surroundings:
        for _ in range(2):
            assert surroundings.portal.opt_out(Address("p1@example.dk")).fate is Fate.DONE
        assert effects(surroundings) == ["set subscription 501 to UNSUBSCRIBED"]


def test_who_is_off_all_mail_is_left_alone() -> None:
    wide = {"wide": "PORTAL_WIDE", "status": "UNSUBSCRIBED", "timestamp": "2026-01-01T10:00:00Z", "source": "x"}
    document = a_document(contacts=[{**a_contact(1), "subscriptions": [wide]}])
    with a_portal(document) as surroundings:
        assert surroundings.portal.opt_out(Address("p1@example.dk")) == CallResult(Fate.DONE)
        assert effects(surroundings) == []


def test_an_opt_out_whose_answer_was_lost_is_unknown() -> None:
    with a_portal(the_document()) as surroundings:
        fault = {"kind": "connection_cut_after_effect", "method": "POST", "path": "statuses/p1"}
        surroundings.sandbox.gateway.faults.add(fault)
        assert surroundings.portal.opt_out(Address("p1@example.dk")).fate is Fate.UNKNOWN


def test_a_contact_leaves_the_lists_that_the_policy_names(respx_mock: respx.MockRouter) -> None:
    policy = replace(the_policy(), marketing_lists=("12", "Julekort 2025"))
    lists = f"{BASE}/crm/lists/2026-03"
    named = respx_mock.get(f"{lists}/object-type-id/0-1/name/Julekort%202025")
    named.respond(200, json={"list": {"listId": "34", "name": "Julekort 2025"}})
    twelve = respx_mock.put(f"{lists}/12/memberships/remove").respond(200, json={})
    other = respx_mock.put(f"{lists}/34/memberships/remove").respond(400, json={"category": "VALIDATION_ERROR"})
    portal = HubSpotPortal(a_transport(), policy)
    assert portal.leave_lists(RecordId(1)) == CallResult(Fate.REFUSED, 400, "VALIDATION_ERROR")
    portal.leave_lists(RecordId(2))
    assert (named.call_count, twelve.call_count, other.call_count) == (1, 2, 2)
    assert twelve.calls.last.request.content == b'["2"]'


def test_without_lists_in_the_policy_nothing_is_asked() -> None:
    assert HubSpotPortal(a_transport(), the_policy()).leave_lists(RecordId(1)) == CallResult(Fate.DONE)


def test_a_file_is_erased_by_its_own_endpoint() -> None:
    with a_portal(the_document()) as surroundings:
        assert surroundings.portal.erase_file("7").fate is Fate.DONE
        assert effects(surroundings) == ["erased files/7"]


def test_a_file_that_is_gone_already_is_done_once_the_portal_was_read() -> None:
    with a_portal(the_document()) as surroundings:
        surroundings.portal.erase_file("7")
        assert surroundings.requests("/details") == 0
        assert surroundings.portal.erase_file("7") == CallResult(Fate.DONE, 404, "gone-already")
        assert surroundings.requests("/details") == 1


def test_a_file_that_is_denied_is_a_matter_of_that_file_once_the_portal_was_read() -> None:
    """A hidden file needs a scope of its own: it must not stop everybody else's disposal."""
    with a_portal(the_document(), SandboxOptions(scopes=frozenset(ALL_SCOPES - {"files"}))) as surroundings:
        assert surroundings.portal.erase_file("7") == CallResult(Fate.REFUSED, 403, "denied")
        assert (surroundings.requests("/details"), effects(surroundings)) == (1, [])


@pytest.mark.parametrize(("status", "category"), [(404, "OBJECT_NOT_FOUND"), (403, "MISSING_SCOPES"), (401, "")])
def test_a_file_is_neither_gone_nor_denied_if_the_token_reads_no_portal(
    respx_mock: respx.MockRouter, status: int, category: str
) -> None:
    erase = respx_mock.delete(f"{BASE}/files/2026-03/files/7/gdpr-delete")
    erase.respond(status, json={"category": category})
    respx_mock.get(f"{BASE}/account-info/2026-03/details").respond(401, json={})
    with pytest.raises(PortalDeniedError, match="token is not valid"):
        HubSpotPortal(a_transport(), the_policy()).erase_file("7")


@pytest.mark.parametrize("answer", [{"html": "<html>no route</html>"}, {"json": {"category": "MISSING_SCOPES"}}])
def test_a_404_of_another_kind_does_not_say_that_a_file_is_gone(
    respx_mock: respx.MockRouter, answer: dict[str, Any]
) -> None:
    respx_mock.delete(f"{BASE}/files/2026-03/files/7/gdpr-delete").respond(404, **answer)
    result = HubSpotPortal(a_transport(), the_policy()).erase_file("7")
    assert (result.fate, result.status) == (Fate.REFUSED, 404)


def test_a_token_without_the_scope_changes_nothing_and_says_so() -> None:
    scopes = frozenset(ALL_SCOPES - {"crm.objects.contacts.write"})
    with a_portal(the_document(), SandboxOptions(scopes=scopes)) as surroundings:
        with pytest.raises(PortalDeniedError, match=r"crm\.objects\.contacts\.write"):
            surroundings.portal.erase_contact(ANNA.record_id)
        assert effects(surroundings) == []
