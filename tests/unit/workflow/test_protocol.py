"""The durable words of the disposal protocol, one by one, against a real database and two clocks that stand still."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from hubspot_retention.core.audit.entry import Entry, read_entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.consent import Consent, ConsentReceipt, ConsentState, Remembrance
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered
from hubspot_retention.core.decision.model import Outcome
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.hold import Hold
from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanItem, PlanStatus
from hubspot_retention.core.plan.query import ALL_ITEMS
from hubspot_retention.core.plan.recheck import Skip
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.core.portal import CallResult, Fate
from hubspot_retention.core.probe import ProbeQuestion, ProbeResult
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.core.request import RequestKind, SubjectRequest
from hubspot_retention.core.tombstone import Tombstone
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.workflow.aftermath import took_effect
from hubspot_retention.workflow.protocol import STILL_THERE, Ledger, Part, Sending
from hubspot_retention.workflow.remembered import MAY_COME_FOR, expire_remembered
from hubspot_retention.workflow.times import Times
from tests.builders import a_contact, at
from tests.contract.store.values import a_run
from tests.documents import CLIENTI, clienti
from tests.stores import a_database
from tests.unit.core.plan.plans import a_decision, a_disposal, a_plan, an_item, observing
from tests.unit.core.webhook.test_heard import LISTENING, told

NOW = at("2026-11-22T09:00")
SECOND = timedelta(seconds=1)
KEY = "2026:9f86d081884c7d65"
NEWS = Consent(subscription="101", state=ConsentState.GIVEN, at=at("2024-01-01T10:00"), source="form")
LEFT = Consent(subscription="102", state=ConsentState.WITHDRAWN, at=at("2025-01-01T10:00"))
TWO = Remembrance(KEY, (NEWS, LEFT))
ERASE, OTHER = an_item("contacts/101"), an_item("contacts/102")
ARCHIVE = an_item("contacts/103", action=Action.ARCHIVE)
DEAL = an_item("deals/21", decision=a_disposal("deals/21", rule="lost-deal"), action=Action.ARCHIVE)
STAYS = a_decision(Outcome.RETAIN, record="contacts/104")
MARKETING = an_item(decision=STAYS, action=Action.END_MARKETING)
EVERY = (ERASE, OTHER, ARCHIVE, DEAL, MARKETING)
DUE = (ERASE, OTHER)


LETTER, NOTE = RecordRef.parse("emails/303"), RecordRef.parse("notes/303")


@dataclass(slots=True)
class Desk:
    """A plan that is being applied, and who writes down what becomes of it."""

    store: SqlStore
    plan: Plan
    now: datetime = NOW
    seconds: float = 100.0
    sound: bool = True
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        times = Times(lambda: self.now, lambda: self.seconds)
        self.ledger = Ledger(
            self.store, self.plan, clienti(), "carl", times, listening=LISTENING, is_sound=lambda: self.sound
        )

    def approve(self, text: str) -> None:
        """A person approves a policy."""
        with self.store.transaction() as tx:
            tx.approve_policy(parse_policy(text).digest, text, NOW, "anna")

    def narrow(self) -> None:
        """A person approves one that lets less go."""
        self.approve(CLIENTI.read_text().replace('after = "P24M"', 'after = "P36M"'))

    def said(self) -> list[Entry]:
        """The audit log."""
        return [read_entry(stored.body) for stored in self.store.entries()]

    def words(self) -> list[tuple[str, str | None, str | None]]:
        """Kind, record and code of each of its entries."""
        return [(entry.kind, entry.record, entry.code) for entry in self.said()]

    def state(self, item: PlanItem) -> tuple[ItemState, str]:
        """How far an item has come."""
        with self.store.transaction() as tx:
            found = {each.record: each for each in tx.items(self.plan.plan_id, ALL_ITEMS)}[item.record]
        return found.state, found.state_code

    def entry(self, item: PlanItem, verb: Verb, code: str | None, **more: Any) -> Entry:
        """What an entry about an item says."""
        values: dict[str, Any] = {
            "subject": Subject.DISPOSAL,
            "at": self.now,
            "portal_id": self.plan.portal_id,
            "record": str(item.record),
            "run_id": self.plan.run_id,
            "plan_id": self.plan.plan_id,
            "plan_digest": self.plan.digest,
            "policy_digest": self.plan.policy_digest,
            "rule": item.decision.rule,
            "actor": "carl",
        }
        return Entry(**values | {"verb": verb, "code": code} | more)

    def stones(self) -> list[Tombstone]:
        """The tombstones."""
        with self.store.transaction() as tx:
            return list(tx.tombstones_of([KEY]))

    def needed(self, letter: RecordRef) -> list[int]:
        """Who in the bin needs a letter."""
        with self.store.transaction() as tx:
            return [*tx.needed_in_bin(letter.object_type, [letter.record_id]).get(letter.record_id, ())]

    def receipts(self) -> list[ConsentReceipt]:
        """The receipts."""
        with self.store.transaction() as tx:
            return list(tx.receipts_of([KEY]))

    def counters(self) -> dict[str, int]:
        """What is counted of disposals."""
        with self.store.transaction() as tx:
            return {label: count for (name, label), count in tx.counters().items() if name == "disposals"}

    def late(self) -> list[RecordRef]:
        """The records on which a call may take effect yet."""
        with self.store.transaction() as tx:
            return [record for _, record in tx.late_calls(NOW - SECOND)]

    def recalled(self, item: PlanItem) -> Remembered:
        """What later runs know of a record."""
        with self.store.transaction() as tx:
            found = tx.recall(item.record.object_type, [item.record.record_id])
        return found.get(item.record.record_id, NOTHING_REMEMBERED)

    def hold(self, record: str = "contacts/999") -> None:
        """A person places a hold."""
        ref = RecordRef.parse(record)
        with self.store.transaction() as tx:
            tx.place_hold(Hold(hold_id=0, record=ref, matter="sag-1", placed_at=NOW, placed_by="bent"), "a dispute")

    def ask(self) -> None:
        """A person asks for access."""
        asked = SubjectRequest(
            request_id=0,
            contact_id=RecordId(999),
            kind=RequestKind.ACCESS,
            received_at=NOW,
            recorded_by="bent",
        )
        with self.store.transaction() as tx:
            tx.add_request(asked)

    def tell(self, event_type: str, number: int, name: str) -> None:
        """A webhook is heard."""
        with self.store.transaction() as tx:
            tx.add_events([told(event_type, number, name, event_id=next(self.numbers))], self.now)

    def become(self, status: PlanStatus) -> None:
        """Somebody decides about the plan."""
        with self.store.transaction() as tx:
            tx.save_plan(replace(self.plan, status=status))

    def stop(self) -> None:
        """Somebody stops everything."""
        with self.store.transaction() as tx:
            tx.set_kill_switch("bent: a mistake")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A plan of five items, being applied."""
    with open_store(a_database(tmp_path / "retention.db")) as store:
        with store.transaction() as tx:
            run_id = tx.start_run(a_run())
            plan = a_plan(run_id=run_id, status=PlanStatus.APPLYING, digest="d1", expires_at=NOW + 60 * SECOND)
            tx.add_plan(plan)
            tx.add_items(plan.plan_id, EVERY)
        yield Desk(store, plan)


