"""An old backup restored, two instances, the wrong volume: with any anchor that counts nothing is disposed of, every
time, until a named person has brought the database back. Those who are told only neither help nor stand in the way."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Final

import httpx
import pytest

from hubspot_retention.core.audit.checkpoint import open_note
from hubspot_retention.core.plan.model import Plan
from hubspot_retention.errors import BlockedError, UsageError
from hubspot_retention.evidence.anchor_file import FileAnchor
from hubspot_retention.evidence.anchor_timestamp import TimestampAnchor
from hubspot_retention.evidence.witness import KeptLogs
from hubspot_retention.store.database import SqlStore, open_store
from hubspot_retention.store.driver import DRIVER
from hubspot_retention.workflow.anchoring import Anchor, Anchoring, AnchorPlan
from hubspot_retention.workflow.recover import HandedIn, Recoverer
from hubspot_retention.workflow.telling import Told
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_portal, asks_to_go
from tests.faults.world import Watched, World, ref
from tests.stores import a_database
from tests.unit.evidence.anchored import LOG, a_witness
from tests.unit.evidence.authority import an_authority

TWO = a_portal(contacts=[asks_to_go(101), asks_to_go(102)])
HELD = HandedIn(record=ref("contacts/101"), matter="J-2026-1", reason="a dispute", review_on=None)


TOLD: Final = ("timestamp", "message")
EVERY: Final = (("file",), ("witness",), ("file", "witness"), ("file", *TOLD), ("witness", *TOLD))
KINDS: Final = EVERY if os.environ.get("RETENTION_TEST_ANCHORS") == "every" else EVERY[:1]
"""Which anchors an installation has; each scenario is tried with each."""


@dataclass
class Mailbox:
    """People who are told."""

    name: str = "message"
    every: timedelta = timedelta(hours=24)
    sizes: list[int] = field(default_factory=list)

    def tell(self, note: str) -> bytes:
        """Keep it."""
        self.sizes.append(open_note(note, [LOG.public]).size)
        return b""


@dataclass(frozen=True, slots=True)
class Outside:
    """The anchors of the installation, on other folders than its database."""

    folder: Path
    kinds: tuple[str, ...]
    mailbox: Mailbox = field(default_factory=Mailbox)

    def anchors(self, world: World) -> list[Anchor]:
        """They, as any instance would find them."""
        made: dict[str, Callable[[], Anchor]] = {
            "file": lambda: FileAnchor(self.folder / "anchor.jsonl", LOG.public),
            "witness": lambda: a_witness(self.folder, world.clock.now),
        }
        return [made[kind]() for kind in self.kinds if kind not in TOLD]

    def told(self, world: World) -> list[Told]:
        """Those who are told only."""
        made: dict[str, Callable[[], Told]] = {
            "timestamp": lambda: a_stamper(world.clock.now),
            "message": lambda: self.mailbox,
        }
        return [made[kind]() for kind in self.kinds if kind in TOLD]

    def anchoring(self, world: World, store: SqlStore | None = None) -> Anchoring:
        """What a process that has just started keeps of them."""
        plan = AnchorPlan(
            anchors=self.anchors(world),
            told=self.told(world),
            key=LOG,
            origin=LOG.name,
            stop_after=timedelta(hours=72),
            instance=token_hex(8),
        )
        return Anchoring(store or world.store, plan, world.clock.now)

    def lose(self) -> None:
        """The volume is another one, or the witness was set up anew."""
        for path in self.folder.iterdir():
            path.unlink()


def a_stamper(now: Callable[[], datetime]) -> TimestampAnchor:
    """A time-stamping authority that is asked without a network."""
    authority = an_authority(begins=now() - timedelta(days=1))

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=authority.answering(now()).answer(request.read()))

    client = httpx.Client(transport=httpx.MockTransport(answer))
    return TimestampAnchor("http://time.example.dk", [authority.root], timedelta(hours=24), now, client)


@pytest.fixture(params=KINDS, ids="+".join)
def outside(request: pytest.FixtureRequest, tmp_path: Path) -> Outside:
    return an_outside(tmp_path, *request.param)


def an_outside(tmp_path: Path, *kinds: str) -> Outside:
    """Anchors that saw nothing yet."""
    folder = tmp_path / "volume"
    folder.mkdir()
    return Outside(folder, kinds)


def copied(world: World, to: Path) -> Path:
    """The database as it is now, in another file."""
    with closing(DRIVER.connect(world.database)) as source, closing(DRIVER.connect(to)) as copy:
        source.backup(copy)
    return to


@contextmanager
def running_from(database: Path, world: World) -> Iterator[World]:
    """The service over another database."""
    with open_store(a_database(database)) as store:
        yield replace(world, store=store)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What an installation has on its disks."""

    database: bytes
    volume: Mapping[str, bytes]
    plan: Plan


