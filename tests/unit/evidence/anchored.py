"""Logs and anchors for tests: a file, and a witness that is asked without a network."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx

from hubspot_retention.core.audit.checkpoint import COSIGNATURE, Checkpoint, sign
from hubspot_retention.core.audit.cut import Cut
from hubspot_retention.core.audit.entry import StoredEntry
from hubspot_retention.core.audit.merkle import Frontier
from hubspot_retention.evidence.anchor_witness import WitnessAnchor
from hubspot_retention.evidence.keys import SigningKey
from hubspot_retention.evidence.witness import KeptLogs, Witness
from hubspot_retention.workflow.log_tree import LogTree
from tests.unit.core.audit.test_merkle import bodies_of, by_definition

LOG = SigningKey.generate("log.example.dk")
WITNESS = SigningKey.generate("witness.example.dk", COSIGNATURE)


class Bodies:
    """A log of some entries, of which `signed` sizes were signed and the first `removed` were removed; `read` counts
    the entries that were asked for."""

    def __init__(self, bodies: Sequence[bytes], signed: Sequence[int] = (), removed: int = 0) -> None:
        self._bodies = bodies
        self._signed = signed
        self._removed = removed
        self.read = 0

    def entries(self, after: int = 0) -> Iterator[StoredEntry]:
        """Those after a number."""
        after = max(after, self._removed)
        for seq, body in enumerate(self._bodies[after:], start=after + 1):
            self.read += 1
            yield StoredEntry(seq, body, b"")

    def tree(self) -> Frontier:
        """The edge at the end."""
        return Frontier.of(self._bodies)

    def tree_at(self, size: int) -> Frontier | None:
        """The edge at a size that was signed."""
        return Frontier.of(self._bodies[:size]) if size in self._signed else None

    def cut(self) -> Cut | None:
        """Where it begins, if its oldest entries were removed."""
        if not self._removed:
            return None
        edge = Frontier.of(self._bodies[: self._removed]).encoded()
        return Cut(size=self._removed, hash=bytes(32), edge=edge, before=datetime(2026, 11, 25, tzinfo=UTC), note="")


def tree_of(bodies: Sequence[bytes]) -> LogTree:
    """A log that was read to its end."""
    tree = LogTree(Bodies(bodies))
    tree.end()
    return tree


def a_log(size: int, *, of_another: bool = False) -> tuple[str, LogTree]:
    """The signed checkpoint of a log of some entries, and its tree."""
    bodies = ([b"another", *bodies_of(size)] if of_another else bodies_of(size))[:size]
    return sign(Checkpoint(LOG.name, size, by_definition(bodies)), [LOG]), tree_of(bodies)


def asked_directly(witness: Witness) -> httpx.Client:
    """A client whose requests reach a witness without a network."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/add-checkpoint":
            found = witness.add(request.read())
        else:
            found = witness.latest(request.url.params["origin"])
        return httpx.Response(found.status_code, content=bytes(found.body))

    return httpx.Client(transport=httpx.MockTransport(answer))


def a_witness(folder: Path, now: Callable[[], datetime]) -> WitnessAnchor:
    """A witness that keeps what it saw in a folder."""
    witness = Witness(WITNESS, {LOG.name: LOG.public}, KeptLogs(folder), now)
    return WitnessAnchor("http://witness.example.dk", WITNESS.public, LOG.name, now, asked_directly(witness))
