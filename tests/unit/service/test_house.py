"""The service as a whole, driven step by step against a sandbox portal: no threads, no waiting."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hubspot_retention.bootstrap import Application, Options, application, verified
from hubspot_retention.clock import Clock
from hubspot_retention.core.alarm import AlarmKind, AlarmRecord
from hubspot_retention.core.audit.checkpoint import Checkpoint, sign
from hubspot_retention.core.audit.entry import read_entry
from hubspot_retention.core.deadline.obligation import ObligationState
from hubspot_retention.core.plan.model import ItemState, PlanStatus
from hubspot_retention.core.record import ObjectType, PortalId, RecordId
from hubspot_retention.core.webhook.event import Event
from hubspot_retention.errors import UsageError
from hubspot_retention.evidence.anchor_file import FileAnchor
from hubspot_retention.evidence.keys import SigningKey
from hubspot_retention.sandbox.act import act
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.running import RunningSandbox, running_sandbox
from hubspot_retention.service.house import House, Instead, open_house
from hubspot_retention.service.names import DUE, FULL, HEARTBEAT, HOT, INBOX, SELF_CHECK, WATCH
from hubspot_retention.service.works import STOPPED
from hubspot_retention.store.database import open_store
from hubspot_retention.store.driver import DRIVER
from hubspot_retention.workflow.assess import Watcher
from hubspot_retention.workflow.due import DueReport, DueTick
from hubspot_retention.workflow.review import Reviewer
from hubspot_retention.workflow.watch import ANOTHER_PORTAL, AUDIT_DAMAGED
from tests.contract.store.service_values import an_approval
from tests.documents import CLIENTI
from tests.faults.aged import YEARS, Stand
from tests.faults.people import a_contact, a_portal, asks_to_go
from tests.faults.world import Monotonic, TestClock, another_portal
from tests.stores import a_database

PORTAL = PortalId(25412345)


class Mailbox:
    """Who is told of alarms."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def tell(self, records: Sequence[AlarmRecord], *, settled: bool = False) -> bool:
        """A message arrives."""
        self.told.extend(f"{record.kind.value} {record.about}" for record in records if not settled)
        return True


class Service:
    """A service at a portal, with its hands in those of a test."""

    def __init__(self, sandbox: RunningSandbox, path: Path) -> None:
        self.sandbox, self.path = sandbox, path
        self.clock, self.monotonic, self.mailbox = TestClock(), Monotonic(), Mailbox()
        self.house: House

    def do(self, *names: str) -> list[str]:
        """Have ticks done, and whatever follows from them; what was done, in order."""
        self.house.want(*names)
        done = []
        for works in (self.house.works, self.house.watching):
            while (name := works.step()) is not None:
                done.append(name)
        return done

    def act(self, action: str, **more: Any) -> None:
        """Something that a person does in the portal; a moment passes."""
        act(self.sandbox.portal, {"action": action, **more})
        self.clock.present = max(self.clock.present, Clock().now()) + timedelta(seconds=1)

    def unsubscribe(self, record: str, **more: Any) -> None:
        """Somebody clicks."""
        self.act("unsubscribe", record=record, subscriptionId=501, source="Self Service", **more)

    def later(self, **span: float) -> None:
        """Time passes."""
        self.clock.present += timedelta(**span)
        self.monotonic.pass_by(timedelta(**span).total_seconds())

    def fault(self, kind: str, **more: Any) -> None:
        """HubSpot misbehaves."""
        self.sandbox.gateway.faults.add({"kind": kind, **more})

    def allow(self) -> None:
        """A person approves the policy, and lets whoever unsubscribes go without being asked."""
        policy, text = self.house.app.policy()
        now = self.clock.now()
        until = now + timedelta(days=300)
        granted = an_approval(max_per_day=50, granted_at=now, until_at=until, policy_digest=policy.digest)
        with self.house.store.transaction() as tx:
            tx.approve_policy(policy.digest, text, now, "anna")
            tx.grant_standing(granted)

    def error(self, tick: str) -> str:
        """What a tick last failed of."""
        with self.house.store.transaction() as tx:
            return tx.ticks()[tick].last_error

    def state(self, record: int) -> ObligationState | None:
        """What the ledger says of a contact."""
        with self.house.store.transaction() as tx:
            found = tx.obligations_of(ObjectType.CONTACT, [RecordId(record)]).get(RecordId(record))
        return None if found is None else found.state

    def is_there(self, record: str) -> bool:
        """Whether a record is in view in the portal."""
        kind, _, number = record.partition("/")
        return number in self.sandbox.portal.tables[kind].live

    def said(self) -> list[str]:
        """The kinds of the audit entries."""
        return [read_entry(stored.body).kind for stored in self.house.store.entries()]