# Tx A


def test_the_intent_names_rule_policy_plan_and_actor(desk: Desk) -> None:
    desk.ledger.prepare(DUE)
    assert desk.said() == [desk.entry(item, Verb.INTENDED, "erase") for item in DUE]
    assert [desk.state(item) for item in (*DUE, ARCHIVE)] == [(ItemState.PREPARED, "")] * 2 + [(ItemState.PENDING, "")]


def test_what_a_batch_is_checked_against_is_read_with_its_intent(desk: Desk) -> None:
    desk.hold()
    desk.ask()
    known = Remembered(starts="event_on=2026-12-01")
    with desk.store.transaction() as tx:
        tx.note(ObjectType.CONTACT, [(RecordId(101), known), (RecordId(103), known)])
        tx.note(ObjectType.DEAL, [(RecordId(21), known), (RecordId(101), known)])
        tx.note(ObjectType.CONTACT, [(RecordId(21), known)])
    prepared = desk.ledger.prepare(DUE)
    assert prepared.memory.register == {RecordRef.parse("contacts/999"): ("sag-1",)}
    assert (prepared.memory.contacts, prepared.memory.deals) == ({RecordId(101): known}, {})
    assert [request.contact_id for request in prepared.requests] == [999]
    assert prepared.memory.requests.of(a_contact(999)).restricts
    assert (prepared.at, prepared.verified) == (100.0, False)
    of_deals = desk.ledger.prepare([DEAL])
    assert (of_deals.memory.contacts, of_deals.memory.deals) == ({}, {RecordId(21): known})


@pytest.mark.parametrize(("answer", "verified"), [("yes", True), ("no", False)])
def test_what_the_probe_saw_on_this_portal_counts(desk: Desk, answer: str, verified: bool) -> None:
    seen = [ProbeResult(ProbeQuestion.CORRESPONDENCE_SURVIVES, "yes")]
    seen.append(ProbeResult(ProbeQuestion.DETACHED_SURVIVES, answer))
    with desk.store.transaction() as tx:
        tx.save_probe(desk.plan.portal_id, seen, NOW)
    assert desk.ledger.prepare(DUE).verified is verified


