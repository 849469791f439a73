"""A month of the service in minutes: the real house at a sandbox portal, both by one clock, a day of people's acts at
a time, and beside it a plain account of who must be gone by when, which knows nothing of the ledger.
"""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from hubspot_retention.bootstrap import Options, application
from hubspot_retention.clock import Clock
from hubspot_retention.core.alarm import AlarmKind, AlarmRecord
from hubspot_retention.core.deadline.obligation import LIVE, Obligation, ObligationState
from hubspot_retention.core.plan.model import PlanStatus
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.running import RunningSandbox, running_sandbox
from hubspot_retention.service.house import House, Instead, open_house
from hubspot_retention.service.names import DUE, FULL, HOT, INBOX, SELF_CHECK, WATCH
from hubspot_retention.service.webhooks import Webhooks
from hubspot_retention.workflow.review import Reviewer
from tests.acceptance.serving import free_port
from tests.contract.store.service_values import an_approval
from tests.faults.people import a_contact, a_customer, a_portal
from tests.faults.world import Monotonic

SECRET = "a-secret-of-the-sandbox"
FIVE_DAYS = timedelta(days=5)
STEP = 3
"""Hours between two looks at the ledger: the service looks each half minute, so this is a slow one."""
PEOPLE = 400
NEW_A_DAY = 8


class PortalsClock(Clock):
    """Our wall clock, set by the portal's: moved with it, never apart."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self._sandbox = sandbox

    def now(self) -> datetime:
        """The present."""
        return self._sandbox.portal.now()


class Mailbox:
    """Who is told of alarms, and when."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.told: list[tuple[datetime, AlarmKind, str]] = []

    def tell(self, records: Sequence[AlarmRecord], *, settled: bool = False) -> bool:
        """A message arrives."""
        if not settled:
            self.told.extend((self._clock.now(), record.kind, record.about) for record in records)
        return True


@dataclass(slots=True)
class Wish:
    """Somebody unsubscribed: gone by `until`, unless a hold stands. `by_person`: nobody else has to agree."""

    until: datetime
    by_person: bool
    held: bool = False


