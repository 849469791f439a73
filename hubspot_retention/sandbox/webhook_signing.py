"""How HubSpot signs what it posts: version 3 over method, address, body and time, version 1 over the body alone.

Source: HubSpot, "Validating requests", read 2026-11.
"""

import hmac
from base64 import b64encode
from hashlib import sha256

SIGNATURE_V3 = "X-HubSpot-Signature-v3"
TIMESTAMP = "X-HubSpot-Request-Timestamp"
SIGNATURE = "X-HubSpot-Signature"
_VERSION = "X-HubSpot-Signature-Version"
_DECODED = {"%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$"} | {
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}


def decoded(uri: str) -> str:
    """The address as it is signed: twelve escapes decoded, each where it stands, and nothing else."""
    parts = uri.split("%")
    found = [parts[0]]
    for part in parts[1:]:
        escape = f"%{part[:2]}"
        found.append(_DECODED.get(escape, escape) + part[2:])
    return "".join(found)


def signature_v3(secret: str, method: str, uri: str, body: bytes, milliseconds: int) -> str:
    """The signature of version 3."""
    source = method.encode() + decoded(uri).encode() + body + str(milliseconds).encode()
    return b64encode(hmac.new(secret.encode(), source, sha256).digest()).decode()


def signature_v1(secret: str, body: bytes) -> str:
    """The signature of version 1."""
    return sha256(secret.encode() + body).hexdigest()


def signed_headers(secret: str, uri: str, body: bytes, milliseconds: int) -> dict[str, str]:
    """The headers of a post: HubSpot sends both versions, for the sake of older receivers."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "HubSpot Connect 2.0 (sandbox)",
        SIGNATURE: signature_v1(secret, body),
        _VERSION: "v1",
        SIGNATURE_V3: signature_v3(secret, "POST", uri, body, milliseconds),
        TIMESTAMP: str(milliseconds),
    }
