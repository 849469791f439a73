"""Which scopes the token needs, for what, and whether it has them.

Sources: HubSpot's scope list (2026-04); notes, calls, meetings, tasks and e-mails go by the scopes of contacts.
"""

from dataclasses import dataclass

from hubspot_retention.core.policy.model import AttachmentPolicy, RetentionPolicy
from hubspot_retention.core.record import ObjectType
from hubspot_retention.errors import PortalDeniedError
from hubspot_retention.hubspot.account import granted_scopes
from hubspot_retention.hubspot.calls import API_VERSION, get
from hubspot_retention.hubspot.dispose import is_list_id
from hubspot_retention.hubspot.objects import list_call
from hubspot_retention.hubspot.transport import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededScope:
    """A scope, or any of several that serve alike, what it is for, and a read that shows whether it is there.

    `for_writing`: only what changes the portal needs it, if only to find what it changes; a plan does not.
    """

    any_of: tuple[str, ...]
    needed_for: str
    endpoint: str | None = None
    object_type: ObjectType | None = None
    for_writing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeCheck:
    """Whether the token has a scope; `None`: it cannot be told without writing."""

    scope: str
    needed_for: str
    granted: bool | None
    for_writing: bool = False


_OWNERS = NeededScope(
    any_of=("crm.objects.owners.read",), needed_for="warning owners", endpoint=f"/crm/owners/{API_VERSION}"
)


def needed_scopes(policy: RetentionPolicy) -> tuple[NeededScope, ...]:
    """Every scope that this policy needs, in the order of what is read first."""
    both = "communication_preferences.read_write"
    needed = [
        NeededScope(
            any_of=("crm.objects.contacts.read",),
            needed_for="reading contacts and their correspondence",
            object_type=ObjectType.CONTACT,
        ),
        NeededScope(any_of=("crm.objects.deals.read",), needed_for="reading deals", object_type=ObjectType.DEAL),
        NeededScope(
            any_of=("crm.objects.companies.read",), needed_for="reading companies", object_type=ObjectType.COMPANY
        ),
        NeededScope(
            any_of=("tickets", "crm.objects.tickets.read"),
            needed_for="seeing which correspondence hangs on a ticket",
            object_type=ObjectType.TICKET,
        ),
        _schema("contacts"),
        _schema("deals"),
        _schema("companies"),
        NeededScope(
            any_of=("communication_preferences.read", both),
            needed_for="reading when somebody unsubscribed",
            endpoint=f"/communication-preferences/{API_VERSION}/definitions",
        ),
        NeededScope(
            any_of=("crm.objects.contacts.write",),
            needed_for="archiving and erasing contacts and correspondence (HubSpot has no scope for less)",
            for_writing=True,
        ),
        _write("archiving deals and stamping their end", "crm.objects.deals.write"),
        _write("ending marketing for who stays", "communication_preferences.write", both),
    ]
    if any(rule.warn_ahead is not None for rule in policy.rules):
        needed.append(_OWNERS)
    if policy.marketing_lists:
        needed.append(_write("taking contacts off static lists", "crm.lists.write"))
    if not all(is_list_id(each) for each in policy.marketing_lists):
        needed.append(_write("finding static lists by their names", "crm.lists.read"))
    if policy.attachments is AttachmentPolicy.ERASE:
        needed.append(_write("erasing attachments", "files"))
        needed.append(_write("finding attachments that HubSpot's file tool hides", "files.ui_hidden.read"))
        needed.append(_write("erasing attachments that HubSpot's file tool hides", "files.ui_hidden.write"))
    return tuple(needed)


def _write(needed_for: str, *any_of: str) -> NeededScope:
    return NeededScope(any_of=any_of, needed_for=needed_for, for_writing=True)


def _schema(name: str) -> NeededScope:
    return NeededScope(
        any_of=(f"crm.schemas.{name}.read",),
        needed_for=f"checking that the properties of {name} exist",
        endpoint=f"/crm/properties/{API_VERSION}/{name}",
    )


def check_scopes(transport: Transport, policy: RetentionPolicy) -> tuple[ScopeCheck, ...]:
    """The scopes as HubSpot tells them, else as far as harmless reads show them."""
    granted = granted_scopes(transport)

    def has(needed: NeededScope) -> bool | None:
        if granted is not None:
            return not granted.isdisjoint(needed.any_of)
        return _tried(transport, needed)

    return tuple(
        ScopeCheck(
            scope=" or ".join(needed.any_of),
            needed_for=needed.needed_for,
            granted=has(needed),
            for_writing=needed.for_writing,
        )
        for needed in needed_scopes(policy)
    )


def _tried(transport: Transport, needed: NeededScope) -> bool | None:
    if needed.object_type is not None:
        call = list_call(needed.object_type, ("hs_object_id",), (), None)
    elif needed.endpoint is not None:
        call = get(needed.endpoint)
    else:
        return None
    try:
        transport.send(call)
    except PortalDeniedError:
        return False
    return True
