"""Logs that somebody with the files, and perhaps with the signing key, has changed afterwards."""

import random
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from hubspot_retention.core.audit.chain import EMPTY, Head, extend
from hubspot_retention.core.audit.checkpoint import Checkpoint, sign
from hubspot_retention.core.audit.cut import Cut, checkpoint_of
from hubspot_retention.core.audit.entry import Entry, StoredEntry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.merkle import Frontier
from hubspot_retention.core.audit.rotation import Rotation
from hubspot_retention.evidence.keys import SigningKey

ORIGIN: Final = "log.example.dk/retention"
KEY: Final = SigningKey.generate(ORIGIN)
FOREIGN_KEY: Final = SigningKey.generate(ORIGIN)
SIZE: Final = 23
EARLIER: Final = 11
"""The log was signed at this size first, at `SIZE` last."""
AT: Final = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)

Lines = list[dict[str, Any]]
"""An export: the checkpoints, then the entries."""
Tampering = Callable[[random.Random, Lines], Lines]


def _entries(number_of: int, first_record: int = 101) -> list[Entry]:
    verbs = (Verb.INTENDED, Verb.SENT, Verb.DONE)
    return [
        Entry(
            subject=Subject.DISPOSAL,
            verb=verbs[number % 3],
            at=AT + timedelta(minutes=number),
            record=f"contacts/{first_record + number // 3}",
        )
        for number in range(number_of)
    ]


def _chained(entries: Sequence[Entry]) -> list[StoredEntry]:
    found, head = [], EMPTY
    for entry in entries:
        found.append(extend(head, entry))
        head = Head(found[-1].seq, found[-1].hash)
    return found


def checkpoint(log: Sequence[StoredEntry], key: SigningKey = KEY) -> str:
    """What the holder of a key signs for a log."""
    return sign(Checkpoint(ORIGIN, len(log), Frontier.of(entry.body for entry in log).root()), [key])


def _exported(log: Sequence[StoredEntry], checkpoints: Sequence[str]) -> Lines:
    lines: Lines = [{"checkpoint": text} for text in checkpoints]
    return [*lines, *({"seq": one.seq, "hash": one.hash.hex(), "body": one.body.decode()} for one in log)]


TRUE: Final = _entries(SIZE)
LOG: Final = _chained(TRUE)
SIGNED: Final = (checkpoint(LOG[:EARLIER]), checkpoint(LOG))
EXPORT: Final = _exported(LOG, SIGNED)


def _an_entry(chance: random.Random, lines: Lines) -> dict[str, Any]:
    return lines[2 + chance.randrange(SIZE)]


def _flipped(chance: random.Random, text: str) -> str:
    """With one bit of one character changed."""
    at = chance.randrange(len(text))
    return text[:at] + chr(ord(text[at]) ^ (1 << chance.randrange(7))) + text[at + 1 :]


def _changed(chance: random.Random) -> list[Entry]:
    """The log with one entry about somebody else, gone, or of another time."""
    entries = list(TRUE)
    at = chance.randrange(SIZE)
    match chance.randrange(3):
        case 0:
            entries[at] = _entries(1, 900 + chance.randrange(99))[0]
        case 1:
            del entries[at]
        case _:
            entries.insert(at, _entries(1, 900 + chance.randrange(99))[0])
    return entries


def _bit(chance: random.Random, lines: Lines) -> Lines:
    line = _an_entry(chance, lines)
    line["body"] = _flipped(chance, line["body"])
    return lines


def _bit_of_a_hash(chance: random.Random, lines: Lines) -> Lines:
    line = _an_entry(chance, lines)
    line["hash"] = _flipped(chance, line["hash"])
    return lines


def _removed(chance: random.Random, lines: Lines) -> Lines:
    lines.remove(_an_entry(chance, lines))
    return lines


def _repeated(chance: random.Random, lines: Lines) -> Lines:
    lines.insert(2 + chance.randrange(SIZE + 1), dict(_an_entry(chance, lines)))
    return lines


def _swapped(chance: random.Random, lines: Lines) -> Lines:
    one, other = (2 + number for number in chance.sample(range(SIZE), 2))
    lines[one], lines[other] = lines[other], lines[one]
    return lines


def _end_cut_off(chance: random.Random, lines: Lines) -> Lines:
    return lines[: 2 + chance.randrange(SIZE)]


