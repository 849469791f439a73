"""A time-stamping authority for tests: it answers what it is asked to, at any instant, right or wrong.

It is written from RFC 3161 and RFC 5652 with its own DER, so that it shares nothing with the library that verifies.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from rfc3161_client._rust import parse_timestamp_request

POLICY = "1.3.6.1.4.1.99999.1"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
ENDS = datetime(2027, 1, 1, tzinfo=UTC)


def der(tag: int, *parts: bytes) -> bytes:
    """A value with its tag and length."""
    content = b"".join(parts)
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE."""
    return der(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    """A SET OF, in the order that DER wants."""
    return der(0x31, *sorted(parts))


def integer(number: int) -> bytes:
    """An INTEGER that is not negative."""
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def octets(content: bytes) -> bytes:
    """An OCTET STRING."""
    return der(0x04, content)


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    found = bytearray()
    for number in (40 * first + second, *rest):
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(0x80 | number & 0x7F)
        found.extend(reversed(digits))
    return der(0x06, bytes(found))


def attribute(kind: str, value: bytes) -> bytes:
    """An attribute with one value."""
    return sequence(oid(kind), set_of(value))


SHA256 = sequence(oid("2.16.840.1.101.3.4.2.1"))
RSA = sequence(oid("1.2.840.113549.1.1.1"))
ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"))
SIGNED_DATA = oid("1.2.840.113549.1.7.2")
TST_INFO = "1.2.840.113549.1.9.16.1.4"


def a_name(common_name: str) -> x509.Name:
    """A name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


@dataclass(frozen=True, kw_only=True)
class Authority:
    """An authority, its root, and how it answers. `nonce`: in place of the one that was asked for."""

    root: x509.Certificate
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = field(repr=False)
    at: datetime = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    status: int = 0
    nonce: int | None = None

    @property
    def roots_pem(self) -> bytes:
        """What an operator puts into the file of certificates."""
        return self.root.public_bytes(Encoding.PEM)

    def answering(self, at: datetime) -> "Authority":
        """The same at another instant."""
        return replace(self, at=at)

    def answer(self, request: bytes) -> bytes:
        """The answer to a request."""
        if self.status != 0:
            return sequence(sequence(integer(self.status)))
        asked = parse_timestamp_request(request)
        nonce = asked.nonce if self.nonce is None else self.nonce
        assert nonce is not None
        info = sequence(
            integer(1),
            oid(POLICY),
            sequence(SHA256, octets(asked.message_imprint.message)),
            integer(17),
            der(0x18, self.at.strftime("%Y%m%d%H%M%SZ").encode()),
            integer(nonce),
        )
        return sequence(sequence(integer(0)), sequence(SIGNED_DATA, der(0xA0, self._signed(info))))

    def _signed(self, info: bytes) -> bytes:
        written = self.certificate.public_bytes(Encoding.DER)
        attributes = sorted(
            (
                attribute("1.2.840.113549.1.9.3", oid(TST_INFO)),
                attribute("1.2.840.113549.1.9.4", octets(sha256(info).digest())),
                attribute("1.2.840.113549.1.9.16.2.47", sequence(sequence(sequence(octets(sha256(written).digest()))))),
            )
        )
        signature, how = self._sign(set_of(*attributes))
        signer = sequence(
            integer(1),
            sequence(self.certificate.issuer.public_bytes(), integer(self.certificate.serial_number)),
            SHA256,
            der(0xA0, *attributes),
            how,
            octets(signature),
        )
        content = sequence(oid(TST_INFO), der(0xA0, octets(info)))
        return sequence(integer(3), set_of(SHA256), content, der(0xA0, written), set_of(signer))

    def _sign(self, content: bytes) -> tuple[bytes, bytes]:
        """The signature, and how it was made."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(content, padding.PKCS1v15(), hashes.SHA256()), RSA
        return self.key.sign(content, ec.ECDSA(hashes.SHA256())), ECDSA_SHA256


def an_authority(
    *,
    begins: datetime = BEGAN,
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
) -> Authority:
    """A new one, whose certificate is good for a year; with a new key unless one is given."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), key or ec.generate_private_key(ec.SECP256R1())
    root_name = a_name("Time root, example.dk")
    root = (
        _certificate(root_name, root_key.public_key(), begins, begins + timedelta(days=7_300))
        .issuer_name(root_name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    certificate = (
        _certificate(a_name("Time, example.dk"), key.public_key(), begins, begins + timedelta(days=365))
        .issuer_name(root_name)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    return Authority(root=root, certificate=certificate, key=key)


def _certificate(
    name: x509.Name, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder().subject_name(name).public_key(key)
    return made.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)