# Tx B


def test_a_batch_is_sent_with_the_parts_of_its_bundle(desk: Desk) -> None:
    prepared = desk.ledger.prepare([ERASE])
    desk.seconds += 3
    parts = (Part(Subject.DEAL, "deals/21", "stamp"), Part(Subject.ENGAGEMENT, "emails/41", "archive"))
    assert desk.ledger.send([ERASE], prepared, parts) == Sending(103.0)
    assert desk.said()[1:] == [
        desk.entry(ERASE, Verb.SENT, "erase"),
        desk.entry(ERASE, Verb.SENT, "stamp", subject=Subject.DEAL, facts=(("about", "deals/21"),)),
        desk.entry(ERASE, Verb.SENT, "archive", subject=Subject.ENGAGEMENT, facts=(("about", "emails/41"),)),
    ]
    assert desk.state(ERASE) == (ItemState.SENT, "")
    assert (desk.stones(), desk.receipts()) == ([], [])


def test_what_was_merged_into_a_record_is_known_with_the_word_sent_and_told_of_once(desk: Desk) -> None:
    old = [RecordRef.parse(f"contacts/{number}") for number in (7, 8)]
    with desk.store.transaction() as tx:
        tx.note_merge(ObjectType.CONTACT, old[1].record_id, ERASE.record.record_id, NOW)
    prepared = replace(desk.ledger.prepare(DUE), former={ERASE.record: [each.record_id for each in old]})
    assert desk.ledger.send(DUE, prepared) is not None
    merge = desk.entry(
        ERASE, Verb.SEEN, None, subject=Subject.MERGE, facts=(("held", False), ("winner", "contacts/101"))
    )
    assert [entry for entry in desk.said() if entry.kind == "merge.seen"] == [replace(merge, record="contacts/7")]
    with desk.store.transaction() as tx:
        assert [tx.became(each) for each in old] == [{ERASE.record}, {ERASE.record}]


def in_need(desk: Desk) -> None:
    """A contact goes into the bin who needs a letter."""
    assert desk.ledger.send([ARCHIVE], desk.ledger.prepare([ARCHIVE]), needs={RecordId(103): (LETTER,)}) is not None
    assert desk.needed(LETTER) == [103]


def test_the_tombstone_and_the_receipts_of_who_goes_are_durable_with_the_word_sent(desk: Desk) -> None:
    prepared = desk.ledger.prepare([ERASE])
    assert desk.ledger.send([ERASE], prepared, remembered=TWO) is not None
    assert desk.said()[1] == desk.entry(ERASE, Verb.SENT, "erase", facts=(("subject", KEY),))
    assert desk.stones() == [Tombstone(record_id=RecordId(101), pseudonym=KEY, sent_at=NOW)]
    assert sorted(desk.receipts(), key=lambda each: each.consent.subscription) == [
        ConsentReceipt(record_id=RecordId(101), pseudonym=KEY, consent=NEWS, last_used_at=NOW),
        ConsentReceipt(record_id=RecordId(101), pseudonym=KEY, consent=LEFT, last_used_at=at("2025-01-01T10:00")),
    ]


def test_what_whoever_goes_into_the_bin_needs_is_durable_with_the_word_sent(desk: Desk) -> None:
    batch = [ARCHIVE, ARCHIVE._replace(decision=a_disposal("contacts/105"))]
    with desk.store.transaction() as tx:
        tx.add_items(desk.plan.plan_id, batch[1:])
    needs = {RecordId(103): (LETTER, NOTE), RecordId(105): (LETTER,)}
    assert desk.ledger.send(batch, desk.ledger.prepare(batch), needs=needs) is not None
    assert desk.needed(LETTER) == [103, 105]
    assert desk.needed(NOTE) == [103]


def test_without_the_word_sent_nothing_is_noted_of_what_anybody_needs(desk: Desk) -> None:
    prepared = desk.ledger.prepare([ARCHIVE])
    desk.sound = False
    assert desk.ledger.send([ARCHIVE], prepared, needs={RecordId(103): (LETTER,)}) is None
    assert desk.needed(LETTER) == []


