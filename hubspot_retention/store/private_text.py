"""Words that people wrote (why a hold was placed, why a plan was rejected), kept apart from all else.

Everything else knows only a commitment to them, SHA-256 over a random salt and the text: taking the row away
erases the words for good and breaks no hash; without the salt nothing can be guessed from the commitment.
"""

import secrets
from datetime import datetime
from hashlib import sha256

from sqlalchemy import bindparam, delete, or_, select

from hubspot_retention.store.encoding import to_micros
from hubspot_retention.store.prepared import Prepared, insertion
from hubspot_retention.store.schema import hold, private_text
from hubspot_retention.store.session import Rows, Session

_KEEP = insertion(private_text)
_WORDS = Prepared(select(private_text.c.text).where(private_text.c.commitment == bindparam("commitment")))


def commitment_to(salt: bytes, text: str) -> str:
    """The commitment, in hexadecimal."""
    return sha256(salt + text.encode()).hexdigest()


class PrivateTextRows(Rows):
    """Words that have had their time."""

    def forget_texts(self, before: datetime) -> int:
        """Erase what was written before an instant, but for the reasons of holds that were in force since; answers how
        many texts there were."""
        at = to_micros(before)
        in_force = or_(hold.c.released_at.is_(None), hold.c.released_at >= at)
        needed = select(hold.c.reason_commitment).where(in_force)
        here = private_text.c
        over = delete(private_text).where(here.stored_at < at, here.commitment.not_in(needed))
        return self._connection.execute(over).rowcount


def keep_text(session: Session, text: str, at: datetime) -> str:
    """Store words; answers the commitment to them."""
    salt = secrets.token_bytes(32)
    commitment = commitment_to(salt, text)
    session.change(_KEEP, commitment=commitment, salt=salt, text=text, stored_at=to_micros(at))
    return commitment


def read_text(session: Session, commitment: str | None) -> str:
    """The words; empty if there were none or they have been erased."""
    found = None if commitment is None else session.scalar(_WORDS, commitment=commitment)
    return "" if found is None else found
