"""What went into a parcel comes out of it, whatever is unknown."""

from dataclasses import dataclass
from typing import Any

import pytest

from hubspot_retention.bootstrap.parcels import pack, unpack
from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.decision.model import Decision, Outcome, Reason, ReasonCode
from hubspot_retention.core.facts.deal import ContactEnd
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.facts.values import ONGOING, UNKNOWN
from hubspot_retention.core.hold import HoldCause, HoldKind
from hubspot_retention.core.plan.build import Tally
from hubspot_retention.core.plan.model import Action, Block, Bundle, ItemState, PlanItem, PlanKind
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.portal import SeenContact, UnreadContact
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.core.view import ContactTrace
from hubspot_retention.store.spool_views import AroundContacts, AroundDeals
from hubspot_retention.workflow.deciding import DealDocket, Decided, Findings, Known, UnreadDocket
from tests.builders import a_contact, at, link, on

BEFORE = Remembered("customer_until=2024-01-31", at("2024-05-01T10:00"), OptOutSource.PERSON, True, True)
KNOWN = Known(before={RecordId(101): BEFORE, RecordId(102): Remembered()}, obliged=frozenset({RecordId(102)}))
DECISION = Decision(
    record=RecordRef(ObjectType.CONTACT, RecordId(101)),
    outcome=Outcome.DISPOSE,
    reasons=(
        Reason(ReasonCode.PERIOD_ENDED, "inactive", at("2026-01-01T00:00")),
        Reason(ReasonCode.HOLD_FLAG, record=RecordRef(ObjectType.DEAL, RecordId(201)), matter="sag-2026-7"),
    ),
    rule="inactive",
    disposition=Disposition.ERASE,
    due_at=at("2026-01-01T00:00"),
    erase_by=at("2026-02-01T00:00"),
    starts=(("customer_until", on("2024-01-31")), ("last_activity", at("2024-01-01T09:30")), ("ended", ONGOING)),
)


@dataclass(frozen=True, slots=True)
class AReader:
    """Reads nothing."""

    sources: str

    def read(self, contacts: list[UnreadContact]) -> list[SeenContact]:
        """None."""
        return []


def unread(record_id: int, deals: Any = (), companies: Any = ()) -> UnreadContact:
    """A contact whose properties lie as they came."""
    return UnreadContact(RecordId(record_id), b'{"email":"someone@example.dk"}', deals, companies)


def tallied() -> Tally:
    """Counts of one decision."""
    tally = Tally()
    tally.add(DECISION, Action.ERASE)
    return tally


UNREAD = UnreadDocket(
    unread=[
        unread(101),
        unread(102, (RecordId(201), RecordId(202)), (link(301, primary=True), link(302))),
        unread(103, UNKNOWN, UNKNOWN),
    ],
    reader=AReader("clienti"),
    neighbours=AroundContacts({RecordId(201): b"deal"}, {RecordId(301): b"company"}),
    known=KNOWN,
)
DEALS = DealDocket(neighbours=AroundDeals({RecordId(201): b"deal"}, {}, {}), known=KNOWN)
FINDINGS = Findings(
    kind=ObjectType.CONTACT,
    total=3,
    tallies={PlanKind.TIME: tallied()},
    items={
        PlanKind.TIME: [
            PlanItem(decision=DECISION, action=Action.ERASE, start_is_new=True),
            PlanItem(
                decision=DECISION,
                action=Action.ARCHIVE,
                block=Block.UNVERIFIED,
                bundle=Bundle(archived=2),
                may_go=(RecordRef(ObjectType.NOTE, RecordId(41)),),
                state=ItemState.SKIPPED,
                state_code="held",
            ),
        ]
    },
    heard=[Decided(DECISION, BEFORE, Remembered(), {"ended": ONGOING})],
    notes=[(RecordId(101), Remembered(), BEFORE)],
    opt_outs=[(RecordId(102), BEFORE)],
    traces=[
        (
            RecordId(101),
            ContactTrace(
                ContactEnd(UNKNOWN, True), (HoldCause(HoldKind.FLAG, ObjectType.CONTACT, RecordId(101), "sag"),)
            ),
        )
    ],
    decisions=[DECISION],
    pending=[SeenContact(a_contact(104, opt_out=UNKNOWN), None)],
)


@pytest.mark.parametrize("parcel", [UNREAD, DEALS, FINDINGS], ids=["unread contacts", "deals", "findings"])
def test_what_is_packed_comes_out_as_it_went_in(parcel: object) -> None:
    assert unpack(pack(parcel)) == parcel


def test_links_come_out_as_links() -> None:
    _, contact, _ = unpack(pack(UNREAD)).unread
    assert [(type(each), each.primary) for each in contact.companies] == [(type(link(1)), True), (type(link(1)), False)]
