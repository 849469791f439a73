"""The CRM object types that the sandbox has, and what is particular to each of them on the wire."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """One CRM object type.

    `always` is returned whatever was asked for, `defaults` when nothing was. `scope` is the word in
    `crm.objects.<scope>.read`: engagements have none of their own.
    """

    name: str
    type_id: str
    singular: str
    created: str = "createdate"
    modified: str = "hs_lastmodifieddate"
    defaults: tuple[str, ...] = ()
    scope: str = "contacts"
    engagement: bool = False
    mergeable: bool = False
    permanent: bool = False
    """An archive has no bin: so it is for e-mails alone."""

    @property
    def always(self) -> tuple[str, ...]:
        return (self.created, self.modified, "hs_object_id")


def _engagement(name: str, type_id: str, *, permanent: bool = False) -> ObjectType:
    return ObjectType(
        name=name,
        type_id=type_id,
        singular=name.removesuffix("s"),
        created="hs_createdate",
        engagement=True,
        permanent=permanent,
    )


_ALL = (
    ObjectType(
        name="contacts",
        type_id="0-1",
        singular="contact",
        modified="lastmodifieddate",
        defaults=("firstname", "lastname", "email"),
        mergeable=True,
    ),
    ObjectType(
        name="companies",
        type_id="0-2",
        singular="company",
        defaults=("name", "domain"),
        scope="companies",
        mergeable=True,
    ),
    ObjectType(
        name="deals",
        type_id="0-3",
        singular="deal",
        defaults=("dealname", "amount", "closedate", "pipeline", "dealstage"),
        scope="deals",
        mergeable=True,
    ),
    ObjectType(
        name="tickets",
        type_id="0-5",
        singular="ticket",
        defaults=("subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority"),
        scope="tickets",
        mergeable=True,
    ),
    _engagement("tasks", "0-27"),
    _engagement("notes", "0-46"),
    _engagement("meetings", "0-47"),
    _engagement("calls", "0-48"),
    _engagement("emails", "0-49", permanent=True),
)

OBJECT_TYPES: dict[str, ObjectType] = {kind.name: kind for kind in _ALL}

_SPELLINGS: dict[str, ObjectType] = {
    spelling: kind for kind in _ALL for spelling in (kind.name, kind.singular, kind.type_id)
}


def object_type(spelling: str) -> ObjectType | None:
    """The type that a path or body means by `contacts`, `contact`, `0-1` or `CONTACT`."""
    return _SPELLINGS.get(spelling) or _SPELLINGS.get(spelling.lower())
