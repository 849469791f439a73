"""The stage of one schedule: actors that take turns as the seed says, simulated clocks, and what fate decides.

Each actor is a thread, but only one runs at a time: at every step it hands back the turn, and the seed says who goes
on, how much time passes, and whether the actor dies there. So a seed tells the whole story, every time it is run. The
script that says so is gone on with in the thread of whose step has just ended: to wake another thread takes longer than
most steps, and most of the time the same actor goes on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from random import Random
from threading import Lock, Thread

Decision = tuple[str, int]
"""Whose fate, and which decision of it."""

BEGIN = datetime.fromisoformat("2026-11-22T09:00:00+00:00")


class DeathError(BaseException):
    """The process of an actor died. Not an Exception: nothing may catch it and go on."""


Script = Iterator["Actor"]
"""Who goes on, step by step; what happens beside that happens when it is asked who is next."""


class Actor:
    """Something that acts: a worker, a person. `dead`: from then on every step of it fails. `doing`: its last step."""

    def __init__(self, name: str, play: Callable[[], None]) -> None:
        self.name, self.play = name, play
        self.works = name.startswith("worker")
        self.turn = Lock()
        self.turn.acquire()
        self.dead = self.ended = False
        self.doing = ""
        self.failure: BaseException | None = None


class _Hand:
    """A thread that plays one actor after the other: to start one takes as long as several steps."""

    def __init__(self) -> None:
        self._play: Callable[[], None] | None = None
        self._asked = Lock()
        self._asked.acquire()
        Thread(target=self._work, daemon=True).start()

    def take(self, play: Callable[[], None]) -> None:
        """Play one."""
        self._play = play
        self._asked.release()

    def _work(self) -> None:
        while True:
            self._asked.acquire()
            assert self._play is not None
            self._play()
            self._play = None
            _IDLE.append(self)


_IDLE: list[_Hand] = []
"""Those that wait for an actor."""


@dataclass(slots=True)
class _Fate:
    """What is drawn for one, and how often it was."""

    draw: Callable[[], float]
    drawn: int = 0


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
    fired: list[Decision] = field(default_factory=list)
    steps: int = 0
    deaths: int = 0
    in_transaction: bool = False
    broken: BaseException | None = None
    _told: list[tuple[float, str, str]] = field(default_factory=list)
    _fates: dict[str, _Fate] = field(default_factory=dict)
    _current: Actor | None = None
    _script: Script | None = None
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
        self._told.append((self.seconds, self.who, words))

    @property
    def story(self) -> list[str]:
        """Its sentences."""
        return [f"{seconds:9.2f} s  {who}: {words}" for seconds, who, words in self._told]

    def fate(self, likelihood: float, words: str, *, of: str = "") -> bool:
        """Whether something goes wrong now. Each actor has a fate of its own (and what is named in `of`, too), and the
        draw is made in any case, so that a muted decision changes as little of the rest as can be."""
        current = self._current
        name = of or (current.name if current else "fate")
        own = self._fates.get(name)
        if own is None:
            own = self._fates[name] = _Fate(Random(f"{self.seed}/{name}").random)
        own.drawn += 1
        if own.draw() >= likelihood or not self.faults:
            return False
        decision = (name, own.drawn)
        if decision in self.muted:
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
        following = self._turn(actor)
        if following is not actor:
            self._wake(following)
            actor.turn.acquire()
        if actor.dead:
            raise DeathError

    def enter(self, name: str, play: Callable[[], None]) -> Actor:
        """Somebody enters the stage."""
        actor = Actor(name, play)
        self.actors.append(actor)
        (_IDLE.pop() if _IDLE else _Hand()).take(partial(self._live, actor))
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
        self.actors.remove(actor)
        self._wake(self._turn(actor))

    def perform(self, script: Script) -> None:
        """Actors go on as the script says, until it ends. Raises what ended it before."""
        self._script = script
        first = self._turn(None)
        if first is not None:
            self._wake(first)
            self._main.acquire()
        self._script = None
        if self.broken is not None:
            raise self.broken

    def _turn(self, before: Actor | None) -> Actor | None:
        """Whose step is next, after one of `before`; `None` once nobody's is."""
        self._current = None
        if self._script is None:
            return None
        if before is not None and self.broken is None:
            self.broken = before.failure
        if self.broken is not None:
            return None
        try:
            self._current = next(self._script, None)
        except BaseException as error:
            self.broken = error
        self.steps += self._current is not None
        return self._current

    def _wake(self, following: Actor | None) -> None:
        (self._main if following is None else following.turn).release()

    def kill(self, actor: Actor) -> Script:
        """The process of an actor dies where it stands."""
        self.deaths += 1
        actor.dead = True
        self.tell(f"{actor.name} dies")
        while not actor.ended:
            yield actor

    def clear(self) -> None:
        """Everybody leaves; nothing more happens."""
        for actor in list(self.actors):
            actor.dead = True
            self._current = actor
            actor.turn.release()
            self._main.acquire()

    @property
    def digest(self) -> str:
        """The whole story as one digest."""
        return sha256("\n".join(self.story).encode()).hexdigest()
