"""What hangs on a contact or deal that goes: children first, and what anybody else needs stays (semantics 7)."""

from typing import Any

import pytest

from hubspot_retention.core.plan.model import Action, Block, Bundle, ItemState
from hubspot_retention.core.plan.recheck import Skip
from hubspot_retention.core.record import RecordRef
from hubspot_retention.errors import PortalPausedError
from tests.faults.conftest import MakeWorld
from tests.faults.people import (
    RECENT_END,
    a_company,
    a_contact,
    a_customer,
    a_deal,
    a_letter,
    a_portal,
    asks_to_go,
    days_ago,
    former_customer,
    inactive,
    lost_deal,
    won_deal,
)
from tests.faults.world import World, ids

ASKED = {"erasure_requested_at": f"{days_ago(3)}T09:00:00Z"}
KINDS = ("notes", "emails", "calls", "meetings", "tasks")


def an_enquirer(record_id: int) -> dict[str, Any]:
    """Somebody who wrote lately: kept."""
    return a_contact(record_id, createdate=f"{days_ago(30)}T09:00:00Z")


def a_world_with(world_of: MakeWorld, *links: tuple[str, str], verified: bool = True, **records: Any) -> World:
    """A portal with these associations, probed if `verified`."""
    world = world_of(a_portal(links=links, **records))
    if verified:
        world.verified()
    return world


@pytest.mark.parametrize("kind", KINDS)
def test_correspondence_of_the_contact_alone_goes_before_it(world_of: MakeWorld, kind: str) -> None:
    world = a_world_with(
        world_of, ("contacts/101", f"{kind}/41"), contacts=[asks_to_go(101)], **{kind: [a_letter(41)]}, verified=False
    )
    world.apply(world.rights())
    assert [call.kind for call in world.calls()] == ["archive", "erase"]
    in_bin = "41" in world.sandbox.portal.tables[kind].bin
    assert not world.is_in_view(f"{kind}/41")
    assert in_bin is (kind != "emails"), "an e-mail is gone at once, the others lie in the bin"


def test_a_company_is_nobody_else(world_of: MakeWorld) -> None:
    links = (("contacts/101", "notes/31"), ("companies/11", "notes/31"), ("contacts/101", "companies/11"))
    world = a_world_with(
        world_of, *links, contacts=[asks_to_go(101)], companies=[a_company(11)], notes=[a_letter(31)], verified=False
    )
    world.apply(world.rights())
    assert not world.is_in_view("notes/31")


@pytest.mark.parametrize(
    ("other", "records"),
    [
        ("contacts/102", {"contacts": [asks_to_go(101), a_customer(102)]}),
        ("tickets/51", {"contacts": [asks_to_go(101)], "tickets": [{"id": "51", "properties": {"subject": "S"}}]}),
        ("deals/23", {"contacts": [asks_to_go(101)], "deals": [a_deal(23)]}),
        ("deals/24", {"contacts": [asks_to_go(101)], "deals": [won_deal(24)]}),
    ],
)
def test_what_somebody_else_needs_stays_with_them_and_loses_only_the_contact(
    world_of: MakeWorld, other: str, records: dict[str, Any]
) -> None:
    links = (("contacts/101", "emails/41"), (other, "emails/41"))
    world = a_world_with(world_of, *links, emails=[a_letter(41)], **records)
    plan = world.rights()
    world.apply(plan)
    assert world.state(plan, "contacts/101")[0] is ItemState.DONE
    assert world.is_in_view("emails/41")
    assert world.hangs_on("emails/41", other.split("/", maxsplit=1)[0]) == {other}
    assert [(call.kind, call.ids[0]) for call in world.calls("detach", "erase")] == [("detach", "41"), ("erase", "101")]


@pytest.mark.parametrize(
    ("at", "home"), [("2024-09-01T10:00:00Z", "deals/25"), ("2010-01-01T10:00:00Z", "deals/24"), ("", "deals/24")]
)
def test_correspondence_of_a_customer_without_a_deal_of_its_own_finds_the_latest_deal_won_before_it_else_the_first(
    world_of: MakeWorld, at: str, home: str
) -> None:
    letter = a_letter(41, at) if at else {"id": "41", "properties": {}}
    world = a_world_with(
        world_of,
        ("contacts/101", "deals/24"),
        ("contacts/101", "deals/25"),
        ("contacts/101", "emails/41"),
        contacts=[former_customer(101, RECENT_END)],
        deals=[won_deal(24, "2022-03-01T09:00:00Z"), won_deal(25, "2023-03-01T09:00:00Z")],
        emails=[letter],
    )
    world.apply(world.time_rules())
    assert world.effects() == ["erased contacts/101"]
    assert world.hangs_on("emails/41", "deals") == {home}


