"""The witness over HTTP: it co-signs what only grew, keeps it before it answers, and is not talked out of it."""

import asyncio
from base64 import b64encode
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubspot_retention.core.audit.checkpoint import COSIGNATURE, Checkpoint, open_note, read_note, sign
from hubspot_retention.core.audit.merkle import consistency_proof
from hubspot_retention.core.audit.rotation import Rotation
from hubspot_retention.evidence.keys import SigningKey, seen_at
from hubspot_retention.evidence.witness import MOST_BYTES, KeptLogs, Witness, witness_app
from tests.unit.core.audit.test_merkle import Tree, bodies_of, by_definition

ORIGIN = "log.example.dk/retention"
LOG = SigningKey.generate(ORIGIN)
KEY = SigningKey.generate("witness.example.dk", COSIGNATURE)
BODIES = bodies_of(40)
AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def note(size: int, bodies: Sequence[bytes] = BODIES, key: SigningKey = LOG) -> str:
    return sign(Checkpoint(key.name, size, by_definition(bodies[:size])), [key])


def request(old: int, size: int, bodies: Sequence[bytes] = BODIES, key: SigningKey = LOG) -> bytes:
    proof = [b64encode(part).decode() for part in consistency_proof(old, size, Tree(bodies))] if old <= size else []
    return "\n".join([f"old {old}", *proof]).encode() + b"\n\n" + note(size, bodies, key).encode()


class Client:
    """Asks a witness that keeps what it saw in a folder."""

    def __init__(self, folder: Path) -> None:
        self._app = witness_app(Witness(KEY, {ORIGIN: LOG.public}, KeptLogs(folder), lambda: AT))

    def post(self, body: bytes) -> httpx.Response:
        return self._asked("POST", "/add-checkpoint", content=body)

    def latest(self, origin: str) -> httpx.Response:
        return self._asked("GET", "/latest", params={"origin": origin})

    def _asked(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://witness.example.dk") as client:
                return await client.request(method, path, **more)

        return asyncio.run(answer())


@pytest.fixture
def asked(tmp_path: Path) -> Client:
    return Client(tmp_path)


def test_a_log_that_grew_is_co_signed_with_the_instant_it_was_seen_at(asked: Client) -> None:
    assert asked.post(request(0, 5)).status_code == 200

    answer = asked.post(request(5, 23))

    assert answer.status_code == 200
    assert open_note(note(23) + answer.text, [LOG.public, KEY.public], needed=2).size == 23


def test_what_was_seen_is_kept_across_a_restart(asked: Client, tmp_path: Path) -> None:
    asked.post(request(0, 23))

    answer = Client(tmp_path).post(request(0, 7))

    assert (answer.status_code, answer.text) == (409, "23\n")
    assert answer.headers["content-type"].startswith("text/x.tlog.size")


def test_a_log_that_was_rolled_back_is_not_co_signed(asked: Client) -> None:
    asked.post(request(0, 23))

    assert asked.post(request(23, 7)).status_code == 422


def test_a_log_that_was_rewritten_is_not_co_signed_even_with_the_log_s_own_key(asked: Client) -> None:
    asked.post(request(0, 23))
    rewritten = [b"rewritten", *BODIES[1:]]

    assert asked.post(request(23, 30, rewritten)).status_code == 422
    assert asked.post(request(23, 23, rewritten)).status_code == 409


def test_the_same_checkpoint_again_is_co_signed_again(asked: Client) -> None:
    asked.post(request(0, 23))

    assert asked.post(request(23, 23)).status_code == 200


def test_a_log_that_is_not_known_or_signed_by_a_stranger_is_refused(asked: Client) -> None:
    stranger = SigningKey.generate("other.example.dk")

    assert asked.post(request(0, 5, key=stranger)).status_code == 404
    assert asked.post(request(0, 5, key=SigningKey.generate(ORIGIN))).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old x\n\n" + note(5).encode(),
        b"new 0\n\n" + note(5).encode(),
        b"old 0 0\n\n" + note(5).encode(),
        b"old 0\n!!\n\n" + note(5).encode(),
        b"old 0" + b"\nAAAA" * 64 + b"\n\n" + note(5).encode(),
        b"old 0\n\nno note",
        b"\xff\xfe",
    ],
)
def test_what_is_no_request_is_refused_with_400(asked: Client, body: bytes) -> None:
    assert asked.post(body).status_code == 400


def test_a_request_that_is_too_long_is_not_read_to_its_end(asked: Client) -> None:
    assert asked.post(b"x" * (MOST_BYTES + 1)).status_code == 413


