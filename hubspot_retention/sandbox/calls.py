"""One call of the API and its answer, and HubSpot's way of saying no."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import msgspec

from hubspot_retention.sandbox.object_types import ObjectType, object_type
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.state import Portal
from hubspot_retention.sandbox.tables import Table

JSON_HEADERS: tuple[tuple[bytes, bytes], ...] = ((b"content-type", b"application/json;charset=utf-8"),)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer ready to be sent."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()


def answer(content: object, status: int = 200) -> Reply:
    """An answer with a JSON body."""
    return Reply(status, _encode(content), JSON_HEADERS)


NO_CONTENT = Reply(204)


class ApiError(Exception):
    """An answer that refuses: HubSpot's status, category and details."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        *,
        sub_category: str | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.category = category
        self.message = message
        self.sub_category = sub_category
        self.errors = errors

    def reply(self) -> Reply:
        """The refusal on the wire."""
        body: dict[str, Any] = {
            "status": "error",
            "message": self.message,
            "correlationId": str(uuid.uuid4()),
            "category": self.category,
        }
        if self.sub_category is not None:
            body["subCategory"] = self.sub_category
        if self.errors:
            body["errors"] = self.errors
        return answer(body, self.status)


def invalid(message: str, *, code: str | None = None, context: Mapping[str, Sequence[str]] | None = None) -> ApiError:
    """A 400 of category VALIDATION_ERROR."""
    detail: dict[str, Any] = {"message": message}
    if code is not None:
        detail["code"] = code
    if context is not None:
        detail["context"] = context
    return ApiError(400, "VALIDATION_ERROR", message, errors=[detail])


def not_found(message: str = "resource not found") -> ApiError:
    """A 404 for a record or a path that is not there."""
    return ApiError(404, "OBJECT_NOT_FOUND", message)


@dataclass(slots=True)
class Call:
    """One request on its way through the portal.

    `version` is what the path says: `v3`, `v4` or a date. `args` are the open segments of the path.
    `effects` collects what the call really did, for the journal. `partial` and `stale` are faults that the
    call is to show. The daily figures are those of the rate limits.
    """

    portal: Portal
    options: SandboxOptions
    method: str
    path: str
    base_url: str
    version: str
    args: tuple[str, ...]
    query: bytes = b""
    body: bytes = b""
    partial: str | None = None
    stale: bool = False
    daily_limit: int = 0
    used_today: int = 0
    effects: list[str] = field(default_factory=list)
    _params: dict[str, list[str]] | None = None

    @property
    def params(self) -> dict[str, list[str]]:
        """The query of the address."""
        if self._params is None:
            self._params = parse_qs(self.query.decode("utf-8", "replace"), keep_blank_values=True)
        return self._params

    def param(self, name: str, default: str = "") -> str:
        """One value of the query."""
        values = self.params.get(name)
        return values[0] if values else default

    def listed(self, name: str) -> list[str]:
        """The values of a parameter that may be repeated or separated by commas."""
        return [part.strip() for value in self.params.get(name, ()) for part in value.split(",") if part.strip()]

    def flag(self, name: str) -> bool:
        """A parameter that is true or false."""
        return self.param(name).lower() == "true"

    def number(self, name: str, default: int, *, most: int, least: int = 1) -> int:
        """A parameter that is a number within bounds; a 400 if it is not."""
        raw = self.param(name, str(default))
        if not raw.lstrip("-").isdigit():
            raise invalid(f"Invalid value for {name}: {raw[:40]}", code="INVALID_INTEGER")
        if not least <= int(raw) <= most:
            raise invalid(f"The {name} must be between {least} and {most}, found {raw[:40]}", code="INVALID_LIMIT")
        return int(raw)

    def json(self) -> Any:
        """The body of the request; a 400 if it is no JSON."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError as error:
            raise invalid("Invalid input JSON: unable to parse the body", code="INVALID_JSON") from error

    def object(self) -> dict[str, Any]:
        """The body of the request, which must be a JSON object."""
        body = self.json()
        if not isinstance(body, dict):
            raise invalid("Invalid input JSON: an object is required", code="INVALID_JSON")
        return body

    def kind(self, position: int = 0) -> ObjectType:
        """The object type in the path."""
        return kind_named(self.args[position])

    def table(self, position: int = 0) -> Table:
        """The records of the object type in the path."""
        return self.portal.tables[self.kind(position).name]


def kind_named(spelling: str) -> ObjectType:
    """The object type of that name or number; a 400 if there is none."""
    kind = object_type(spelling)
    if kind is None:
        raise ApiError(400, "VALIDATION_ERROR", f"Unable to infer object type from: {spelling[:60]}")
    return kind


def batch_inputs(call: Call, *, most: int, body: Mapping[str, Any] | None = None) -> list[Any]:
    """The inputs of a batch call; a 400 if there are none or too many."""
    found = (call.object() if body is None else body).get("inputs")
    if not isinstance(found, list):
        raise invalid("Some required fields were not set: [inputs]", code="REQUIRED_FIELD")
    if len(found) > most:
        raise invalid(
            f"The maximum number of inputs supported in a batch is {most}. "
            "Please reduce the number of items and try again"
        )
    return found


def input_id(item: object, name: str = "id") -> str:
    """The id in an input of a batch or in a body; a 400 if it has none."""
    raw = item.get(name) if isinstance(item, Mapping) else None
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        raise invalid(f"Some required fields were not set: [{name}]", code="REQUIRED_FIELD")
    return str(raw)


def batch_answer(
    call: Call,
    started_at: str,
    results: Sequence[object],
    errors: Sequence[object] = (),
    *,
    status: int = 200,
) -> Reply:
    """The answer to a batch call: 207 as soon as one input failed."""
    body: dict[str, object] = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": started_at,
        "completedAt": call.portal.now_text(),
    }
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return answer(body, 207 if errors else status)


def batch_error(category: str, message: str, context: Mapping[str, Sequence[str]], **more: str) -> dict[str, object]:
    """What a batch answer says of inputs that failed."""
    return {"status": "error", "category": category, "message": message, "context": context, **more}


def divided(call: Call, inputs: list[Any]) -> tuple[list[Any], list[Any]]:
    """The inputs to carry out and, under a fault of that kind, those that fail: every second one."""
    if call.partial is None:
        return inputs, []
    return inputs[::2], inputs[1::2]


def failed_inputs(ids: Sequence[str]) -> list[dict[str, object]]:
    """What a batch answer says of inputs that failed for no reason of theirs."""
    if not ids:
        return []
    return [batch_error("INTERNAL_ERROR", "There was a problem with some of the inputs", {"ids": list(ids)})]