def test_what_two_share_who_both_go_is_detached_from_the_first_and_goes_with_the_last(world_of: MakeWorld) -> None:
    links = tuple((f"contacts/{number}", "notes/31") for number in (101, 102, 103))
    contacts = [asks_to_go(101), asks_to_go(102), asks_to_go(103)]
    world = a_world_with(world_of, *links, contacts=contacts, notes=[a_letter(31)])
    world.apply(world.rights())
    assert [call.kind for call in world.calls()] == ["detach", "erase", "detach", "erase", "archive", "erase"]
    assert not world.is_in_view("notes/31")


def test_what_two_deals_share_that_both_go_goes_with_the_last(world_of: MakeWorld) -> None:
    links = (("deals/21", "notes/31"), ("deals/22", "notes/31"))
    world = a_world_with(world_of, *links, contacts=[], deals=[lost_deal(21), lost_deal(22)], notes=[a_letter(31)])
    world.apply(world.time_rules())
    assert [effect for effect in world.effects() if "notes" in effect] == ["archived notes/31"]
    assert {"archived deals/21", "archived deals/22"} <= set(world.effects())


def test_a_deal_takes_the_correspondence_that_only_it_still_holds_and_takes_it_first(world_of: MakeWorld) -> None:
    links = (("deals/21", "notes/31"), ("deals/21", "notes/32"), ("contacts/101", "notes/32"))
    notes = [a_letter(31), a_letter(32)]
    world = a_world_with(world_of, *links, contacts=[a_customer(101)], deals=[lost_deal(21)], notes=notes)
    world.apply(world.time_rules())
    assert world.effects() == ["archived notes/31", "archived deals/21"]
    assert world.is_in_view("notes/32")


def test_the_end_of_a_won_deal_is_stamped_before_its_contact_goes(world_of: MakeWorld) -> None:
    world = a_world_with(
        world_of, ("contacts/101", "deals/24"), contacts=[former_customer(101, RECENT_END)], deals=[won_deal(24)]
    )
    world.apply(world.time_rules())
    assert world.value("deals/24", "customer_until") == RECENT_END
    assert [call.kind for call in world.calls()] == ["update", "erase"]
    assert [entry.kind for entry in world.entries("contacts/101")][-2:] == ["deal.stamped", "disposal.done"]


def test_a_deal_that_has_an_end_of_its_own_keeps_it(world_of: MakeWorld) -> None:
    deal = won_deal(24, customer_until=RECENT_END)
    world = a_world_with(
        world_of, ("contacts/101", "deals/24"), contacts=[former_customer(101, RECENT_END)], deals=[deal]
    )
    world.apply(world.time_rules())
    assert not world.calls("update")


def test_a_deal_of_somebody_else_who_is_still_a_customer_is_not_stamped(world_of: MakeWorld) -> None:
    links = (("contacts/101", "deals/24"), ("contacts/102", "deals/24"))
    contacts = [former_customer(101, RECENT_END), a_customer(102)]
    world = a_world_with(world_of, *links, contacts=contacts, deals=[won_deal(24)])
    world.apply(world.time_rules())
    assert world.effects() == ["erased contacts/101"]
    assert world.value("deals/24", "customer_until") is None


def test_attachments_of_what_goes_are_reported(world_of: MakeWorld) -> None:
    files = [{"id": "901", "name": "a.pdf"}, {"id": "902", "name": "b.pdf"}]
    letter = a_letter(41, hs_attachment_ids="901;902")
    world = a_world_with(
        world_of, ("contacts/101", "emails/41"), contacts=[asks_to_go(101)], emails=[letter], files=files
    )
    plan = world.rights()
    assert world.item(plan, "contacts/101").bundle is not None
    assert world.items(plan)[0].bundle._asdict()["attachments"] == 2  # type: ignore[union-attr]
    world.apply(plan)
    reported = [dict(entry.facts)["about"] for entry in world.entries() if entry.kind == "attachment.reported"]
    assert reported == ["files/901", "files/902"]
    assert set(world.sandbox.portal.files) == {"901", "902"}