_RUNNING: dict[tuple[str, ...], Running] = {}
"""Made once for each kind of anchors: to read a portal and to approve takes longer than what is tried here."""


def a_running_one(world_of: MakeWorld, outside: Outside) -> tuple[World, Plan]:
    """An installation that was anchored, with an approved plan that erases two people."""
    home, made = outside.folder.parent, _RUNNING.get(outside.kinds)
    if made is not None:
        (home / "retention.db").write_bytes(made.database)
        for name, content in made.volume.items():
            (outside.folder / name).write_bytes(content)
        return world_of(TWO), made.plan
    world = world_of(TWO)
    plan = world.rights()
    outside.anchoring(world).require()
    database = copied(world, home / "running.db").read_bytes()
    volume = {path.name: path.read_bytes() for path in outside.folder.iterdir()}
    _RUNNING[outside.kinds] = Running(database=database, volume=volume, plan=plan)
    return world, plan


def is_refused(world: World, plan: Plan, outside: Outside, why: str) -> None:
    """The plan is not applied, and not a record has gone."""
    with pytest.raises(BlockedError, match=f"nothing is disposed of: .*{why}"):
        world.apply(plan, freshness=outside.anchoring(world))
    assert world.effects() == []


def test_the_newest_database_disposes_of_what_was_approved(world_of: MakeWorld, outside: Outside) -> None:
    world, plan = a_running_one(world_of, outside)
    world.apply(plan, freshness=outside.anchoring(world))
    assert len(world.effects()) == 2
    assert outside.anchoring(world).look() == ()


def test_an_old_backup_disposes_of_nothing(world_of: MakeWorld, outside: Outside, tmp_path: Path) -> None:
    world, plan = a_running_one(world_of, outside)
    backup = copied(world, tmp_path / "backup.db")
    world.registrar().place_hold(HELD.record, HELD.matter, HELD.reason, None, world.clock.now())
    outside.anchoring(world).require()
    with running_from(backup, world) as restored:
        is_refused(restored, plan, outside, "shorter than its anchor saw it")


def test_an_old_backup_that_went_on_for_long_disposes_of_nothing(
    world_of: MakeWorld, outside: Outside, tmp_path: Path
) -> None:
    world, plan = a_running_one(world_of, outside)
    backup = copied(world, tmp_path / "backup.db")
    world.registrar().place_hold(HELD.record, HELD.matter, HELD.reason, None, world.clock.now())
    outside.anchoring(world).require()
    with running_from(backup, world) as restored:
        for number in range(103, 113):
            other = ref(f"contacts/{number}")
            restored.registrar().place_hold(other, "J-2026-2", "another", None, world.clock.now())
        is_refused(restored, plan, outside, "not the one that its anchor saw")


def test_of_two_instances_from_one_database_the_second_disposes_of_nothing(
    world_of: MakeWorld, outside: Outside, tmp_path: Path
) -> None:
    world, plan = a_running_one(world_of, outside)
    copy = copied(world, tmp_path / "copy.db")
    first = outside.anchoring(world)
    first.require()
    with running_from(copy, world) as second:
        is_refused(second, plan, outside, "shorter than its anchor saw it")
    world.apply(plan, freshness=first)
    assert len(world.effects()) == 2


def test_a_second_instance_that_comes_while_the_first_is_at_work_stops_at_its_first_look(
    world_of: MakeWorld, outside: Outside, tmp_path: Path
) -> None:
    world, plan = a_running_one(world_of, outside)
    with running_from(copied(world, tmp_path / "copy.db"), world) as second:
        both = outside.anchoring(second)
        both.look()
        outside.anchoring(world).require()
        both.mark()
        assert not both.stands()
        with pytest.raises(BlockedError):
            second.apply(plan, freshness=both)
    assert world.effects() == []


def test_an_empty_database_on_the_wrong_volume_disposes_of_nothing(
    world_of: MakeWorld, outside: Outside, tmp_path: Path
) -> None:
    world, _ = a_running_one(world_of, outside)
    with running_from(tmp_path / "empty.db", world) as other:
        is_refused(other, other.rights(), outside, "anchor saw")


def test_anchors_that_have_lost_what_they_saw_stop_everything(world_of: MakeWorld, outside: Outside) -> None:
    world, plan = a_running_one(world_of, outside)
    outside.lose()
    is_refused(world, plan, outside, "has lost what it was shown")


