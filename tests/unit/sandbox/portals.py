"""A small portal document and a client for the sandbox in this process, without sockets."""

import asyncio
from typing import Any

import httpx
from starlette.applications import Starlette

from hubspot_retention.sandbox.gateway import Gateway
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.portal import load_document
from hubspot_retention.sandbox.server import create_app
from hubspot_retention.sandbox.state import Portal

CONTACTS = "/crm/objects/2026-03/contacts"
DEALS = "/crm/objects/2026-03/deals"
EMAILS = "/crm/objects/2026-03/emails"
NOTES = "/crm/objects/2026-03/notes"
STATUSES = "/communication-preferences/2026-03/statuses"


def a_contact(record_id: str, **properties: Any) -> dict[str, Any]:
    """A contact row of a document, with an address and a creation date."""
    own = {"email": f"p{record_id}@example.dk", "createdate": "2024-01-10T09:00:00Z"}
    return {"id": record_id, "properties": {**own, **properties}}


def a_document(**parts: Any) -> dict[str, Any]:
    """A portal with three contacts, two companies, a won deal and a piece of correspondence of each kind."""
    document: dict[str, Any] = {
        "portal": {
            "id": 25412345,
            "timeZone": "Europe/Copenhagen",
            "accountType": "STANDARD",
            "tier": "professional",
        },
        "subscriptionTypes": [{"id": 501, "name": "Nyhedsbrev"}, {"id": 502, "name": "Driftsinformation"}],
        "contacts": [
            a_contact("101", firstname="Aksel", lifecyclestage="lead"),
            a_contact("102", firstname="Bodil", lifecyclestage="customer", customer_until="2024-10-31"),
            a_contact("103", firstname="Carl", nickname="Calle"),
        ],
        "companies": [
            {"id": "11", "properties": {"name": "Firma 11 A/S"}},
            {"id": "12", "properties": {"name": "Firma 12 A/S"}},
        ],
        "deals": [{"id": "21", "properties": {"dealname": "Aftale 21", "hs_is_closed_won": "true"}}],
        "notes": [{"id": "31", "properties": {"hs_timestamp": "2024-02-01T10:00:00Z", "hs_note_body": "Tekst"}}],
        "emails": [{"id": "41", "properties": {"hs_timestamp": "2024-02-01T10:00:00Z"}}],
        "associations": [
            {"from": "contacts/102", "to": "companies/11", "primary": True},
            {"from": "contacts/102", "to": "companies/12"},
            {"from": "contacts/102", "to": "deals/21"},
            {"from": "contacts/102", "to": "notes/31"},
            {"from": "deals/21", "to": "notes/31"},
            {"from": "contacts/102", "to": "emails/41"},
        ],
    }
    return {**document, **parts}


class InProcess(httpx.BaseTransport):
    """Hands requests to the application without a socket."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        scope = {
            "type": "http",
            "method": request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.split(b"?", 1)[0],
            "query_string": url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "server": (url.host, 80),
            "http_version": "1.1",
        }
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": request.read(), "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return httpx.Response(sent[0]["status"], headers=sent[0].get("headers", []), content=content)


class Sandbox(httpx.Client):
    """A client that shows a token of the portal with every call."""

    def __init__(self, document: dict[str, Any] | None = None, **options: Any) -> None:
        chosen = SandboxOptions(**options)
        self.portal: Portal = load_document(document or a_document(), chosen)
        made = create_app(self.portal, options=chosen)
        self.gateway: Gateway = made.state.gateway
        super().__init__(
            transport=InProcess(made),
            base_url="http://sandbox.example.dk",
            headers={"Authorization": "Bearer pat-eu1-sandbox-25412345"},
        )

    def json(self, path: str, **params: Any) -> Any:
        """The body of a GET that succeeds."""
        answer = self.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def do(self, path: str, body: Any, status: int = 200) -> Any:
        """The body of a POST that is answered with that status."""
        answer = self.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def act(self, **what: Any) -> None:
        """Something that a person does in the portal."""
        self.do("/__sandbox/act", what)

    def fault(self, kind: str, **more: Any) -> None:
        """Set a fault."""
        self.do("/__sandbox/faults", {"kind": kind, **more}, 201)

    def destructive(self) -> list[dict[str, Any]]:
        """The destructive calls, in order."""
        entries: list[dict[str, Any]] = self.json("/__sandbox/journal", destructive=1)["entries"]
        return entries


def ids(body: Any) -> list[str]:
    """The ids of the records in an answer."""
    return [row["id"] for row in body["results"]]
