"""The verifier that stands alone, on time-stamps: what they prove, what they do not, and what it is told of each."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from hubspot_retention.evidence import standalone
from hubspot_retention.evidence.timestamp import TimestampError, request_for, verify
from tests.faults.tampering import EXPORT, KEY, LOG, SIGNED, checkpoint
from tests.unit.evidence.authority import BEGAN, ENDS, Authority, a_name, an_authority

AUTHORITY = an_authority()
REQUEST = request_for(SIGNED[1]).content
TOKEN = AUTHORITY.answer(REQUEST)
Check = Callable[..., tuple[int, str]]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """The exit code and what is said for an export with a token, under a root or under none."""

    def of(token: bytes, note: str = SIGNED[1], root: x509.Certificate | None = AUTHORITY.root) -> tuple[int, str]:
        line = {"stamped": note, "token": base64.b64encode(token).decode()}
        log, roots = tmp_path / "log.jsonl", tmp_path / "roots.pem"
        log.write_text("".join(json.dumps(each) + "\n" for each in (*EXPORT[:2], line, *EXPORT[2:])))
        words = ["export", str(log), "--key", str(KEY.public)]
        if root is not None:
            roots.write_bytes(root.public_bytes(Encoding.PEM))
            words += ["--authority", str(roots)]
        return standalone.main(words), capsys.readouterr().out

    return of


def test_a_time_stamp_says_when_and_on_whose_word(check: Check) -> None:
    code, told = check(TOKEN)
    assert code == 0
    assert (
        "the time-stamp of 23 entries: 2026-11-25T03:00:00+00:00, by CN=Time\\, example.dk, under a certificate" in told
    )


def test_an_authority_that_signs_by_rsa_is_understood(check: Check) -> None:
    authority = an_authority(key=rsa.generate_private_key(public_exponent=65537, key_size=2048))
    assert check(authority.answer(REQUEST), root=authority.root)[0] == 0


def test_without_the_authoritys_certificate_it_says_what_was_not_verified(check: Check) -> None:
    code, told = check(TOKEN, root=None)
    assert (code, "was NOT verified: give --authority" in told) == (0, True)


def test_the_certificate_that_signed_may_be_given_itself(check: Check) -> None:
    assert check(TOKEN, root=AUTHORITY.certificate)[0] == 0


STRANGER = an_authority()


@pytest.mark.parametrize(
    ("token", "why"),
    [
        pytest.param(replace(AUTHORITY, status=2).answer(REQUEST), "another form", id="refused, without a token"),
        pytest.param(STRANGER.answer(REQUEST), "does not lead to one that you gave", id="another authority"),
        pytest.param(replace(AUTHORITY, key=STRANGER.key).answer(REQUEST), "signature is wrong", id="another key"),
        pytest.param(
            AUTHORITY.answer(request_for(SIGNED[0]).content), "something else than this", id="another checkpoint"
        ),
        pytest.param(
            AUTHORITY.answering(ENDS + timedelta(days=1)).answer(REQUEST), "was not valid at its time", id="too late"
        ),
        pytest.param(
            an_authority(purpose=ExtendedKeyUsageOID.SERVER_AUTH).answer(REQUEST),
            "not for time-stamps alone",
            id="a certificate for something else",
        ),
        pytest.param(b"", "another form", id="nothing"),
    ],
)
def test_a_token_that_proves_nothing_is_a_finding_with_its_reason(check: Check, token: bytes, why: str) -> None:
    code, told = check(token)
    assert code == 1
    assert "- the time-stamp of 23 entries proves nothing: " in told
    assert why in told


def test_a_time_stamp_of_a_log_that_these_entries_are_not_is_a_finding(check: Check) -> None:
    note = checkpoint(LOG[:7]).replace("\n7\n", "\n8\n")
    code, told = check(AUTHORITY.answer(request_for(note).content), note)
    assert (code, "the checkpoint of 8 entries" in told) == (1, True)


def test_of_a_changed_token_nothing_is_believed_that_the_library_does_not_believe(check: Check) -> None:
    """Bit by bit, against the library that the service uses; what lies outside of what is signed may be changed."""
    believed = 0
    for place in range(len(TOKEN)):
        damaged = bytearray(TOKEN)
        damaged[place] ^= 1 << place % 8
        try:
            standalone.verify_stamp(SIGNED[1], bytes(damaged), [AUTHORITY.root])
        except Exception:
            continue
        believed += 1
        assert _is_believed(bytes(damaged)), place
    assert believed <= 3


def _is_believed(token: bytes) -> bool:
    try:
        verify(token, SIGNED[1], [AUTHORITY.root])
    except TimestampError:
        return False
    return True


def _issued(by: Authority, *, may_issue: bool) -> tuple[x509.Certificate, Authority]:
    """An authority below another one's certificate, which may issue certificates or not."""
    middle_key = ec.generate_private_key(ec.SECP256R1())
    name = a_name("Middle, example.dk")
    root_key = ec.generate_private_key(ec.SECP256R1())

    def certificate(subject: x509.Name, key: ec.EllipticCurvePublicKey, issuer: x509.Name) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
        return made.serial_number(x509.random_serial_number()).not_valid_before(BEGAN).not_valid_after(ENDS)

    is_ca = x509.BasicConstraints(ca=True, path_length=None)
    root_name = a_name("Top, example.dk")
    root = certificate(root_name, root_key.public_key(), root_name).add_extension(is_ca, critical=True)
    middle = certificate(name, middle_key.public_key(), root_name).add_extension(
        x509.BasicConstraints(ca=may_issue, path_length=None), critical=True
    )
    assert isinstance(by.key, ec.EllipticCurvePrivateKey)
    leaf = certificate(a_name("Time, example.dk"), by.key.public_key(), name).add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
    )
    signed = leaf.sign(middle_key, hashes.SHA256())
    top = root.sign(root_key, hashes.SHA256())
    return middle.sign(root_key, hashes.SHA256()), replace(by, root=top, certificate=signed)


@pytest.mark.parametrize(("may_issue", "leads"), [(True, True), (False, False)])
def test_the_chain_goes_through_certificates_that_may_issue_others_and_no_others(may_issue: bool, leads: bool) -> None:
    middle, authority = _issued(AUTHORITY, may_issue=may_issue)
    token = authority.answer(REQUEST)
    with pytest.raises(ValueError, match="does not lead to one that you gave"):
        standalone.verify_stamp(SIGNED[1], token, [authority.root])
    given = [authority.root, middle]
    if leads:
        assert "under a certificate that you gave" in standalone.verify_stamp(SIGNED[1], token, given)
    # Who gives the middle one itself trusts it; so the chain is asked for without it among those that are trusted.
    known = [middle]
    if leads:
        standalone.require_chain(authority.certificate, known, [authority.root], authority.at)
    else:
        with pytest.raises(ValueError, match="does not lead"):
            standalone.require_chain(authority.certificate, known, [authority.root], authority.at)