def test_what_somebody_in_the_bin_needs_is_forgotten_when_nobody_can_restore_them_any_more(desk: Desk) -> None:
    """HubSpot's bin keeps them for 90 days; the call itself may have come a day late."""
    in_need(desk)
    desk.now += timedelta(days=91)
    expire_remembered(desk.store, clienti(), desk.now)
    assert desk.needed(LETTER) == [103]
    desk.now += SECOND
    expire_remembered(desk.store, clienti(), desk.now)
    assert desk.needed(LETTER) == []


@pytest.mark.parametrize("state", [state for state in ItemState if state is not ItemState.PREPARED])
def test_whatever_became_of_an_archive_what_the_contact_needs_stays_known(desk: Desk, state: ItemState) -> None:
    """It may lie in the bin since another call, and that one may take effect late."""
    in_need(desk)
    desk.ledger.settle([ARCHIVE], state, Verb.SKIPPED, "x")
    assert desk.needed(LETTER) == [103]


def test_what_somebody_needed_who_is_erased_is_forgotten(desk: Desk) -> None:
    in_need(desk)
    desk.ledger.settle([an_item("contacts/103")], ItemState.DONE, Verb.DONE, "read-back-absent")
    assert desk.needed(LETTER) == []


def test_that_consents_could_not_be_read_is_said_with_the_word_sent(desk: Desk) -> None:
    prepared = desk.ledger.prepare([ERASE])
    assert desk.ledger.send([ERASE], prepared, remembered=Remembrance(KEY, UNKNOWN)) is not None
    assert desk.said()[1].facts == (("consents", "unreadable"), ("subject", KEY))
    assert (len(desk.stones()), desk.receipts()) == (1, [])


def changes(desk: Desk, what: str) -> None:
    """Something happens between the check and the word."""
    match what:
        case "hold":
            desk.hold()
        case "request":
            desk.ask()
        case "stopped":
            desk.stop()
        case "expired":
            desk.now = desk.plan.expires_at + SECOND
        case "narrowed":
            desk.narrow()
        case "unsound":
            desk.sound = False
        case "old":
            desk.seconds += 6.1
        case _:
            desk.become(PlanStatus(what))


@pytest.mark.parametrize("what", ["hold", "request", "stopped", "narrowed", "expired", "unsound", "old", "rejected"])
def test_whatever_changed_since_the_check_keeps_the_batch_from_going(desk: Desk, what: str) -> None:
    prepared = desk.ledger.prepare(DUE)
    changes(desk, what)
    assert desk.ledger.send(DUE, prepared, remembered=TWO) is None
    assert desk.ledger.still_stands(ERASE, prepared) is None
    again = [desk.entry(item, Verb.ABANDONED, "check-again") for item in (*DUE, ERASE)]
    assert desk.said()[2:] == again
    assert desk.state(OTHER) == (ItemState.PENDING, "")
    assert desk.state(ERASE) == (ItemState.PENDING, "check-again")
    assert (desk.stones(), desk.receipts()) == ([], [])


def test_up_to_the_last_instant_it_may_go(desk: Desk) -> None:
    prepared = desk.ledger.prepare(DUE)
    desk.now, desk.seconds = desk.plan.expires_at, 106.0
    assert desk.ledger.send([ERASE], prepared) == Sending(106.0)
    desk.seconds = 104.0
    assert desk.ledger.still_stands(ERASE, prepared) == Sending(104.0)


def test_a_webhook_about_one_of_a_batch_has_all_of_it_checked_again(desk: Desk) -> None:
    prepared = desk.ledger.prepare(DUE)
    desk.tell("contact.propertyChange", 102, "lifecyclestage")
    assert desk.ledger.still_stands(ERASE, prepared) is not None
    assert desk.ledger.send(DUE, prepared) is None
    assert desk.said()[2:] == [desk.entry(item, Verb.ABANDONED, "heard-since") for item in DUE]
    assert desk.ledger.still_stands(OTHER, prepared) is None
    assert desk.state(OTHER) == (ItemState.PENDING, "heard-since")


def test_a_webhook_of_a_hold_on_what_was_read_around_a_batch_has_it_checked_again(desk: Desk) -> None:
    prepared = replace(desk.ledger.prepare(DUE), around=frozenset((RecordRef.parse("companies/11"),)))
    desk.tell("company.propertyChange", 11, "city")
    assert desk.ledger.still_stands(ERASE, prepared) is not None
    desk.tell("company.propertyChange", 11, "legal_hold")
    assert desk.ledger.still_stands(ERASE, prepared) is None


def test_what_was_heard_before_the_intent_is_in_what_was_read_after_it(desk: Desk) -> None:
    desk.tell("contact.propertyChange", 101, "legal_hold")
    assert desk.ledger.send([ERASE], desk.ledger.prepare([ERASE])) is not None


