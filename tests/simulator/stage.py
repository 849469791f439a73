"""The stage of one schedule: actors that take turns as the seed says, simulated clocks, and what fate decides.

Each actor is a thread, but only one runs at a time: at every step it hands back the turn, and the seed says who goes
on, how much time passes, and whether the actor dies there. So a seed tells the whole story, every time it is run.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random
from threading import Lock, Thread

Decision = tuple[str, int]
"""Whose fate, and which decision of it."""

BEGIN = datetime.fromisoformat("2026-11-22T09:00:00+00:00")


class DeathError(BaseException):
    """The process of an actor died. Not an Exception: nothing may catch it and go on."""


class Actor:
    """Something that acts: a worker, a person. `dead`: from then on every step of it fails. `doing`: its last step."""

    def __init__(self, name: str, play: Callable[[], None]) -> None:
        self.name, self.play = name, play
        self.turn = Lock()
        self.turn.acquire()
        self.dead = self.ended = False
        self.doing = ""
        self.failure: BaseException | None = None
        self.thread: Thread | None = None


@dataclass(slots=True)
class Stage:
    """Who acts, what time it is, what fate decides. `muted`: decisions of fate that are not to happen (shrinking);
    `broken`: what ends the schedule at once, whoever may catch it on its way."""

    seed: int
    muted: frozenset[Decision] = frozenset()
    random: Random = field(init=False)
    faults: bool = True
    seconds: float = 0.0
    wall_offset: float = 0.0
    actors: list[Actor] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    fired: list[Decision] = field(default_factory=list)
    steps: int = 0
    deaths: int = 0
    in_transaction: bool = False
    broken: BaseException | None = None
    _fates: dict[str, Random] = field(default_factory=dict)
    _decisions: Counter[str] = field(default_factory=Counter)
    _current: Actor | None = None
    _main: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self._main.acquire()

    def now(self) -> datetime:
        """The wall clock of the service."""
        return BEGIN + timedelta(seconds=self.seconds + self.wall_offset)

    def monotonic(self) -> float:
        """The clock that never jumps."""
        return self.seconds

    @property
    def who(self) -> str:
        """Whose turn it is."""
        return self._current.name if self._current else "fate"

    def tell(self, words: str) -> None:
        """One sentence of the story."""
        self.story.append(f"{self.seconds:9.2f} s  {self.who}: {words}")

    def fate(self, likelihood: float, words: str, *, of: str = "") -> bool:
        """Whether something goes wrong now. Each actor has a fate of its own (and what is named in `of`, too), and the
        draw is made in any case, so that a muted decision changes as little of the rest as can be."""
        name = of or self.who
        own = self._fates.get(name)
        if own is None:
            own = self._fates[name] = Random(f"{self.seed}/{name}")
        drawn = own.random()
        self._decisions[name] += 1
        decision = (name, self._decisions[name])
        if drawn >= likelihood or not self.faults or decision in self.muted:
            return False
        self.fired.append(decision)
        if words:
            self.tell(words)
        return True

    def step(self, words: str) -> None:
        """Hand back the turn; comes back when the seed says so, or never."""
        actor = self._current
        if actor is None or self.in_transaction:
            return
        if actor.dead:
            raise DeathError
        self.tell(words)
        actor.doing = words
        self._main.release()
        actor.turn.acquire()
        if actor.dead:
            raise DeathError

    def enter(self, name: str, play: Callable[[], None]) -> Actor:
        """Somebody enters the stage."""
        actor = Actor(name, play)
        actor.thread = Thread(target=self._live, args=(actor,), daemon=True)
        actor.thread.start()
        self.actors.append(actor)
        return actor

    def _live(self, actor: Actor) -> None:
        actor.turn.acquire()
        try:
            if not actor.dead:
                actor.play()
        except DeathError:
            pass
        except BaseException as error:
            actor.failure = error
        actor.ended = True
        self._main.release()

    def go_on(self, actor: Actor) -> None:
        """One step of an actor."""
        self.steps += 1
        self._current = actor
        actor.turn.release()
        self._main.acquire()
        self._current = None
        if actor.ended:
            self.actors.remove(actor)
        failure = self.broken or actor.failure
        if failure is not None:
            raise failure

    def kill(self, actor: Actor) -> None:
        """The process of an actor dies where it stands."""
        self.deaths += 1
        actor.dead = True
        self.tell(f"{actor.name} dies")
        while not actor.ended:
            self.go_on(actor)

    def clear(self) -> None:
        """Everybody leaves; nothing more happens."""
        for actor in list(self.actors):
            actor.dead = True
            actor.failure = None
            while not actor.ended:
                self._current = actor
                actor.turn.release()
                self._main.acquire()
            self._current = None
        self.actors.clear()

    @property
    def digest(self) -> str:
        """The whole story as one digest."""
        return sha256("\n".join(self.story).encode()).hexdigest()
