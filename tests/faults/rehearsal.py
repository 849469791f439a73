"""One application in which every kind of step is taken, rehearsed once, to be tried while something goes wrong."""

import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hubspot_retention.core.audit.kinds import Verb
from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanStatus
from hubspot_retention.hubspot.reading import ReaderOptions
from hubspot_retention.sandbox.document_dump import dump_document
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.running import RunningSandbox
from hubspot_retention.store.database import open_store
from hubspot_retention.store.driver import DRIVER
from tests.faults.people import (
    RECENT_END,
    Document,
    a_customer,
    a_letter,
    a_portal,
    asks_to_go,
    former_customer,
    inactive,
    old_agreement,
    won_deal,
)
from tests.faults.world import World, a_world, another_portal, connected

CALLS = (
    "archive",
    "erase_contact",
    "associate",
    "dissociate",
    "stamp_deal_end",
    "opt_out",
    "leave_lists",
    "erase_file",
)
DAY = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


class DeathError(RuntimeError):
    """The process died."""


@dataclass(slots=True)
class Fuse:
    """Counts the steps of an application; from the chosen one on, every step dies."""

    at: int
    step: int = 0

    def burn(self) -> None:
        """One more step."""
        self.step += 1
        if self.step >= self.at:
            raise DeathError(f"at step {self.step}")


@dataclass(slots=True)
class DyingStore:
    """A store whose process may die before a transaction begins and after it is durable."""

    inner: Any
    fuse: Fuse
    __weakref__: Any = field(init=False, repr=False, compare=False)
    __hash__ = object.__hash__

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """A transaction, unless the process has died."""
        self.fuse.burn()
        with self.inner.transaction() as tx:
            yield tx
        self.fuse.burn()


@dataclass(slots=True)
class DyingDisposer:
    """A portal whose caller may die before a call has its effect and after it."""

    inner: Any
    fuse: Fuse

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)

        def call(*arguments: Any) -> Any:
            self.fuse.burn()
            answer = method(*arguments)
            self.fuse.burn()
            return answer

        return call if name in CALLS else method


def everything() -> Document:
    """A portal in which every kind of step is taken."""
    return a_portal(
        contacts=[
            asks_to_go(101),
            asks_to_go(102),
            a_customer(103, erasure_requested_at="2024-01-01T09:00:00Z"),
            former_customer(104, RECENT_END),
            inactive(105),
            inactive(106),
        ],
        deals=[old_agreement(21), won_deal(24)],
        emails=[a_letter(41), a_letter(42), a_letter(43)],
        notes=[a_letter(31), a_letter(32, hs_attachment_ids="901")],
        files=[{"id": "901", "name": "aftale.pdf"}],
        links=(
            ("contacts/101", "emails/41"),
            ("contacts/101", "notes/31"),
            ("contacts/102", "notes/31"),
            ("contacts/101", "notes/32"),
            ("contacts/104", "deals/24"),
            ("contacts/104", "emails/43"),
            ("deals/21", "emails/42"),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A database with approved plans, and what an undisturbed application of them comes to."""

    database: Path
    text: str
    plans: tuple[Plan, ...]
    document: Document
    effects: list[str]
    steps: int


def end_of(world: World) -> Document:
    """The portal afterwards, without the instants at which things happened today."""
    found: Document = dump_document(world.sandbox.portal)
    return {key: DAY.sub("", str(value)) for key, value in found.items() if key != "files"}


def erasing_files(text: str) -> str:
    """Clienti's policy with attachments erased."""
    return text.replace('attachments = "report"', 'attachments = "erase"')


def calm(world: World) -> World:
    """One worker, a probed portal."""
    world.verified()
    world.workers = 1
    return world


@contextmanager
def again(server: RunningSandbox, prepared: Prepared, folder: Path) -> Iterator[World]:
    """The same portal and the same approved plans once more."""
    shutil.copy(prepared.database, folder / "retention.db")
    sandbox = another_portal(server, everything(), SandboxOptions())
    with (
        open_store(f"sqlite:///{folder / 'retention.db'}") as store,
        connected(sandbox, prepared.text) as made,
    ):
        portal, clock = made(ReaderOptions())
        world = World(sandbox=sandbox, portal=portal, store=store, clock=clock, policy_text=prepared.text)
        world.workers = 1
        yield world


def prepare(server: RunningSandbox, folder: Path) -> Prepared:
    """The plans of `everything`, approved."""
    with a_world(server, everything(), folder, policy=erasing_files) as made:
        world = calm(made)
        plans = tuple(world.approve(plan) for plan in world.assess())
        with (
            closing(DRIVER.connect(folder / "retention.db")) as source,
            closing(DRIVER.connect(folder / "approved.db")) as copy,
        ):
            source.backup(copy)  # a copy of the file would lack what still stands in the write-ahead log
        fuse = Fuse(at=10**9)
        for plan in plans:
            world.apply(plan, store=DyingStore(world.store, fuse), disposer=DyingDisposer(world.portal, fuse))
        assert {world.plan(plan).status for plan in plans} == {PlanStatus.APPLIED}
        return Prepared(
            database=folder / "approved.db",
            text=world.policy_text,
            plans=plans,
            document=end_of(world),
            effects=sorted(world.effects()),
            steps=fuse.step,
        )


def assert_accounted_for(world: World, prepared: Prepared) -> None:
    """Every effect was announced before, every item ended once, and the chain holds."""
    entries = world.entries()
    sent = {entry.record for entry in entries if entry.verb is Verb.SENT and not entry.facts}
    sent |= {str(dict(entry.facts)["about"]) for entry in entries if entry.verb is Verb.SENT and entry.facts}
    for effect in world.effects():
        assert effect.split()[1] in sent, f"{effect} was never announced"
    ends = (Verb.DONE, Verb.ENDED, Verb.SKIPPED, Verb.FAILED)
    for plan in prepared.plans:
        for item in world.items(plan):
            if item.action is Action.NONE:
                continue
            assert item.state is ItemState.DONE, item
            about = [entry for entry in entries if entry.record == str(item.record) and entry.plan_id == plan.plan_id]
            ended = [entry for entry in about if entry.verb in ends and "about" not in dict(entry.facts)]
            assert len(ended) == 1, [entry.kind for entry in about]
    assert world.store.verify_log().intact