def _chained_anew(chance: random.Random, _: Lines) -> Lines:
    return _exported(_chained(_changed(chance)), SIGNED)


def _continued(chance: random.Random, lines: Lines) -> Lines:
    """With entries that nobody signed, chained to the last one: the chain needs no key."""
    more = _entries(1 + chance.randrange(5), 900)
    return [*lines, *_exported(_chained([*TRUE, *more])[SIZE:], [])]


def _rewritten_after_a_checkpoint(chance: random.Random, _: Lines) -> Lines:
    """The later checkpoint left out, and everything after the earlier one made anew."""
    more = _entries(1 + chance.randrange(SIZE), 900)
    return _exported(_chained([*TRUE[:EARLIER], *more]), SIGNED[:1])


def _signed_by_another(chance: random.Random, _: Lines) -> Lines:
    log = _chained(_changed(chance))
    return _exported(log, [checkpoint(log, FOREIGN_KEY)])


def _handed_over_by_a_stranger(chance: random.Random, _: Lines) -> Lines:
    """Signed by a key that says of itself that the true one handed over to it."""
    log = _chained(_changed(chance))
    root = Frontier.of(entry.body for entry in log[:EARLIER]).root()
    line = Rotation(str(KEY.public), str(FOREIGN_KEY.public)).line()
    handed = sign(Checkpoint(ORIGIN, EARLIER, root, (line,)), [FOREIGN_KEY])
    return _exported(log, [handed, checkpoint(log, FOREIGN_KEY)])


def _begin_cut_off(chance: random.Random, lines: Lines) -> Lines:
    return [*lines[:2], *lines[2 + 1 + chance.randrange(SIZE - 1) :]]


def _cut(size: int, key: SigningKey, before: datetime) -> tuple[dict[str, Any], Entry]:
    """What tells of a beginning that was removed, signed by a key, and the entry that does."""
    edge = Frontier.of(entry.body for entry in LOG[:size])
    cut = Cut(size=size, hash=LOG[size - 1].hash, edge=edge.encoded(), before=before, note="")
    note = sign(checkpoint_of(cut, ORIGIN), [key])
    told = Entry(subject=Subject.LOG, verb=Verb.CUT, at=AT + timedelta(days=1), facts=cut.facts())
    return {"cut": note, "edge": [b64encode(node).decode() for node in edge.nodes]}, told


def _begin_cut_off_by(key: SigningKey, size: int, before: datetime, *, told: bool = True) -> Lines:
    line, entry = _cut(size, key, before)
    log = _chained([*TRUE, *([entry] if told else [])])
    notes: Lines = [{"checkpoint": text} for text in (*SIGNED, checkpoint(log))]
    return [*notes, line, *_exported(log[size:], [])]


def _begin_cut_off_by_a_stranger(chance: random.Random, _: Lines) -> Lines:
    return _begin_cut_off_by(FOREIGN_KEY, 1 + chance.randrange(SIZE - 1), AT + timedelta(hours=9))


def _begin_cut_off_and_not_told(chance: random.Random, _: Lines) -> Lines:
    """No entry tells of it, though the key signed for it."""
    return _begin_cut_off_by(KEY, 1 + chance.randrange(SIZE - 1), AT + timedelta(hours=9), told=False)


def _young_ones_cut_off(chance: random.Random, _: Lines) -> Lines:
    """More than was said, with the key itself."""
    size = 2 + chance.randrange(SIZE - 2)
    return _begin_cut_off_by(KEY, size, AT + timedelta(minutes=1 + chance.randrange(size)))


def _begin_cut_off_by_an_older_word(chance: random.Random, lines: Lines) -> Lines:
    """A checkpoint that the key signed for something else."""
    line, _ = _cut(EARLIER, FOREIGN_KEY, AT)
    return [*lines[:2], line | {"cut": SIGNED[0]}, *lines[2 + EARLIER :]]


def _another_begin(chance: random.Random, _: Lines) -> Lines:
    """The tree or the hash of what was removed is another one."""
    lines = _begin_cut_off_by(KEY, EARLIER, AT + timedelta(hours=9))
    edge = lines[3]["edge"]
    if chance.random() < 0.5:
        edge[chance.randrange(len(edge))] = b64encode(chance.randbytes(32)).decode()
    else:
        lines[3]["cut"] = lines[3]["cut"].replace(LOG[EARLIER - 1].hash.hex(), LOG[EARLIER - 2].hash.hex())
    return lines


