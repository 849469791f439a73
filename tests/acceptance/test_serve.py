"""The long-running service with real processes over HTTP, in good weather: one service, and people of each test's own.

It hears of exactly what `webhook subscriptions --create` made, and no hot sweep comes to its help.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.serving import SECRET, SLOW, House, a_house, ago, eventually, recent
from tests.faults.people import a_customer, a_deal, a_portal
from tests.faults.world import ref
from tests.unit.office import Office, an_office

APP = {"HUBSPOT_APP_ID": "39522895", "HUBSPOT_DEVELOPER_KEY": "key"}
OTHERS = {"111": "Import", "112": "Public status API", "113": "Contacts", "114": "Somebody"}
"""Who was unsubscribed by an import, an integration, staff, and nobody knows whom."""

PEOPLE = a_portal(
    contacts=[*map(recent, range(101, 151)), *(a_customer(number, createdate=ago(days=400)) for number in (201, 202))],
    deals=[a_deal(21, hs_is_closed="true", hs_is_closed_won="true", closedate=ago(days=300))],
    links=(("contacts/201", "deals/21"),),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """The installation, the id of the service's process, the file with the webhooks' secrets, who is told."""

    house: House
    pid: int
    secrets: Path
    office: Office


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A service that runs, and hears what the portal tells its app."""
    folder = tmp_path_factory.mktemp("serve")
    secrets, urls = folder / "secrets", folder / "urls"
    secrets.write_text(f"{SECRET}\n")
    with an_office() as office:
        urls.write_text(f"json://127.0.0.1:{office.port}/alarms\n")
        (folder / "service.toml").write_text("[pacing]\nerasers = 1\n")
        settings = {
            **SLOW,
            **APP,
            "RETENTION_SETTINGS": str(folder / "service.toml"),
            "HUBSPOT_WEBHOOK_SECRETS": "",
            "HUBSPOT_WEBHOOK_SECRETS_FILE": str(secrets),
            "RETENTION_ALARM_URLS_FILE": str(urls),
            "RETENTION_HEARTBEAT_URL": f"http://127.0.0.1:{office.port}/beat",
        }
        with a_house(folder, PEOPLE, **settings) as house, house.serving() as process:
            house.run("webhook", "subscriptions", "--create", "--yes")
            house.deliver(subscriptions=[])
            yield Scene(house, process.pid, secrets, office)
            house.proves()


@pytest.fixture
def house(scene: Scene) -> House:
    """The installation alone."""
    return scene.house


def is_gone(house: House, *records: str) -> bool:
    return set(records) <= set(house.taken())


def waiting(house: House, sources: Mapping[str, str]) -> Any:
    """The plan in which people wait for a person, each unsubscribed by somebody else."""
    acts = [
        {"action": "unsubscribe", "record": record, "subscriptionId": 501, "source": source}
        for record, source in sources.items()
    ]
    house.control("act", acts)
    eventually(lambda: {house.state(each) for each in sources} == {"review"}, "all of them to wait for a person")
    return json.loads(house.run("status", "--json"))["plans"][0]


def approve(house: House, plan_id: str) -> None:
    """A second person approves."""
    shown = json.loads(house.run("plan", "show", plan_id, "--json"))
    house.run("plan", "approve", plan_id, "--digest", shown["digest"], "--who", "bent")


def test_an_unsubscribe_reaches_the_erasure_by_a_signed_webhook_alone(house: House) -> None:
    house.unsubscribe("contacts/101")
    eventually(lambda: "obligation.done" in house.told("contacts/101"), "the end of the obligation")
    told = house.told("contacts/101")
    assert told.index("obligation.opened") < told.index("disposal.sent") < told.index("disposal.done")
    assert house.taken().count("contacts/101") == 1


def test_what_comes_five_times_is_stored_once_and_done_once(house: House) -> None:
    before = house.control("webhooks", {"duplicate": 4.0})["doubled"]
    house.unsubscribe("contacts/149")
    eventually(lambda: "obligation.done" in house.told("contacts/149"), "the end of the obligation")
    eventually(lambda: house.control("webhooks", {})["pending"] == 0, "the copies")
    copies = house.control("webhooks", {"duplicate": 0.0})["doubled"] - before
    with house.store() as store, store.transaction() as tx:
        heard = [stored.event for stored in tx.events_since(0, [ref("contacts/149")], [])]
    once = {(event.subscription_id, event.event_id, event.property_name, event.occurred_at) for event in heard}
    assert (len(heard), copies) == (len(once), 4 * len(once))
    assert house.taken().count("contacts/149") == 1


