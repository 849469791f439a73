"""Criteria as a policy document writes them: `{ is = "was_customer" }`, `{ not = … }`, `{ all = [ … ] }`."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Discriminator, Field, Tag

from hubspot_retention.core.policy.fields import MomentFact, Table, TruthFact

EXPECTED_CRITERION: Final = (
    "a criterion: { is = fact }, { known = fact }, { not_past = fact }, "
    "{ later = fact, than_each = [facts] }, { not = criterion }, { all = [criteria] } or { any = [criteria] }"
)


class IsTable(Table):
    """A fact that is true or false is true: `{ is = "was_customer" }`."""

    fact: TruthFact = Field(alias="is", description="A fact that is true or false.")


class KnownTable(Table):
    """A day or an instant is known: `{ known = "event_on" }`."""

    fact: MomentFact = Field(alias="known", description="A fact that is a day or an instant.")


class NotPastTable(Table):
    """A day has not ended yet: `{ not_past = "customer_until" }`."""

    fact: MomentFact = Field(alias="not_past", description="A fact that is a day or an instant.")


class LaterTable(Table):
    """A moment is later than each of others that is known, and one of them is."""

    fact: MomentFact = Field(alias="later", description="The moment that must be later. A day counts from its end.")
    than_each: list[MomentFact] = Field(min_length=1, description="The moments it is compared with.")


class NotTable(Table):
    """The opposite of a criterion."""

    item: "CriterionTable" = Field(alias="not", description="The criterion that must not hold.")


class AllTable(Table):
    """Every one of at least one criterion."""

    items: list["CriterionTable"] = Field(alias="all", min_length=1, description="Criteria that must all hold.")


class AnyTable(Table):
    """At least one of at least one criterion."""

    items: list["CriterionTable"] = Field(alias="any", min_length=1, description="Criteria one of which must hold.")


TAGS: Final = {key: f"<{key}>" for key in ("is", "known", "not_past", "later", "not", "all", "any")}


def _which(value: Any) -> str | None:
    """By the key it has; several keys: the first, and the others are then reported as unknown."""
    if isinstance(value, Mapping):
        return next((tag for key, tag in TAGS.items() if key in value), None)
    return next((tag for key, tag in TAGS.items() if isinstance(value, _TABLES[key])), None)


_TABLES: Final[Mapping[str, type[Table]]] = {
    "is": IsTable,
    "known": KnownTable,
    "not_past": NotPastTable,
    "later": LaterTable,
    "not": NotTable,
    "all": AllTable,
    "any": AnyTable,
}

CriterionTable = Annotated[
    Annotated[IsTable, Tag("<is>")]
    | Annotated[KnownTable, Tag("<known>")]
    | Annotated[NotPastTable, Tag("<not_past>")]
    | Annotated[LaterTable, Tag("<later>")]
    | Annotated[NotTable, Tag("<not>")]
    | Annotated[AllTable, Tag("<all>")]
    | Annotated[AnyTable, Tag("<any>")],
    Discriminator(_which, custom_error_type="criterion", custom_error_message="a criterion"),
]

for _table in (NotTable, AllTable, AnyTable):
    _table.model_rebuild()