def _without_checkpoints(chance: random.Random, _: Lines) -> Lines:
    return _exported(_chained(_changed(chance)), [])


def _spelled_otherwise(chance: random.Random, lines: Lines) -> Lines:
    line = _an_entry(chance, lines)
    line["body"] = line["body"].replace('","', chance.choice(['", "', '" ,"', '",\t"']))
    return lines


def _false_checkpoint(chance: random.Random, lines: Lines) -> Lines:
    """Another size or root than what was signed."""
    text, _, signatures = SIGNED[1].partition("\n\n")
    origin, size, root = text.split("\n")
    if chance.random() < 0.5:
        size = str(chance.choice([number for number in range(SIZE + 9) if number != SIZE]))
    else:
        root = checkpoint(LOG[: chance.randrange(SIZE)]).split("\n")[2]
    lines[1]["checkpoint"] = "\n".join((origin, size, root)) + "\n\n" + signatures
    return lines


def _torn(chance: random.Random, lines: Lines) -> Lines:
    """An entry of which only a part is left, as a damaged file has it."""
    line = _an_entry(chance, lines)
    line["body"] = line["body"][: chance.randrange(len(line["body"]))]
    return lines


def _stolen_key(chance: random.Random, _: Lines) -> Lines:
    log = _chained(_changed(chance))
    return _exported(log, [checkpoint(log[:EARLIER]), checkpoint(log)])


def _older_copy(chance: random.Random, _: Lines) -> Lines:
    log = LOG[: chance.randrange(EARLIER, SIZE)]
    return _exported(log, [SIGNED[0], checkpoint(log)])


def _older_copy_continued(chance: random.Random, _: Lines) -> Lines:
    """An older copy that went its own way: longer than the true log, and signed with its key."""
    kept = chance.randrange(SIZE)
    log = _chained([*TRUE[:kept], *_entries(SIZE - kept + chance.randrange(5), 900)])
    return _exported(log, [checkpoint(log)])


WITHOUT_THE_KEY: Final[Mapping[str, Tampering]] = MappingProxyType(
    {
        "a bit of an entry": _bit,
        "a bit of a hash": _bit_of_a_hash,
        "an entry removed": _removed,
        "an entry repeated": _repeated,
        "two entries swapped": _swapped,
        "the end cut off": _end_cut_off,
        "changed and chained anew": _chained_anew,
        "continued by entries that nobody signed": _continued,
        "rewritten after an earlier checkpoint": _rewritten_after_a_checkpoint,
        "changed, chained anew, signed by another key": _signed_by_another,
        "changed, chained anew, handed over by a stranger": _handed_over_by_a_stranger,
        "changed, chained anew, without checkpoints": _without_checkpoints,
        "spelled otherwise": _spelled_otherwise,
        "a false checkpoint": _false_checkpoint,
        "the beginning cut off": _begin_cut_off,
        "the beginning cut off, signed for by a stranger": _begin_cut_off_by_a_stranger,
        "the beginning cut off, signed for and not told": _begin_cut_off_and_not_told,
        "the beginning cut off, younger than was said": _young_ones_cut_off,
        "the beginning cut off, with another checkpoint": _begin_cut_off_by_an_older_word,
        "the beginning cut off, and what it left changed": _another_begin,
        "an entry torn": _torn,
    }
)
"""What shows without anything from outside."""
WITH_THE_KEY: Final[Mapping[str, Tampering]] = MappingProxyType(
    {
        "rewritten with the stolen key": _stolen_key,
        "an older copy with fitting checkpoints": _older_copy,
        "an older copy continued with the stolen key": _older_copy_continued,
    }
)
"""What shows only to who kept a checkpoint outside."""
KINDS: Final[Mapping[str, Tampering]] = MappingProxyType({**WITHOUT_THE_KEY, **WITH_THE_KEY})


def tamper(seed: int) -> tuple[str, Lines]:
    """A tampered export, and how it was done."""
    how = tuple(KINDS)[seed % len(KINDS)]
    return how, KINDS[how](random.Random(seed), deepcopy(EXPORT))


def truly_cut() -> Lines:
    """The log after its beginning was removed in due form."""
    return _begin_cut_off_by(KEY, EARLIER, AT + timedelta(hours=9))
