"""Writing values: what HubSpot checks, what it normalises, and what it sets by itself."""

from collections.abc import Mapping
from typing import Any

from hubspot_retention.sandbox.calls import ApiError
from hubspot_retention.sandbox.definitions import PropertyDefinition
from hubspot_retention.sandbox.pipelines import stage_flags
from hubspot_retention.sandbox.preference_changes import opt_outs_of
from hubspot_retention.sandbox.state import Portal
from hubspot_retention.sandbox.tables import Values
from hubspot_retention.sandbox.values import InvalidValueError, as_text, normalised

_STAGES = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)


def checked(portal: Portal, object_type: str, properties: Mapping[str, object]) -> dict[str, str]:
    """The values of a write as HubSpot keeps them.

    Raises ApiError (400) that names every property that is not defined, read-only or given a value it cannot
    have.
    """
    kept: dict[str, str] = {}
    problems: list[dict[str, Any]] = []
    for name, raw in properties.items():
        try:
            kept[name] = _checked(portal.definitions.live(object_type, name), name, raw)
        except InvalidValueError as error:
            problems.append({"message": error.message, "code": error.code, "context": {"propertyName": [name]}})
    if problems:
        listed = ", ".join(f"{problem['code']} {problem['context']['propertyName'][0]}" for problem in problems)
        raise ApiError(400, "VALIDATION_ERROR", f"Property values were not valid: [{listed}]", errors=problems)
    return kept


def _checked(definition: PropertyDefinition | None, name: str, raw: object) -> str:
    if definition is None:
        raise InvalidValueError("PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
    if definition.read_only:
        raise InvalidValueError("READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set')
    text = "" if raw is None else as_text(raw)
    if text is None:
        raise InvalidValueError("INVALID_VALUE", f'The value of "{name}" must be a string')
    return normalised(definition, text)


def update(portal: Portal, object_type: str, record_id: str, properties: Mapping[str, object]) -> None:
    """Write values to a record in view. Raises ApiError (400, 409)."""
    values = checked(portal, object_type, properties)
    refuse_taken_address(portal, object_type, values, record_id)
    before = portal.tables[object_type].live[record_id]
    portal.change(object_type, record_id, {**values, **consequences(portal, object_type, before, values)})


def refuse_taken_address(
    portal: Portal, object_type: str, values: Mapping[str, str], record_id: str | None = None
) -> None:
    """Raise ApiError (409) if another contact has the address, or another record the unique value."""
    if object_type != "contacts" or not values.get("email"):
        return
    owner = portal.tables["contacts"].by_email.get(values["email"])
    if owner is not None and owner != record_id:
        raise ApiError(409, "CONFLICT", f"Contact already exists. Existing ID: {owner}")


def consequences(
    portal: Portal, object_type: str, before: Values, values: Mapping[str, str], *, backwards: bool = False
) -> dict[str, str]:
    """What HubSpot changes by itself with a write: stages entered and left, and whether a deal is closed.

    A lifecycle stage moves only forward through the API (`backwards`: a person may), unless it is cleared
    first.
    """
    own: dict[str, str] = {}
    stage = values.get("lifecyclestage")
    if object_type in ("contacts", "companies") and stage is not None:
        was = before.get("lifecyclestage", "")
        back = not backwards and _is_back(was, stage)
        own |= {"lifecyclestage": was} if back else _stage_instants(portal, object_type, was, stage)
    if object_type == "contacts" and values.get("email"):
        own |= opt_outs_of(portal, values["email"])
    if object_type == "deals" and "dealstage" in values:
        own |= stage_flags(values["dealstage"])
    return own


def _is_back(was: str, stage: str) -> bool:
    return was in _STAGES and stage in _STAGES and _STAGES.index(stage) < _STAGES.index(was)


def _stage_instants(portal: Portal, object_type: str, was: str, stage: str) -> dict[str, str]:
    if was == stage:
        return {}
    at = portal.now_text()
    names = {f"hs_v2_date_entered_{stage}": at, f"hs_v2_date_exited_{was}": at}
    return {name: at for name in names if portal.definitions.live(object_type, name) is not None}