@dataclass(slots=True)
class Soak:
    """One installation, and the acts of its people. `wishes` is the account of who must be gone."""

    sandbox: RunningSandbox
    line: httpx.Client
    house: House
    mailbox: Mailbox
    monotonic: Monotonic
    chance: random.Random
    wishes: dict[str, Wish] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    ever_held: set[str] = field(default_factory=set)
    asleep_until: datetime | None = None

    @property
    def now(self) -> datetime:
        """The present."""
        return self.house.app.clock.now()

    # What people do.

    def control(self, path: str, body: object) -> Any:
        """Ask the sandbox to do something."""
        answer = self.line.post(f"/__sandbox/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def act(self, action: str, record: str, **more: Any) -> None:
        """A person does something in the portal."""
        self.control("act", {"action": action, "record": record, **more})
        self.count(action)

    def count(self, what: str) -> None:
        """One more of these."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def there(self) -> list[str]:
        """Whom the portal shows; customers aside, who stay."""
        live = self.sandbox.portal.tables["contacts"].live
        return [f"contacts/{number}" for number, own in live.items() if own["lifecyclestage"] != "customer"]

    def somebody(self, *, wished: bool | None = None) -> str | None:
        """Anybody who is there and not held; of those who unsubscribed, of the others, or of all."""
        held = {record for record, wish in self.wishes.items() if wish.held}
        found = [record for record in self.there() if record not in held]
        if wished is not None:
            found = [record for record in found if (record in self.wishes) is wished]
        return self.chance.choice(found) if found else None

    def one_act(self) -> None:
        """Something that happens."""
        acts = (
            [self.unsubscribe] * 8
            + [self.resubscribe, self.staff_unsubscribes, self.hold, self.lift, self.merge, self.delete, self.restore]
            + [self.edit] * 3
        )
        self.chance.choice(acts)()

    def unsubscribe(self) -> None:
        """Somebody clicks in a newsletter."""
        record = self.somebody(wished=False)
        if record is not None:
            self.act("unsubscribe", record, subscriptionId=501, source="Self Service")
            self.wishes[record] = Wish(self.now + FIVE_DAYS, by_person=True)

    def staff_unsubscribes(self) -> None:
        """An import sets it: a person must agree, and is told in time."""
        record = self.somebody(wished=False)
        if record is not None:
            self.act("unsubscribe", record, subscriptionId=501, source="Import")
            self.wishes[record] = Wish(self.now + FIVE_DAYS, by_person=False)

    def resubscribe(self) -> None:
        """Somebody changes their mind while they are there still."""
        record = self.somebody(wished=True)
        if record is not None:
            self.act("resubscribe", record, subscriptionId=501)
            del self.wishes[record]

    def hold(self) -> None:
        """A dispute begins."""
        record = self.somebody(wished=True)
        if record is not None:
            self.act("edit", record, properties={"legal_hold": "true"})
            self.wishes[record].held = True
            self.ever_held.add(record)

    def lift(self) -> None:
        """A dispute ends: what it held goes within a day, or by its own date."""
        held = [record for record, wish in self.wishes.items() if wish.held]
        if held:
            record = self.chance.choice(held)
            self.act("edit", record, properties={"legal_hold": "false"})
            wish = self.wishes[record]
            wish.held, wish.until = False, max(wish.until, self.now + timedelta(days=1))

    def merge(self) -> None:
        """Two records turn out to be one person, who had not unsubscribed as the one that stays."""
        loser, winner = self.somebody(), self.somebody(wished=False)
        if loser is not None and winner is not None and loser != winner:
            self.act("merge", loser, into=winner)
            self.wishes.pop(loser, None)

    def delete(self) -> None:
        """Somebody else deletes a record."""
        record = self.somebody()
        if record is not None:
            self.act(self.chance.choice(("archive", "erase")), record)
            self.wishes.pop(record, None)

    def restore(self) -> None:
        """A deleted record comes back out of the bin, as somebody who had not unsubscribed."""
        table = self.sandbox.portal.tables["contacts"]
        found = [number for number, own in table.bin.items() if "hs_email_optout_501" not in str(own)]
        if found:
            self.act("restore", f"contacts/{self.chance.choice(found)}")

    def edit(self) -> None:
        """Something is changed that nobody's deadline hangs on."""
        record = self.somebody()
        if record is not None:
            self.act("edit", record, properties={"firstname": f"Ny {self.chance.randrange(1000)}"})

    def arrivals(self) -> None:
        """New people."""
        for _ in range(NEW_A_DAY):
            number = self.counts.get("create", 0)
            own = {"email": f"ny{number}@example.dk", "lifecyclestage": "lead"}
            self.control("act", {"action": "create", "type": "contacts", "properties": own})
            self.count("create")

    def trouble(self) -> None:
        """HubSpot, the line or our own machine has a bad day."""
        outage = 3_600 * self.chance.randrange(1, 11)
        faults = (
            {"kind": "error_before", "status": 503, "for_seconds": outage},
            {"kind": "error_before", "status": 429, "probability": 0.3, "retry_after": 0, "for_seconds": outage},
            {"kind": "connection_cut_after_effect", "path": "gdpr-delete", "count": 2},
            {"kind": "error_after_effect", "path": "gdpr-delete", "status": 502, "count": 2},
            {"kind": "stale_search", "for_seconds": outage},
            None,
        )
        fault = self.chance.choice(faults)
        if fault is None:
            self.asleep_until = self.now + timedelta(hours=self.chance.randrange(6, 31))
            self.count("asleep")
        else:
            self.control("faults", [fault])
            self.count(str(fault["kind"]))

    def review(self) -> None:
        """A person goes through what waits."""
        policy_text = self.house.app.policy()[1]
        with self.house.store.transaction() as tx:
            plans = [plan for plan in tx.plans() if plan.status is PlanStatus.AWAITING_REVIEW and plan.rules]
        for plan in plans:
            if self.now <= plan.expires_at:
                reviewer = Reviewer(self.house.store, "bent", four_eyes=False)
                reviewer.approve(plan.plan_id, plan.digest, policy_text, self.now)
                self.count("approve")

    # Time passes.

    def day(self, number: int) -> None:
        """Twenty-four hours."""
        self.arrivals()
        if self.chance.random() < 0.4:
            self.trouble()
        for hour in range(0, 24, STEP):
            for _ in range(self.chance.choice((0, 1, 2, 5))):
                self.one_act()
            self.pass_by(hour)
            if hour == 9 and number % 2:
                self.review()

    def pass_by(self, hour: int) -> None:
        """A step: what wakes the service in it, and what the account says at its end."""
        self._arrive()
        self.control("clock", {"forward_seconds": STEP * 3_600})
        self.monotonic.pass_by(STEP * 3_600)
        if self.asleep_until is None or self.now >= self.asleep_until:
            self.asleep_until = None
            self.house.want(INBOX, DUE, HOT, WATCH, *((SELF_CHECK,) if hour % 6 == 0 else ()))
            self.house.look()
            self._work()
        self._settle_account()

    def _arrive(self) -> None:
        """Let what HubSpot posts arrive."""
        give_up = time.monotonic() + 20
        while self.line.get("/__sandbox/webhooks").json()["pending"] and time.monotonic() < give_up:
            time.sleep(0.01)

    def _work(self) -> None:
        """Ticks as the threads take them; what fails is tried again in the next step."""
        for works in (self.house.works, self.house.watching):
            while works.step() is not None:
                pass

    def _settle_account(self) -> None:
        live = self.sandbox.portal.tables["contacts"].live
        for record, wish in list(self.wishes.items()):
            if record.partition("/")[2] not in live:
                del self.wishes[record]
                self.count("gone in time")
            elif not wish.held and self.now > wish.until:
                told = self._was_told("unsubscribed", wish.until) or self._was_told(record, wish.until)
                if wish.by_person or not told:
                    self.missed.append(f"{record} was to be gone by {wish.until:%d %H:%M}")
                    del self.wishes[record]

    def _was_told(self, about: str, before: datetime) -> bool:
        return any(what == about and before - FIVE_DAYS <= at <= before for at, _, what in self.mailbox.told)

    def overdue(self) -> list[str]:
        """What the ledger itself says was missed: neither in time, nor held, nor raised ahead."""
        with self.house.store.transaction() as tx:
            found = tx.obligations((*LIVE, ObligationState.DONE))
        return [str(each.record) for each in found if self._is_late(each)]

    def _is_late(self, each: Obligation) -> bool:
        if each.erase_by is None or str(each.record) in self.ever_held or each.state is ObligationState.HELD:
            return False
        ended_at = each.settled_at or self.now
        return ended_at > each.erase_by and not self._was_told(each.rule, each.erase_by)


def a_document() -> dict[str, Any]:
    """People whom there is no reason to dispose of, and a few customers."""
    lately = (Clock().now() - timedelta(days=20)).strftime("%Y-%m-%dT%H:%M:%SZ")
    others = [a_contact(number, createdate=lately) for number in range(1_001, 1_001 + PEOPLE)]
    return a_portal(contacts=[*others, *(a_customer(number, createdate=lately) for number in range(101, 111))])


@contextmanager
def soaking(folder: Path, seed: int) -> Iterator[Soak]:
    """An installation: the portal delivers webhooks, three in ten are lost and others come twice or late."""
    with running_sandbox(a_document(), SandboxOptions(journal=False)) as sandbox:
        clock, monotonic, port = PortalsClock(sandbox), Monotonic(), free_port()
        target = f"http://127.0.0.1:{port}/webhooks/hubspot"
        environment = {
            "HUBSPOT_BASE_URL": sandbox.url,
            "HUBSPOT_ACCESS_TOKEN": sandbox.token,
            "HUBSPOT_WEBHOOK_SECRETS": SECRET,
            "RETENTION_DATABASE_URL": f"sqlite:///{folder / 'retention.db'}",
            "RETENTION_MODE": "review",
            "RETENTION_ALLOW_ERASE": "true",
            "RETENTION_PUBLIC_URL": target,
            "RETENTION_WEBHOOK_PORT": str(port),
        }
        app, mailbox = application(Options(environment=environment), clock), Mailbox(clock)
        instead = Instead(monotonic=monotonic, sleep=lambda _: None, tells=mailbox)
        with open_house(app, instead=instead) as house, httpx.Client(base_url=sandbox.url, verify=False) as line:
            soak = Soak(sandbox, line, house, mailbox, monotonic, random.Random(seed))
            _begin(soak)
            webhooks = Webhooks(house)
            webhooks.start()
            lossy = {"drop": 0.3, "duplicate": 0.2, "shuffle": 0.3, "spread_seconds": 0.01, "seed": seed}
            soak.control("webhooks", {"target": target, "secret": SECRET, "time_factor": 0.0001, **lossy})
            try:
                yield soak
            finally:
                webhooks.stop(10)


def _begin(soak: Soak) -> None:
    """A person lets whoever unsubscribes go without being asked; the first sweep is made."""
    policy, text = soak.house.app.policy()
    now = soak.now
    until = now + timedelta(days=300)
    granted = an_approval(max_per_day=50, granted_at=now, until_at=until, policy_digest=policy.digest)
    with soak.house.store.transaction() as tx:
        tx.approve_policy(policy.digest, text, now, "anna")
        tx.grant_standing(granted)
    soak.house.want(FULL)
    soak._work()
