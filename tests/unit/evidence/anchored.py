"""Logs and anchors for tests: a file, and a witness that is asked without a network."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import httpx

from hubspot_retention.core.audit.checkpoint import COSIGNATURE, Checkpoint, sign
from hubspot_retention.core.audit.entry import StoredEntry
from hubspot_retention.evidence.anchor_witness import WitnessAnchor
from hubspot_retention.evidence.keys import SigningKey
from hubspot_retention.evidence.witness import KeptLogs, Witness
from hubspot_retention.workflow.log_tree import LogTree
from tests.unit.core.audit.test_merkle import bodies_of, by_definition

LOG = SigningKey.generate("log.example.dk")
WITNESS = SigningKey.generate("witness.example.dk", COSIGNATURE)


def tree_of(bodies: Sequence[bytes]) -> LogTree:
    """A log that was read to its end."""
    entries = [StoredEntry(seq, body, b"") for seq, body in enumerate(bodies, start=1)]
    tree = LogTree(lambda after: iter(entries[after:]))
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
