"""A witness as an anchor: what it says counts only if it signed it just now, and it is never talked into forgetting."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from hubspot_retention.core.audit.anchor import AnchorError, Doubt
from hubspot_retention.core.audit.checkpoint import COSIGNATURE, Signature
from hubspot_retention.evidence.anchor_witness import WitnessAnchor
from hubspot_retention.evidence.keys import SigningKey
from hubspot_retention.evidence.witness import KeptLogs
from tests.unit.evidence.anchored import LOG, WITNESS, a_log, a_witness

AT = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


@pytest.fixture
def anchor(tmp_path: Path) -> WitnessAnchor:
    return a_witness(tmp_path, lambda: AT)


def answering(answer: Callable[[httpx.Request], httpx.Response], at: datetime = AT) -> WitnessAnchor:
    client = httpx.Client(transport=httpx.MockTransport(answer))
    return WitnessAnchor("http://witness.example.dk/path", WITNESS.public, LOG.name, lambda: at, client)


def telling(text: str, at: datetime = AT) -> WitnessAnchor:
    """A witness that answers this, whatever it is asked."""
    return answering(lambda _: httpx.Response(200, text=text), at)


def cosigned(size: int, key: SigningKey = WITNESS, at: datetime = AT) -> str:
    text = a_log(size)[0].partition("\n\n")[0] + "\n"
    return f"{text}\n{key.cosign(text.encode(), at).line()}"


def test_a_witness_that_saw_nothing_says_so(anchor: WitnessAnchor) -> None:
    assert anchor.latest() is None


def test_a_log_that_grows_is_co_signed_and_remembered(anchor: WitnessAnchor) -> None:
    for size in (1, 5, 5, 23):
        anchor.show(*a_log(size))
    seen = anchor.latest()
    assert seen is not None
    assert (seen.size, seen.root) == (23, a_log(23)[1].root_at(23))


def test_a_log_that_went_back_or_forked_is_not_shown(anchor: WitnessAnchor) -> None:
    anchor.show(*a_log(5))
    for size, of_another, doubt in ((4, False, Doubt.BEHIND), (6, True, Doubt.FORKED)):
        with pytest.raises(AnchorError) as told:
            anchor.show(*a_log(size, of_another=of_another))
        assert told.value.doubt is doubt


def test_a_log_begins_anew_only_after_the_witness_was_told_on_its_own_machine(
    anchor: WitnessAnchor, tmp_path: Path
) -> None:
    anchor.show(*a_log(5))
    with pytest.raises(AnchorError, match="witness forget"):
        anchor.show_anew(a_log(3)[0])
    aside = KeptLogs(tmp_path).forget(LOG.name, AT)
    assert aside is not None
    assert aside.exists()
    anchor.show_anew(a_log(3)[0])
    anchor.show(*a_log(3))
    assert KeptLogs(tmp_path).forget("other.example.dk", AT) is None


def test_an_old_answer_is_not_believed() -> None:
    with pytest.raises(AnchorError, match="another time"):
        telling(cosigned(5), AT + timedelta(minutes=6)).latest()


@pytest.mark.parametrize("name", ["x", WITNESS.name + ".x"])
def test_an_old_answer_is_not_believed_for_a_line_that_only_bears_the_key_id_of_the_witness(name: str) -> None:
    later = AT + timedelta(days=365)
    present = int(later.timestamp()).to_bytes(8, "big")
    forged = Signature(name, WITNESS.public.key_id, present + bytes(64)).line()
    text, line = cosigned(5).split("\n\n")
    for lines in (forged + line, line + forged):
        with pytest.raises(AnchorError, match="another time"):
            telling(f"{text}\n\n{lines}", later).latest()


def test_of_an_answer_that_the_witness_signed_twice_both_instants_count() -> None:
    later = AT + timedelta(minutes=6)
    (text, old), new = cosigned(5).split("\n\n"), cosigned(5, at=later).split("\n\n")[1]
    for lines in (new + old, old + new):
        with pytest.raises(AnchorError, match="another time"):
            telling(f"{text}\n\n{lines}", later).latest()
    assert telling(f"{text}\n\n{new + new}", later).latest() is not None


def test_the_answer_of_another_key_is_not_believed() -> None:
    stranger = SigningKey.generate(WITNESS.name, COSIGNATURE)
    with pytest.raises(AnchorError, match="not signed by its key"):
        answering(lambda _: httpx.Response(200, text=cosigned(5, stranger))).latest()


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_witness_that_does_not_tell_is_told(status: int) -> None:
    with pytest.raises(AnchorError, match=f"answered {status}"):
        answering(lambda _: httpx.Response(status)).latest()


def test_a_witness_that_cannot_be_reached_is_told() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(AnchorError, match="cannot be reached: ConnectError"):
        answering(refuse).latest()


def test_an_answer_that_is_too_long_is_not_read() -> None:
    with pytest.raises(AnchorError, match="too long"):
        answering(lambda _: httpx.Response(200, text="x" * 70_000)).latest()


@pytest.mark.parametrize(("status", "doubt"), [(409, Doubt.FORKED), (422, Doubt.FORKED), (503, Doubt.UNREADABLE)])
def test_a_refusal_to_co_sign_says_what_it_says(status: int, doubt: Doubt) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path.startswith("/path/")
        return httpx.Response(204 if request.method == "GET" else status)

    with pytest.raises(AnchorError) as told:
        answering(answer).show(*a_log(5))
    assert told.value.doubt is doubt


def test_a_co_signature_of_something_else_does_not_count() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return (
            httpx.Response(204) if request.method == "GET" else httpx.Response(200, text=cosigned(4).split("\n\n")[1])
        )

    with pytest.raises(AnchorError, match="not signed by its key"):
        answering(answer).show(*a_log(5))
