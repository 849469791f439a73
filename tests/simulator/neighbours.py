"""What hangs on what in a town: whose hold reaches whom, and what becomes of that when one goes or two are one."""

from collections.abc import Collection
from typing import Any

from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from tests.simulator.letters import Letter
from tests.simulator.stage import Stage

_CONTACT, _DEAL, _COMPANY = ObjectType.CONTACT, ObjectType.DEAL, ObjectType.COMPANY
_NOBODY: frozenset[RecordRef] = frozenset()


class Neighbours:
    """The part of a town that knows contacts, deals and companies by what they hang on. `held_since`: what is held in
    HubSpot, by its own property."""

    __slots__ = ()
    stage: Stage
    there: dict[RecordId, Any]
    deals_there: dict[RecordId, Any]
    companies_there: dict[RecordId, Any]
    letters: dict[RecordRef, Letter]
    bin: dict[RecordRef, tuple[Any, float]]
    changed_at: dict[RecordRef, float]
    merged: dict[RecordRef, RecordId]
    merged_at: dict[RecordRef, float]
    held_since: dict[RecordRef, float]

    def of(self, kind: ObjectType) -> dict[RecordId, Any]:
        """The records of a class."""
        found = {_CONTACT: self.there, _DEAL: self.deals_there, _COMPANY: self.companies_there}
        return found[kind]

    def everything(self) -> list[RecordRef]:
        """Every record that can be held."""
        return [RecordRef(kind, key) for kind in (_CONTACT, _DEAL, _COMPANY) for key in self.of(kind)]

    def touch(self, record: RecordRef) -> None:
        """A record has changed just now."""
        self.changed_at[record] = self.stage.seconds

    def around(self, record: RecordRef, without: Collection[RecordRef] = _NOBODY) -> list[RecordRef]:
        """A record and those whose hold holds it: its companies and their deals; of a contact also its deals, and all
        of those of the companies of these; of a deal its contacts; of contacts and deals the ids that they had before.
        `without`: as if these were not there."""
        key, kind = record.record_id, record.object_type
        seen = self.of(kind).get(key)
        if seen is None or kind is _COMPANY:
            return []
        own, people = [seen], [key, *seen.merged_ids]
        if kind is _CONTACT:
            near = [deal for deal in known(seen.deals) if RecordRef(_DEAL, deal) not in without]
            own.extend(self.deals_there[deal] for deal in near if deal in self.deals_there)
        else:
            near, people = [key], list(known(seen.contacts))
        companies = {link.company_id for one in own for link in known(one.companies)}
        deals = {*near, *(deal for company in companies for deal in self.linked_to(_COMPANY, _DEAL, company))}
        found = [
            *(RecordRef(_CONTACT, person) for person in people),
            *(RecordRef(_DEAL, each) for deal in sorted(deals) for each in self._ids_of(deal)),
            *(RecordRef(_COMPANY, company) for company in sorted(companies)),
        ]
        return [each for each in found if each == record or each not in without]

    def _ids_of(self, deal: RecordId) -> tuple[RecordId, ...]:
        seen = self.deals_there.get(deal)
        return (deal,) if seen is None else (deal, *seen.merged_ids)

    def held(self, record: RecordRef) -> float | None:
        """Since when a record is held by something in HubSpot, without a gap; `None`: it is not."""
        return min((self.held_since[each] for each in self.around(record) if each in self.held_since), default=None)

    def hangs_together(self, record: RecordRef) -> frozenset[RecordRef]:
        """Whatever may have to be read before a record can go: all that it hangs on, however far away."""
        found, new = {record}, [record]
        while new:
            near = {each for one in new for each in self._next_to(one)}
            new = sorted(near - found)
            found |= near
        return frozenset(found)

    def _next_to(self, record: RecordRef) -> list[RecordRef]:
        others = (kind for kind in (_CONTACT, _DEAL, _COMPANY) if kind is not record.object_type)
        return [
            RecordRef(kind, key)
            for kind in others
            for key in self.linked_to(record.object_type, kind, record.record_id)
        ]

    def linked_to(self, kind: ObjectType, other: ObjectType, key: RecordId) -> tuple[RecordId, ...]:
        """The records of another class that one hangs on."""
        if kind is _COMPANY:
            return tuple(
                sorted(
                    one
                    for one, seen in self.of(other).items()
                    if any(key == c.company_id for c in known(seen.companies))
                )
            )
        seen = self.of(kind).get(key)
        if seen is None:
            return ()
        return tuple(link.company_id for link in seen.companies) if other is _COMPANY else getattr(seen, other.value)

    # What happens to it.

    def set_hold(self, record: RecordRef, *, held: bool = True) -> None:
        """A hold of a record, in HubSpot, is set or lifted."""
        there = self.of(record.object_type)
        there[record.record_id] = there[record.record_id]._replace(legal_hold=held)
        if held:
            self.held_since.setdefault(record, self.stage.seconds)
        else:
            self.held_since.pop(record, None)
        self.touch(record)

    def merge(self, loser: RecordRef, winner: RecordRef) -> None:
        """Two contacts, or two deals, turn out to be one, which has what both of them had."""
        kind, own = loser.object_type, self.of(loser.object_type)
        other = _DEAL if kind is _CONTACT else _CONTACT
        old, seen = own[loser.record_id], own[winner.record_id]
        theirs = known(getattr(old, other.value))
        own[winner.record_id] = seen._replace(
            merged_ids=(*seen.merged_ids, loser.record_id, *old.merged_ids),
            companies=seen.companies if seen.companies else old.companies,
            **{other.value: tuple(sorted({*known(getattr(seen, other.value)), *theirs}))},
        )
        for letter in self.letters.values():
            if loser in letter.links:
                letter.links.setdefault(winner, self.stage.seconds)
        for key in theirs:
            one = self.of(other)[key]
            both = {*known(getattr(one, kind.value)), winner.record_id}
            self.of(other)[key] = one._replace(**{kind.value: tuple(sorted(both))})
        self.remove(loser)
        self.merged[loser] = winner.record_id
        self.merged_at[loser] = self.stage.seconds

    def remove(self, record: RecordRef) -> None:
        """A record is out of view, and off everything it hung on."""
        key, kind = record.record_id, record.object_type
        del self.of(kind)[key]
        for letter in self.letters.values():
            letter.links.pop(record, None)
        for there in (self.there, self.deals_there):
            for other, seen in there.items():
                links = getattr(seen, kind.value, ())
                if key in known(links):
                    there[other] = seen._replace(**{kind.value: tuple(each for each in links if each != key)})
        self.held_since.pop(record, None)
        self.touch(record)


def known(links: tuple[Any, ...] | Unknown) -> tuple[Any, ...]:
    """In a town everything is known."""
    assert not isinstance(links, Unknown)
    return links