def test_a_call_is_in_time_for_five_seconds(desk: Desk) -> None:
    desk.seconds = 105.0
    assert desk.ledger.in_time(Sending(100.0))
    desk.seconds = 105.1
    assert not desk.ledger.in_time(Sending(100.0))


def test_what_a_call_would_come_too_late_for_waits_to_be_checked_again(desk: Desk) -> None:
    sent(desk, ERASE)
    desk.seconds = 105.0
    assert desk.ledger.may_call([ERASE], Sending(100.0))
    assert desk.state(ERASE) == (ItemState.SENT, "")
    desk.seconds = 105.1
    assert not desk.ledger.may_call([ERASE], Sending(100.0))
    assert desk.state(ERASE) == (ItemState.PENDING, "too-late-to-call")


@pytest.mark.parametrize("what", ["stopped", "narrowed", "expired", "unsound", "rejected", "approved"])
def test_it_is_stopped_by_a_person_by_time_and_by_doubt(desk: Desk, what: str) -> None:
    assert not desk.ledger.is_stopped()
    changes(desk, what)
    assert desk.ledger.is_stopped()


def test_a_policy_that_is_as_wide_stops_nothing(desk: Desk) -> None:
    desk.approve(CLIENTI.read_text())
    assert not desk.ledger.is_stopped()


def test_a_plan_that_is_gone_is_stopped(desk: Desk) -> None:
    elsewhere = Desk(desk.store, replace(desk.plan, plan_id="8-time"))
    assert elsewhere.ledger.is_stopped()


def test_unless_it_is_said_otherwise_the_log_and_the_clock_are_trusted(desk: Desk) -> None:
    assert not Ledger(
        desk.store, desk.plan, clienti(), "carl", Times(lambda: NOW, lambda: 0.0), listening=LISTENING
    ).is_stopped()


# Tx C


def sent(desk: Desk, item: PlanItem = ERASE, remembered: Remembrance | None = TWO) -> None:
    """The item is on its way."""
    assert desk.ledger.send([item], desk.ledger.prepare([item]), remembered=remembered) is not None


def test_what_is_skipped_is_counted_and_leaves_nothing(desk: Desk) -> None:
    sent(desk)
    desk.ledger.skip(ERASE, Skip.HELD)
    assert desk.said()[-1] == desk.entry(ERASE, Verb.SKIPPED, "held-now")
    assert desk.state(ERASE) == (ItemState.SKIPPED, "held-now")
    assert desk.counters() == {"former-customer/skipped": 1}
    assert (desk.stones(), desk.receipts()) == ([], [])


def test_of_who_is_seen_to_be_gone_tombstone_and_receipts_count_from_now(desk: Desk) -> None:
    sent(desk)
    desk.now += SECOND
    desk.ledger.settle([ERASE], ItemState.DONE, Verb.DONE, "read-back-absent")
    number = (("number", "2"),)
    assert desk.said()[-2:] == [
        desk.entry(ERASE, Verb.DONE, "read-back-absent"),
        desk.entry(ERASE, Verb.STORED, None, subject=Subject.CONSENT_RECEIPT, facts=number),
    ]
    assert [stone.erased_at for stone in desk.stones()] == [desk.now]
    assert [receipt.erased_at for receipt in desk.receipts()] == [desk.now, desk.now]
    assert desk.counters() == {"former-customer/done": 1}


def test_who_leaves_no_consents_leaves_no_word_of_receipts(desk: Desk) -> None:
    sent(desk, remembered=Remembrance(KEY))
    desk.ledger.settle([ERASE], ItemState.DONE, Verb.DONE, "read-back-absent")
    assert desk.said()[-1].kind == "disposal.done"


def test_an_answer_that_was_lost_leaves_tombstone_and_receipts_open(desk: Desk) -> None:
    sent(desk)
    desk.ledger.settle([ERASE], ItemState.UNKNOWN, Verb.UNKNOWN, "no-answer")
    assert [stone.erased_at for stone in desk.stones()] == [None]
    assert [receipt.erased_at for receipt in desk.receipts()] == [None, None]
    assert desk.counters() == {}


@pytest.mark.parametrize(("state", "verb"), [(ItemState.PENDING, Verb.ABANDONED), (ItemState.FAILED, Verb.FAILED)])
def test_of_who_stays_after_all_neither_is_left(desk: Desk, state: ItemState, verb: Verb) -> None:
    sent(desk)
    desk.ledger.settle([ERASE], state, verb, "http-400")
    assert (desk.stones(), desk.receipts()) == ([], [])


