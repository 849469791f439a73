"""HubSpot's own `hubspot-api-client` over our transport: one place for the token, limits, retries and time-outs (by
itself the client has no time-out and opens a connection a call). The package is heavy, so it is imported when it is
first used.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hubspot_retention.hubspot.calls import Answer, Call

Send = Callable[[Call], Answer]


class _Response:
    """An answer as the generated clients want it."""

    reason = ""

    def __init__(self, answer: Answer) -> None:
        self.status = answer.status
        self.data = answer.body

    def getheader(self, _: str, default: str | None = None) -> str | None:
        return default

    def getheaders(self) -> dict[str, str]:
        return {}


class _RestClient:
    """What the generated clients call instead of urllib3. Refusals come out as our own errors."""

    def __init__(self, read: Send, make: Send) -> None:
        self._read = read
        self._make = make

    def GET(  # noqa: N802 - the client's own word
        self, url: str, query_params: Sequence[tuple[str, Any]] | None = None, **_: object
    ) -> _Response:
        return _Response(self._read(Call(method="GET", endpoint=url, query=_query(query_params))))

    def POST(  # noqa: N802 - the client's own word
        self, url: str, query_params: Sequence[tuple[str, Any]] | None = None, body: Any = None, **_: object
    ) -> _Response:
        return _Response(self._make(Call(method="POST", endpoint=url, query=_query(query_params), body=body)))


def official_client(read: Send, make: Send, developer_key: str | None = None) -> Any:
    """The client, reading through `read` and posting through `make`, with a developer's key if there is one."""
    import hubspot

    rest = _RestClient(read, make)

    def api(package: Any, name: str, _: Mapping[str, Any]) -> Any:
        configuration = package.Configuration()
        configuration.host = ""
        configuration.client_side_validation = False
        if developer_key is not None:
            configuration.api_key["developer_hapikey"] = developer_key
        client = package.ApiClient(configuration=configuration)
        client.rest_client = rest
        return getattr(package, name)(api_client=client)

    return hubspot.HubSpot(api_factory=api)


def _query(pairs: Sequence[tuple[str, Any]] | None) -> tuple[tuple[str, str], ...]:
    return tuple((name, _text(value)) for name, value in pairs or ())


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
