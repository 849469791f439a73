"""Personal data stays in HubSpot: in a whole life of a portal full of canaries none is found anywhere else.

`RETENTION_TEST_CANARIES` says how many people (the scoreboard: 10,000). What they wrote and what they are called goes
through the real commands, the real ticks and a real webhook listener, with faults whose messages quote it. Words that
our own people write (why a hold was placed) are to be in one table and nowhere else.
"""

import json
import logging
import os
import traceback
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from pypdf import PdfReader

from hubspot_retention import log
from hubspot_retention.bootstrap import Application, Options, application
from hubspot_retention.errors import RetentionError
from hubspot_retention.sandbox.calls import ApiError
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.running import RunningSandbox
from hubspot_retention.service.house import House, Instead, open_house
from hubspot_retention.service.names import DUE, FULL, HOT, INBOX, SELF_CHECK, WATCH
from hubspot_retention.service.schedule import Schedule
from hubspot_retention.service.webhooks import Webhooks
from hubspot_retention.store.driver import DRIVER
from hubspot_retention.web.webhook import PATH
from tests.acceptance.serving import free_port
from tests.faults.canaries import FIRST, PHONE, a_portal_of_canaries, canary, found_in, person
from tests.faults.forgeries import CURRENT, URI, a_body, an_event, signed
from tests.faults.nets import PLACES, Mailbox, Nets, quoting
from tests.faults.world import CLIENTI, another_portal

