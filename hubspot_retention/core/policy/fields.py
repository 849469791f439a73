"""What a policy document is made of: texts, periods, ids, properties, facts, each checked by itself.

A fact is right or wrong only for a record class, so the rule being read says its class in the validation
context (`Reading`) before its parts are looked at; that way one pass finds every wrong name.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from hubspot_retention.core.civil import Period
from hubspot_retention.core.policy.vocabulary import FactKind, class_name, fact_names
from hubspot_retention.core.record import ObjectType

_RULE_ID: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PROPERTY: Final = re.compile(r"[a-z][a-z0-9_]*")
_MOST_MONTHS: Final = 12 * 100
_MOST_DAYS: Final = 366 * 100


class Table(BaseModel):
    """A table of the document: exactly the keys it knows, exactly the types they have."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


@dataclass(slots=True)
class Reading:
    """What the parts of a rule must know of it while they are read."""

    record_class: ObjectType | None = None

    @staticmethod
    def of(info: ValidationInfo) -> "Reading":
        """What is known where pydantic has come to."""
        assert isinstance(info.context, Reading)  # parse_policy gives it along
        return info.context


def wrong(expected: str) -> PydanticCustomError:
    """A problem with what was expected; pydantic adds where and what was found."""
    return PydanticCustomError("policy", "{expected}", {"expected": expected})


def _text(value: str) -> str:
    if not value.strip():
        raise wrong("a text that is not blank")
    if not value.isprintable():
        raise wrong("one line of printable text")
    return value


def _rule_id(value: str) -> str:
    return _matching(_RULE_ID, value, "an id of small letters, digits and single hyphens, such as former-customer")


def _property(value: str) -> str:
    return _matching(_PROPERTY, value, "a property's internal name: small letters, digits and underscores")


def _matching(pattern: re.Pattern[str], value: str, expected: str) -> str:
    if pattern.fullmatch(value) is None:
        raise wrong(expected)
    return value


def _any_period(value: str) -> str:
    try:
        period = Period.parse(value)
    except ValueError as error:
        raise wrong("a period such as P30D, P6W, P24M or P5Y") from error
    if period.months > _MOST_MONTHS or period.days > _MOST_DAYS:
        raise wrong("a period of at most 100 years")
    return value


def _period(value: str) -> str:
    if Period.parse(_any_period(value)).is_zero:
        raise wrong("a period longer than nothing")
    return value


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _distinct(values: list[str]) -> list[str]:
    if len(set(values)) < len(values):
        raise wrong("each only once")
    return values


def _truth(value: str, info: ValidationInfo) -> str:
    return _fact(value, info, FactKind.TRUTH, "a fact that is true or false")


def _moment(value: str, info: ValidationInfo) -> str:
    return _fact(value, info, FactKind.MOMENT, "a fact that is a day or an instant")


def _fact(value: str, info: ValidationInfo, kind: FactKind, what: str) -> str:
    """A fact of the class of the rule; where that is none, it is the class that is wrong."""
    object_type = Reading.of(info).record_class
    if object_type is not None and value not in fact_names(kind, object_type):
        names = ", ".join(fact_names(kind, object_type))
        raise wrong(f"{what} of a {class_name(object_type)}: {names}")
    return value


Text = Annotated[str, AfterValidator(_text)]
RuleId = Annotated[
    str,
    AfterValidator(_rule_id),
    Field(json_schema_extra={"pattern": f"^{_RULE_ID.pattern}$"}),
]
Property = Annotated[
    str,
    AfterValidator(_property),
    Field(json_schema_extra={"pattern": f"^{_PROPERTY.pattern}$"}),
]
Properties = Annotated[list[Property], Field(min_length=1), AfterValidator(_distinct)]
Texts = Annotated[list[Text], AfterValidator(_distinct)]
PeriodText = Annotated[str, AfterValidator(_period), Field(examples=["P30D", "P24M", "P5Y"])]
PeriodOrZero = Annotated[str, AfterValidator(_any_period), Field(examples=["P0D", "P24M", "P5Y"])]
Periods = Annotated[
    list[PeriodText],
    Field(min_length=1),
    BeforeValidator(_one_or_more, json_schema_input_type=str | list[PeriodText]),
]
TruthFact = Annotated[
    str,
    AfterValidator(_truth),
    WithJsonSchema({"type": "string", "enum": list(fact_names(FactKind.TRUTH))}),
]
MomentFact = Annotated[
    str,
    AfterValidator(_moment),
    WithJsonSchema({"type": "string", "enum": list(fact_names(FactKind.MOMENT))}),
]