def test_an_archive_touches_nobodys_tombstone(desk: Desk) -> None:
    sent(desk)
    archived = ARCHIVE._replace(decision=a_disposal("contacts/101"))
    desk.ledger.settle([archived], ItemState.FAILED, Verb.FAILED, "http-400")
    desk.ledger.settle([archived], ItemState.DONE, Verb.DONE, "read-back-absent")
    assert [stone.erased_at for stone in desk.stones()] == [None]


def test_later_runs_know_what_was_archived_and_whose_marketing_ended_and_of_who_is_gone_nothing(desk: Desk) -> None:
    known = Remembered(starts="event_on=2026-12-01")
    with desk.store.transaction() as tx:
        tx.note(ObjectType.CONTACT, [(item.record.record_id, known) for item in (ERASE, ARCHIVE, MARKETING)])
    for item, verb in ((ERASE, Verb.DONE), (ARCHIVE, Verb.DONE), (MARKETING, Verb.DONE), (DEAL, Verb.DONE)):
        desk.ledger.settle([item], ItemState.DONE, verb, "x")
    assert desk.recalled(ERASE) == NOTHING_REMEMBERED
    assert desk.recalled(ARCHIVE) == known._replace(archived_by_us=True)
    assert desk.recalled(MARKETING) == known._replace(marketing_ended=True)
    assert desk.recalled(DEAL) == Remembered(archived_by_us=True)


def test_what_is_not_done_is_not_remembered_as_done(desk: Desk) -> None:
    desk.ledger.settle([ARCHIVE], ItemState.SKIPPED, Verb.SKIPPED, "held")
    assert desk.recalled(ARCHIVE) == NOTHING_REMEMBERED
    desk.ledger.settle([], ItemState.DONE, Verb.DONE, "read-back-absent")
    assert [entry.kind for entry in desk.said()] == ["disposal.skipped"]


def test_the_end_of_marketing_has_words_of_its_own(desk: Desk) -> None:
    desk.ledger.prepare([MARKETING])
    desk.ledger.settle([MARKETING], ItemState.DONE, Verb.DONE, "opted-out")
    assert desk.said() == [
        desk.entry(MARKETING, Verb.INTENDED, "end-marketing", subject=Subject.MARKETING),
        desk.entry(MARKETING, Verb.ENDED, "opted-out", subject=Subject.MARKETING),
    ]
    assert desk.counters() == {"marketing/done": 1}


REFUSALS = (
    (Fate.REFUSED, None, ItemState.PENDING, Verb.ABANDONED, "no-answer"),
    (Fate.REFUSED, 423, ItemState.PENDING, Verb.ABANDONED, "http-423"),
    (Fate.REFUSED, 429, ItemState.PENDING, Verb.ABANDONED, "http-429"),
    (Fate.REFUSED, 400, ItemState.FAILED, Verb.FAILED, "http-400"),
    (Fate.REFUSED, 404, ItemState.UNKNOWN, Verb.UNKNOWN, "http-404"),
    (Fate.UNKNOWN, None, ItemState.UNKNOWN, Verb.UNKNOWN, "no-answer"),
    (Fate.UNKNOWN, 502, ItemState.UNKNOWN, Verb.UNKNOWN, "http-502"),
    (Fate.UNKNOWN, 429, ItemState.UNKNOWN, Verb.UNKNOWN, "http-429"),
)


def test_a_call_that_was_refused_failed_or_waits_and_one_whose_answer_was_lost_is_unknown(desk: Desk) -> None:
    for fate, status, state, verb, code in REFUSALS:
        desk.ledger.settle_refusal([ARCHIVE], CallResult(fate, status))
        assert (desk.said()[-1], desk.state(ARCHIVE)) == (desk.entry(ARCHIVE, verb, code), (state, code))
        desk.ledger.settle_refusal([ARCHIVE], CallResult(fate, status), "bundle-")
        assert desk.state(ARCHIVE) == (state, f"bundle-{code}")


def test_only_those_of_a_batch_that_got_no_further_than_their_intent_are_given_back(desk: Desk) -> None:
    sent(desk)
    desk.ledger.prepare([OTHER, ARCHIVE])
    desk.ledger.give_back(DUE, "unreadable")
    assert desk.words()[-1] == ("disposal.abandoned", "contacts/102", "unreadable")
    assert [desk.state(item)[0] for item in (ERASE, OTHER, ARCHIVE)] == [
        ItemState.SENT,
        ItemState.PENDING,
        ItemState.PREPARED,
    ]
    assert desk.state(OTHER)[1] == "unreadable"


