"""The web application without a network in between: bytes in, an answer out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.types import ASGIApp, Message

from hubspot_retention.core.record import PortalId
from hubspot_retention.core.webhook.event import Event
from hubspot_retention.core.webhook.signature import SignedRequest
from hubspot_retention.web.webhook import PATH, Answered, WebhookOptions, webhook_app
from tests.faults.forgeries import NOON, PORTAL, SECRETS, URI

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as a web server hands it over: the parts of its body come one by one; the last message may be that
    the other side has hung up."""

    headers: Headers = ()
    parts: Sequence[bytes] = (b"",)
    method: str = "POST"
    path: str = PATH
    hangs_up: bool = False
    read: list[int] = field(default_factory=list)


async def ask(app: ASGIApp, asked: Asked) -> Answer | None:
    """The answer; `None` if there was none."""
    messages: list[Message] = [
        {"type": "http.request", "body": part, "more_body": asked.hangs_up or number < len(asked.parts)}
        for number, part in enumerate(asked.parts, start=1)
    ]
    messages.append({"type": "http.disconnect"})
    sent: list[Message] = []

    async def receive() -> Message:
        message = messages.pop(0)
        asked.read.append(len(message.get("body", b"")))
        return message

    async def send(message: Message) -> None:
        sent.append(message)

    await app(_scope(asked), receive, send)
    if not sent:
        return None
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(status=sent[0]["status"], headers=headers, body=body)


def _scope(asked: Asked) -> dict[str, Any]:
    return {
        "type": "http",
        "method": asked.method,
        "path": asked.path,
        "raw_path": asked.path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode("latin-1", "replace")) for name, value in asked.headers],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("attacker.example", 80),
    }


def of(request: SignedRequest, **more: Any) -> Asked:
    """A signed request as it arrives."""
    stamp = request.stamp
    found = (("x-hubspot-signature-v3", stamp.signature), ("x-hubspot-request-timestamp", stamp.timestamp))
    headers = [(name, value) for name, value in found if value is not None]
    headers.append(("content-length", str(len(request.body))))
    return Asked(**{"headers": headers, "parts": (request.body,)} | more)


class Door:
    """The web application with everything around it; `fails` is raised instead of storing anything."""

    def __init__(self, **options: Any) -> None:
        self.now = NOON
        self.stored: list[Event] = []
        self.received_at: list[datetime] = []
        self.counted: Counter[Answered] = Counter()
        self.new: int | None = None
        self.fails: BaseException | None = None
        chosen: dict[str, Any] = {
            "secrets": lambda: SECRETS,
            "public_uri": URI,
            "portal_id": PortalId(PORTAL),
            "now": lambda: self.now,
            "accept": self.accept,
            "counted": lambda answered: self.counted.update([answered]),
        }
        self.app = webhook_app(WebhookOptions(**chosen | options))

    async def accept(self, events: Sequence[Event], received_at: datetime) -> int:
        """The inbox: remembers what it is given."""
        if self.fails is not None:
            raise self.fails
        self.stored.extend(events)
        self.received_at.append(received_at)
        return len(events) if self.new is None else self.new

    async def ask(self, request: SignedRequest | Asked) -> Answer:
        """The answer to a request."""
        answer = await ask(self.app, request if isinstance(request, Asked) else of(request))
        assert answer is not None
        return answer
