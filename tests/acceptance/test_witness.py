"""The witness with a real process: what it saw it still knows after a restart, and a log that went back is refused."""

from pathlib import Path

import httpx

from hubspot_retention.core.audit.checkpoint import Checkpoint, open_note
from hubspot_retention.core.audit.merkle import Frontier
from tests.acceptance.witnessed import witness_process
from tests.unit.evidence.test_witness import BODIES, LOG, ORIGIN, note, request


def test_a_witness_that_was_restarted_refuses_a_log_that_went_back(tmp_path: Path) -> None:
    with witness_process(tmp_path, LOG.public) as (url, key):
        signed = httpx.post(f"{url}/add-checkpoint", content=request(0, 23))
        assert open_note(note(23) + signed.text, [LOG.public, key], needed=2).size == 23

    with witness_process(tmp_path, LOG.public) as (url, key):
        told = httpx.get(f"{url}/latest", params={"origin": ORIGIN})
        back = httpx.post(f"{url}/add-checkpoint", content=request(0, 7))

    assert open_note(told.text, [key]) == Checkpoint(ORIGIN, 23, Frontier.of(BODIES[:23]).root())
    assert (back.status_code, back.text) == (409, "23\n")