def test_a_call_that_may_take_effect_yet_is_noted_until_its_record_is_gone(desk: Desk) -> None:
    for item in DUE:
        desk.ledger.settle([item], ItemState.PENDING, Verb.ABANDONED, STILL_THERE)
    desk.ledger.settle([ARCHIVE], ItemState.PENDING, Verb.ABANDONED, "answer-lost")
    assert desk.late() == [ERASE.record, OTHER.record]
    desk.ledger.settle([ERASE._replace(state_code="x")], ItemState.DONE, Verb.DONE, "read-back-absent")
    desk.ledger.settle([OTHER._replace(state_code=STILL_THERE)], ItemState.UNKNOWN, Verb.UNKNOWN, "no-answer")
    assert desk.late() == [ERASE.record, OTHER.record]
    desk.ledger.settle([OTHER._replace(state_code=STILL_THERE)], ItemState.DONE, Verb.DONE, "read-back-absent")
    assert desk.late() == [ERASE.record]


def test_a_step_says_to_what_it_was_done_and_how_it_ended(desk: Desk) -> None:
    desk.ledger.step(ERASE, Subject.ENGAGEMENT, Verb.ARCHIVED, CallResult(Fate.DONE, 204), "emails/41")
    desk.ledger.step(ERASE, Subject.ATTACHMENT, Verb.UNKNOWN, CallResult(Fate.UNKNOWN), "files/7")
    letter = (("about", "emails/41"), ("fate", "done"))
    file = (("about", "files/7"), ("fate", "unknown"))
    assert desk.said() == [
        desk.entry(ERASE, Verb.ARCHIVED, "http-204", subject=Subject.ENGAGEMENT, facts=letter),
        desk.entry(ERASE, Verb.UNKNOWN, None, subject=Subject.ATTACHMENT, facts=file),
    ]


def test_a_step_of_who_loses_marketing_alone_is_told_as_a_step_of_that(desk: Desk) -> None:
    desk.ledger.step(MARKETING, Subject.MARKETING, Verb.VERIFIED, CallResult(Fate.DONE, 204), "opt-out")
    assert desk.said()[0].kind == "marketing.verified"


# Calls that take effect late


def still_there(desk: Desk, item: PlanItem = ERASE, remembered: Remembrance | None = TWO) -> None:
    """The answer was lost, and the record was there when it was read back."""
    sent(desk, item, remembered)
    desk.ledger.settle([item], ItemState.PENDING, Verb.ABANDONED, STILL_THERE)


def test_what_was_read_can_be_gone_by_for_six_seconds(desk: Desk) -> None:
    prepared = desk.ledger.prepare(DUE)
    desk.seconds = 106.0
    assert desk.ledger.is_fresh(prepared)
    desk.seconds = 106.1
    assert not desk.ledger.is_fresh(prepared)


def test_as_long_as_a_call_may_take_effect_what_was_written_down_for_it_stays(desk: Desk) -> None:
    still_there(desk)
    assert [stone.erased_at for stone in desk.stones()] == [None]
    desk.now += MAY_COME_FOR
    desk.ledger.settle([ERASE], ItemState.FAILED, Verb.FAILED, "http-400")
    assert (len(desk.stones()), len(desk.receipts())) == (1, 2)
    desk.now += SECOND
    desk.ledger.settle([ERASE], ItemState.FAILED, Verb.FAILED, "http-400")
    assert (desk.stones(), desk.receipts()) == ([], [])


def test_who_is_gone_by_a_late_call_is_done_with_by_it(desk: Desk) -> None:
    with desk.store.transaction() as tx:
        tx.note(ObjectType.CONTACT, [(RecordId(101), Remembered(starts="event_on=2026-12-01"))])
    still_there(desk)
    desk.now += SECOND
    desk.ledger.skip(ERASE, Skip.GONE)
    assert desk.state(ERASE) == (ItemState.DONE, "late-effect")
    stored = {"subject": Subject.CONSENT_RECEIPT, "facts": (("number", "2"),)}
    assert desk.said()[-2:] == [
        desk.entry(ERASE, Verb.DONE, "late-effect", actor="service"),
        desk.entry(ERASE, Verb.STORED, None, actor="service", **stored),
    ]
    assert [stone.erased_at for stone in desk.stones()] == [desk.now]
    assert desk.counters() == {"former-customer/done": 1}
    assert (desk.late(), desk.recalled(ERASE)) == ([], NOTHING_REMEMBERED)