def test_a_file_on_two_letters_is_counted_once_and_reported_once_though_the_application_was_stopped(
    world_of: MakeWorld,
) -> None:
    letters = [a_letter(41, hs_attachment_ids="901;902"), a_letter(42, hs_attachment_ids="901")]
    links = (("contacts/101", "emails/41"), ("contacts/101", "emails/42"))
    files = [{"id": "901"}, {"id": "902"}]
    world = a_world_with(world_of, *links, contacts=[asks_to_go(101)], emails=letters, files=files)
    plan = world.rights()
    assert world.items(plan)[0].bundle._asdict()["attachments"] == 2  # type: ignore[union-attr]
    world.fault("477", path="emails/batch/archive", retry_after=86400)
    with pytest.raises(PortalPausedError):
        world.apply(plan)
    assert world.is_in_view("emails/41")
    world.apply(plan)
    assert world.state(plan, "contacts/101")[0] is ItemState.DONE
    reported = [dict(entry.facts)["about"] for entry in world.entries() if entry.kind == "attachment.reported"]
    assert reported == ["files/901", "files/902"]


def test_a_file_that_is_denied_stops_one_bundle_and_nobody_else(world_of: MakeWorld) -> None:
    """The letter that names it stays, and so does who it belongs to; the others go."""
    document = a_portal(
        links=(("contacts/101", "emails/41"),),
        contacts=[asks_to_go(101), asks_to_go(102)],
        emails=[a_letter(41, hs_attachment_ids="901")],
        files=[{"id": "901"}],
    )
    world = world_of(document, policy=lambda text: text.replace('attachments = "report"', 'attachments = "erase"'))
    world.fault("error_before", path="files/901", status=403, count=None)
    plan = world.rights()
    world.apply(plan)
    assert world.effects() == ["erased contacts/102"]
    assert world.state(plan, "contacts/101") == (ItemState.FAILED, "bundle-http-403")
    assert world.is_in_view("emails/41")


def test_attachments_are_erased_where_the_policy_says_so(world_of: MakeWorld) -> None:
    letter = a_letter(41, hs_attachment_ids="901")
    document = a_portal(
        contacts=[asks_to_go(101)],
        emails=[letter],
        files=[{"id": "901", "name": "a.pdf"}],
        links=(("contacts/101", "emails/41"),),
    )
    world = world_of(document, policy=lambda text: text.replace('attachments = "report"', 'attachments = "erase"'))
    world.apply(world.rights())
    assert world.sandbox.portal.files == {}
    assert [call.kind for call in world.calls()] == ["erase-file", "archive", "erase"]


def shared(world_of: MakeWorld, *, verified: bool) -> World:
    """Somebody whose letter also hangs on a won deal."""
    links = (("contacts/101", "emails/41"), ("deals/24", "emails/41"))
    records: dict[str, Any] = {"contacts": [asks_to_go(101), asks_to_go(102)], "deals": [won_deal(24)]}
    return a_world_with(world_of, *links, emails=[a_letter(41)], verified=verified, **records)


def test_until_the_portal_was_probed_a_contact_with_correspondence_to_keep_is_blocked_and_the_others_go(
    world_of: MakeWorld,
) -> None:
    world = shared(world_of, verified=False)
    plan = world.rights()
    assert world.item(plan, "contacts/101").block is Block.UNVERIFIED
    report = world.apply(plan)
    assert world.effects() == ["erased contacts/102"]
    assert (report.done, report.waiting) == (1, 1)
    assert world.words("contacts/101") == []


def test_once_the_probe_said_yes_it_goes_and_the_letter_still_hangs_on_the_deal(world_of: MakeWorld) -> None:
    world = shared(world_of, verified=True)
    plan = world.rights()
    assert world.item(plan, "contacts/101").block is None
    world.apply(plan)
    assert sorted(world.effects()) == ["erased contacts/101", "erased contacts/102"]
    assert world.hangs_on("emails/41", "deals") == {"deals/24"}


def test_correspondence_that_comes_to_hang_on_a_deal_after_the_plan_is_not_put_at_risk_unverified(
    world_of: MakeWorld,
) -> None:
    world = a_world_with(
        world_of,
        ("contacts/101", "emails/41"),
        contacts=[asks_to_go(101)],
        deals=[won_deal(24)],
        emails=[a_letter(41)],
        verified=False,
    )
    plan = world.rights()
    world.sandbox.portal.links.join(("emails", "41"), ("deals", "24"), "")
    world.apply(plan)
    assert world.calls() == []
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, Skip.UNVERIFIED)


