"""What hangs on the records that are due: listed, counted, and blocked where it cannot be told."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.plan.bundle import Fate, settle_for_contact
from hubspot_retention.core.plan.model import Action, Block, Bundle, PlanItem
from hubspot_retention.core.plan.query import ItemFilter
from hubspot_retention.core.probe import ProbeQuestion, ProbeResult
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.core.view import ContactView, DealView, Judge
from hubspot_retention.errors import PortalPausedError
from hubspot_retention.workflow.bundles import BundleLister, ContactBundle, DealStamp, bundle_of_contact
from tests.builders import a_contact, a_deal, at, on
from tests.documents import clienti
from tests.unit.core.plan.plans import a_disposal, an_item
from tests.unit.workflow.carrying import a_letter

NOW = at("2026-11-22T09:00")
JUDGE = Judge.of(clienti(), {}, NOW)
ONE = RecordId(101)
PORTAL = PortalId(25412345)
ENDED = on("2020-10-31")


def with_people(deal: Any, **person: Any) -> Any:
    """A deal with one of its people."""
    view = ContactView(a_contact(101, **person), (), ())
    return DealView(deal, ()), (JUDGE.trace(view, JUDGE.contact_facts(view)),)


# One contact


def test_the_end_of_a_won_deal_is_stamped_if_it_has_none_of_its_own_and_its_people_tell() -> None:
    tells = with_people(a_deal(201), customer_until=ENDED)
    has_one = with_people(a_deal(202, customer_until=on("2019-01-31")), customer_until=ENDED)
    lost = with_people(a_deal(203, won=False), customer_until=ENDED)
    goes_on = with_people(a_deal(204), stage="customer")
    doubtful = with_people(a_deal(205, won=UNKNOWN), customer_until=ENDED)
    found = bundle_of_contact(ONE, (), [tells, has_one, lost, goes_on, doubtful], JUDGE)
    assert found == ContactBundle((), (DealStamp(RecordId(201), ENDED),))


def test_correspondence_of_a_customer_finds_the_latest_of_their_won_deals() -> None:
    early = with_people(a_deal(206, closed_at=at("2019-02-01T10:00")), customer_until=ENDED)
    undated = with_people(a_deal(202, closed_at=None), customer_until=ENDED)
    lost = with_people(a_deal(203, won=False, closed_at=at("2019-03-01T10:00")), customer_until=ENDED)
    letter = a_letter("emails/41", 101)
    settled = bundle_of_contact(ONE, (letter,), [lost, undated, early], JUDGE).settled
    assert [(entry.fate, entry.home) for entry in cast(Any, settled)] == [(Fate.REHOME, 206)]
    assert bundle_of_contact(ONE, (letter,), [lost], JUDGE).settled == (settle_for_contact(ONE, letter, []),)


def test_what_could_not_be_listed_is_unknown_and_the_stamps_are_known_all_the_same() -> None:
    tells = with_people(a_deal(201), customer_until=ENDED)
    assert bundle_of_contact(ONE, UNKNOWN, [tells], JUDGE) == ContactBundle(UNKNOWN, (DealStamp(RecordId(201), ENDED),))


# A whole plan


@dataclass(slots=True)
class Desk:
    """A plan's items, a portal's correspondence, a spool's deals: all in memory. `asked`: what was asked for;
    `by_then`: how many items had been taken whenever something was."""

    planned: list[PlanItem]
    letters: dict[RecordId, Any] = field(default_factory=dict)
    deals: dict[RecordId, Any] = field(default_factory=dict)
    in_bin: dict[RecordRef, tuple[RecordId, ...]] = field(default_factory=dict)
    probed: str = "yes"
    paused: bool = False
    taken: int = 0
    by_then: list[int] = field(default_factory=list)
    asked: list[tuple[ObjectType, list[int]]] = field(default_factory=list)
    replaced: list[PlanItem] = field(default_factory=list)
    progress: list[tuple[str, int, int | None]] = field(default_factory=list)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        yield self

    def probe_results(self, portal: PortalId) -> list[ProbeResult]:
        assert portal == PORTAL
        both = (ProbeQuestion.CORRESPONDENCE_SURVIVES, ProbeQuestion.DETACHED_SURVIVES)
        return [ProbeResult(question, self.probed) for question in both]

    def items(self, plan_id: str, wanted: ItemFilter) -> Iterator[PlanItem]:
        assert plan_id == "7-time"
        for item in self.planned:
            if item.action in wanted.actions and item.record.object_type in wanted.object_types:
                self.taken += 1
                yield item

    def replace_items(self, plan_id: str, items: Sequence[PlanItem]) -> None:
        assert plan_id == "7-time"
        self.replaced.extend(items)

    def correspondence(self, kind: ObjectType, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        self.asked.append((kind, list(ids)))
        self.by_then.append(self.taken)
        if self.paused:
            raise PortalPausedError("the day's quota is used up")
        return self.letters

    def needed_in_bin(self, kind: ObjectType, ids: Sequence[RecordId]) -> dict[RecordId, tuple[RecordId, ...]]:
        return {ref.record_id: who for ref, who in self.in_bin.items() if ref.object_type is kind}

    def deals_of_contacts(self, ids: Sequence[RecordId]) -> dict[RecordId, Any]:
        return {key: self.deals[key] for key in ids if key in self.deals}

    def listed(self) -> dict[str, tuple[Bundle | None, Block | None]]:
        """List the bundles of the plan; answers what is said of each record then."""
        return self.listed_by(self.lister())

    def lister(self) -> BundleLister:
        """Who lists them."""
        return BundleLister(cast(Any, self), cast(Any, self), cast(Any, self), JUDGE)

    def listed_by(self, lister: BundleLister) -> dict[str, tuple[Bundle | None, Block | None]]:
        """The same, by somebody who may have begun."""
        for kind in (ObjectType.CONTACT, ObjectType.DEAL):
            for _ in lister.list_for(kind, ["7-time"], PORTAL, lambda *told: self.progress.append(told)):
                pass
        return {str(item.record): (item.bundle, item.block) for item in self.replaced}


def a_deal_item(number: int, action: Action = Action.ARCHIVE) -> PlanItem:
    """A deal in the plan."""
    ref = f"deals/{number}"
    return an_item(ref, decision=a_disposal(ref, rule="lost-deal"), action=action)


OWN, SHARED = a_letter("emails/42", 101, files=("7", "8")), a_letter("notes/43", 101, 999)
ERASED = an_item("contacts/101")


def test_only_what_takes_correspondence_with_it_is_listed() -> None:
    archived = an_item("contacts/102", action=Action.ARCHIVE)
    desk = Desk([ERASED, archived, a_deal_item(21), a_deal_item(22, Action.NONE)], letters={ONE: (), RecordId(21): ()})
    assert list(desk.listed()) == ["contacts/101", "deals/21"]
    assert desk.asked == [(ObjectType.CONTACT, [101]), (ObjectType.DEAL, [21])]
    assert desk.progress == [("listing correspondence", 1, None), ("listing correspondence", 1, None)]


def test_a_thousand_records_are_asked_for_together_and_no_more() -> None:
    planned = [an_item(f"contacts/{number}") for number in range(1, 2_002)]
    desk = Desk(planned, letters={item.record.record_id: () for item in planned})
    assert len(desk.listed()) == 2_001
    assert [len(ids) for _, ids in desk.asked] == [1_000, 1_000, 1]
    assert [done for _, done, _ in desk.progress] == [1_000, 1_000, 1]


def test_no_more_of_a_plan_is_held_than_is_asked_for_together() -> None:
    planned = [an_item(f"contacts/{number}") for number in range(1, 2_002)]
    desk = Desk(planned, letters={item.record.record_id: () for item in planned})
    desk.listed()
    assert desk.by_then == [1_000, 2_000, 2_001]


def test_of_each_step_one_batch_is_listed() -> None:
    planned = [*(an_item(f"contacts/{number}") for number in range(1, 1_002)), a_deal_item(21)]
    desk = Desk(planned, letters={item.record.record_id: () for item in planned})
    steps = desk.lister().list_for(ObjectType.CONTACT, ["7-time"], PORTAL)
    assert [len(desk.replaced) for _ in steps] == [1_000, 1_001]


def test_what_was_asked_for_early_is_not_asked_for_again_and_leads_to_the_same() -> None:
    planned = [*(an_item(f"contacts/{number}") for number in range(1, 1_002)), a_deal_item(21)]
    letters = {item.record.record_id: () for item in planned} | {ONE: (OWN, SHARED)}
    late, early = (Desk(planned, letters, probed="no") for _ in range(2))
    lister = early.lister()
    with ThreadPoolExecutor(1) as pool:
        lister.begin(ObjectType.CONTACT, ["7-time"], pool)
        lister.begin(ObjectType.DEAL, ["7-time"], pool)
    assert [(kind, len(ids)) for kind, ids in early.asked] == [(ObjectType.CONTACT, 1_000), (ObjectType.DEAL, 1)]
    assert not early.replaced
    assert early.listed_by(lister) == late.listed()
    assert sorted(early.asked) == sorted(late.asked)


def test_nothing_is_asked_for_early_where_nothing_is_due() -> None:
    desk = Desk([a_deal_item(21)])
    with ThreadPoolExecutor(1) as pool:
        desk.lister().begin(ObjectType.CONTACT, ["7-time"], pool)
    assert desk.asked == []


def test_an_early_question_that_fails_fails_the_listing() -> None:
    desk = Desk([ERASED], paused=True)
    lister = desk.lister()
    with ThreadPoolExecutor(1) as pool:
        lister.begin(ObjectType.CONTACT, ["7-time"], pool)
    with pytest.raises(PortalPausedError):
        desk.listed_by(lister)
    assert not desk.replaced


def test_the_bundle_of_a_contact_is_counted_with_its_stamps() -> None:
    stamped = {ONE: [with_people(a_deal(201), customer_until=ENDED)]}
    desk = Desk([ERASED], {ONE: (a_letter("emails/41", 101, deals=(201,)),)}, stamped)
    bundle, block = desk.listed()["contacts/101"]
    assert block is None
    assert bundle == Bundle(
        archived=0, emails_gone=0, detached=0, rehomed=0, stays_on_deal=1, attachments=0, deals_stamped=1
    )


@pytest.mark.parametrize(
    ("letters", "probed", "block"),
    [
        ((OWN, SHARED), "yes", None),
        ((OWN, SHARED), "no", Block.UNVERIFIED),
        ((OWN,), "no", None),
        (UNKNOWN, "yes", Block.CORRESPONDENCE_UNKNOWN),
        ((OWN, a_letter("notes/43", 101, deals=UNKNOWN)), "yes", Block.CORRESPONDENCE_UNKNOWN),
    ],
)
def test_a_contact_is_blocked_where_its_correspondence_is_unknown_or_would_hang_on_hope(
    letters: Any, probed: str, block: Block | None
) -> None:
    assert Desk([ERASED], {ONE: letters}, probed=probed).listed()["contacts/101"][1] is block


def test_what_is_shared_by_contacts_that_all_go_is_counted_as_gone_once() -> None:
    """Not as kept twice: whoever approves the plan approves that it goes."""
    thread = a_letter("emails/44", 101, 102, files=("f1",))
    other = ERASED._replace(decision=ERASED.decision._replace(record=RecordRef(ObjectType.CONTACT, RecordId(102))))
    letters = {ONE: (thread,), RecordId(102): (thread,)}
    told = Desk([ERASED, other], letters).listed()
    assert told == {
        "contacts/101": (Bundle(), None),
        "contacts/102": (Bundle(emails_gone=1, attachments=1), None),
    }
    alone = Desk([ERASED], letters)
    assert alone.listed() == {"contacts/101": (Bundle(detached=1), None)}
    assert alone.replaced[0].may_go == ()


def test_what_is_shared_by_deals_that_all_go_is_counted_as_gone_once() -> None:
    thread = a_letter("emails/44", deals=(21, 22))
    desk = Desk([a_deal_item(21), a_deal_item(22)], {RecordId(21): (thread,), RecordId(22): (thread,)}, probed="no")
    assert desk.listed() == {"deals/21": (Bundle(), None), "deals/22": (Bundle(emails_gone=1), None)}
    assert [item.may_go for item in desk.replaced] == [(thread.ref,), (thread.ref,)]


def test_a_letter_that_somebody_in_the_bin_needs_stays_and_the_plan_does_not_name_it() -> None:
    thread, other = a_letter("emails/44", 101, 102), RecordId(102)
    erased = ERASED._replace(decision=ERASED.decision._replace(record=RecordRef(ObjectType.CONTACT, other)))
    needed = {OWN.ref: (RecordId(103),), thread.ref: (RecordId(101), RecordId(103))}
    desk = Desk([ERASED, erased], {ONE: (OWN, thread), other: (thread,)}, in_bin=needed)
    assert desk.listed() == {
        "contacts/101": (Bundle(detached=2), None),
        "contacts/102": (Bundle(detached=1), None),
    }
    assert [item.may_go for item in desk.replaced] == [(), ()]
    desk = Desk([a_deal_item(21)], {RecordId(21): (a_letter("emails/44", deals=(21,)),)}, in_bin=needed)
    assert desk.listed() == {"deals/21": (Bundle(detached=1), None)}


def test_the_plan_names_each_letter_that_may_go_with_a_record() -> None:
    """A letter of two who go may go with either: nobody knows beforehand who is the last."""
    thread, other = a_letter("emails/44", 101, 102), RecordId(102)
    erased = ERASED._replace(decision=ERASED.decision._replace(record=RecordRef(ObjectType.CONTACT, other)))
    desk = Desk([ERASED, erased], {ONE: (SHARED, thread, OWN), other: (thread,)})
    desk.listed()
    assert [item.may_go for item in desk.replaced] == [(OWN.ref, thread.ref), (thread.ref,)]


def test_what_no_answer_tells_of_is_unknown() -> None:
    told = Desk([ERASED, a_deal_item(21)]).listed()
    assert [block for _, block in told.values()] == [Block.CORRESPONDENCE_UNKNOWN, Block.CORRESPONDENCE_UNKNOWN]


def test_what_hangs_on_nothing_else_goes_with_a_deal_and_no_probe_is_needed_for_what_stays() -> None:
    deal = RecordId(21)
    letters = (a_letter("notes/41", deals=(21,)), a_letter("emails/42", 101, deals=(21,)))
    desk = Desk([a_deal_item(21)], {deal: letters}, probed="no")
    bundle, block = desk.listed()["deals/21"]
    assert block is None
    assert bundle == Bundle(
        archived=1, emails_gone=0, detached=1, rehomed=0, stays_on_deal=0, attachments=0, deals_stamped=0
    )
    unreadable = Desk([a_deal_item(21)], {deal: (a_letter("notes/41", deals=UNKNOWN),)})
    assert unreadable.listed()["deals/21"][1] is Block.CORRESPONDENCE_UNKNOWN
