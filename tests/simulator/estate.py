"""A portal of one schedule: contacts alone, or an estate with deals that go, deals that stay, a firm and letters.

In an estate the numbers of deals are those of contacts: whoever takes one class for another is found out.
"""

from typing import Final

from hubspot_retention.core.facts.observation import CompanyLink
from hubspot_retention.core.probe import ProbeQuestion, ProbeResult
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from tests.builders import LONG_AGO, a_company, a_contact, a_deal, at, on
from tests.simulator.letters import Letter
from tests.simulator.portal import SimulatedPortal, contacts
from tests.simulator.stage import Stage
from tests.simulator.town import Town

SURVIVES: Final = tuple(
    ProbeResult(question, "yes")
    for question in (ProbeQuestion.CORRESPONDENCE_SURVIVES, ProbeQuestion.DETACHED_SURVIVES)
)
"""The probe has seen that correspondence survives."""

_CONTACT, _DEAL = ObjectType.CONTACT, ObjectType.DEAL
_FIRM: Final = RecordId(301)
_SCHEDULES: Final = 11
"""One of so many schedules is about an estate."""
_TROUBLE: Final = 0.01
"""There is more to be asked before a record goes."""


def is_estate(seed: int) -> bool:
    """Whether a schedule is about more than contacts. Not drawn: what other seeds tell does not hang on it."""
    return seed % _SCHEDULES == _SCHEDULES - 2


def portal_of(stage: Stage, size: int, *, has_deals: bool) -> SimulatedPortal:
    """The portal as a schedule begins."""
    if not has_deals:
        return SimulatedPortal(stage, contacts(size))
    town = Town(stage, {}, trouble=_TROUBLE)
    _settle(town)
    return town


def _settle(town: Town) -> None:
    """101 asked to be erased, and has an agreement that is to be kept, whose end only 101's tells. 102 has been silent
    for years and has a deal that was lost. 103 asked as well, and works at a firm whose agreement ended long ago, as
    the firm tells. 104 is gone for years, with an agreement of long ago. 107 is a customer, and stays; deals with them
    were lost."""
    asked, firm = at("2026-11-20T09:00"), (CompanyLink(_FIRM, True),)
    n101, n102, n103, n104, n105, n106, n107 = map(RecordId, range(101, 108))
    left = on("2019-05-31")
    town.there = {
        n101: a_contact(
            n101, stage="other", customer_until=on("2024-03-31"), erasure_requested_at=asked, deals=(n101,)
        ),
        n102: a_contact(n102, deals=(n102,)),
        n103: a_contact(n103, erasure_requested_at=asked, companies=firm),
        n104: a_contact(n104, stage="other", customer_until=left, deals=(n104,)),
        n107: a_contact(n107, stage="customer", active_at=at("2026-10-30T09:00"), deals=(n105, n106)),
    }
    lost, then = at("2024-01-10T09:00"), at("2018-02-01T10:00")
    town.deals_there = {
        n101: a_deal(n101, contacts=(n101,)),
        n102: a_deal(n102, won=False, closed_at=lost, contacts=(n102,)),
        n103: a_deal(n103, closed_at=then, companies=firm),
        n104: a_deal(n104, closed_at=then, customer_until=left, contacts=(n104,)),
        n105: a_deal(n105, won=False, closed_at=lost, contacts=(n107,)),
        n106: a_deal(n106, won=False, closed_at=lost, contacts=(n107,)),
    }
    town.companies_there = {_FIRM: a_company(_FIRM, customer_until=left)}
    hang: tuple[tuple[RecordRef, ...], ...] = (
        (RecordRef(_CONTACT, n101),),
        (RecordRef(_CONTACT, n102), RecordRef(_CONTACT, n103)),
        (RecordRef(_CONTACT, n103), RecordRef(_DEAL, n105)),
        (RecordRef(_DEAL, n103),),
        (RecordRef(_CONTACT, n101), RecordRef(_CONTACT, n103)),
        (RecordRef(_DEAL, n105),),
        (RecordRef(_DEAL, n105), RecordRef(_DEAL, n106)),
    )
    for number, on_what in enumerate(hang):
        kind = (ObjectType.EMAIL, ObjectType.NOTE)[number % 2]
        ref = RecordRef(kind, RecordId(101 + number))
        town.letters[ref] = Letter(ref, LONG_AGO, dict.fromkeys(on_what, -1.0))
