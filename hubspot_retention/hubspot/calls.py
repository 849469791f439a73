"""One call of HubSpot's API, as a value: what is asked, which budget it takes from, what a log may show of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar
from urllib.parse import quote

import msgspec

from hubspot_retention.core.record import ObjectType
from hubspot_retention.errors import PortalContractError

API_VERSION = "2026-03"
"""HubSpot's dated API: generally available since 2026-03-30, supported for 18 months."""

HUBSPOT_URL = "https://api.hubapi.com"

_Decoded = TypeVar("_Decoded")


class Bucket(StrEnum):
    """The rate limit that a call counts against (HubSpot, usage guidelines 2026-09)."""

    BURST = "burst"
    ASSOCIATIONS = "associations"
    SEARCH = "search"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. `endpoint` is a template that logs may show; `args` fill it and never reach a log.

    An e-mail address stands in the path of a subscription status: that is why the two are apart.
    """

    method: str
    endpoint: str
    args: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: object | None = field(default=None, repr=False)
    bucket: Bucket = Bucket.BURST

    @property
    def path(self) -> str:
        """The endpoint with its arguments, percent-encoded."""
        return self.endpoint.format_map({name: quote(value, safe="") for name, value in self.args.items()})


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer."""

    call: Call
    status: int
    body: bytes = field(repr=False)

    def read(self, decoder: "msgspec.json.Decoder[_Decoded]") -> _Decoded:
        """The decoded body. Raises PortalContractError, which shows the place but no value."""
        try:
            return decoder.decode(self.body)
        except msgspec.DecodeError as error:
            raise PortalContractError(
                f"{self.call.method} {self.call.endpoint}: HubSpot's answer has another shape than expected: {error}"
            ) from None


def objects_path(object_type: ObjectType, rest: str = "") -> str:
    """A path of the objects API, for instance `/crm/objects/2026-03/contacts/batch/read`."""
    return f"/crm/objects/{API_VERSION}/{object_type.value}{rest}"


def get(endpoint: str, args: Mapping[str, str] | None = None, query: tuple[tuple[str, str], ...] = ()) -> Call:
    """A plain read."""
    return Call(method="GET", endpoint=endpoint, args=args or {}, query=query)


def post(endpoint: str, body: object, bucket: Bucket = Bucket.BURST) -> Call:
    """A POST with a JSON body."""
    return Call(method="POST", endpoint=endpoint, body=body, bucket=bucket)
