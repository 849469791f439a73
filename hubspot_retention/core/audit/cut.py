"""Where the log that is kept begins, after its oldest entries were removed at the end of their own period.

What can go wrong: somebody who has something to hide removes entries and says that their time had come. So the log is
cut only where a checkpoint was signed; what is left of the removed entries is the edge of their tree and the last hash
of their chain; and that they were removed is signed once more, in a checkpoint that says so, by whoever holds the log's
key. An entry of the log tells the same. Whoever verifies the log begins with that edge and that hash, and looks for
both. The first entry that is kept is itself older than what the cut says it removed: so nobody can remove younger ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from hubspot_retention.core.audit.chain import EMPTY, Head
from hubspot_retention.core.audit.checkpoint import Checkpoint, read_note
from hubspot_retention.core.audit.entry import Entry, Facts, StoredEntry, read_entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.merkle import Frontier

_WORD: Final = "log-cut"
_POLICY: Final = ("policy", "policy_at", "policy_by")
_KEY: Final = "ended_key_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The first `size` entries were removed, none of them as young as `before`: the hash of the last one, the edge of
    their tree, the note once it is signed, and the number of the entry that tells of it."""

    size: int
    hash: bytes
    edge: bytes
    before: datetime
    note: str = ""
    entry_seq: int = 0

    @property
    def head(self) -> Head:
        """What the first entry that is kept follows."""
        return Head(self.size, self.hash)

    @property
    def tree(self) -> Frontier:
        """The tree of what was removed. Raises ValueError if the edge is none of so many entries."""
        return Frontier.decoded(self.size, self.edge)

    @property
    def line(self) -> str:
        """What the checkpoint says of it."""
        return f"{_WORD} {_written(self.before)} {self.hash.hex()}"

    def facts(self, more: Facts = ()) -> Facts:
        """What the log says of it."""
        root = self.tree.root().hex()
        return ("size", self.size), ("root", root), ("hash", self.hash.hex()), ("before", _written(self.before)), *more

    def is_told(self, entry: StoredEntry | None, first: StoredEntry | None) -> bool:
        """Whether the note and the entry of the log say the same, and `first`, the oldest that is kept, is old enough
        to be the next. Who signed the note is not asked here."""
        try:
            checkpoint, root = read_note(self.note)[0], self.tree.root()
            told = {} if entry is None else _cut_facts(read_entry(entry.body))
            is_old = first is not None and read_entry(first.body).at < self.before
        except ValueError:  # also what CheckpointError is
            return False
        signed = (checkpoint.size, checkpoint.root, checkpoint.extension) == (self.size, root, (self.line,))
        return signed and is_old and dict(self.facts()).items() <= told.items()


def begin_of(cut: Cut | None) -> tuple[Head, Frontier]:
    """What the first entry that is kept follows: the end of the chain and of the tree. Raises ValueError."""
    return (EMPTY, Frontier()) if cut is None else (cut.head, cut.tree)


def checkpoint_of(cut: Cut, origin: str) -> Checkpoint:
    """What is signed of a cut."""
    return Checkpoint(origin, cut.size, cut.tree.root(), (cut.line,))


class Carried:
    """What the entry about a cut says of those that were removed, because later reports and verifiers ask for it: the
    policy that a person had approved last, and which keys of the log were destroyed, and when."""

    def __init__(self) -> None:
        self._policy: dict[str, str] = {}
        self._ended: list[str] = []

    def take(self, seq: int, entry: Entry) -> None:
        """The next of those that are removed, or of the entry about the cut before."""
        match entry.subject, entry.verb:
            case Subject.POLICY, Verb.APPROVED:
                said = (entry.policy_digest or "", entry.at.isoformat(), entry.actor or "")
                self._policy = dict(zip(_POLICY, said, strict=True))
            case Subject.LOG_KEY, Verb.ERASED:
                self._note(f"{seq}:{dict(entry.facts).get('old')}")
            case Subject.LOG, Verb.CUT:
                facts = {name: str(value) for name, value in entry.facts}
                self._policy = self._policy or {name: facts[name] for name in _POLICY if name in facts}
                for name, value in facts.items():
                    if name.startswith(_KEY):
                        self._note(value)

    def _note(self, ended: str) -> None:
        if ended not in self._ended:
            self._ended.append(ended)

    def facts(self) -> Facts:
        """The facts."""
        keys = ((f"{_KEY}{number}", value) for number, value in enumerate(self._ended, start=1))
        return *self._policy.items(), *keys


def policy_before(entry: StoredEntry) -> Entry | None:
    """The approval of the policy that was in force when the log that is kept begins, as the entry about the cut tells
    it; `None` if nobody had approved one."""
    facts = dict(read_entry(entry.body).facts)
    digest, at, by = (str(facts.get(name, "")) for name in _POLICY)
    if not at:
        return None
    return Entry(
        subject=Subject.POLICY,
        verb=Verb.APPROVED,
        at=datetime.fromisoformat(at).astimezone(UTC),
        policy_digest=digest,
        actor=by or None,
    )


def largest_of(sizes: Iterable[int], limit: int, begin: int) -> int | None:
    """The largest signed size up to a limit that removes anything beyond `begin`."""
    return max((size for size in sizes if begin < size <= limit), default=None)


def _cut_facts(entry: Entry) -> dict[str, object]:
    return dict(entry.facts) if (entry.subject, entry.verb) == (Subject.LOG, Verb.CUT) else {}


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