Open = Callable[..., Service]


@pytest.fixture(scope="module")
def server() -> Iterator[RunningSandbox]:
    """One server for all portals."""
    with running_sandbox(a_portal()) as sandbox:
        yield sandbox


@pytest.fixture
def service_at(tmp_path: Path, server: RunningSandbox) -> Iterator[Open]:
    """Opens a service at a portal document."""
    with ExitStack() as stack:

        def make(document: Any, **settings: str) -> Service:
            sandbox = another_portal(server, document, SandboxOptions())
            service = Service(sandbox, tmp_path / "retention.db")
            environment = {
                "HUBSPOT_BASE_URL": sandbox.url,
                "HUBSPOT_ACCESS_TOKEN": sandbox.token,
                "RETENTION_DATABASE_URL": f"sqlite:///{service.path}",
                "RETENTION_MODE": "review",
                "RETENTION_ALLOW_ERASE": "true",
                "RETENTION_GRACE_HOURS": "0",
            }
            app = application(Options(environment=environment | settings), service.clock)
            instead = Instead(monotonic=service.monotonic, sleep=lambda _: None, tells=service.mailbox)
            service.house = stack.enter_context(open_house(app, instead=instead))
            return service

        yield make


def recent(number: int) -> Any:
    """Somebody whom there is no reason to dispose of."""
    return a_contact(number, createdate=(Clock().now() - timedelta(days=20)).strftime("%Y-%m-%dT%H:%M:%SZ"))


PEOPLE = a_portal(contacts=[recent(number) for number in range(101, 141)])


def a_change(number: int, service: Service) -> Event:
    """A webhook tells of somebody's opt-out."""
    return Event(
        portal_id=PORTAL,
        subscription_id=1,
        event_id=number,
        event_type="contact.propertyChange",
        object_type=ObjectType.CONTACT,
        object_id=number,
        occurred_at=service.clock.now(),
        property_name="hs_email_optout_501",
        change_source="CRM_UI",
    )


def test_the_first_tick_sees_the_portal_and_then_a_full_sweep_is_due(service_at: Open) -> None:
    service = service_at(PEOPLE)
    service.house.look()
    assert service.do(INBOX, DUE) == [INBOX, DUE]
    assert service.house.signs.portal_id == PORTAL
    service.house.look()
    assert service.do() == [FULL, DUE]
    service.house.look()
    assert service.do() == []


def test_it_lives_while_both_threads_are_alive_and_get_on(service_at: Open) -> None:
    service = service_at(PEOPLE)
    house = service.house
    threads = (house.works, house.watching)
    for gets_on in threads:
        service.later(hours=1)
        gets_on.beat()
        assert not house.health.is_live()
        for thread in threads:
            thread.beat()
        assert house.health.is_live()
    house.threads.are_alive = lambda: False
    assert not house.health.is_live()


def test_an_unsubscribe_goes_from_the_webhook_to_the_erasure(service_at: Open) -> None:
    service = service_at(PEOPLE)
    service.do(FULL)
    service.allow()
    service.unsubscribe("contacts/101")
    with service.house.store.transaction() as tx:
        tx.add_events([a_change(101, service)], service.clock.now())
    assert service.do(INBOX) == [INBOX, DUE]
    assert not service.is_there("contacts/101")
    assert service.state(101) is ObligationState.DONE
    assert "obligation.done" in service.said()


