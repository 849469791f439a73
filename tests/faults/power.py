"""What a disk may hold after the power went: a record of what SQLite asked of it, and the states that this allows.

What is simulated: whatever was not synced is lost, kept, kept in part or torn within a sector, each sector of 512 bytes
by its own chance and in any order; a file that grew may end in zeros or in rubbish; a name that was made or taken away
counts only once its folder was synced. What is not: a disk that lies about a sync, a sync that fails and is believed
the next time, bytes beside a write that change with it (SQLite, "powersafe overwrite"), bits that rot.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.faults.vfs import Asked, Kind

SECTOR: Final = 512
Files = Mapping[str, bytes]


@dataclass(slots=True, eq=False)
class _Inode:
    """A file: what is safely on the disk, and what was asked for since."""

    safe: bytearray = field(default_factory=bytearray)
    pending: list[Asked] = field(default_factory=list)


class Medium:
    """A disk to which changes come in order."""

    def __init__(self, files: Files) -> None:
        self._now = {name: _Inode(bytearray(data)) for name, data in files.items()}
        self._safe = dict(self._now)

    def happen(self, asked: Asked) -> None:
        """A change is carried out, as far as anybody sees while the power is on."""
        match asked.kind:
            case Kind.CREATE:
                self._now[asked.path] = _Inode()
            case Kind.DELETE:
                self._now.pop(asked.path, None)
            case Kind.SYNC_FOLDER:
                self._safe = dict(self._now)
            case Kind.SYNC:
                inode = self._now[asked.path]
                for each in inode.pending:
                    _apply(inode.safe, each)
                inode.pending.clear()
            case Kind.WRITE | Kind.TRUNCATE:
                self._now[asked.path].pending.append(asked)

    def after_a_cut(self, chance: random.Random, under_way: Asked | None = None) -> Files:
        """What may be found when the power is back; it went while `under_way` was carried out."""
        found: dict[str, bytes] = {}
        likelihood = chance.choice((0.0, 0.5, 0.9, 1.0))
        rubbish = chance.random() < 0.3
        for name in {*self._safe, *self._now}:
            of_now = self._safe.get(name) is self._now.get(name) or chance.random() < likelihood
            inode = (self._now if of_now else self._safe).get(name)
            if inode is None:
                continue
            pending = list(inode.pending)
            if under_way is not None and inode is self._now.get(under_way.path):
                pending.append(under_way)
            data = bytearray(inode.safe)
            for each in pending:
                for part in _survivors(each, likelihood, chance):
                    _apply(data, part, chance if rubbish else None)
            found[name] = bytes(data)
        return found


def _survivors(asked: Asked, likelihood: float, chance: random.Random) -> Iterator[Asked]:
    """What of a change reached the disk."""
    if asked.kind is Kind.TRUNCATE:
        if chance.random() < likelihood:
            yield asked
    elif asked.kind is Kind.WRITE:
        at = 0
        while at < len(asked.data):
            length = SECTOR - (asked.offset + at) % SECTOR
            part = asked.data[at : at + length]
            if chance.random() < likelihood:
                torn = chance.randrange(len(part) + 1) if chance.random() < 0.05 else len(part)
                yield Asked(kind=Kind.WRITE, path=asked.path, offset=asked.offset + at, data=part[:torn])
            at += length


def _apply(data: bytearray, asked: Asked, rubbish: random.Random | None = None) -> None:
    if asked.kind is Kind.TRUNCATE:
        del data[asked.offset :]
    elif asked.data:
        gap = asked.offset - len(data)
        if gap > 0:
            data.extend(rubbish.randbytes(gap) if rubbish is not None else bytes(gap))
        data[asked.offset : asked.offset + len(asked.data)] = asked.data


def files_in(folder: Path) -> Files:
    """What lies in a folder, but for SQLite's shared memory, which no power cut survives, and our lock."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix not in (".db-shm", ".lock")}


def lay_out(files: Files, folder: Path) -> None:
    """Put files into a folder."""
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
