"""One batch of a plan: what is asked and called, in which order, and what is written down of each record."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.consent import Consent, ConsentState, Remembrance
from hubspot_retention.core.decision.model import Outcome
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.plan.model import Action, ItemState, PlanItem
from hubspot_retention.core.plan.recheck import Skip
from hubspot_retention.core.policy.model import AttachmentPolicy
from hubspot_retention.core.portal import CallResult, Fate, Gone, MergedInto
from hubspot_retention.core.record import RecordId, RecordRef
from hubspot_retention.errors import PortalDeniedError, PortalError, PortalPausedError, PortalTemporaryError
from hubspot_retention.workflow import carry
from hubspot_retention.workflow.bundles import ContactBundle, DealStamp
from hubspot_retention.workflow.protocol import Part
from tests.builders import at
from tests.documents import clienti
from tests.unit.core.plan.plans import a_decision, a_disposal, an_item
from tests.unit.workflow.carrying import NOW, TAKEN, Bench, a_letter

REFUSED = CallResult(Fate.REFUSED, 400)
UNHEARD_OF = CallResult(Fate.REFUSED, 404)
LOST = CallResult(Fate.UNKNOWN)


MAY_GO = tuple(RecordRef.parse(f"emails/{number}") for number in (41, 42, 43))
"""The letters that the plan said may go with anybody."""


def erased(*numbers: int) -> list[PlanItem]:
    """People who are to be erased."""
    return [an_item(f"contacts/{number}", may_go=MAY_GO) for number in numbers]


def archived(*numbers: int) -> list[PlanItem]:
    """People who are to be archived."""
    return [an_item(f"contacts/{number}", action=Action.ARCHIVE) for number in numbers]


def deals(*numbers: int) -> list[PlanItem]:
    """Deals that are to be archived."""
    found = [f"deals/{number}" for number in numbers]
    decisions = [a_disposal(ref, rule="lost-deal") for ref in found]
    return [an_item(decision=decision, action=Action.ARCHIVE, may_go=MAY_GO) for decision in decisions]


def left_alone(*numbers: int) -> list[PlanItem]:
    """People who stay and whose marketing ends."""
    found = [a_decision(Outcome.RETAIN, record=f"contacts/{number}", marketing_ends=True) for number in numbers]
    return [an_item(decision=decision, action=Action.END_MARKETING) for decision in found]


def a_bench(items: list[PlanItem], **more: Any) -> Bench:
    """Everything is as it was planned, and nobody has correspondence."""
    letters = more.pop("letters", {})
    nothing: dict[int, Any] = {item.record.record_id: () for item in items}
    now = {str(item.record): item.decision for item in items} | more.pop("now", {})
    return Bench(now=now, letters=nothing | letters, **more)


DONE = (ItemState.DONE, Verb.DONE, "read-back-absent")

# Archive


def test_contacts_are_archived_by_one_call_after_their_intent_their_fresh_read_and_the_word_sent() -> None:
    items = archived(101, 102)
    bench = a_bench(items)
    bench.carrier().carry_out(items)
    assert bench.events == [
        "intended contacts/101 contacts/102",
        "letters of contacts 101 102",
        "read contacts 101 102",
        "sent contacts/101 contacts/102",
        "archive contacts 101 102",
        "look contacts 101 102",
    ]
    assert bench.words == [("contacts/101 contacts/102", *DONE)]
    assert bench.claimed_around == {RecordRef.parse("contacts/101"), RecordRef.parse("contacts/102")}


def test_what_was_merged_into_contacts_goes_along_to_the_word_sent() -> None:
    items = archived(101, 102)
    bench = a_bench(items)
    bench.former[RecordId(102)] = (RecordId(7), RecordId(8))
    bench.carrier().carry_out(items)
    assert bench.claimed_former == {RecordRef.parse("contacts/102"): (7, 8)}


def test_each_of_a_batch_is_settled_by_what_is_there_afterwards() -> None:
    items = archived(101, 102, 103)
    bench = a_bench(items, there={102: True, 103: MergedInto(RecordId(9))})
    bench.carry_out(*items)
    assert bench.words == [
        ("contacts/101", *DONE),
        ("contacts/102", ItemState.PENDING, Verb.ABANDONED, "read-back-still-there"),
        ("contacts/103", ItemState.SKIPPED, Verb.SKIPPED, "merged-into-another"),
    ]


def test_what_no_longer_stands_is_skipped_with_its_reason_and_the_others_go() -> None:
    items = archived(101, 102, 103, 104)
    changed = {
        "contacts/101": Gone.ABSENT,
        "contacts/102": MergedInto(RecordId(9)),
        "contacts/103": a_decision(Outcome.HELD, record="contacts/103"),
    }
    bench = a_bench(items, now=changed)
    assert bench.carry_out(*items) == ["archive contacts 104"]
    assert bench.words == [
        ("contacts/101", Skip.GONE),
        ("contacts/102", Skip.MERGED),
        ("contacts/103", Skip.HELD),
        ("contacts/104", *DONE),
    ]


@pytest.mark.parametrize("items", [archived(101), erased(101), deals(21), left_alone(101)])
def test_where_nobody_is_due_any_more_nothing_else_is_asked(items: list[PlanItem]) -> None:
    record = str(items[0].record)
    bench = a_bench(items, now={record: Gone.ABSENT})
    bench.carrier().carry_out(items)
    kind, number = record.split("/")
    before = [f"letters of {kind} {number}"] if items == archived(101) else []
    assert bench.events == [f"intended {record}", *before, f"read {kind} {number}"]


def test_what_whoever_goes_into_the_bin_needs_is_noted_with_the_word_sent() -> None:
    items = archived(101, 102)
    bench = a_bench(items, letters={101: (a_letter("emails/41", 101), a_letter("notes/42", 101))})
    bench.carry_out(*items)
    assert bench.needs == [{101: (RecordRef.parse("emails/41"), RecordRef.parse("notes/42")), 102: ()}]


def test_whoever_is_seen_in_view_after_their_letters_were_read_had_them_all() -> None:
    """In the bin nothing hangs on anybody: read the other way round, nothing could stand for everything."""
    bench = a_bench(archived(101))
    bench.carrier().carry_out(archived(101))
    letters, read = (bench.events.index(f"{what} contacts 101") for what in ("letters of", "read"))
    assert letters < read


def test_nobody_goes_into_the_bin_of_whom_it_cannot_be_read_what_they_need() -> None:
    items = archived(101, 102, 103)
    bench = a_bench(items, letters={101: UNKNOWN})
    del bench.letters[102]
    assert bench.carry_out(*items) == ["archive contacts 103"]
    assert bench.words[:2] == [(f"contacts/{number}", Skip.CORRESPONDENCE_UNKNOWN) for number in (101, 102)]


@pytest.mark.parametrize(("items", "number"), [(erased(101), 101), (deals(21), 21)])
def test_a_letter_that_somebody_in_the_bin_needs_stays(items: list[PlanItem], number: int) -> None:
    """Also where the plan said that it may go: who it was shared with went after it."""
    own = {101: a_letter("emails/41", 101), 21: a_letter("emails/41", deals=(21,))}[number]
    bench = a_bench(items, letters={number: (own,)}, in_bin={own.ref: (RecordId(103),)})
    detached = [f"dissociate emails/41 {items[0].record}"]
    gone = {101: [*detached, "erase 101"], 21: ["archive deals 21"]}[number]
    assert bench.carry_out(*items) == gone


def test_without_the_word_sent_there_is_no_call() -> None:
    for items in (archived(101), erased(101), deals(21), left_alone(101)):
        bench = a_bench(items, refused={str(items[0].record)})
        assert bench.carry_out(*items) == []
        assert bench.words == []


def test_a_call_that_would_come_too_late_is_not_made() -> None:
    for items in (archived(101), erased(101), deals(21)):
        bench = a_bench(items, late={str(items[0].record)})
        assert bench.carry_out(*items) == []
        assert bench.words == [(str(items[0].record), ItemState.PENDING, Verb.ABANDONED, "too-late-to-call")]


@pytest.mark.parametrize(("answer", "is_read_back"), [(REFUSED, False), (UNHEARD_OF, True), (LOST, True)])
def test_a_call_that_was_not_taken_is_written_down_and_read_back_where_nobody_can_tell(
    answer: CallResult, is_read_back: bool
) -> None:
    for items, call in ((archived(101), "archive contacts 101"), (erased(101), "erase 101")):
        bench = a_bench(items, answers={call: answer})
        bench.carry_out(*items)
        assert bench.words == [("contacts/101", answer, ""), *([("contacts/101", *DONE)] if is_read_back else [])]
        assert (bench.events[-1] == "look contacts 101") is is_read_back


# Erase


def test_people_are_erased_one_by_one_each_after_a_word_of_its_own() -> None:
    items = erased(101, 102)
    bench = a_bench(items)
    bench.carrier().carry_out(items)
    assert bench.events == [
        "intended contacts/101 contacts/102",
        "read contacts 101 102",
        "letters of contacts 101 102",
        "sent contacts/101",
        "erase 101",
        "sent contacts/102",
        "erase 102",
        "look contacts 101 102",
    ]
    assert bench.words == [("contacts/101 contacts/102", *DONE)]
    assert bench.parts == [(), ()]


def test_no_more_erases_run_side_by_side_than_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    class Pool(ThreadPoolExecutor):
        def __init__(self, max_workers: int | None = None) -> None:
            asked.append(max_workers)
            super().__init__(max_workers)

    monkeypatch.setattr(carry, "ThreadPoolExecutor", Pool)
    items = erased(101, 102)
    a_bench(items).carrier(workers=3).carry_out(items)
    assert asked == [3]


def test_whoever_has_gone_meanwhile_has_no_correspondence_to_ask_for() -> None:
    items = erased(101, 102)
    bench = a_bench(items, now={"contacts/101": Gone.ABSENT})
    bench.carrier().carry_out(items)
    assert "letters of contacts 102" in bench.events


@pytest.mark.parametrize("letters", [UNKNOWN, (a_letter("emails/41", 101, deals=UNKNOWN),)])
def test_nobody_is_erased_whose_correspondence_cannot_be_read(letters: Any) -> None:
    items = erased(101, 102)
    bench = a_bench(items, letters={101: letters})
    assert bench.carry_out(*items) == ["erase 102"]
    assert bench.words[0] == ("contacts/101", Skip.CORRESPONDENCE_UNKNOWN)


@pytest.mark.parametrize("planned", [(), (RecordRef.parse("emails/42"),)])
def test_who_would_take_along_more_than_the_plan_said_stays(planned: tuple[RecordRef, ...]) -> None:
    """Whoever the plan kept a letter for may lie in the bin, where nobody can see that they need it."""
    letter = a_letter("emails/41", 101, deals=())
    people = [item._replace(may_go=planned) for item in erased(101, 102)]
    bench = a_bench(people, letters={101: (letter,)})
    assert bench.carry_out(*people) == ["erase 102"]
    assert [word for word in bench.words if word[0] == "contacts/101"] == [("contacts/101", Skip.MORE_WOULD_GO)]
    assert bench.events[-1] == "look contacts 102"
    lost = [item._replace(may_go=planned) for item in deals(21, 22)]
    bench = a_bench(lost, letters={21: (a_letter("emails/41", deals=(21,)),)})
    assert bench.carry_out(*lost) == ["archive deals 22"]
    assert bench.words[0] == ("deals/21", Skip.MORE_WOULD_GO)


def test_correspondence_that_was_not_listed_at_all_is_unknown() -> None:
    for items, number in ((erased(101), 101), (deals(21), 21)):
        bench = a_bench(items)
        del bench.letters[number]
        assert bench.carry_out(*items) == []
        assert bench.words == [(str(items[0].record), Skip.CORRESPONDENCE_UNKNOWN)]


SHARED = a_letter("emails/41", 101, 999)
OWN = a_letter("emails/42", 101)


def test_correspondence_that_stays_is_not_put_at_risk_until_the_portal_was_probed() -> None:
    items = erased(101)
    bench = a_bench(items, letters={101: (OWN, SHARED)}, verified=False)
    assert bench.carry_out(*items) == []
    assert bench.words == [("contacts/101", Skip.UNVERIFIED)]
    bench = a_bench(items, letters={101: (OWN,)}, verified=False)
    assert bench.carry_out(*items) == ["archive emails 42", "erase 101"]


def test_children_go_first_announced_with_the_word_sent_and_it_is_checked_again_before_the_contact_goes() -> None:
    items = erased(101)
    bench = a_bench(items, letters={101: (OWN, SHARED)})
    bench.carrier().carry_out(items)
    assert bench.events[3:] == [
        "sent contacts/101",
        "dissociate emails/41 contacts/101",
        "archive emails 42",
        "look emails 42",
        "still contacts/101",
        "erase 101",
        "look contacts 101",
    ]
    assert bench.parts == [
        (Part(Subject.ENGAGEMENT, "emails/42", "archive"), Part(Subject.ENGAGEMENT, "emails/41", "detach"))
    ]


def test_a_deal_is_stamped_also_where_there_is_no_correspondence(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = ContactBundle((), (DealStamp(RecordId(21), date(2024, 10, 31)),))
    monkeypatch.setattr(carry, "bundle_of_contact", lambda *asked: bundle)
    items = erased(101)
    bench = a_bench(items)
    assert bench.carry_out(*items) == ["stamp 21 2024-10-31", "erase 101"]
    assert "still contacts/101" in bench.events
    assert bench.parts == [(Part(Subject.DEAL, "deals/21", "stamp"),)]


def test_the_contact_stays_where_a_step_before_it_failed() -> None:
    items = erased(101)
    bench = a_bench(items, letters={101: (SHARED,)}, answers={"dissociate emails/41 contacts/101": REFUSED})
    assert bench.carry_out(*items) == ["dissociate emails/41 contacts/101"]
    assert bench.events[-1] == "dissociate emails/41 contacts/101"


def test_the_contact_stays_where_something_changed_while_its_children_went() -> None:
    items = erased(101)
    bench = a_bench(items, letters={101: (OWN,)}, stands=False)
    assert bench.carry_out(*items) == ["archive emails 42"]
    assert bench.events[-1] == "still contacts/101"


@pytest.mark.parametrize(
    ("items", "letter"),
    [
        (erased(101), a_letter("emails/41", 101, 999)),
        (erased(101), a_letter("emails/42", 101)),
        (deals(21), a_letter("emails/42", deals=(21,), files=("7",))),
    ],
)
def test_the_first_step_of_a_bundle_is_not_taken_too_late_either(items: list[PlanItem], letter: Any) -> None:
    record = items[0].record
    bench = a_bench(items, letters={record.record_id: (letter,)}, late={str(record)})
    assert bench.carry_out(*items) == []
    assert bench.events[-1] == f"sent {record}"
    assert bench.words == [(str(record), ItemState.PENDING, Verb.ABANDONED, "too-late-to-call")]


def test_the_seconds_to_the_call_count_from_the_last_check() -> None:
    items = erased(101)
    bench = a_bench(items, letters={101: (OWN,)}, late={"still contacts/101"})
    assert bench.carry_out(*items) == ["archive emails 42"]
    assert bench.events[-1] == "still contacts/101"
    assert bench.words == [("contacts/101", ItemState.PENDING, Verb.ABANDONED, "too-late-to-call")]


def test_whoever_comes_to_their_turn_when_the_fresh_read_is_too_old_is_read_again() -> None:
    items = erased(101, 102, 103)
    bench = a_bench(items, fresh_for=1)
    assert bench.carry_out(*items) == ["erase 101"]
    assert bench.words[0] == ("contacts/102 contacts/103", "given back", "check-again")


def test_a_process_that_is_to_end_begins_with_nobody_else() -> None:
    items = erased(101, 102)
    bench = a_bench(items, ends_after=1)
    assert bench.carry_out(*items) == ["erase 101"]
    assert bench.words == [("contacts/101", *DONE)]


def test_one_record_that_cannot_be_answered_for_is_unknown_and_delays_no_other() -> None:
    items = erased(101, 102)
    bench = a_bench(items, answers={"erase 101": PortalTemporaryError("busy")})
    assert bench.carry_out(*items) == ["erase 101", "erase 102"]
    assert bench.words == [
        ("contacts/101", ItemState.UNKNOWN, Verb.UNKNOWN, "portal-error"),
        ("contacts/102", *DONE),
    ]


@pytest.mark.parametrize("error", [PortalPausedError("the quota is used"), PortalDeniedError("no such scope")])
@pytest.mark.parametrize(("items", "call"), [(erased(101), "erase 101"), (left_alone(101), "leave lists 101")])
def test_a_pause_and_a_denial_are_no_matter_of_one_record(error: PortalError, items: list[PlanItem], call: str) -> None:
    bench = a_bench(items, answers={call: error})
    with pytest.raises(type(error)):
        bench.carry_out(*items)
    assert [word for word in bench.words if ItemState.UNKNOWN in word] == []


def test_the_next_batch_is_read_when_eighteen_erases_are_left_and_at_once_where_there_are_fewer() -> None:
    for number, before in ((20, 2), (18, 0), (3, 0)):
        items = erased(*range(101, 101 + number))
        bench = a_bench(items)
        carrier = bench.carrier()
        carrier.act(carrier.look(items), partial(bench.events.append, "nearly done"))
        assert bench.called().index("nearly done") == before
        assert bench.called().count("nearly done") == 1


def test_of_an_archive_and_of_the_end_of_marketing_the_next_batch_is_read_before_the_calls() -> None:
    for items in (archived(101), deals(21), left_alone(101)):
        bench = a_bench(items)
        carrier = bench.carrier()
        carrier.act(carrier.look(items), partial(bench.events.append, "nearly done"))
        assert bench.called()[0] == "nearly done"


# Those who share correspondence


def test_whoever_shares_a_letter_goes_afterwards_by_themselves_and_is_read_anew() -> None:
    items = erased(101, 102, 103)
    shared = a_letter("emails/41", 101, 102)
    bench = a_bench(items, letters={101: (shared,), 102: (shared,)})
    bench.carrier().carry_out(items)
    assert bench.called() == [
        "dissociate emails/41 contacts/101",
        "erase 101",
        "erase 103",
        "dissociate emails/41 contacts/102",
        "erase 102",
    ]
    assert bench.words == [
        ("contacts/101 contacts/103", *DONE),
        ("contacts/102", "given back", "shares-correspondence"),
        ("contacts/102", *DONE),
    ]
    assert bench.events.count("intended contacts/102") == 1


def test_it_is_seen_also_where_others_stand_between_the_two() -> None:
    shared = a_letter("emails/41", 101, 103)
    items = erased(101, 102, 103)
    looked = a_bench(items, letters={101: (shared,), 102: (OWN,), 103: (shared,)}).carrier().look(items)
    assert (list(looked.due), list(looked.later)) == (items[:2], items[2:])


def test_what_a_batch_under_way_may_change_is_nothing_to_go_by() -> None:
    items = erased(101, 102)
    bench = a_bench(items, letters={101: (OWN,), 102: (a_letter("emails/43", 102),)})
    looked = bench.carrier().look(items, frozenset((OWN.ref,)))
    assert ([item.record.record_id for item in looked.due], [item.record.record_id for item in looked.later]) == (
        [102],
        [101],
    )
    assert looked.claimed == {OWN.ref, RecordRef.parse("emails/43")}


def test_what_cannot_be_read_is_shared_with_nobody_and_claims_nothing() -> None:
    items = erased(101, 102)
    looked = a_bench(items, letters={101: UNKNOWN, 102: UNKNOWN}).carrier().look(items)
    assert (list(looked.due), list(looked.later), looked.claimed) == (items, [], frozenset())


def test_a_process_that_is_to_end_leaves_those_who_share_to_the_next() -> None:
    items = erased(101, 102)
    shared = a_letter("emails/41", 101, 102)
    bench = a_bench(items, letters={101: (shared,), 102: (shared,)}, ends_after=2)
    assert bench.carry_out(*items) == ["dissociate emails/41 contacts/101", "erase 101"]
    assert bench.words[-1] == ("contacts/102", "given back", "shares-correspondence")


def test_where_all_share_with_a_batch_under_way_each_goes_by_itself() -> None:
    items = erased(101)
    bench = a_bench(items, letters={101: (OWN,)})
    carrier = bench.carrier()
    assert carrier.act(carrier.look(items, frozenset((OWN.ref,)))) == []
    assert bench.called() == ["archive emails 42", "erase 101"]
    assert bench.words[0] == ("contacts/101", "given back", "shares-correspondence")


# What stays of somebody

KEY = "2026:9f86d081884c7d65"
STANDS = Consent(subscription="501", state=ConsentState.GIVEN, at=at("2010-01-01T10:00"))
RECENT = Consent(subscription="502", state=ConsentState.WITHDRAWN, at=at("2026-01-01T10:00"))
OLD = Consent(subscription="503", state=ConsentState.WITHDRAWN, at=at("2019-01-01T10:00"))


def test_a_pseudonym_and_the_consents_of_the_last_two_years_stay_of_who_goes() -> None:
    items = erased(101)
    asked: list[str] = []

    def key_of(address: Any) -> str:
        asked.append(address.text)
        return KEY

    bench = a_bench(items, pseudonym=key_of, consented=(STANDS, RECENT, OLD))
    bench.carry_out(*items)
    assert asked == ["p101@example.dk"]
    assert bench.remembered == [Remembrance(KEY, (STANDS, RECENT))]
    assert bench.events.index("read consents of p101@example.dk") < bench.events.index("sent contacts/101")


def test_consents_of_exactly_two_years_ago_stay() -> None:
    since = clienti().civil.start_of(clienti().evidence.consent_receipts, NOW)
    edge, older = replace(RECENT, at=since), replace(RECENT, at=since - timedelta(microseconds=1))
    items = erased(101)
    bench = a_bench(items, pseudonym=lambda address: KEY, consented=(edge, older))
    bench.carry_out(*items)
    assert bench.remembered == [Remembrance(KEY, (edge,))]


def test_consents_that_hubspot_refuses_to_tell_of_are_not_waited_for() -> None:
    items = erased(101)
    bench = a_bench(items, pseudonym=lambda address: KEY, consented=UNKNOWN)
    assert bench.carry_out(*items) == ["erase 101"]
    assert bench.remembered == [Remembrance(KEY, UNKNOWN)]


def test_where_nothing_stands_for_people_their_consents_are_not_asked_for() -> None:
    items = erased(101)
    bench = a_bench(items)
    bench.carry_out(*items)
    assert bench.remembered == [None]
    assert not any(event.startswith("read consents") for event in bench.events)


def test_of_somebody_without_an_address_nothing_stays() -> None:
    items = erased(101)
    bench = a_bench(items, answers={"nobody": TAKEN}, pseudonym=lambda address: KEY)
    assert bench.carry_out(*items) == ["erase 101"]
    assert bench.remembered == [None]


# Deals


def test_a_deal_takes_the_correspondence_that_only_it_still_holds_first() -> None:
    items = deals(21, 22, 23)
    letters = {21: (a_letter("emails/41", deals=(21,)),), 22: (a_letter("emails/42", 101, deals=(22,)),)}
    bench = a_bench(items, letters=letters)
    bench.carrier().carry_out(items)
    assert bench.events == [
        "intended deals/21 deals/22 deals/23",
        "read deals 21 22 23",
        "letters of deals 21 22 23",
        "sent deals/21",
        "archive emails 41",
        "look emails 41",
        "sent deals/22 deals/23 deals/21",
        "archive deals 22 23 21",
        "look deals 22 23 21",
    ]
    assert bench.parts == [(Part(Subject.ENGAGEMENT, "emails/41", "archive"),), ()]
    assert bench.words == [
        ("deals/21", ItemState.PREPARED, Verb.INTENDED, "letters-archived"),
        ("deals/22 deals/23 deals/21", *DONE),
    ]


def test_a_deal_does_not_take_a_file_that_correspondence_which_stays_names_as_well() -> None:
    items = deals(21)
    goes = a_letter("emails/41", deals=(21,), files=("7", "8"))
    stays = a_letter("emails/42", 101, deals=(21,), files=("7",))
    bench = a_bench(items, letters={21: (goes, stays)}, attachments=AttachmentPolicy.ERASE)
    assert bench.carry_out(*items) == ["erase file 8", "archive emails 41", "archive deals 21"]
    assert bench.parts[0] == (
        Part(Subject.ENGAGEMENT, "emails/41", "archive"),
        Part(Subject.ATTACHMENT, "files/8", "erase"),
    )
    assert [word[1:] for word in bench.words[:2]] == [
        (Verb.REPORTED, CallResult(Fate.DONE), "files/7"),
        (Verb.ERASED, TAKEN, "files/8"),
    ]


def test_a_deal_that_is_archived_takes_no_file_along_where_the_settings_forbid_to_erase() -> None:
    items = deals(21)
    letter = a_letter("emails/41", deals=(21,), files=("7",))
    bench = a_bench(items, letters={21: (letter,)}, attachments=AttachmentPolicy.ERASE, allow_erase=False)
    assert bench.carry_out(*items) == ["archive emails 41", "archive deals 21"]
    assert bench.parts[0] == (Part(Subject.ENGAGEMENT, "emails/41", "archive"),)
    assert bench.words[0][1:] == (Verb.REPORTED, CallResult(Fate.DONE), "files/7")


@pytest.mark.parametrize("letters", [UNKNOWN, (a_letter("emails/41", deals=UNKNOWN),)])
def test_a_deal_stays_whose_correspondence_cannot_be_read(letters: Any) -> None:
    items = deals(21, 22)
    bench = a_bench(items, letters={21: letters})
    assert bench.carry_out(*items) == ["archive deals 22"]
    assert bench.words[0] == ("deals/21", Skip.CORRESPONDENCE_UNKNOWN)


def test_a_deal_stays_whose_letters_could_not_be_sent_for_or_did_not_go() -> None:
    items = deals(21, 22)
    letters = {21: (a_letter("emails/41", deals=(21,)),)}
    assert a_bench(items, letters=letters, refused={"deals/21"}).carry_out(*items) == ["archive deals 22"]
    bench = a_bench(items, letters=letters, answers={"archive emails 41": REFUSED})
    assert bench.carry_out(*items) == ["archive emails 41", "archive deals 22"]


# The end of marketing


def test_marketing_ends_by_the_opt_out_and_by_leaving_the_lists_and_is_not_read_back() -> None:
    items = left_alone(101, 102)
    bench = a_bench(items)
    bench.carrier().carry_out(items)
    assert bench.events == [
        "intended contacts/101 contacts/102",
        "read contacts 101 102",
        "sent contacts/101",
        "opt out p101@example.dk",
        "leave lists 101",
        "sent contacts/102",
        "opt out p102@example.dk",
        "leave lists 102",
    ]
    assert bench.words[:3] == [
        ("contacts/101", Verb.VERIFIED, TAKEN, "opt-out"),
        ("contacts/101", Verb.VERIFIED, TAKEN, "static-lists"),
        ("contacts/101", ItemState.DONE, Verb.DONE, "opted-out"),
    ]


def test_without_an_address_there_are_lists_to_leave_and_without_lists_an_address() -> None:
    items = left_alone(101)
    assert a_bench(items, answers={"nobody": TAKEN}).carry_out(*items) == ["leave lists 101"]
    assert a_bench(items, lists=()).carry_out(*items) == ["opt out p101@example.dk"]


def test_the_first_step_that_failed_says_what_becomes_of_it() -> None:
    items = left_alone(101)
    bench = a_bench(items, answers={"opt out p101@example.dk": LOST, "leave lists 101": REFUSED})
    bench.carry_out(*items)
    assert bench.words[-1] == ("contacts/101", LOST, "")
    bench = a_bench(items, answers={"leave lists 101": REFUSED})
    bench.carry_out(*items)
    assert bench.words[-1] == ("contacts/101", REFUSED, "")


def test_whose_marketing_cannot_be_ended_delays_no_other() -> None:
    items = left_alone(101, 102)
    bench = a_bench(items, answers={"opt out p101@example.dk": PortalTemporaryError("busy")})
    assert bench.carry_out(*items) == ["opt out p101@example.dk", "opt out p102@example.dk", "leave lists 102"]
    assert bench.words[0] == ("contacts/101", ItemState.UNKNOWN, Verb.UNKNOWN, "portal-error")


def test_a_process_that_is_to_end_ends_nobody_elses_marketing() -> None:
    items = left_alone(101, 102)
    assert a_bench(items, ends_after=1).carry_out(*items) == ["opt out p101@example.dk", "leave lists 101"]


def test_an_end_of_marketing_that_was_left_unknown_is_done_again_and_not_read_back() -> None:
    items = left_alone(101)
    bench = a_bench(items)
    bench.carrier().settle(items)
    assert bench.events == []
    assert bench.words == [("contacts/101", ItemState.PENDING, Verb.ABANDONED, "answer-lost")]


def test_where_nothing_was_called_nothing_is_read_back() -> None:
    bench = a_bench(erased(101))
    bench.carrier().settle([])
    assert (bench.events, bench.words) == ([], [])
