"""What becomes of the correspondence of a record that goes (semantics 7)."""

from typing import Any

import pytest

from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.plan.bundle import (
    Fate,
    Settled,
    WonDeal,
    goes_beyond,
    home_of,
    may_go,
    once_all_have_gone,
    settle_for_contact,
    settle_for_deal,
    shared_files,
    summarise,
    with_those_in_bin,
)
from hubspot_retention.core.plan.model import Bundle
from hubspot_retention.core.portal import Engagement
from hubspot_retention.core.record import RecordId, RecordRef
from tests.builders import at

GOES = RecordId(101)
BOTH = {RecordRef.parse("contacts/101"), RecordRef.parse("contacts/102")}
FIRST, SECOND = WonDeal(RecordId(201), at("2022-01-01T10:00")), WonDeal(RecordId(202), at("2024-01-01T10:00"))
UNDATED = WonDeal(RecordId(200), None)


def a_letter(ref: str = "notes/1", /, **values: Any) -> Engagement:
    found: dict[str, Any] = {
        "ref": RecordRef.parse(ref),
        "occurred_at": at("2023-06-01T10:00"),
        "contacts": (GOES,),
        "deals": (),
        "tickets": (),
        "files": (),
    }
    return Engagement(**found | values)


def test_what_only_the_contact_holds_goes_with_it() -> None:
    assert settle_for_contact(GOES, a_letter(), ()) == Settled(a_letter(), Fate.ARCHIVE)


def test_what_another_contact_or_a_ticket_holds_stays_and_loses_only_this_contact() -> None:
    assert settle_for_contact(GOES, a_letter(contacts=(GOES, RecordId(102))), ()).fate is Fate.DETACH
    assert settle_for_contact(GOES, a_letter(tickets=(RecordId(9),)), ()).fate is Fate.DETACH


def test_what_a_deal_holds_stays_on_the_deal() -> None:
    letter = a_letter(deals=(RecordId(201),))
    assert settle_for_contact(GOES, letter, (FIRST,)) == Settled(letter, Fate.STAY_ON_DEAL)


def test_agreement_correspondence_without_a_deal_is_tied_to_the_won_deal() -> None:
    assert settle_for_contact(GOES, a_letter(), (FIRST, SECOND)) == Settled(a_letter(), Fate.REHOME, FIRST.deal_id)


def test_what_somebody_in_the_bin_needs_stays_and_what_the_record_needed_there_itself_goes() -> None:
    needed = with_those_in_bin(a_letter(), (GOES, RecordId(103)))
    assert needed == a_letter(contacts=(GOES, RecordId(103)))
    assert settle_for_contact(GOES, needed, ()).fate is Fate.DETACH
    deals = a_letter(contacts=(), deals=(RecordId(201),))
    assert settle_for_deal(RecordId(201), with_those_in_bin(deals, (RecordId(103),))).fate is Fate.DETACH
    assert with_those_in_bin(a_letter(), (GOES,)) == with_those_in_bin(a_letter(), ()) == a_letter()


def test_what_cannot_be_read_is_known_no_better_by_those_in_the_bin() -> None:
    assert with_those_in_bin(a_letter(contacts=UNKNOWN), (RecordId(103),)) == a_letter(contacts=UNKNOWN)


@pytest.mark.parametrize("name", ["contacts", "deals", "tickets"])
def test_what_cannot_be_read_stays(name: str) -> None:
    letter = a_letter(**{name: UNKNOWN})
    assert settle_for_contact(GOES, letter, (FIRST,)) == Settled(letter, Fate.UNREADABLE)
    assert settle_for_deal(RecordId(201), letter) == Settled(letter, Fate.UNREADABLE)


@pytest.mark.parametrize(
    ("occurred", "home"),
    [
        ("2025-01-01T10:00", SECOND),
        ("2024-01-01T10:00", SECOND),
        ("2023-12-31T10:00", FIRST),
        ("2021-12-31T10:00", FIRST),
        (None, FIRST),
    ],
)
def test_the_home_is_the_latest_deal_won_before_it_else_the_first(occurred: str | None, home: WonDeal) -> None:
    letter = a_letter(occurred_at=None if occurred is None else at(occurred))
    assert home_of(letter, (SECOND, UNDATED, FIRST)) == home.deal_id


def test_without_any_date_the_home_is_the_first_deal_by_its_id() -> None:
    assert home_of(a_letter(), (WonDeal(RecordId(203), None), UNDATED)) == UNDATED.deal_id


def test_what_only_those_share_who_all_go_is_gone_with_the_last_of_them() -> None:
    """Each but the last only lets go of it: the plan must not say that it is kept."""
    shared = settle_for_contact(GOES, a_letter(contacts=(GOES, RecordId(102))), ())
    assert once_all_have_gone(min(BOTH), (shared,), BOTH) == ()
    assert once_all_have_gone(max(BOTH), (shared,), BOTH) == (Settled(shared.engagement, Fate.ARCHIVE),)


