"""`webhook subscriptions`: against an API that only answers what it is expected to be asked, and on the sandbox."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import respx
import structlog
from typer.testing import CliRunner, Result

from hubspot_retention.cli.webhook import app
from hubspot_retention.core.webhook.wanted import wanted_subscriptions
from hubspot_retention.errors import ExitCode, UsageError
from hubspot_retention.sandbox.origins import APP_ID
from hubspot_retention.store.errors import StoreError
from tests.documents import clienti
from tests.faults.people import a_portal
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import wide_lines
from tests.unit.hubspot.surroundings import BASE, TOKEN

WANTED = wanted_subscriptions(clienti(), ["501"])
SUBSCRIPTIONS = f"{BASE}/webhooks/v3/4711/subscriptions"


@dataclass(frozen=True, slots=True)
class Api:
    """HubSpot, as far as the command asks it."""

    routes: respx.MockRouter
    environment: dict[str, str]

    def __call__(self, *words: str, **settings: str) -> Result:
        """Run the command."""
        return CliRunner().invoke(app, ["subscriptions", *words], env={**self.environment, **settings})

    def has(self, *rows: dict[str, Any]) -> None:
        """The app has these subscriptions."""
        self.routes.get(SUBSCRIPTIONS).respond(200, json={"results": list(rows)})

    def made(self) -> list[str]:
        """What was asked to be made, in order."""
        posts = [call.request for call in self.routes.calls if call.request.method == "POST"]
        bodies = [json.loads(request.content) for request in posts]
        return [f"{body['eventType']} {body.get('propertyName', '')}".rstrip() for body in bodies]


@pytest.fixture
def api(respx_mock: respx.MockRouter, tmp_path: Path) -> Iterator[Api]:
    details = {"portalId": 25412345, "accountType": "STANDARD", "timeZone": "Europe/Copenhagen"}
    date = {"Date": "Sun, 22 Nov 2026 12:00:00 GMT"}
    respx_mock.get(f"{BASE}/account-info/2026-03/details").respond(200, json=details, headers=date)
    types = {"results": [{"id": "501", "name": "Nyhedsbrev"}, {"id": "502", "name": "Driftsinformation"}]}
    respx_mock.get(f"{BASE}/communication-preferences/2026-03/definitions").respond(200, json=types)
    yield Api(
        respx_mock,
        {
            "HUBSPOT_ACCESS_TOKEN": TOKEN,
            "HUBSPOT_APP_ID": "4711",
            "HUBSPOT_DEVELOPER_KEY": "key",
            "RETENTION_DATABASE_URL": f"sqlite:///{tmp_path / 'none.db'}",
            "COLUMNS": "80",
        },
    )
    structlog.reset_defaults()


def a_row(number: int, text: str, *, active: bool = True) -> dict[str, Any]:
    event_type, _, name = text.partition(" ")
    return {"id": str(number), "eventType": event_type, "propertyName": name or None, "active": active}


def rows() -> list[dict[str, Any]]:
    return [a_row(number, str(each)) for number, each in enumerate(WANTED, start=1)]


def test_the_table_lists_what_the_policy_needs_with_the_portals_own_newsletter(api: Api) -> None:
    ran = api()
    assert ran.exit_code == 0
    listed = [" ".join(line.split()) for line in ran.stdout.splitlines()]
    assert listed[1:] == [str(each) for each in WANTED]
    assert "contact.propertyChange hs_email_optout_501" in listed
    assert f"{len(WANTED)} subscriptions" in ran.stderr


def test_json_lists_the_same(api: Api) -> None:
    found = json.loads(api("--json").stdout)
    assert {"eventType": "contact.propertyChange", "propertyName": "hs_email_optout_501"} in found
    assert {"eventType": "contact.privacyDeletion"} in found
    assert len(found) == len(WANTED)


def test_a_project_app_gets_its_file(api: Api) -> None:
    url = "https://hooks.example.dk/webhooks/hubspot"
    found = json.loads(api("--hsmeta", RETENTION_PUBLIC_URL=url).stdout)
    assert found["config"]["settings"]["targetUrl"] == url
    assert len(found["config"]["subscriptions"]["legacyCrmObjects"]) == len(WANTED) - 1


def test_the_file_needs_to_say_where_webhooks_go(api: Api) -> None:
    assert "public_url" in str(api("--hsmeta").exception)


def test_exactly_what_is_missing_is_made(api: Api) -> None:
    kept = [row for row in rows() if row["eventType"] != "deal.merge" and row["propertyName"] != "event_on"]
    api.has(*kept, a_row(900, "ticket.creation"))
    api.routes.post(SUBSCRIPTIONS).respond(201, json=a_row(901, "deal.merge"))
    ran = api("--create", "--yes")
    assert ran.exit_code == 0
    assert api.made() == ["contact.propertyChange event_on", "deal.merge"]
    assert "900  ticket.creation" in ran.stdout
    assert "made: deal.merge" in ran.stdout


def test_where_nothing_is_missing_nothing_is_made(api: Api) -> None:
    api.has(*rows())
    ran = api("--create", "--yes")
    assert (ran.exit_code, api.made()) == (0, [])
    assert "Nothing is missing" in ran.stdout


def test_a_paused_subscription_is_told_and_not_made_again(api: Api) -> None:
    api.has(*[row | {"active": row["eventType"] != "contact.merge"} for row in rows()])
    ran = api("--create", "--yes")
    assert api.made() == []
    assert "switch them on in HubSpot" in ran.stdout
    assert "contact.merge (paused)" in ran.stdout


def test_what_hubspot_does_not_take_is_told_and_the_others_are_made(api: Api) -> None:
    api.has(*[row for row in rows() if row["propertyName"] not in ("event_on", "hs_email_optout")])
    made = {"contact.propertyChange event_on": 201}

    def answer(request: Any) -> respx.MockResponse:
        body = json.loads(request.content)
        return respx.MockResponse(made.get(f"{body['eventType']} {body['propertyName']}", 400), json={})

    api.routes.post(SUBSCRIPTIONS).side_effect = answer
    ran = api("--create", "--yes")
    assert ran.exit_code == ExitCode.PARTLY_APPLIED
    assert "not taken by HubSpot: contact.propertyChange hs_email_optout" in ran.stdout
    assert "made: contact.propertyChange event_on" in ran.stdout


def test_without_a_yes_where_nobody_can_be_asked_nothing_is_made(api: Api) -> None:
    api.has()
    ran = api("--create")
    assert isinstance(ran.exception, UsageError)
    assert api.made() == []


def test_without_the_developers_key_nothing_is_asked_of_the_app(api: Api) -> None:
    ran = api("--create", "--yes", HUBSPOT_DEVELOPER_KEY="")
    assert isinstance(ran.exception, UsageError)
    assert "HUBSPOT_DEVELOPER_KEY" in str(ran.exception)
    assert api.made() == []


def test_only_one_form_is_printed_at_a_time(api: Api) -> None:
    assert isinstance(api("--json", "--hsmeta").exception, UsageError)


def test_another_portal_than_that_of_the_settings_is_refused(api: Api) -> None:
    assert "portal 7" in str(api(HUBSPOT_PORTAL_ID="7").exception)


def test_where_the_database_cannot_be_asked_whose_it_is_nothing_is_made(api: Api) -> None:
    nobody = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    assert isinstance(api("--create", "--yes", RETENTION_DATABASE_URL=nobody).exception, StoreError)
    assert api.made() == []


def test_on_a_portal_everything_is_made_once_and_active(house_of: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBSPOT_APP_ID", APP_ID)
    monkeypatch.setenv("HUBSPOT_DEVELOPER_KEY", "key")
    house = house_of(a_portal())
    first = house("webhook", "subscriptions", "--create", "--yes")
    assert first.code == 0, first.err
    there = house.sandbox.portal.webhooks.subscriptions.values()
    wanted = [
        (each["eventType"], each.get("propertyName")) for each in house("webhook", "subscriptions", "--json").json
    ]
    assert [(each.event_type, each.property_name) for each in there] == wanted
    assert all(each.active for each in there)
    again = house("webhook", "subscriptions", "--create", "--yes")
    assert again.out.endswith("Nothing is missing; nothing is made.\n")
    assert len(there) == len(wanted)
    assert wide_lines(first.out + again.out) == []