def test_what_our_own_app_did_comes_back_and_is_known_for_ours(house: House) -> None:
    house.unsubscribe("contacts/102")
    ours = {"changeSource": "INTEGRATION", "sourceId": APP["HUBSPOT_APP_ID"]}
    house.act("edit", "contacts/150", properties={"event_on": "2026-01-31"}, **ours)
    eventually(lambda: '"own_write"' in house.lines(), "the echo of a write")
    eventually(lambda: '"own_disposal"' in house.lines(), "the echo of an erasure")
    assert "foreign-deletion.seen" not in house.told("contacts/102")
    assert house.state("contacts/150") == ""


def test_a_customer_who_unsubscribes_stays_and_is_off_the_list(house: House) -> None:
    house.unsubscribe("contacts/201")
    eventually(lambda: "marketing.ended" in house.told("contacts/201"), "the end of marketing")
    assert not is_gone(house, "contacts/201")


def test_whom_others_unsubscribed_wait_in_one_plan_with_its_deadline_and_a_hold_takes_one_out_at_once(
    house: House,
) -> None:
    records = [f"contacts/{record}" for record in OTHERS]
    plan = waiting(house, dict(zip(records, OTHERS.values(), strict=True)))
    assert (plan["status"], plan["records"], plan["rules"]) == ("awaiting-review", 4, ["unsubscribed"])
    assert plan["call_by"] is not None
    assert "calls by" in house.run("status")
    house.act("edit", records[0], properties={"legal_hold": "true"})
    eventually(lambda: "disposal.skipped" in house.told(records[0]), "the record to leave the plan")
    assert not is_gone(house, records[0])
    approve(house, plan["plan_id"])
    eventually(lambda: is_gone(house, *records[1:]), "the erasure of the others")
    assert not is_gone(house, records[0])


def test_a_hold_set_in_hubspot_while_a_plan_runs_takes_a_record_out_that_was_read_already(house: House) -> None:
    *others, last = records = [f"contacts/{number}" for number in (145, 146, 147, 148)]
    plan = waiting(house, dict.fromkeys(records, "Import"))
    house.control("faults", [{"kind": "slow", "path": "gdpr-delete", "ms": 1_200, "count": len(others)}])
    approve(house, plan["plan_id"])
    eventually(lambda: "disposal.sent" in house.told(others[0]), "the first call")
    house.act("edit", last, properties={"legal_hold": "true"})
    eventually(lambda: house.told(last)[-1] == "disposal.skipped", "the record to leave the plan")
    eventually(lambda: is_gone(house, *others), "the erasure of the others")
    assert not is_gone(house, last)
    told = [(each["verb"], each["code"]) for each in house.entries() if each.get("record") == last]
    assert ("abandoned", "heard-since") in told, told


def test_a_standing_approval_lets_so_many_a_day_go_and_none_once_it_was_taken_back(house: House) -> None:
    grant = ("approval", "standing", "grant", "--rule", "unsubscribed", "--until", "2027-06-30", "--max-per-day")
    house.run("approval", "standing", "revoke", "1")
    house.unsubscribe("contacts/121", at=ago(hours=116))
    eventually(lambda: house.state("contacts/121") == "review", "who unsubscribed to wait for a person")
    assert not is_gone(house, "contacts/121")
    house.run(*grant, "1")
    eventually(lambda: is_gone(house, "contacts/121"), "the erasure under the new approval")
    house.unsubscribe("contacts/122", at=ago(hours=116))
    eventually(lambda: house.state("contacts/122") == "review", "the one beyond the cap to wait")
    assert not is_gone(house, "contacts/122")
    house.run("approval", "standing", "revoke", "2")
    house.run(*grant, "50")
    eventually(lambda: is_gone(house, "contacts/122"), "the erasure under one that has room")
    told = [(each["verb"], each.get("actor")) for each in house.entries() if each["subject"] == "standing-approval"]
    assert [(verb, actor) for verb, actor in told if verb != "used"] == [
        ("granted", "anna"),
        ("revoked", "anna"),
        ("granted", "anna"),
        ("revoked", "anna"),
        ("granted", "anna"),
    ]


def test_a_hold_placed_with_us_follows_a_merge_to_the_record_that_stays(house: House) -> None:
    house.run("hold", "place", "contacts/131", "--matter", "J-2026-114", "--reason", "tvist")
    house.act("merge", "contacts/131", into="contacts/132")
    eventually(lambda: "merge.seen" in house.told("contacts/131"), "that the merge is seen")
    house.unsubscribe("contacts/132")
    eventually(lambda: house.state("contacts/132") == "held", "the record that stays to be held")
    assert not is_gone(house, "contacts/132")


def test_a_request_in_our_register_follows_a_merge_to_the_record_that_stays(house: House) -> None:
    house.run("request", "record", "contacts/133", "--kind", "objection", "--received", ago(days=1))
    house.act("merge", "contacts/133", into="contacts/134")
    eventually(lambda: "merge.seen" in house.told("contacts/133"), "that the merge is seen")
    house.unsubscribe("contacts/134")
    eventually(lambda: house.state("contacts/134") == "held", "the record that stays to be restricted")
    assert not is_gone(house, "contacts/134")