def test_what_only_deals_share_that_all_go_is_gone_with_the_last_of_them() -> None:
    deals = {RecordRef.parse("deals/201"), RecordRef.parse("deals/202")}
    letter = a_letter(contacts=(), deals=(RecordId(201), RecordId(202)))
    settled = (settle_for_deal(RecordId(201), letter),)
    assert once_all_have_gone(min(deals), settled, deals) == ()
    assert once_all_have_gone(max(deals), settled, deals) == (Settled(letter, Fate.ARCHIVE),)
    assert once_all_have_gone(max(deals), settled, {max(deals)}) == settled


def test_a_record_may_take_along_what_goes_with_it_and_what_it_shares_with_others_that_go() -> None:
    """Whoever is the last of them takes it, and nobody knows beforehand who that is."""
    letters = (
        a_letter("notes/4", contacts=(GOES, RecordId(102))),
        a_letter("emails/5"),
        a_letter("notes/6", contacts=(GOES, RecordId(103))),
        a_letter("notes/7", deals=(RecordId(201),)),
    )
    settled = tuple(settle_for_contact(GOES, letter, ()) for letter in letters)
    assert may_go(settled, BOTH) == (RecordRef.parse("emails/5"), RecordRef.parse("notes/4"))
    assert may_go(settled, ()) == (RecordRef.parse("emails/5"),)


def test_more_would_go_only_if_a_letter_goes_that_the_plan_did_not_name() -> None:
    goes = settle_for_contact(GOES, a_letter("emails/5"), ())
    stays = settle_for_contact(GOES, a_letter("notes/6", contacts=(GOES, RecordId(103))), ())
    assert goes_beyond((goes, stays), ())
    assert goes_beyond((goes,), (stays.engagement.ref,))
    assert not goes_beyond((goes, stays), (goes.engagement.ref,))
    assert not goes_beyond((stays,), ())


@pytest.mark.parametrize(
    "letter",
    [
        a_letter(contacts=(GOES, RecordId(102), RecordId(103))),
        a_letter(contacts=(GOES, RecordId(102)), tickets=(RecordId(9),)),
        a_letter(contacts=(GOES, RecordId(102)), deals=(RecordId(201),)),
        a_letter(),
        a_letter(contacts=UNKNOWN),
    ],
)
def test_what_somebody_else_holds_or_nobody_shares_is_as_it_was_when_they_have_gone(letter: Engagement) -> None:
    settled = (settle_for_contact(GOES, letter, ()),)
    assert once_all_have_gone(min(BOTH), settled, BOTH) == settled


def test_a_deal_that_goes_takes_what_only_it_holds() -> None:
    deal = RecordId(201)

    def fate(**values: Any) -> Fate:
        letter = a_letter(**{"contacts": (), "deals": (deal,)} | values)
        settled = settle_for_deal(deal, letter)
        assert settled.engagement == letter
        return settled.fate

    assert fate() is Fate.ARCHIVE
    assert fate(contacts=(RecordId(102),)) is Fate.DETACH
    assert fate(tickets=(RecordId(9),)) is Fate.DETACH
    assert fate(deals=(deal, RecordId(202))) is Fate.DETACH


def test_a_bundle_in_figures_says_that_emails_are_gone_at_once_and_how_many_files_hang_on_what_goes() -> None:
    settled = [
        Settled(a_letter("notes/1", files=("f1", "f2")), Fate.ARCHIVE),
        Settled(a_letter("calls/2"), Fate.ARCHIVE),
        Settled(a_letter("emails/3", files=("f3", "f1")), Fate.ARCHIVE),
        Settled(a_letter("emails/4", files=("f4",)), Fate.DETACH),
        Settled(a_letter("notes/5"), Fate.REHOME, FIRST.deal_id),
        Settled(a_letter("notes/6"), Fate.STAY_ON_DEAL),
        Settled(a_letter("notes/7"), Fate.UNREADABLE),
    ]
    assert summarise(settled, 2) == Bundle(
        archived=2, emails_gone=1, detached=1, rehomed=1, stays_on_deal=1, attachments=3, deals_stamped=2
    )


@pytest.mark.parametrize("name", ["detached", "rehomed", "stays_on_deal"])
def test_a_bundle_that_leaves_something_behind_keeps_correspondence(name: str) -> None:
    assert Bundle(**{name: 1}).keeps_correspondence
    assert not Bundle(archived=3, emails_gone=1, attachments=2, deals_stamped=1).keeps_correspondence


def test_a_file_is_shared_if_a_letter_that_goes_and_one_that_stays_name_it() -> None:
    goes = Settled(a_letter(files=("1", "2", "3", "4")), Fate.ARCHIVE)
    goes_too = Settled(a_letter(files=("1",)), Fate.ARCHIVE)
    stays = [
        Settled(a_letter(files=(file, "9")), fate)
        for file, fate in (("2", Fate.REHOME), ("3", Fate.STAY_ON_DEAL), ("4", Fate.DETACH))
    ]
    assert shared_files([goes, goes_too, *stays]) == {"2", "3", "4"}
    assert shared_files([goes, goes_too]) == frozenset()
