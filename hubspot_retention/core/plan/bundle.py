"""What becomes of the correspondence of a record that goes: children first, contact last (semantics 7).

After a contact is erased the trail to its correspondence is gone, so everything is settled before. What anybody
else still needs stays and loses only this contact; a company is nobody else. What cannot be read stays.

What can go wrong: somebody else who needs a letter is archived before the record goes. In the bin they hang on nothing
that can be seen, so the letter looks as if it were the record's alone, and an e-mail has no bin. So the plan names each
letter that may go, and when it is carried out no other one does; and of whom we put into the bin ourselves it is known
which letters they need, as long as they can be restored.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.plan.model import Bundle
from hubspot_retention.core.portal import Engagement
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef


class Fate(StrEnum):
    """What becomes of one engagement of a record that goes."""

    ARCHIVE = "archive"
    STAY_ON_DEAL = "stay-on-deal"
    REHOME = "rehome"
    DETACH = "detach"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class WonDeal:
    """A won deal that a contact's correspondence can be re-homed to."""

    deal_id: RecordId
    won_at: datetime | None


@dataclass(frozen=True, slots=True)
class Settled:
    """One engagement with its fate, and the deal it is re-homed to."""

    engagement: Engagement
    fate: Fate
    home: RecordId | None = None


def with_those_in_bin(letter: Engagement, needed_by: Sequence[RecordId]) -> Engagement:
    """A letter with the contacts in the bin on whom it hung: HubSpot does not show that they need it."""
    if isinstance(letter.contacts, Unknown):
        return letter
    unseen = [each for each in needed_by if each not in letter.contacts]
    return replace(letter, contacts=(*letter.contacts, *unseen)) if unseen else letter


def home_of(engagement: Engagement, won: Sequence[WonDeal]) -> RecordId:
    """The latest deal won before the engagement; else the first one."""
    dated = sorted((deal for deal in won if deal.won_at is not None), key=lambda deal: (deal.won_at, deal.deal_id))
    occurred = engagement.occurred_at
    before = [deal for deal in dated if occurred and deal.won_at and deal.won_at <= occurred]
    if before:
        return before[-1].deal_id
    return dated[0].deal_id if dated else min(deal.deal_id for deal in won)


def settle_for_contact(contact_id: RecordId, engagement: Engagement, won: Sequence[WonDeal]) -> Settled:
    """The fate of one engagement of a contact that is erased.

    What two contacts share that both go is detached from the first and archived with the last: whether the
    second really goes is known only when it has gone.
    """
    contacts, deals, tickets = engagement.contacts, engagement.deals, engagement.tickets
    if isinstance(contacts, Unknown) or isinstance(deals, Unknown) or isinstance(tickets, Unknown):
        return Settled(engagement, Fate.UNREADABLE)
    if deals:
        return Settled(engagement, Fate.STAY_ON_DEAL)
    if won:
        return Settled(engagement, Fate.REHOME, home_of(engagement, won))
    others = [other for other in contacts if other != contact_id]
    return Settled(engagement, Fate.DETACH if others or tickets else Fate.ARCHIVE)


def _share(entry: Settled, going: Collection[RecordRef]) -> tuple[RecordRef, ...]:
    """Who share a letter of which a record that goes lets go, if all of them are `going`; else nobody."""
    letter = entry.engagement
    holders = tuple(
        RecordRef(kind, each)
        for kind, ids in (
            (ObjectType.CONTACT, letter.contacts),
            (ObjectType.DEAL, letter.deals),
            (ObjectType.TICKET, letter.tickets),
        )
        if not isinstance(ids, Unknown)
        for each in ids
    )
    return holders if entry.fate is Fate.DETACH and set(holders).issubset(going) else ()


def once_all_have_gone(
    record: RecordRef, settled: Sequence[Settled], going: Collection[RecordRef]
) -> tuple[Settled, ...]:
    """What becomes of a record's correspondence if all of its class that are `going` by the same plan have gone: what
    only they share goes with the last of them. It is counted once, with the one that has the highest id."""
    found = []
    for entry in settled:
        sharing = _share(entry, going)
        if not sharing:
            found.append(entry)
        elif record == max(sharing):
            found.append(Settled(entry.engagement, Fate.ARCHIVE))
    return tuple(found)


def may_go(settled: Sequence[Settled], going: Collection[RecordRef]) -> tuple[RecordRef, ...]:
    """The correspondence that a record may take along: what goes with it, and what it shares only with others that are
    `going`, as nobody can tell beforehand who will be the last of them."""
    return tuple(
        sorted(entry.engagement.ref for entry in settled if entry.fate is Fate.ARCHIVE or _share(entry, going))
    )


def goes_beyond(settled: Sequence[Settled], planned: Collection[RecordRef]) -> bool:
    """Whether anything would go of which the plan did not say that it may."""
    return any(entry.fate is Fate.ARCHIVE and entry.engagement.ref not in planned for entry in settled)


def settle_for_deal(deal_id: RecordId, engagement: Engagement) -> Settled:
    """The fate of one engagement of a deal that is archived: it goes if only the deal still holds it."""
    contacts, deals, tickets = engagement.contacts, engagement.deals, engagement.tickets
    if isinstance(contacts, Unknown) or isinstance(deals, Unknown) or isinstance(tickets, Unknown):
        return Settled(engagement, Fate.UNREADABLE)
    others = [other for other in deals if other != deal_id]
    return Settled(engagement, Fate.DETACH if others or contacts or tickets else Fate.ARCHIVE)


def shared_files(settled: Sequence[Settled]) -> frozenset[str]:
    """The files of what goes that a letter which stays names as well: they are a part of what is kept."""
    going, kept = set[str](), set[str]()
    for entry in settled:
        (going if entry.fate is Fate.ARCHIVE else kept).update(entry.engagement.files)
    return frozenset(going & kept)


def summarise(settled: Sequence[Settled], deals_stamped: int) -> Bundle:
    """A bundle in figures; a file that several letters name is one attachment."""
    fates = Counter(entry.fate for entry in settled)
    gone = [entry.engagement for entry in settled if entry.fate is Fate.ARCHIVE]
    emails = sum(1 for engagement in gone if engagement.ref.object_type is ObjectType.EMAIL)
    return Bundle(
        archived=len(gone) - emails,
        emails_gone=emails,
        detached=fates[Fate.DETACH],
        rehomed=fates[Fate.REHOME],
        stays_on_deal=fates[Fate.STAY_ON_DEAL],
        attachments=len({file for engagement in gone for file in engagement.files}),
        deals_stamped=deals_stamped,
    )