def test_without_a_webhook_the_hot_sweep_finds_it(service_at: Open) -> None:
    service = service_at(PEOPLE)
    service.do(FULL)
    service.allow()
    service.unsubscribe("contacts/102")
    assert service.do(HOT) == [HOT, DUE]
    assert not service.is_there("contacts/102")


def test_a_full_sweep_warns_owners_and_goes_through_where_they_cannot_be_told(service_at: Open) -> None:
    people = [a_contact(101, hubspot_owner_id="77")]
    service = service_at(a_portal(contacts=people, owners=[{"id": "77"}]))
    service.fault("error_before", status=403, path="owners", count=1)
    service.do(FULL)
    assert service.error(FULL) == ""
    assert list(service.sandbox.portal.tables["tasks"].live) == []
    service.do(FULL)
    assert len(service.sandbox.portal.tables["tasks"].live) == 1


def test_a_full_sweep_lets_what_is_pressing_go_in_between(service_at: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    service = service_at(PEOPLE)
    service.do(FULL)
    service.allow()
    service.unsubscribe("contacts/103")
    with service.house.store.transaction() as tx:
        tx.add_events([a_change(103, service)], service.clock.now())
    sweep = service.house.app.sweep

    def watched(portal: Any, store: Any, watcher: Watcher) -> Any:
        assert service.is_there("contacts/103")
        service.house.works.want(INBOX, HOT)
        watcher.progress("deciding contacts", 1, None)
        assert not service.is_there("contacts/103")
        return sweep(portal, store, watcher)

    monkeypatch.setattr(service.house.app, "sweep", watched)
    assert service.do(FULL) == [FULL, DUE, HOT, DUE]
    assert service.error(FULL) == ""


def test_while_the_log_is_damaged_nothing_goes_and_it_is_told(service_at: Open) -> None:
    service = service_at(PEOPLE)
    service.do(FULL)
    service.allow()
    damage(service)
    service.unsubscribe("contacts/104")
    service.do(SELF_CHECK)
    service.do(HOT)
    assert service.error(SELF_CHECK) == "AuditDamagedError"
    assert service.error(DUE) == "BlockedError"
    assert service.is_there("contacts/104")
    assert service.house.health.look().reasons == (AUDIT_DAMAGED,)
    service.do(WATCH)
    assert service.mailbox.told == ["readiness-lost service"]


def damage(service: Service) -> None:
    """Somebody changes the audit log behind our back."""
    hand = DRIVER.connect(service.path)  # the store is open: another copy of SQLite would not see its locks
    for (trigger,) in hand.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        hand.execute(f"DROP TRIGGER {trigger}")
    hand.execute("UPDATE audit_entry SET hash = zeroblob(32) WHERE seq = 1")
    hand.commit()
    hand.close()


def test_a_damaged_log_is_not_forgotten_by_a_restart(service_at: Open) -> None:
    service = service_at(PEOPLE)
    service.do(FULL)
    damage(service)
    service.do(SELF_CHECK)
    app, path = service.house.app, service.path
    service.house.store.close()
    again = application(Options(environment=app.environment), service.clock)
    with open_house(again) as house:
        assert house.signs.gate.codes() == (AUDIT_DAMAGED,)
    assert path.exists()


def test_another_portal_is_not_even_read(service_at: Open) -> None:
    service = service_at(PEOPLE, HUBSPOT_PORTAL_ID="999")
    service.do(INBOX, DUE, HOT, FULL)
    assert {service.error(name) for name in (INBOX, HOT, FULL, DUE)} == {"BlockedError"}
    assert service.house.signs.gate.codes() == (ANOTHER_PORTAL,)
    paths = {call.path for call in service.sandbox.journal.entries()}
    assert [path for path in paths if path.startswith("/crm/")] == []


OTHERS = {**PEOPLE, "portal": {**PEOPLE["portal"], "id": 777}}


def exchanged(service: Service, server: RunningSandbox) -> Application:
    """The same service, stopped, and to be started with the token of another portal."""
    service.house.store.close()
    token = another_portal(server, OTHERS, SandboxOptions()).token
    environment = {**service.house.app.environment, "HUBSPOT_ACCESS_TOKEN": token}
    return application(Options(environment=environment), service.clock)


def assert_refused(house: House, *jobs: str, plans: int = 2) -> None:
    """With another portal's token nothing is done: there are as many plans as before, and the gate says why."""
    for job in jobs:
        house.want(job)
        house.works.step()
    with house.store.transaction() as tx:
        assert {tx.ticks()[job].last_error for job in jobs} == {"BlockedError"}
        assert len(list(tx.plans())) == plans
    assert house.signs.gate.codes() == (ANOTHER_PORTAL,)


def test_the_token_of_another_portal_than_the_ledgers_is_refused_after_a_restart(
    service_at: Open, server: RunningSandbox
) -> None:
    service = service_at(PEOPLE)
    service.do(FULL)
    with open_house(exchanged(service, server)) as house:
        assert house.portal == PORTAL
        assert_refused(house, DUE)


def test_what_only_webhooks_told_yet_is_of_one_portal_too(service_at: Open, server: RunningSandbox) -> None:
    service = service_at(PEOPLE)
    with service.house.store.transaction() as tx:
        tx.add_events([a_change(101, service)], service.clock.now())
    service.do(INBOX)
    with open_house(exchanged(service, server)) as house:
        assert house.portal == PORTAL
        assert_refused(house, FULL, plans=0)


def test_a_token_that_is_exchanged_while_it_runs_is_refused_until_it_is_put_back(
    service_at: Open, server: RunningSandbox
) -> None:
    service = service_at(PEOPLE)
    service.do(FULL)
    ours, served = service.sandbox.portal, server.gateway
    other = another_portal(server, OTHERS, SandboxOptions())
    service.do(SELF_CHECK)
    service.do(HOT, FULL, DUE)
    assert {service.error(name) for name in (SELF_CHECK, HOT, FULL, DUE)} == {"BlockedError"}
    assert service.house.signs.gate.codes() == (ANOTHER_PORTAL,)
    assert {call.path for call in other.journal.entries()} == {"/account-info/2026-03/details"}
    served.portal = ours
    service.later(seconds=2)
    service.do(SELF_CHECK)
    assert service.house.signs.gate.codes() == ()


@pytest.mark.parametrize("token_too", [False, True])
def test_settings_that_name_another_portal_than_the_databases_let_nothing_be_done(
    service_at: Open, server: RunningSandbox, token_too: bool
) -> None:
    service = service_at(PEOPLE)
    service.do(FULL)
    own = service.house.app.environment
    environment = {**exchanged(service, server).environment, "HUBSPOT_PORTAL_ID": "777"}
    if not token_too:
        environment["HUBSPOT_ACCESS_TOKEN"] = own["HUBSPOT_ACCESS_TOKEN"]
        another_portal(server, PEOPLE, SandboxOptions())
    with open_house(application(Options(environment=environment), service.clock)) as house:
        assert_refused(house, FULL, DUE)


def test_a_persons_stop_stops_disposals_and_not_the_service(service_at: Open) -> None:
    service = service_at(PEOPLE)
    service.do(FULL)
    service.allow()
    with service.house.store.transaction() as tx:
        tx.set_kill_switch("anna: wait")
    service.unsubscribe("contacts/105")
    service.do(HOT)
    assert service.is_there("contacts/105")
    assert service.error(DUE) == ""
    assert service.house.health.look().is_ready


def test_what_hubspot_stops_is_tried_again_and_the_last_success_stands(service_at: Open) -> None:
    service = service_at(PEOPLE)
    service.do(FULL)
    service.fault("477", retry_after=3600)
    service.do(HOT)
    assert service.error(HOT) == "PortalPausedError"
    with service.house.store.transaction() as tx:
        assert tx.ticks()[FULL].last_done_at == service.clock.now()
        assert tx.ticks()[HOT].last_done_at is None


def test_calls_whose_answer_a_dead_process_never_heard_are_settled_first(service_at: Open) -> None:
    service = service_at(a_portal(contacts=[asks_to_go(101), *[recent(number) for number in range(102, 130)]]))
    service.do(FULL)
    with service.house.store.transaction() as tx:
        plan = next(plan for plan in tx.plans() if plan.rules)
    Reviewer(service.house.store, "bent", four_eyes=False).approve(
        plan.plan_id, plan.digest, service.house.app.policy()[1], service.clock.now()
    )
    service.fault("connection_cut_after_effect", path="gdpr-delete", count=1)
    service.fault("477", path="contacts/batch/read", skip=1, retry_after=0)
    service.do(DUE)
    assert not service.is_there("contacts/101")
    with service.house.store.transaction() as tx:
        assert tx.count_states(plan.plan_id) == {ItemState.UNKNOWN: 1}
        expired = tx.plan(plan.plan_id)
        assert expired is not None
        tx.save_plan(replace(expired, status=PlanStatus.EXPIRED))
    service.sandbox.gateway.faults.clear()
    service.monotonic.pass_by(60)
    service.do(DUE)
    with service.house.store.transaction() as tx:
        assert tx.count_states(plan.plan_id) == {ItemState.DONE: 1}
    deletions = [call for call in service.sandbox.journal.entries() if "gdpr-delete" in call.path]
    assert len(deletions) == 1


def test_the_self_check_verifies_the_log_and_forgets_old_events(service_at: Open) -> None:
    service = service_at(PEOPLE)
    with service.house.store.transaction() as tx:
        tx.add_events([a_change(101, service)], service.clock.now())
        numbers = [stored.number for stored in tx.events_to_handle(10)]
        tx.mark_handled(numbers, service.clock.now() - timedelta(days=31), "looked")
    service.do(SELF_CHECK)
    assert service.error(SELF_CHECK) == ""
    assert service.house.signs.audit_verified_at == service.clock.now()
    assert "verification.done" in service.said()
    with service.house.store.transaction() as tx:
        assert tx.add_events([a_change(101, service)], service.clock.now()) == 1


def test_a_deadline_that_is_near_is_told_by_the_watch(service_at: Open) -> None:
    service = service_at(PEOPLE)
    service.do(FULL)
    at = (service.clock.now() - timedelta(hours=50)).strftime("%Y-%m-%dT%H:%M:%SZ")
    service.unsubscribe("contacts/106", at=at)
    service.do(HOT)
    service.do(WATCH)
    assert service.mailbox.told == [f"{AlarmKind.DEADLINE_NEAR.value} unsubscribed"]
    service.later(hours=25)
    service.do(WATCH)
    assert service.mailbox.told.count(f"{AlarmKind.DEADLINE_NEAR.value} unsubscribed") == 2


def test_a_hubspot_that_is_too_slow_for_the_backlog_is_foretold(
    service_at: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = service_at(PEOPLE)
    service.do(FULL)
    for number in range(101, 141):
        service.unsubscribe(f"contacts/{number}")
    run = DueTick.run

    def slowly(tick: DueTick, now: datetime) -> DueReport:
        service.monotonic.pass_by(40 * 12 * 3_600)
        return run(tick, now)

    monkeypatch.setattr(DueTick, "run", slowly)
    service.do(HOT, WATCH)
    assert service.mailbox.told == [f"{AlarmKind.FORECAST_LATE.value} portal"]


def test_after_a_due_tick_that_succeeded_the_heart_beats(service_at: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    beats: list[str] = []
    monkeypatch.setattr("hubspot_retention.service.heartbeat.Heartbeat.beat", lambda self: beats.append(self._url))
    service = service_at(PEOPLE, RETENTION_HEARTBEAT_URL="http://127.0.0.1:1/beat")
    assert service.do(DUE) == [DUE, HEARTBEAT]
    assert beats == ["http://127.0.0.1:1/beat"]
    service.fault("477", retry_after=3600)
    service.house.signs.gate.set(AUDIT_DAMAGED, closed=True)
    assert service.do(DUE) == [DUE]
    assert len(beats) == 1


def test_waiting_for_hubspot_ends_when_the_process_is_to_end(service_at: Open) -> None:
    service = service_at(PEOPLE)
    environment = service.house.app.environment
    service.house.store.close()
    with open_house(application(Options(environment=environment), service.clock)) as house:
        service.fault("error_before", path="account-info", status=429, retry_after=50, count=9)
        house.want(DUE)
        stopping = threading.Timer(0.2, house.stop)
        stopping.start()
        house.works.step()
        stopping.join()
        with house.store.transaction() as tx:
            assert tx.ticks()[DUE].last_error == STOPPED


def test_a_policy_that_cannot_do_what_it_says_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    path, unfit = tmp_path / "retention.db", tmp_path / "unfit.toml"
    never = '{ later = "event_on", than_each = ["event_on"] }'
    text = CLIENTI.read_text(encoding="utf-8")
    unfit.write_text(text.replace('when = { known = "unsubscribed_at" }', f"when = {never}"))
    environment = {"RETENTION_POLICY": str(unfit), "RETENTION_DATABASE_URL": f"sqlite:///{path}"}
    with pytest.raises(UsageError, match="never applies"), open_house(application(Options(environment=environment))):
        pytest.fail("it opened")
    assert not path.exists()


def test_a_grace_that_is_too_long_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "retention.db"
    environment = {"RETENTION_GRACE_HOURS": "61", "RETENTION_DATABASE_URL": f"sqlite:///{path}"}
    with pytest.raises(UsageError, match="grace_hours"), open_house(application(Options(environment=environment))):
        pass
    assert not path.exists()


def anchored(folder: Path) -> dict[str, str]:
    """The settings of a log that is anchored in a file."""
    (folder / "volume").mkdir(exist_ok=True)
    if not (folder / "log.key").exists():
        SigningKey.generate("log.example.dk").save(folder / "log.key")
    return {
        "RETENTION_LOG_KEY_FILE": str(folder / "log.key"),
        "RETENTION_ANCHOR_FILE": str(folder / "volume" / "anchor.jsonl"),
    }


def test_the_self_check_shows_the_log_to_its_anchors(service_at: Open, tmp_path: Path) -> None:
    service = service_at(a_portal(contacts=[recent(101)]), **anchored(tmp_path))
    service.do(SELF_CHECK)
    assert "anchor.sent" in service.said()
    assert (tmp_path / "volume" / "anchor.jsonl").exists()
    assert service.house.health.look().is_ready
    service.later(hours=25)
    assert "anchor-late" in service.house.health.look().reasons
    service.later(hours=50)
    assert "anchor-too-old" in service.house.health.look().reasons


def test_the_self_check_removes_from_the_log_what_has_had_its_time(service_at: Open, tmp_path: Path) -> None:
    settings = anchored(tmp_path)
    with open_store(a_database(tmp_path / "retention.db")) as store:
        key = SigningKey.load(tmp_path / "log.key")
        Stand(tmp_path / "volume", store, key, witnessed=False).live(YEARS, every=500)
    service = service_at(a_portal(contacts=[recent(101)]), **settings)
    service.do(SELF_CHECK)
    assert service.error(SELF_CHECK) == ""
    assert "log.cut" in service.said()
    report = verified(service.house.app, service.house.store)
    assert (report.intact, report.removed) == (True, 12)


def test_a_service_whose_anchor_saw_more_disposes_of_nothing_from_its_start(service_at: Open, tmp_path: Path) -> None:
    settings = anchored(tmp_path)
    key = SigningKey.load(tmp_path / "log.key")
    FileAnchor(tmp_path / "volume" / "anchor.jsonl", key.public).show_anew(
        sign(Checkpoint(key.name, 1_000, bytes(32)), [key])
    )
    service = service_at(a_portal(contacts=[recent(101)]), **settings)
    service.allow()
    service.unsubscribe("contacts/101")
    service.do(HOT, DUE, WATCH)
    assert service.is_there("contacts/101")
    assert service.error(DUE) == "BlockedError"
    assert "log-behind-its-anchor" in service.house.health.look().reasons
    assert "readiness-lost service" in service.mailbox.told
    service.do(SELF_CHECK)
    assert service.error(SELF_CHECK) == "BlockedError"
