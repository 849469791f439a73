"""Words that people wrote (why a hold was placed, why a plan was rejected), kept apart from all else.

Everything else knows only a commitment to them, SHA-256 over a random salt and the text: taking the row away
erases the words for good and breaks no hash; without the salt nothing can be guessed from the commitment.
"""

import secrets
from hashlib import sha256

from sqlalchemy import Connection, bindparam, insert, select

from hubspot_retention.store.schema import private_text

_WORDS = select(private_text.c.text).where(private_text.c.commitment == bindparam("commitment"))


def commitment_to(salt: bytes, text: str) -> str:
    """The commitment, in hexadecimal."""
    return sha256(salt + text.encode()).hexdigest()


def keep_text(connection: Connection, text: str) -> str:
    """Store words; answers the commitment to them."""
    salt = secrets.token_bytes(32)
    commitment = commitment_to(salt, text)
    connection.execute(insert(private_text).values(commitment=commitment, salt=salt, text=text))
    return commitment


def read_text(connection: Connection, commitment: str | None) -> str:
    """The words; empty if there were none or they have been erased."""
    found = None if commitment is None else connection.scalar(_WORDS, {"commitment": commitment})
    return "" if found is None else found