PEOPLE = int(os.environ.get("RETENTION_TEST_CANARIES", "40"))
HELD = FIRST + 8
YEARS = ("--from", "2020-01-01", "--to", "2099-12-31")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where everything lies that the service writes; its limits let it dispose of much at once."""
    own = tmp_path / "own"
    for name in ("data", "keys", "anchor"):
        (own / name).mkdir(parents=True)
    (tmp_path / "settings.toml").write_text("[guardrails]\nmax_disposals = 100000\nmax_percent = 100\n")
    text = CLIENTI.read_text("utf-8").replace("max_disposals = 500", "max_disposals = 100000")
    (tmp_path / "policy.toml").write_text(text.replace("max_percent = 25", "max_percent = 99"), "utf-8")
    for name, value in {
        "RETENTION_SETTINGS": str(tmp_path / "settings.toml"),
        "RETENTION_POLICY": str(tmp_path / "policy.toml"),
        "RETENTION_DATABASE_URL": f"sqlite:///{own / 'data' / 'retention.db'}",
        "RETENTION_PSEUDONYM_KEYS": str(own / "keys" / "pseudonyms.json"),
        "RETENTION_LOG_KEY_FILE": str(own / "keys" / "log.key"),
        "RETENTION_ANCHOR_FILE": str(own / "anchor" / "anchor.jsonl"),
        "RETENTION_MODE": "review",
        "RETENTION_ALLOW_ERASE": "true",
        "RETENTION_GRACE_HOURS": "0",
        "RETENTION_ACTOR": "anna",
        "RETENTION_PUBLIC_URL": URI,
        "RETENTION_WEBHOOK_PORT": str(free_port()),
        "HUBSPOT_WEBHOOK_SECRETS": CURRENT,
    }.items():
        monkeypatch.setenv(name, value)
    return own


@pytest.fixture
def nets(
    folder: Path, server: RunningSandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Nets]:
    """The portal of canaries with nets around the service."""
    sandbox = another_portal(server, a_portal_of_canaries(PEOPLE), SandboxOptions(journal=False))
    monkeypatch.setenv("HUBSPOT_BASE_URL", sandbox.url)
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", sandbox.token)
    monkeypatch.setattr(ApiError, "reply", quoting)
    patient = Application.transport
    monkeypatch.setattr(Application, "transport", lambda app, sleep=None: patient(app, lambda _: None))
    nets, init = Nets(folder, sandbox, capsys), RetentionError.__init__

    def made(error: RetentionError, *arguments: Any) -> None:
        init(error, *arguments)
        nets.errors.append(error)

    monkeypatch.setattr(RetentionError, "__init__", made)
    yield nets
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def the_service(nets: Nets) -> None:
    """The long-running process, driven step by step: sweeps, webhooks, approvals beside it, faults, figures."""
    nets.capsys.readouterr()
    log.configure("debug")
    instead = Instead(sleep=lambda _: None, tells=Mailbox(nets))
    with open_house(application(Options()), instead=instead) as house:
        work(house, SELF_CHECK, FULL, WATCH)
        webhooks(nets, house)
        nets.command("hold", "place", f"contacts/{HELD}", "--matter", "J-2026-1", "--reason", canary("reason", 1))
        nets.command("request", "record", f"contacts/{HELD - 1}", "--kind", "access", "--received", "2026-11-01")
        nets.approve("rights")
        log.configure("debug")
        faults(nets)
        work(house, INBOX, DUE, HOT, WATCH)
        nets.sandbox.gateway.faults.clear()
        work(house, SELF_CHECK, DUE, WATCH)
        nets.look_at("metrics", house.metrics.scrape()[0])
        nets.look_at("health", house.health.look().shown)
        nets.look_at("what jobs are given", jobs(house))
    nets.look_at("the log of the service", nets.capsys.readouterr().err)
    nets.files()


def work(house: House, *names: str) -> None:
    """Ticks as the two threads take them."""
    house.want(*names)
    for works in (house.works, house.watching):
        while works.step() is not None:
            pass


def jobs(house: House) -> list[object]:
    """The arguments of what the scheduler wakes."""
    schedule = Schedule(house.app.settings().service, house.want, lambda: None)
    schedule.start()
    assert schedule._scheduler is not None
    found: list[object] = [(job.name, job.args, job.kwargs) for job in schedule._scheduler.get_jobs()]
    schedule.stop()
    return found


def faults(nets: Nets) -> None:
    """Much that can go wrong while people are disposed of."""
    for path in ("gdpr-delete", "batch/archive"):
        for kind in ("error_after_effect", "connection_cut_after_effect", "423"):
            nets.fault(kind, path=path, count=2)
        for status in (400, 429):
            nets.fault("error_before", path=path, status=status, retry_after=0, count=2)
    nets.fault("partial_207", path="batch/read", count=2, skip=1)


def webhooks(nets: Nets, house: House) -> None:
    """Events that quote values, from HubSpot, from strangers and torn on the way."""
    listener = Webhooks(house)
    listener.start()
    client = httpx.Client(base_url=f"http://127.0.0.1:{house.app.settings().service.webhook_port}", verify=False)
    try:
        own = {"propertyValue": canary("event", 1), "sourceId": f"{canary('event', 2)}@example.dk"}
        now = house.app.clock.now()
        events = [an_event(eventId=number, objectId=number, **own) for number in range(FIRST, FIRST + 20)]
        whole = a_body(*events, an_event(objectId=canary("event", 3), **own))
        for body in (a_body(*events), whole, whole[:-40], b"[" * 50 + canary("event", 4).encode()):
            for secret in (CURRENT, "a stranger's"):
                stamp = signed(body, secret=secret, at=now).stamp
                headers = {
                    "X-HubSpot-Signature-v3": stamp.signature or "",
                    "X-HubSpot-Request-Timestamp": stamp.timestamp or "",
                }
                reply = client.post(PATH, content=body, headers=headers)
                nets.look_at("an answer to a webhook", f"{reply.status_code} {reply.headers} {reply.text}")
    finally:
        client.close()
        listener.stop(10)


def people_with_the_command(nets: Nets) -> None:
    """What people do by hand, in good days and bad ones."""
    nets.command("plan", "apply", "1-rights", code=None)
    nets.fault("connection_cut", path="objects/2026-03/deals$", count=None)
    nets.command("plan", "new", code=None)
    nets.sandbox.gateway.faults.clear()
    nets.command("plan", "new")
    plans = {plan["kind"]: plan["plan_id"] for plan in reversed(json.loads(nets.command("plan", "list", "--json")))}
    nets.command("plan", "show", plans["rights"])
    nets.command("plan", "show", plans["time"], "--json")
    nets.command("plan", "reject", plans["rights"], "--why", canary("reason", 2))
    time_rules = nets.approve("time")
    faults(nets)
    nets.command("plan", "apply", time_rules, code=None)
    nets.sandbox.gateway.faults.clear()
    nets.command("plan", "apply", time_rules, code=None)
    nets.command("explain", f"contacts/{HELD}")
    nets.command("explain", f"contacts/{FIRST + 4}", "--json")
    for words in ("status", "status --json", "alarm list", "request list", "portal check"):
        nets.command(*words.split())


def evidence(nets: Nets, tmp_path: Path) -> None:
    """What is handed to others: the log, receipts, reports on the screen and on paper."""
    key = str(nets.folder / "keys" / "log.key")
    own = person(FIRST + 9)["email"]
    for words in (
        ("audit", "export", "--key", key),
        ("audit", "receipt", f"contacts/{FIRST + 9}", "--key", key),
        ("audit", "tail", "-n", "40"),
        ("audit", "find", "--email", own, "--json"),
    ):
        assert nets.command(*words) != ""
    for form, language in (("html", "en"), ("pdf", "da")):
        path = tmp_path / f"report.{form}"
        nets.command("audit", "report", *YEARS, "--language", language, "--format", form, str(path))
        nets.look_at(path.name, path.read_bytes())
    paper = PdfReader(tmp_path / "report.pdf")
    nets.look_at("report.pdf, its text", " ".join(page.extract_text() for page in paper.pages) + str(paper.metadata))


def without_own_words(database: Path, copy: Path) -> bytes:
    """The database, but for what our own people wrote: exactly two rows of one table."""
    with closing(DRIVER.connect(database)) as source, closing(DRIVER.connect(copy)) as taken:
        source.backup(taken)
        words = [row[0] for row in taken.execute("SELECT text FROM private_text ORDER BY text")]
        assert words == [canary("reason", 1), canary("reason", 2)]
        taken.execute("PRAGMA secure_delete = ON")
        taken.execute("DELETE FROM private_text")
        taken.commit()
        taken.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        taken.execute("VACUUM")
    return copy.read_bytes()


def test_of_nobody_in_the_portal_anything_is_found_outside_hubspot(
    nets: Nets, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    nets.command("audit", "key", "new", "--name", "log.example.dk", str(nets.folder / "keys" / "log.key"))
    nets.command("audit", "pseudonym-keys", "new")
    nets.command("policy", "approve", "--digest", application(Options()).policy()[0].digest)
    the_service(nets)
    people_with_the_command(nets)
    evidence(nets, tmp_path)
    nets.look_at("the database", without_own_words(nets.folder / "data" / "retention.db", tmp_path / "copy.db"))
    nets.files()
    for error in nets.errors:
        nets.look_at("an error", "".join(traceback.format_exception(error)))

    contacts = nets.sandbox.portal.tables["contacts"].live
    gone = PEOPLE - len(contacts)
    record_property("people", PEOPLE)
    record_property("gone", gone)
    record_property("bytes looked at", f"{sum(nets.looked_at.values()):,}")
    assert gone >= PEOPLE // 6  # of the few in the short form four meet the refusals that quote them
    assert f"contacts/{HELD}".partition("/")[2] in contacts
    assert {type(error).__name__ for error in nets.errors} >= {"TemporaryFailureError", "RefusedError"}
    assert {where for where, length in nets.looked_at.items() if length} >= PLACES
    reasons = {canary("reason", 1), canary("reason", 2)}
    assert [found for found in nets.caught if not (found[0].startswith("retention.db") and found[1] in reasons)] == []


@pytest.mark.parametrize(
    "hide",
    [
        lambda bird: bird.upper().encode(),
        lambda bird: bird.encode("utf-16-le"),
        *(lambda bird, shift=shift: b64encode(b"x" * shift + bird.encode()) for shift in range(3)),
        lambda bird: f"tel:{PHONE}{FIRST}1".encode(),
    ],
)
def test_a_canary_is_found_in_whatever_form(hide: Callable[[str], bytes]) -> None:
    assert found_in(b"before " + hide(canary("firstname", FIRST)) + b" after") != []
    assert found_in(b"before " + hide("somebody else")[:9] + b" after") == []


def test_a_canary_is_found_in_a_row_that_was_deleted_again(tmp_path: Path) -> None:
    with closing(DRIVER.connect(tmp_path / "x.db")) as database:
        database.execute("CREATE TABLE t (words TEXT)")
        database.execute("INSERT INTO t VALUES (?)", (canary("firstname", FIRST),))
        database.commit()
        database.execute("DELETE FROM t")
        database.commit()
    assert found_in((tmp_path / "x.db").read_bytes()) == [canary("firstname", FIRST)]
