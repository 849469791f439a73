"""Time-stamps: what a token must be to prove anything, and what it says then."""

import shutil
import subprocess
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from hubspot_retention.errors import UsageError
from hubspot_retention.evidence.timestamp import TimestampError, read_certificates, request_for, verify
from tests.unit.evidence.anchored import a_log
from tests.unit.evidence.authority import ENDS, POLICY, Authority, an_authority

NOTE = a_log(5)[0]
AUTHORITY = an_authority()


def refused(authority: Authority, note: str = NOTE) -> str:
    request = request_for(NOTE)
    with pytest.raises(TimestampError) as told:
        verify(authority.answer(request.content), note, [AUTHORITY.root], request.nonce)
    return str(told.value)


def test_a_token_says_when_by_whom_and_under_which_policy() -> None:
    request = request_for(NOTE)
    stamp = verify(AUTHORITY.answer(request.content), NOTE, [AUTHORITY.root], request.nonce)
    assert stamp.at == datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    assert (stamp.authority, stamp.policy) == ("CN=Time\\, example.dk", POLICY)
    assert stamp.ends_at == ENDS


def test_nothing_but_a_hash_and_a_number_leaves() -> None:
    content = request_for(NOTE).content
    assert len(content) < 80
    assert b"example" not in content


def test_a_token_verifies_as_of_its_own_time_however_long_ago_that_was() -> None:
    long_ago = an_authority(begins=datetime(2001, 1, 1, tzinfo=UTC)).answering(datetime(2001, 11, 25, tzinfo=UTC))
    answer = long_ago.answer(request_for(NOTE).content)
    assert verify(answer, NOTE, [long_ago.root]).ends_at == datetime(2002, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("authority", "why"),
    [
        pytest.param(replace(AUTHORITY, status=2), "did not grant it: rejection", id="refused"),
        pytest.param(replace(AUTHORITY, status=9), "cannot be read", id="a status that there is not"),
        pytest.param(replace(AUTHORITY, nonce=5), "Nonce mismatch", id="an answer to another request"),
        pytest.param(AUTHORITY.answering(ENDS + timedelta(days=1)), "has expired", id="after its certificate"),
        pytest.param(an_authority(), "certificate", id="another root"),
        pytest.param(
            an_authority(purpose=ExtendedKeyUsageOID.SERVER_AUTH), "certificate", id="a certificate for something else"
        ),
    ],
)
def test_a_token_that_proves_nothing_is_refused_with_its_reason(authority: Authority, why: str) -> None:
    assert why in refused(authority)


def test_a_token_of_another_checkpoint_is_refused() -> None:
    assert "Mismatch" in refused(AUTHORITY, a_log(6)[0])


def test_a_signature_that_is_not_the_certificates_is_refused() -> None:
    assert "its signature is wrong" in refused(replace(AUTHORITY, key=an_authority().key))


def test_a_token_of_any_other_shape_is_refused_and_no_traceback() -> None:
    answer = AUTHORITY.answer(request_for(NOTE).content)
    for place in range(0, len(answer), 9):
        damaged = bytearray(answer)
        damaged[place] ^= 0x41
        with suppress(TimestampError):
            verify(bytes(damaged), NOTE, [AUTHORITY.root])


@pytest.mark.parametrize("content", [None, b"", b"nonsense"])
def test_a_file_without_certificates_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "roots.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="cannot be read as certificates"):
        read_certificates(path)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl here to agree with")
@pytest.mark.parametrize(("note", "code"), [(NOTE, 0), (a_log(6)[0], 1)])
def test_openssl_agrees(tmp_path: Path, note: str, code: int) -> None:
    (tmp_path / "1.tsr").write_bytes(AUTHORITY.answer(request_for(NOTE).content))
    (tmp_path / "1.checkpoint").write_text(note, encoding="utf-8")
    (tmp_path / "roots.pem").write_bytes(AUTHORITY.roots_pem)
    words = ["-data", "1.checkpoint", "-in", "1.tsr", "-CAfile", "roots.pem"]
    at = str(int(AUTHORITY.at.timestamp()))
    ran = subprocess.run(
        ["openssl", "ts", "-verify", *words, "-attime", at], cwd=tmp_path, capture_output=True, check=False
    )
    assert ran.returncode == code
