"""Who was erased and is back: told once, by whichever way the contact is read, unless they came by themselves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hubspot_retention.core.alarm import AlarmKind, AlarmLevel, AlarmRecord
from hubspot_retention.core.plan.model import Action
from hubspot_retention.core.portal import Address, SeenContact
from hubspot_retention.core.record import RecordId
from hubspot_retention.core.tombstone import Tombstone
from hubspot_retention.errors import UsageError
from hubspot_retention.sandbox.clock import instant_text
from hubspot_retention.workflow import returned
from hubspot_retention.workflow.aftermath import note_done
from hubspot_retention.workflow.returned import Returned, Signs
from tests.builders import a_contact
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_portal
from tests.faults.world import PORTAL, World, ref
from tests.unit.core.plan.plans import an_item
from tests.unit.workflow.hints import alarms, foreign
from tests.unit.workflow.ticking import OBSERVE, Ticking, newcomers

BACK = AlarmKind.ERASED_PERSON_BACK
DAY = timedelta(days=1)
NAMES = {"p901@example.dk": "ada0ada0ada0ada0", "p902@example.dk": "b0b0b0b0b0b0b0b0"}


def signing(epochs: Collection[str]) -> Signs:
    """Keys of three years, of which only those that are asked for are used."""
    return lambda address: tuple(f"{each}:{NAMES.get(address.text, 'f' * 16)}" for each in sorted(epochs))


@dataclass(slots=True)
class Scene:
    """A portal in which people have come back, and the ways to look."""

    world: World
    signing: Any = signing
    now: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.now = self.world.clock.now()

    def bury(self, record_id: int, address: str = "p901@example.dk", ago: timedelta | None = DAY) -> None:
        """Somebody was erased so long ago; `None`: the call is under way."""
        at = None if ago is None else self.now - ago
        sign = f"2026:{NAMES[address]}"
        with self.world.store.transaction() as tx:
            stone = Tombstone(record_id=RecordId(record_id), pseudonym=sign, sent_at=self.now, erased_at=at)
            tx.bury(stone)

    @property
    def ticking(self) -> Ticking:
        """Sweeps and ticks that look."""
        returned = Returned(self.world.store, self.signing)
        return Ticking(world=self.world, permission=OBSERVE, returned=returned)

    def hits(self) -> list[tuple[str | None, object]]:
        """What the log says: as which contact somebody is back, and as which they were erased."""
        found = [entry for entry in self.world.entries() if entry.kind == "tombstone.hit"]
        return [(entry.record, dict(entry.facts)["erased_as"]) for entry in found]

    def alarms(self) -> list[AlarmRecord]:
        """Those that are open."""
        return [alarm for alarm in alarms(self.world) if alarm.kind is BACK]


@pytest.fixture
def scene(world_of: MakeWorld) -> Scene:
    """The address of somebody who was erased as 101 stands in the portal again, beside one who never was."""
    return Scene(world_of(a_portal(contacts=newcomers(900, 901))))


def test_a_full_sweep_tells_once_of_somebody_erased_who_is_back(scene: Scene) -> None:
    scene.bury(101)
    scene.ticking.sweep()
    scene.ticking.sweep()
    assert scene.hits() == [("contacts/901", "contacts/101")]
    (alarm,) = scene.alarms()
    assert (alarm.about, alarm.level) == ("contacts/901", AlarmLevel.WARNING)
    assert dict(alarm.facts)["erased_as"] == "contacts/101"
    (entry,) = [entry for entry in scene.world.entries() if entry.kind == "tombstone.hit"]
    assert (entry.actor, entry.portal_id, entry.at) == ("service", PORTAL, scene.now)
    assert not any(b"@" in stored.body for stored in scene.world.store.entries())


def test_a_contact_that_was_told_of_is_looked_at_by_the_due_tick(scene: Scene) -> None:
    scene.bury(101)
    scene.ticking.hint("contacts/901", "contacts/900")
    scene.ticking.tick()
    assert scene.hits() == [("contacts/901", "contacts/101")]
    assert scene.world.effects() == []


def test_who_wrote_since_they_were_erased_is_welcome(scene: Scene) -> None:
    scene.bury(101)
    scene.world.edit("contacts/901", recent_conversion_date=instant_text(scene.now - DAY / 2))
    scene.ticking.sweep()
    assert (scene.hits(), scene.alarms()) == ([], [])


@pytest.mark.parametrize("ago", [None, timedelta(minutes=9)])
def test_our_own_erasure_is_not_taken_for_a_return(scene: Scene, ago: timedelta | None) -> None:
    scene.bury(101, ago=ago)
    scene.ticking.sweep()
    assert scene.hits() == []


def test_a_what_if_tells_nobody(scene: Scene) -> None:
    scene.bury(101)
    scene.ticking.sweep("what-if")
    assert scene.hits() == []


def test_a_contact_that_stands_for_two_who_were_erased_is_told_of_for_each_and_once(scene: Scene) -> None:
    scene.bury(101)
    scene.ticking.sweep()
    scene.bury(102, "p902@example.dk")
    scene.world.edit("contacts/901", email="p902@example.dk")
    scene.ticking.sweep()
    scene.world.edit("contacts/901", email="p901@example.dk")
    scene.ticking.sweep()
    assert scene.hits() == [("contacts/901", "contacts/101"), ("contacts/901", "contacts/102")]
    assert [dict(alarm.facts)["erased_as"] for alarm in scene.alarms()] == ["contacts/101, contacts/102"]


def test_what_a_person_settled_is_not_told_again(scene: Scene) -> None:
    scene.bury(101)
    scene.ticking.sweep()
    (alarm,) = scene.alarms()
    with scene.world.store.transaction() as tx:
        tx.save_alarm(replace(alarm, settled_at=scene.now))
    scene.ticking.sweep()
    assert (len(scene.hits()), scene.alarms()) == (1, [])


def test_the_alarm_is_over_when_the_contact_is_gone_again(scene: Scene) -> None:
    scene.bury(101)
    scene.ticking.sweep()
    scene.world.act("erase", record="contacts/901")
    judge = foreign(scene.world)
    loss = judge.lost(ref("contacts/901"), scene.now, privacy=True)
    with scene.world.store.transaction() as tx:
        judge.gone(tx, loss, scene.now)
    assert scene.alarms() == []


def test_who_is_gone_again_and_comes_back_once_more_is_told_of_anew(scene: Scene) -> None:
    scene.bury(101)
    scene.ticking.sweep()
    scene.world.act("archive", record="contacts/901")
    judge = foreign(scene.world)
    loss = judge.lost(ref("contacts/901"), scene.now)
    with scene.world.store.transaction() as tx:
        judge.gone(tx, loss, scene.now)
    scene.world.act("restore", record="contacts/901")
    scene.ticking.sweep()
    scene.ticking.sweep()
    assert scene.hits() == [("contacts/901", "contacts/101")] * 2
    assert [dict(alarm.facts)["erased_as"] for alarm in scene.alarms()] == ["contacts/101"]


@pytest.mark.parametrize("verb", [Action.ARCHIVE, Action.ERASE, Action.END_MARKETING])
def test_the_alarm_is_over_when_this_service_disposed_of_the_contact_and_not_when_it_ended_its_marketing(
    scene: Scene, verb: Action
) -> None:
    scene.bury(101)
    scene.ticking.sweep()
    with scene.world.store.transaction() as tx:
        note_done(tx, [an_item("contacts/901", action=verb)], scene.now)
    is_gone = verb is not Action.END_MARKETING
    assert [alarm.about for alarm in scene.alarms()] == ([] if is_gone else ["contacts/901"])


def test_another_person_whose_pseudonym_begins_alike_is_not_told_of(scene: Scene) -> None:
    scene.bury(101)
    scene.signing = lambda epochs: lambda address: tuple(f"{each}:{NAMES['p901@example.dk']}ff" for each in epochs)
    scene.ticking.sweep()
    assert scene.hits() == []


def test_of_who_was_never_erased_the_store_is_asked_nothing(scene: Scene) -> None:
    scene.bury(101)
    lookout = Returned(scene.world.store, signing).lookout(PORTAL)
    lookout._store = cast(Any, None)
    lookout.look([SeenContact(a_contact(900), Address("p900@example.dk"))], scene.now)
    assert scene.hits() == []


def test_without_tombstones_no_pseudonym_is_made(scene: Scene) -> None:
    made: list[Address] = []

    def watched(epochs: Collection[str]) -> Signs:
        return lambda address: tuple(made.append(address) or each for each in epochs)  # type: ignore[func-returns-value]

    scene.signing = watched
    scene.ticking.sweep()
    assert made == []


def test_keys_that_cannot_be_read_stop_no_sweep_and_the_next_one_finds_who_is_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[str, dict[str, Any]]] = []
    log = SimpleNamespace(warning=lambda event, **more: said.append((event, more)))
    monkeypatch.setattr(returned, "_log", log)

    def unreadable(_: Sequence[str]) -> Signs:
        raise UsageError("the keys cannot be read")

    scene.bury(101)
    scene.signing = unreadable
    rights, _ = scene.ticking.sweep()
    assert said == [("tombstones.unreadable", {"code": "UsageError"})]
    assert (dict(rights.population) != {}, scene.hits()) == (True, [])
    scene.signing = signing
    scene.ticking.sweep()
    assert len(scene.hits()) == 1
