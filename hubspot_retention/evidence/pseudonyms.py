"""Pseudonyms: what stands for a person's address where the log must be able to find the person again.

A pseudonym is a keyed hash of the normalised address; a plain hash could be guessed address by address. The keys lie
outside the database, one an epoch. Destroying an epoch's key unlinks its pseudonyms from everybody for ever, and
breaks no proof: the log holds the pseudonyms only. Until then they are personal data (EDPB guidelines 01/2025), which
is why the keys are kept apart from the log.
"""

import hmac
import json
import secrets
import stat
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Final, Self

from hubspot_retention.core.portal import Address
from hubspot_retention.errors import UsageError
from hubspot_retention.evidence.private_file import replace_private

_PSEUDONYM_BYTES: Final = 16
_KEY_BYTES: Final = 32


def normalised(address: Address) -> bytes:
    """An address as it is hashed: composed, without spaces around it, in small letters."""
    return unicodedata.normalize("NFKC", address.text).strip().casefold().encode()


def _pseudonym(epoch: str, key: bytes, text: bytes) -> str:
    return f"{epoch}:{hmac.digest(key, text, 'sha256')[:_PSEUDONYM_BYTES].hex()}"


class PseudonymKeys:
    """The keys of all epochs that were not destroyed, by the epoch's name (its year)."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(sorted(keys.items()))

    @property
    def epochs(self) -> tuple[str, ...]:
        """The epochs that can still be looked up, the oldest first."""
        return tuple(self._keys)

    def of(self, address: Address, epoch: str) -> str:
        """The pseudonym of an address in an epoch, such as `2026:9f…`. Raises KeyError if its key was destroyed."""
        return _pseudonym(epoch, self._keys[epoch], normalised(address))

    def all_of(self, address: Address) -> tuple[str, ...]:
        """What may stand for an address anywhere in the log."""
        text = normalised(address)
        return tuple(_pseudonym(epoch, key, text) for epoch, key in self._keys.items())

    def with_epoch_of(self, day: date) -> Self:
        """These keys, with one for the epoch of that day."""
        epoch = f"{day.year:04d}"
        return self if epoch in self._keys else type(self)({**self._keys, epoch: secrets.token_bytes(_KEY_BYTES)})

    def only(self, epochs: Iterable[str]) -> Self:
        """Those of these keys that are of some epochs."""
        wanted = set(epochs)
        return type(self)({epoch: key for epoch, key in self._keys.items() if epoch in wanted})

    def without(self, epoch: str) -> Self:
        """These keys less that of an epoch. Raises UsageError if there is none."""
        if epoch not in self._keys:
            raise UsageError(f"there is no key of epoch {epoch}: it was destroyed, or never made")
        return type(self)({name: key for name, key in self._keys.items() if name != epoch})

    @classmethod
    def load(cls, path: Path) -> Self:
        """The keys of a file, none if there is no file yet. Raises UsageError; the message never holds a key."""
        try:
            mode = path.stat().st_mode
            said = json.loads(path.read_text(encoding="ascii"))
            keys = {str(epoch): bytes.fromhex(key) for epoch, key in said.items()}
        except FileNotFoundError:
            return cls({})
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise UsageError(f"the keys of the pseudonyms in {path} cannot be read: {type(error).__name__}") from None
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UsageError(f"the keys of the pseudonyms in {path} may be read by others: chmod 600 {path}")
        if any(len(key) != _KEY_BYTES for key in keys.values()):
            raise UsageError(f"the keys of the pseudonyms in {path} are damaged")
        return cls(keys)

    def save(self, path: Path) -> None:
        """Replace the file as a whole, for its owner alone; then what stood in the old one is overwritten."""
        replace_private(path, json.dumps({epoch: key.hex() for epoch, key in self._keys.items()}))