def test_one_record_that_cannot_be_read_delays_no_other(house: House) -> None:
    house.control("faults", [{"kind": "error_before", "path": "statuses/p141", "status": 400, "count": None}])
    house.unsubscribe("contacts/141")
    house.unsubscribe("contacts/142")
    eventually(lambda: is_gone(house, "contacts/142"), "the erasure of the other")
    assert not is_gone(house, "contacts/141")
    assert house.state("contacts/141") in ("look", "open")


def test_what_somebody_else_deletes_of_what_is_kept_is_told_until_it_is_restored(scene: Scene) -> None:
    house, about = scene.house, ("foreign-deletion", "contacts/202")
    house.act("archive", "contacts/202")
    eventually(lambda: any("deleted what must be kept" in title for title in scene.office.titles), "the message")
    listed = json.loads(house.run("alarm", "list", "--json"))
    alarm = next(found for found in listed if found["kind"] == "foreign-deletion")
    assert (alarm["kind"], alarm["about"], alarm["level"]) == (*about, "urgent")
    assert alarm["facts"]["was"] == "kept"
    message = next(each for each in scene.office.received if "deleted what must be kept" in each["title"])
    assert f"can be restored until: {alarm['facts']['restorable_until']}" in message["message"]
    house.act("restore", "contacts/202")
    eventually(lambda: about not in house.alarms(), "the end of the alarm")
    assert not is_gone(house, "contacts/202")


def test_a_secret_is_replaced_while_the_service_runs(scene: Scene) -> None:
    house = scene.house
    scene.secrets.write_text(f"{SECRET}\nthe-next-one\n")
    house.unsubscribe("contacts/103")
    eventually(lambda: is_gone(house, "contacts/103"), "the erasure by a webhook with the first secret")
    house.control("webhooks", {"secret": "the-next-one"})
    scene.secrets.write_text("the-next-one\n")
    house.unsubscribe("contacts/104")
    eventually(lambda: is_gone(house, "contacts/104"), "the erasure by a webhook with the second one")
    house.control("webhooks", {"secret": SECRET})
    house.control("webhooks/forge", {"n": 1, "kinds": ["wrong_secret"]})
    house.unsubscribe("contacts/105")
    eventually(lambda: house.control("webhooks", {})["answers"].get("401"), "the refusal of the retired secret")
    assert house.state("contacts/105") == ""
    house.control("webhooks", {"secret": "the-next-one"})
    eventually(lambda: is_gone(house, "contacts/105"), "the erasure by the same events, tried again")


def test_many_forged_webhooks_are_refused_and_told_of(scene: Scene) -> None:
    answers = scene.house.control("webhooks/forge", {"n": 60})["answers"]
    assert {status for found in answers.values() for status in found} == {"401"}
    eventually(lambda: any("webhooks are refused" in title for title in scene.office.titles), "the message")
    assert 'retention_alarms_open{kind="webhooks-rejected"} 1.0' in scene.house.metrics()


def test_a_heart_beats_for_a_dead_man_s_switch(scene: Scene) -> None:
    eventually(lambda: "/beat" in scene.office.asked, "a beat")


def test_each_ticks_last_success_is_a_metric_and_part_of_readiness(house: House) -> None:
    ticks = ("inbox", "due", "hot", "full", "self-check", "watch")
    base = f"http://127.0.0.1:{house.operations_port}"
    eventually(lambda: all(f'last_success_seconds{{tick="{name}"}}' in house.metrics() for name in ticks), "all ticks")
    ready = httpx.get(f"{base}/health/ready").json()
    assert [name for name in ticks if ready["ticks"][name]["last_success_at"] is None] == []
    assert httpx.get(f"{base}/health/live").json() == {"live": True}


def test_the_two_listeners_share_nothing(house: House) -> None:
    webhook, operations = (f"http://127.0.0.1:{port}" for port in (house.webhook_port, house.operations_port))
    for path in ("/", "/metrics", "/health/live", "/health/ready"):
        assert httpx.get(webhook + path).status_code == 404
    assert httpx.get(f"{webhook}/webhooks/hubspot").status_code == 405
    assert httpx.post(f"{operations}/webhooks/hubspot").status_code == 404


def test_a_second_service_on_the_same_database_is_refused_and_says_who_holds_it_and_what_to_do(scene: Scene) -> None:
    house = scene.house
    second = house.command("serve", **{**house.settings, "RETENTION_OPERATIONS_PORT": "0"})
    assert second.returncode != 0
    assert f"process {scene.pid}" in second.stderr
    assert "serve" in second.stderr
    assert "For anything else stop it first" in " ".join(second.stderr.split())
