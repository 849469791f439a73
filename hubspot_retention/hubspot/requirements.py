"""What the policy needs of a portal: the properties behind its facts, with the types that their values have."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Protocol

from hubspot_retention.core.policy.model import CompanySources, DealSources, RetentionPolicy
from hubspot_retention.core.record import ObjectType
from hubspot_retention.hubspot.control import PropertyDefinition

_DATE = frozenset({"date"})
_INSTANT = frozenset({"datetime"})
_MOMENT = frozenset({"date", "datetime"})
_TRUTH = frozenset({"bool", "enumeration"})
_NUMBER = frozenset({"number"})
_IDS = frozenset({"enumeration", "string"})
_WORD = frozenset({"enumeration", "string", "number"})
_ANY: frozenset[str] = frozenset()

_CONTACT_TYPES: Mapping[str, frozenset[str]] = {
    "stage": _WORD,
    "customer_until": _DATE,
    "entered_customer_at": _INSTANT,
    "exited_customer_at": _INSTANT,
    "activity": _MOMENT,
    "enquiry": _MOMENT,
    "conversation": _MOMENT,
    "confirmed_on": _DATE,
    "legal_hold": _TRUTH,
    "restricted": _TRUTH,
    "erasure_requested_at": _INSTANT,
    "consent_withdrawn_at": _INSTANT,
    "processed_on_behalf_of": _ANY,
    "processing_ended_on": _DATE,
    "event_on": _DATE,
    "opt_out_all": _TRUTH,
    "merged_ids": _IDS,
}
_DEAL_TYPES: Mapping[str, frozenset[str]] = {
    "is_closed": _TRUTH,
    "is_won": _TRUTH,
    "closed_at": _INSTANT,
    "created_at": _INSTANT,
    "contacted_at": _INSTANT,
    "customer_until": _DATE,
    "contract_end_on": _DATE,
    "balance": _NUMBER,
    "legal_hold": _TRUTH,
    "merged_ids": _IDS,
}
_COMPANY_TYPES: Mapping[str, frozenset[str]] = {
    "stage": _WORD,
    "kind": _WORD,
    "customer_until": _DATE,
    "legal_hold": _TRUTH,
    "merged_ids": _IDS,
}


class Definitions(Protocol):
    """Where property definitions come from."""

    def property_definitions(self, object_type: ObjectType) -> Mapping[str, PropertyDefinition]:
        """Every property of an object type by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededProperty:
    """A property that the policy names, the facts it stands behind, and the types it may have (none: any)."""

    object_type: ObjectType
    name: str
    facts: tuple[str, ...]
    types: frozenset[str]


def needed_properties(policy: RetentionPolicy, newsletter_ids: Sequence[str]) -> tuple[NeededProperty, ...]:
    """Every property that the policy names, once for each record class."""
    uses: dict[tuple[ObjectType, str], list[tuple[str, frozenset[str]]]] = {}
    for object_type, fact, name, types in _uses(policy, newsletter_ids):
        uses.setdefault((object_type, name), []).append((fact, types))
    return tuple(
        NeededProperty(
            object_type=object_type,
            name=name,
            facts=tuple(dict.fromkeys(fact for fact, _ in found)),
            types=_common([types for _, types in found if types]),
        )
        for (object_type, name), found in uses.items()
    )


def _common(types: Sequence[frozenset[str]]) -> frozenset[str]:
    return frozenset.intersection(*types) if types else _ANY


def _uses(
    policy: RetentionPolicy, newsletter_ids: Sequence[str]
) -> Iterator[tuple[ObjectType, str, str, frozenset[str]]]:
    contact = policy.sources.contact
    for fact, types in _CONTACT_TYPES.items():
        named = getattr(contact, fact)
        for name in (named,) if isinstance(named, str) else named:
            yield ObjectType.CONTACT, fact, name, types
    for newsletter in newsletter_ids:
        yield ObjectType.CONTACT, "opt_out", contact.opt_out_prefix + newsletter, _TRUTH
    yield from _plain(ObjectType.DEAL, policy.sources.deal, _DEAL_TYPES)
    yield from _plain(ObjectType.COMPANY, policy.sources.company, _COMPANY_TYPES)


def _plain(
    object_type: ObjectType, sources: DealSources | CompanySources, types: Mapping[str, frozenset[str]]
) -> Iterator[tuple[ObjectType, str, str, frozenset[str]]]:
    for field in fields(sources):
        yield object_type, field.name, getattr(sources, field.name), types[field.name]


def missing_properties(
    policy: RetentionPolicy, newsletter_ids: Sequence[str], definitions: Definitions
) -> tuple[str, ...]:
    """What is missing or of another type, each as a sentence."""
    problems = []
    for needed in needed_properties(policy, newsletter_ids):
        found = definitions.property_definitions(needed.object_type).get(needed.name)
        behind = f"{needed.object_type} {needed.name} (behind {', '.join(needed.facts)})"
        wanted = " or ".join(sorted(needed.types))
        if found is None:
            problems.append(f"{behind}: not there{f', expected a property of type {wanted}' if wanted else ''}")
        elif needed.types and found.type not in needed.types:
            problems.append(f"{behind}: is of type {found.type}, expected {wanted}")
    return tuple(problems)


def contact_types(policy: RetentionPolicy, definitions: Definitions) -> dict[str, str]:
    """The types of the properties behind the activity of a contact, as the portal defines them."""
    contact = policy.sources.contact
    found = definitions.property_definitions(ObjectType.CONTACT)
    names = (*contact.activity, *contact.enquiry, *contact.conversation)
    return {name: found[name].type for name in names if name in found}