@pytest.mark.parametrize("path", ["contacts/emails/batch/read", "emails/deals/batch/read"])
def test_correspondence_that_cannot_be_listed_blocks_the_erasure_in_the_plan(world_of: MakeWorld, path: str) -> None:
    world = a_world_with(world_of, ("contacts/101", "emails/41"), contacts=[asks_to_go(101)], emails=[a_letter(41)])
    world.fault("error_before", path=path, status=503, count=None)
    plan = world.rights()
    assert world.item(plan, "contacts/101").block is Block.CORRESPONDENCE_UNKNOWN
    world.sandbox.gateway.faults.clear()
    world.apply(plan)
    assert world.calls() == []


@pytest.mark.parametrize("path", ["contacts/emails/batch/read", "emails/deals/batch/read"])
def test_correspondence_that_cannot_be_listed_when_it_counts_skips_the_erasure(world_of: MakeWorld, path: str) -> None:
    world = a_world_with(world_of, ("contacts/101", "emails/41"), contacts=[asks_to_go(101)], emails=[a_letter(41)])
    plan = world.rights()
    world.fault("error_before", path=path, status=503, count=None)
    world.apply(plan)
    assert world.calls() == []
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, Skip.CORRESPONDENCE_UNKNOWN)


def test_an_archive_of_a_contact_touches_the_contact_alone(world_of: MakeWorld) -> None:
    links = (("contacts/101", "emails/41"), ("contacts/101", "notes/31"))
    world = a_world_with(
        world_of, *links, contacts=[inactive(101)], emails=[a_letter(41)], notes=[a_letter(31)], verified=False
    )
    plan = world.time_rules()
    assert world.item(plan, "contacts/101").action is Action.ARCHIVE
    world.apply(plan)
    assert world.effects() == ["archived contacts/101"]
    assert world.is_in_view("emails/41")
    world.act("restore", record="contacts/101")
    assert world.hangs_on("contacts/101", "emails") == {"emails/41"}


def test_a_deal_and_the_contact_with_whom_it_shares_letters_go_by_one_plan_and_the_letters_stay(
    world_of: MakeWorld,
) -> None:
    """As the plan said; and the contact can be restored with them."""
    links = tuple((owner, letter) for owner in ("contacts/101", "deals/21") for letter in ("emails/41", "notes/31"))
    letters: dict[str, Any] = {"emails": [a_letter(41)], "notes": [a_letter(31)]}
    world = a_world_with(world_of, *links, contacts=[inactive(101)], deals=[lost_deal(21)], **letters)
    plan = world.time_rules()
    world.apply(plan)
    assert world.effects() == ["archived deals/21", "archived contacts/101"]
    world.act("restore", record="contacts/101")
    assert world.hangs_on("emails/41", "contacts") == world.hangs_on("notes/31", "contacts") == {"contacts/101"}


@pytest.mark.parametrize("held", [False, True])
def test_a_letter_that_a_plan_keeps_for_somebody_stays_where_they_go_into_the_bin_before(
    world_of: MakeWorld, held: bool
) -> None:
    """There nobody can see that they need it, nor that a hold on them reaches a deal; an e-mail has no bin."""
    links = (("contacts/101", "deals/21"), ("contacts/101", "emails/41"), ("deals/21", "emails/41"))
    contacts, letters = [a_customer(101)], [a_letter(41)]
    world = a_world_with(world_of, *links, contacts=contacts, deals=[lost_deal(21)], emails=letters)
    plan = world.time_rules()
    assert world.item(plan, "deals/21").may_go == ()
    if held:
        world.registrar().place_hold(RecordRef.parse("contacts/101"), "M-1", "dispute", None, world.clock.now())
    world.act("archive", record="contacts/101")
    world.apply(plan)
    assert world.effects() == []
    assert world.state(plan, "deals/21") == (ItemState.SKIPPED, Skip.MORE_WOULD_GO)