def test_a_volume_that_is_not_there_stops_everything_at_the_start(world_of: MakeWorld, outside: Outside) -> None:
    world, plan = a_running_one(world_of, outside)
    outside.lose()
    outside.folder.rmdir()
    gone = replace(outside, kinds=("file",))
    is_refused(world, plan, gone, "no anchor can be read")


def test_a_doubt_that_comes_in_the_middle_stops_within_one_record(world_of: MakeWorld, outside: Outside) -> None:
    world, plan = a_running_one(world_of, outside)
    anchoring = outside.anchoring(world)

    def lost() -> None:
        outside.lose()
        anchoring.look()

    world.apply(plan, freshness=anchoring, disposer=Watched(world.portal, before={"erase_contact": lost}), workers=1)
    assert len(world.effects()) == 1


def test_a_named_person_brings_a_backup_back_with_the_holds_that_it_forgot(
    world_of: MakeWorld, outside: Outside, tmp_path: Path
) -> None:
    world, plan = a_running_one(world_of, outside)
    backup = copied(world, tmp_path / "backup.db")
    world.registrar().place_hold(HELD.record, HELD.matter, HELD.reason, None, world.clock.now())
    outside.anchoring(world).require()
    if "witness" in outside.kinds:
        assert KeptLogs(outside.folder).forget(LOG.name, world.clock.now()) is not None
    with running_from(backup, world) as restored:
        if "file" in outside.kinds:
            is_refused(restored, plan, outside, "shorter")
        done = Recoverer(restored.store, outside.anchoring(restored), "anna", world.clock.now).run("disk", [HELD])
        assert (done.placed, done.known, dict(done.refused)) == (1, 0, {})
        entry = next(entry for entry in restored.entries() if entry.kind == "recovery.confirmed")
        assert entry.actor == "anna"
        assert dict(entry.facts)["holds_placed"] == 1

        restored.apply(plan, freshness=outside.anchoring(restored))
    assert world.is_in_view("contacts/101")
    assert not world.is_in_view("contacts/102")


def test_a_witness_is_not_talked_into_forgetting_by_who_brings_a_backup_back(
    world_of: MakeWorld, tmp_path: Path
) -> None:
    outside = an_outside(tmp_path, "witness")
    world, plan = a_running_one(world_of, outside)
    backup = copied(world, tmp_path / "backup.db")
    outside.anchoring(world).require()
    with running_from(backup, world) as restored:
        done = Recoverer(restored.store, outside.anchoring(restored), "anna", world.clock.now).run("disk", [HELD])
        assert "witness forget" in done.refused["witness"]
        is_refused(restored, plan, outside, "anchor saw")
        KeptLogs(outside.folder).forget(LOG.name, world.clock.now())
        restored.apply(plan, freshness=outside.anchoring(restored))
        assert world.is_in_view("contacts/101")


def test_those_who_are_told_only_stop_no_old_backup_but_people_are_told_of_fewer_entries(
    world_of: MakeWorld, tmp_path: Path
) -> None:
    outside = an_outside(tmp_path, *TOLD)
    world, plan = a_running_one(world_of, outside)
    backup = copied(world, tmp_path / "backup.db")
    world.registrar().place_hold(HELD.record, HELD.matter, HELD.reason, None, world.clock.now())
    world.clock.present += timedelta(hours=24)
    outside.anchoring(world).mark()
    with running_from(backup, world) as restored:
        outside.anchoring(restored).mark()
        before, after = outside.mailbox.sizes[-2:]
        world.clock.present -= timedelta(hours=24)
        restored.apply(plan, freshness=outside.anchoring(restored))
    assert len(world.effects()) == 2
    assert before > after


def test_there_is_nothing_to_bring_back_from_a_log_that_its_anchors_know(world_of: MakeWorld, outside: Outside) -> None:
    world, _ = a_running_one(world_of, outside)
    with pytest.raises(UsageError, match="nothing to bring back"):
        Recoverer(world.store, outside.anchoring(world), "anna", world.clock.now).run("disk", [])


def test_nobody_is_believed_about_anchors_that_cannot_be_read(world_of: MakeWorld, outside: Outside) -> None:
    world, _ = a_running_one(world_of, outside)
    outside.lose()
    outside.folder.rmdir()
    gone = replace(outside, kinds=("file",)).anchoring(world)
    with pytest.raises(BlockedError, match="no anchor can be read"):
        Recoverer(world.store, gone, "anna", world.clock.now).run("disk", [])