def test_nothing_is_co_signed_that_could_not_be_kept(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    asked = Client(folder)

    assert asked.post(request(0, 5)).status_code == 503


def test_a_state_that_cannot_be_read_is_never_taken_for_none(asked: Client, tmp_path: Path) -> None:
    asked.post(request(0, 23))
    (kept,) = tmp_path.iterdir()
    kept.write_text("{")

    assert asked.post(request(0, 7)).status_code == 503


def test_of_two_logs_that_fork_at_once_only_one_is_co_signed(tmp_path: Path) -> None:
    witness = Witness(KEY, {ORIGIN: LOG.public}, KeptLogs(tmp_path), lambda: AT)
    forks = [[f"fork {number}".encode(), *BODIES[1:]] for number in range(8)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda fork: witness.add(request(0, 9, fork)).status_code, forks))

    assert sorted(answers) == [200, *[409] * 7]
    assert KeptLogs(tmp_path).read(ORIGIN).size == 9


def test_it_tells_what_it_last_saw_co_signed_with_the_present_instant(asked: Client) -> None:
    asked.post(request(0, 23))

    told = asked.latest(ORIGIN)

    assert open_note(told.text, [KEY.public]) == Checkpoint(ORIGIN, 23, by_definition(BODIES[:23]))
    assert seen_at(read_note(told.text)[2][0]) == AT


def test_of_a_log_it_never_saw_it_tells_nothing_and_one_it_does_not_know_it_refuses(asked: Client) -> None:
    assert asked.latest(ORIGIN).status_code == 204
    assert asked.latest("other.example.dk").status_code == 404


def test_it_tells_nothing_while_what_it_kept_cannot_be_read(asked: Client, tmp_path: Path) -> None:
    asked.post(request(0, 23))
    (kept,) = tmp_path.iterdir()
    kept.write_text("{")

    assert asked.latest(ORIGIN).status_code == 503


NEXT = SigningKey.generate(ORIGIN)
LAST = SigningKey.generate(ORIGIN)


def shown(old: int, size: int, keys: Sequence[SigningKey], rotation: Rotation | None = None) -> bytes:
    """A request with a checkpoint that some keys signed, and that may hand over."""
    extension = () if rotation is None else (rotation.line(),)
    text = sign(Checkpoint(ORIGIN, size, by_definition(BODIES[:size]), extension), keys)
    proof = [b64encode(part).decode() for part in consistency_proof(old, size, Tree(BODIES))]
    return "\n".join([f"old {old}", *proof]).encode() + b"\n\n" + text.encode()


def handing(old: SigningKey, new: SigningKey) -> Rotation:
    return Rotation(str(old.public), str(new.public))


def test_a_key_that_hands_over_is_followed_also_after_a_restart(asked: Client, tmp_path: Path) -> None:
    assert asked.post(shown(0, 5, [LOG])).status_code == 200
    assert asked.post(shown(5, 9, [NEXT, LOG], handing(LOG, NEXT))).status_code == 200
    again = Client(tmp_path)
    assert again.post(shown(9, 12, [NEXT])).status_code == 200
    assert again.post(shown(12, 14, [LAST, NEXT], handing(NEXT, LAST))).status_code == 200
    assert again.post(shown(14, 15, [LAST])).status_code == 200


def test_after_it_handed_over_a_key_alone_signs_nothing_more(asked: Client) -> None:
    assert asked.post(shown(0, 9, [NEXT, LOG], handing(LOG, NEXT))).status_code == 200
    assert asked.post(shown(9, 12, [LOG])).status_code == 403
    assert asked.post(shown(9, 12, [LAST, LOG], handing(LOG, LAST))).status_code == 403
    assert asked.post(shown(9, 12, [NEXT, LOG])).status_code == 200


@pytest.mark.parametrize(
    ("keys", "rotation"),
    [
        ([LOG], handing(LOG, NEXT)),
        ([NEXT], handing(LOG, NEXT)),
        ([LOG], Rotation(str(LOG.public), "nonsense")),
        ([LOG, KEY], Rotation(str(LOG.public), str(SigningKey.generate("other.example.dk").public))),
    ],
)
def test_a_handing_over_that_not_both_have_signed_is_refused(
    asked: Client, keys: list[SigningKey], rotation: Rotation
) -> None:
    assert asked.post(shown(0, 5, [LOG])).status_code == 200
    assert asked.post(shown(5, 9, keys, rotation)).status_code == 403
    assert asked.post(shown(5, 9, [LOG])).status_code == 200


def test_a_key_that_the_owner_names_anew_is_believed_in_place_of_what_was_followed(tmp_path: Path) -> None:
    assert Client(tmp_path).post(shown(0, 9, [NEXT, LOG], handing(LOG, NEXT))).status_code == 200
    other = Witness(KEY, {ORIGIN: LAST.public}, KeptLogs(tmp_path), lambda: AT)
    assert other.add(shown(9, 12, [NEXT])).status_code == 403
    assert other.add(shown(9, 12, [LAST])).status_code == 200