def test_whoever_is_erased_leaves_the_letters_behind_that_somebody_needs_whom_another_plan_archived(
    world_of: MakeWorld,
) -> None:
    links = tuple((owner, letter) for owner in ("contacts/101", "contacts/102") for letter in ("emails/41", "notes/31"))
    letters: dict[str, Any] = {"emails": [a_letter(41)], "notes": [a_letter(31)]}
    world = a_world_with(world_of, *links, contacts=[asks_to_go(101), inactive(102)], **letters)
    rights, time = map(world.approve, world.assess())
    world.apply(time)
    world.apply(rights)
    assert world.effects() == ["archived contacts/102", "erased contacts/101"]
    assert all(map(world.is_in_view, ("emails/41", "notes/31")))
    world.act("restore", record="contacts/102")
    assert world.hangs_on("emails/41", "contacts") == world.hangs_on("notes/31", "contacts") == {"contacts/102"}


@pytest.mark.parametrize(
    ("other", "due", "gone", "records"),
    [
        ("contacts/101", ASKED, "erased", {"contacts": [an_enquirer(101), inactive(103)]}),
        ("deals/21", lost_deal(21)["properties"], "archived", {"contacts": [inactive(103)], "deals": [a_deal(21)]}),
    ],
)
def test_a_letter_that_somebody_needs_whom_an_earlier_plan_archived_stays_and_comes_back_with_them(
    world_of: MakeWorld, other: str, due: dict[str, str], gone: str, records: dict[str, Any]
) -> None:
    """HubSpot does not show it: to the later plan it looks as if it were the record's alone."""
    links = tuple((owner, letter) for owner in (other, "contacts/103") for letter in ("emails/41", "notes/31"))
    world = a_world_with(world_of, *links, emails=[a_letter(41)], notes=[a_letter(31)], **records)
    world.apply(world.time_rules())
    world.edit(other, **due)
    plan = world.rights() if other == "contacts/101" else world.time_rules()
    assert world.item(plan, other).may_go == ()
    assert world.item(plan, other).bundle == Bundle(detached=2)
    world.apply(plan)
    assert world.effects() == ["archived contacts/103", f"{gone} {other}"]
    world.act("restore", record="contacts/103")
    assert world.hangs_on("emails/41", "contacts") == world.hangs_on("notes/31", "contacts") == {"contacts/103"}


def test_a_contact_stays_of_whom_it_cannot_be_read_which_letters_it_would_need_in_the_bin(
    world_of: MakeWorld,
) -> None:
    world = a_world_with(world_of, ("contacts/103", "emails/41"), contacts=[inactive(103)], emails=[a_letter(41)])
    plan = world.time_rules()
    world.fault("error_before", path="contacts/emails/batch/read", status=503, count=None)
    world.apply(plan)
    assert world.calls() == []
    assert world.state(plan, "contacts/103") == (ItemState.SKIPPED, Skip.CORRESPONDENCE_UNKNOWN)


def test_a_letter_that_came_after_the_plan_is_for_the_next_plan(world_of: MakeWorld) -> None:
    world = a_world_with(world_of, contacts=[asks_to_go(101)], emails=[a_letter(41)])
    plan = world.rights()
    world.sandbox.portal.links.join(("contacts", "101"), ("emails", "41"), "")
    world.apply(plan)
    assert world.effects() == []
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, Skip.MORE_WOULD_GO)
    world.apply(world.rights())
    assert world.effects() == ["removed emails/41 for good", "erased contacts/101"]


def test_a_bundle_of_hundreds_goes_in_batches_of_a_hundred(world_of: MakeWorld) -> None:
    letters = [a_letter(number) for number in range(1001, 1131)]
    links = tuple(("contacts/101", f"notes/{number}") for number in range(1001, 1131))
    world = a_world_with(world_of, *links, contacts=[asks_to_go(101)], notes=letters, verified=False)
    world.apply(world.rights())
    assert [len(call.ids) for call in world.calls("archive")] == [100, 30]
    assert ids(world.calls("erase")) == ["101"]


def test_a_letter_that_stays_in_view_after_its_archive_keeps_the_contact_until_it_has_gone(world_of: MakeWorld) -> None:
    links = (("contacts/101", "notes/31"), ("contacts/101", "notes/32"))
    notes = [a_letter(31), a_letter(32)]
    world = a_world_with(world_of, *links, contacts=[asks_to_go(101)], notes=notes, verified=False)
    plan = world.rights()
    world.fault("silent_partial", path="notes/batch/archive")
    world.apply(plan)
    assert "engagement.unknown" in world.words("contacts/101")
    assert sorted(world.effects()[:2]) == ["archived notes/31", "archived notes/32"]
    assert world.effects()[2:] == ["erased contacts/101"]