def test_who_is_gone_without_a_call_of_ours_is_skipped(desk: Desk) -> None:
    desk.ledger.prepare(DUE)
    desk.ledger.skip(ERASE, Skip.GONE)
    assert desk.state(ERASE) == (ItemState.SKIPPED, Skip.GONE.value)
    still_there(desk, OTHER, None)
    desk.ledger.skip(OTHER, Skip.MERGED)
    assert desk.state(OTHER) == (ItemState.SKIPPED, Skip.MERGED.value)


def test_an_archive_that_takes_effect_late_is_done_with_and_leaves_no_word_of_receipts(desk: Desk) -> None:
    still_there(desk, DEAL, None)
    desk.ledger.skip(DEAL, Skip.GONE)
    assert desk.words()[-1] == ("disposal.done", "deals/21", "late-effect")
    assert desk.recalled(DEAL) == Remembered(archived_by_us=True)
    assert desk.counters() == {"lost-deal/done": 1}


def test_what_was_let_go_of_meanwhile_stays_so_and_the_log_tells_of_the_effect(desk: Desk) -> None:
    still_there(desk)
    desk.ledger.skip(ERASE, Skip.HELD)
    desk.ledger.skip(ERASE, Skip.GONE)
    assert desk.words()[-3:] == [
        ("disposal.verified", "contacts/101", "late-effect"),
        ("consent-receipt.stored", "contacts/101", None),
        ("disposal.skipped", "contacts/101", Skip.GONE.value),
    ]
    assert desk.state(ERASE) == (ItemState.SKIPPED, Skip.GONE.value)
    assert [stone.erased_at for stone in desk.stones()] == [desk.now]


def test_whoever_finds_a_record_gone_hears_in_which_plan_it_is_done_with_by_a_late_call(desk: Desk) -> None:
    def found_gone(item: PlanItem) -> str:
        with desk.store.transaction() as tx:
            return took_effect(tx, item.record, desk.now)

    assert found_gone(ERASE) == ""
    still_there(desk)
    assert found_gone(ERASE) == desk.plan.plan_id
    assert found_gone(ERASE) == ""
    still_there(desk, OTHER)
    desk.ledger.skip(OTHER, Skip.HELD)
    assert found_gone(OTHER) == ""


def test_a_late_call_of_another_plan_is_done_with_there_and_skipped_here(desk: Desk) -> None:
    still_there(desk)
    with desk.store.transaction() as tx:
        later = replace(desk.plan, plan_id="9-time", digest="d2")
        tx.add_plan(later)
        tx.add_items("9-time", [ERASE])
    newer = Desk(desk.store, later)
    newer.ledger.skip(ERASE, Skip.GONE)
    assert newer.state(ERASE) == (ItemState.SKIPPED, Skip.GONE.value)
    assert desk.state(ERASE) == (ItemState.DONE, "late-effect")


def test_a_call_is_over_after_a_day_and_what_was_kept_for_it_goes(desk: Desk) -> None:
    still_there(desk)
    desk.now += MAY_COME_FOR
    assert expire_remembered(desk.store, clienti(), desk.now) == (0, 0, 0)
    assert len(desk.stones()) == 1
    desk.now += SECOND
    expire_remembered(desk.store, clienti(), desk.now)
    assert (desk.stones(), desk.receipts(), desk.late()) == ([], [], [])


def test_what_was_kept_for_a_call_stays_while_there_is_another(desk: Desk) -> None:
    still_there(desk)
    sent(desk)
    expire_remembered(desk.store, clienti(), desk.now + MAY_COME_FOR + SECOND)
    assert (len(desk.stones()), len(desk.receipts())) == (1, 2)


def test_a_call_for_a_deal_that_is_over_takes_nothing_from_the_contact_with_its_number(desk: Desk) -> None:
    sent(desk)
    deal = DEAL._replace(decision=a_disposal("deals/101", rule="lost-deal"))
    with desk.store.transaction() as tx:
        tx.add_items(desk.plan.plan_id, [deal])
    still_there(desk, deal, None)
    expire_remembered(desk.store, clienti(), desk.now + MAY_COME_FOR + SECOND)
    assert len(desk.stones()) == 1


def test_what_the_policy_only_observes_is_never_sent(desk: Desk) -> None:
    times = Times(lambda: desk.now, lambda: desk.seconds)
    policy = observing("former-customer")
    ledger = Ledger(desk.store, desk.plan, policy, "carl", times, listening=LISTENING, is_sound=lambda: True)
    assert ledger.send([DEAL], ledger.prepare([DEAL])) is not None
    assert ledger.send(DUE, ledger.prepare(DUE)) is None
    assert [desk.state(item)[0] for item in DUE] == [ItemState.PENDING, ItemState.PENDING]
    assert desk.words()[-1] == ("disposal.abandoned", "contacts/102", "only-observed")
