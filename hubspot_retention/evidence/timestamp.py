"""RFC 3161 time-stamps: a token says that these bytes were there at an instant, signed by an authority that sells that.

What can go wrong: a token that nobody could verify is kept for years as a proof; or one is called good whose authority
has since lost its key. So a token is verified when it comes and again whenever anybody asks, against certificates that
the operator chose, as of the instant that it names; and when those certificates end is told with it. Whether they were
revoked cannot be told without a network, and is not asked.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.x509 import Certificate, load_der_x509_certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from hubspot_retention.errors import RetentionError, UsageError

_SHA256: Final = "2.16.840.1.101.3.4.2.1"
_OPENSSL_SAYS: Final = re.compile(r"Verify error: ([A-Za-z ]+)")


class TimestampError(RetentionError):
    """A time-stamp that proves nothing; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a verified token says: when, by whom, and under which policy of theirs (a dotted OID). `ends_at`: when the
    authority's certificate ends; from then on nobody renews the promise that its key is kept."""

    at: datetime
    authority: str
    policy: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: a hash and a number to be repeated, nothing else."""

    content: bytes
    nonce: int


def request_for(note: str) -> Request:
    """The request for a time-stamp of a checkpoint."""
    made = TimestampRequestBuilder().data(note.encode()).hash_algorithm(HashAlgorithm.SHA256).build()
    assert made.nonce is not None
    return Request(made.as_bytes(), made.nonce)


def verify(answer: bytes, note: str, trusted: Sequence[Certificate], nonce: int | None = None) -> Stamp:
    """What a token says of a checkpoint. `trusted`: the authority's root, and what stands between it and the token if
    that is not in the token itself. Raises TimestampError."""
    try:
        token = decode_timestamp_response(answer)
        _refuse_refusal(token)
        builder = VerifierBuilder(roots=list(trusted), nonce=nonce)
        builder.build().verify(token, sha256(note.encode()).digest())
        return _stamp(token)
    except TimestampError:
        raise
    except VerificationError as error:
        raise TimestampError(f"it does not verify under the certificates given: {_why(error)}") from error
    except Exception as error:  # what is read is a stranger's: any part of it may be of any shape
        raise TimestampError(f"it cannot be read as a time-stamp: {type(error).__name__}") from error


def read_certificates(path: Path) -> tuple[Certificate, ...]:
    """The certificates of a PEM file. Raises UsageError."""
    try:
        return tuple(load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"[anchors] timestamp_roots: {path} cannot be read as certificates in PEM: {type(error).__name__}"
        ) from error


def _refuse_refusal(token: TimeStampResponse) -> None:
    status = PKIStatus(token.status)
    if status is not PKIStatus.GRANTED:
        raise TimestampError(f"the authority did not grant it: {status.name.lower().replace('_', ' ')}")
    if token.tst_info.message_imprint.hash_algorithm.dotted_string != _SHA256:
        raise TimestampError("it is over another kind of hash than was asked for")


def _why(error: VerificationError) -> str:
    """The sentence in what the library says, which may be a page of OpenSSL."""
    if found := _OPENSSL_SAYS.search(str(error)):
        return found[1]
    return "its signature is wrong" if "ErrorStack" in str(error) else str(error)


def _stamp(token: TimeStampResponse) -> Stamp:
    signer = next(iter(token.signed_data.signer_infos))
    certificate = next(
        each
        for each in _certificates(token)
        if (each.issuer, each.serial_number) == (signer.issuer, signer.serial_number)
    )
    return Stamp(
        at=token.tst_info.gen_time,
        authority=certificate.subject.rfc4514_string(),
        policy=token.tst_info.policy.dotted_string,
        ends_at=certificate.not_valid_after_utc,
    )


def _certificates(token: TimeStampResponse) -> Iterator[Certificate]:
    return (load_der_x509_certificate(each) for each in token.signed_data.certificates)
