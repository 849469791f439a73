"""How well the portal fills in what the rules go by: a fact that nobody records protects nobody.

Counted by search, which lags and is good enough for this.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.record import ObjectType
from hubspot_retention.hubspot.faults import RefusedError
from hubspot_retention.hubspot.objects import Filter, search
from hubspot_retention.hubspot.transport import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class FillIn:
    """`filled` of `total` records (`among` says which) have a value; `None`: the search cannot tell."""

    object_type: ObjectType
    among: str
    name: str
    means: str
    filled: int | None
    total: int | None

    @property
    def sentence(self) -> str:
        """The figure in words."""
        if self.filled is None or self.total is None:
            return f"{self.among}: HubSpot's search cannot tell how many have {self.means}"
        silent = f": no {self.means} is seen" if self.total and not self.filled else ""
        return f"{self.filled} of {self.total} {self.among} have {_a(self.means)} ({self.name}){silent}"


def _a(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


@dataclass(frozen=True, slots=True)
class _Question:
    object_type: ObjectType
    among: str
    name: str
    means: str
    within: tuple[Filter, ...] = ()
    has: Filter | None = None


def _questions(policy: RetentionPolicy) -> tuple[_Question, ...]:
    contact, deal, company = policy.sources.contact, policy.sources.deal, policy.sources.company
    won = (_equals(deal.is_won, "true"),)
    people, deals, firms = ObjectType.CONTACT, ObjectType.DEAL, ObjectType.COMPANY
    return (
        _Question(deals, "won deals", deal.contract_end_on, "end of contract", won),
        _Question(deals, "won deals", deal.customer_until, "end of the relationship", won),
        _Question(deals, "won deals", deal.balance, "outstanding balance", won),
        _Question(deals, "deals", deal.legal_hold, "legal hold", (), _equals(deal.legal_hold, "true")),
        _Question(people, "contacts", contact.customer_until, "end of the relationship"),
        _Question(people, "contacts", contact.legal_hold, "legal hold", (), _equals(contact.legal_hold, "true")),
        _Question(people, "contacts", contact.erasure_requested_at, "request to be erased"),
        _Question(people, "contacts", contact.consent_withdrawn_at, "withdrawal of consent"),
        _Question(people, "contacts", contact.event_on, "event"),
        _Question(people, "contacts", contact.processed_on_behalf_of, "customer on whose behalf they are processed"),
        _Question(people, "contacts", contact.confirmed_on, "confirmation by a person"),
        _Question(firms, "companies", company.customer_until, "end of the relationship"),
        _Question(firms, "companies", company.kind, "type"),
        _Question(firms, "companies", company.legal_hold, "legal hold", (), _equals(company.legal_hold, "true")),
    )


def _equals(name: str, value: str) -> Filter:
    return {"propertyName": name, "operator": "EQ", "value": value}


def read_fill(transport: Transport, policy: RetentionPolicy) -> tuple[FillIn, ...]:
    """The figures, two searches for each question at most."""
    totals: dict[tuple[ObjectType, str], int | None] = {}
    found = []
    for question in _questions(policy):
        key = (question.object_type, question.among)
        if key not in totals:
            totals[key] = _count(transport, question.object_type, question.within)
        has = question.has or {"propertyName": question.name, "operator": "HAS_PROPERTY"}
        found.append(
            FillIn(
                object_type=question.object_type,
                among=question.among,
                name=question.name,
                means=question.means,
                filled=_count(transport, question.object_type, (*question.within, has)),
                total=totals[key],
            )
        )
    return tuple(found)


def _count(transport: Transport, object_type: ObjectType, filters: Sequence[Filter]) -> int | None:
    try:
        return search(transport, object_type, filters).total
    except RefusedError:
        return None
