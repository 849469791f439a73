"""What `portal setup` makes: the group *Retention* and the custom properties that the facts need. Idempotent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.record import ObjectType
from hubspot_retention.hubspot.control import ControlPlane, PropertyDefinition

GROUP = "retention"
GROUP_LABEL = "Retention"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingDefinition:
    """Something to be made; no `definition`: the group."""

    object_type: ObjectType
    definition: PropertyDefinition | None

    @property
    def text(self) -> str:
        """What it is, in words."""
        if self.definition is None:
            return f"the property group {GROUP_LABEL} for {self.object_type}"
        return f"the property {self.definition.name} ({self.definition.type}) for {self.object_type}"


def _date(name: str, label: str, description: str) -> PropertyDefinition:
    return _property(name, label, ("date", "date"), description)


def _instant(name: str, label: str, description: str) -> PropertyDefinition:
    return _property(name, label, ("datetime", "date"), description)


def _flag(name: str, label: str, description: str) -> PropertyDefinition:
    return _property(name, label, ("bool", "booleancheckbox"), description)


def _words(name: str, label: str, description: str) -> PropertyDefinition:
    return _property(name, label, ("string", "text"), description)


def _property(name: str, label: str, types: tuple[str, str], description: str) -> PropertyDefinition:
    return PropertyDefinition(
        name=name, label=label, type=types[0], field_type=types[1], group=GROUP, description=description
    )


def _hold(name: str) -> tuple[PropertyDefinition, PropertyDefinition]:
    return (
        _flag(name, "Legal hold", "Nothing of this goes while it is set"),
        _words(f"{name}_reason", "Legal hold: reason", "Why the hold was placed"),
    )


def wanted_definitions(policy: RetentionPolicy) -> Iterator[tuple[ObjectType, PropertyDefinition]]:
    """The custom properties of semantics 3, under the names that the policy gives them."""
    contact, deal, company = policy.sources.contact, policy.sources.deal, policy.sources.company
    until, until_means = "Customer until", "The last day of the customer relationship; empty while it lasts"
    for definition in (
        _date(contact.customer_until, until, until_means),
        _date(contact.confirmed_on, "Retention confirmed on", "The day a person confirmed that the contact is current"),
        *_hold(contact.legal_hold),
        _flag(contact.restricted, "Processing restricted", "GDPR art. 18: stored, and not used"),
        _instant(contact.erasure_requested_at, "Erasure requested at", "When the person asked to be erased"),
        _instant(contact.consent_withdrawn_at, "Consent withdrawn at", "When the person withdrew consent"),
        _words(contact.processed_on_behalf_of, "Processed on behalf of", "The controller whose data this is"),
        _date(contact.processing_ended_on, "Processing ended on", "The day the processing agreement ended"),
        _date(contact.event_on, "Event on", "The day of the event the person signed up for"),
    ):
        yield ObjectType.CONTACT, definition
    for definition in (_date(company.customer_until, until, until_means), *_hold(company.legal_hold)):
        yield ObjectType.COMPANY, definition
    for definition in (
        _date(deal.customer_until, until, until_means),
        _date(deal.contract_end_on, "Contract end date", "The last day of the contract"),
        _property(deal.balance, "Outstanding balance", ("number", "number"), "What the customer still owes"),
        *_hold(deal.legal_hold),
    ):
        yield ObjectType.DEAL, definition


def missing(policy: RetentionPolicy, control: ControlPlane) -> tuple[MissingDefinition, ...]:
    """What the portal lacks, groups before their properties. Nothing is changed."""
    found: list[MissingDefinition] = []
    for object_type, definition in wanted_definitions(policy):
        if definition.name in control.property_definitions(object_type):
            continue
        group = MissingDefinition(object_type=object_type, definition=None)
        if group not in found and GROUP not in control.property_groups(object_type):
            found.append(group)
        found.append(MissingDefinition(object_type=object_type, definition=definition))
    return tuple(found)


def create(control: ControlPlane, wanted: Sequence[MissingDefinition]) -> tuple[MissingDefinition, ...]:
    """Make what is missing; what somebody made in the meantime is left as it is. Returns what was made."""
    made = []
    for each in wanted:
        if each.definition is None:
            new = control.create_group(each.object_type, GROUP, GROUP_LABEL)
        else:
            new = control.create_property(each.object_type, each.definition)
        if new:
            made.append(each)
    return tuple(made)
