"""What remembers people who are gone: the keys of their pseudonyms, which lie apart from the database."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hubspot_retention.bootstrap.given import Given
from hubspot_retention.errors import UsageError

if TYPE_CHECKING:
    from hubspot_retention.core.portal import Address
    from hubspot_retention.evidence.keyring import Keyring
    from hubspot_retention.workflow.ports import Store
    from hubspot_retention.workflow.returned import Returned

_OFF: Final = (
    "Tombstones are off: nobody who is erased can be found in the log again. Set [pseudonyms] key_file, and make the "
    "first key with `audit pseudonym-keys new`"
)


class Remembering(StrEnum):
    """Whether people who are erased are remembered by pseudonyms. `BROKEN`: nobody can be erased until it is mended."""

    ON = "on"
    OFF = "off"
    BROKEN = "broken"


class PeopleWork(Given):
    """The part of an application that remembers people."""

    def keyring(self) -> "Keyring | None":
        """The keys of pseudonyms; `None` where the settings name no file. Raises UsageError for a file that lies with
        the database: whoever copies the one would have the other."""
        from hubspot_retention.evidence.keyring import Keyring
        from hubspot_retention.store.location import database_folder

        path = self.settings().pseudonym_keys
        if path is None:
            return None
        folder = database_folder(self.settings().database_url)
        if folder is not None and path.resolve().is_relative_to(folder):
            raise UsageError(
                f"[pseudonyms] key_file: {path} lies with the database: keep it in another folder, better on another "
                "volume, so that no copy of the one holds the other"
            )
        return Keyring(path)

    def remembering(self) -> tuple[Remembering, str]:
        """Whether those who are erased are remembered, in a word and in a sentence without its stop."""
        try:
            ring = self.keyring()
            epochs = () if ring is None else ring.keys().epochs
        except UsageError as error:
            return Remembering.BROKEN, f"Nobody can be erased: {error}"
        if ring is None:
            return Remembering.OFF, _OFF
        years = ", ".join(epochs) or "no year yet"
        return Remembering.ON, f"Tombstones are on: the keys of {years} can be read"

    def pseudonym(self) -> "Callable[[Address], str | None]":
        """What stands for an address from now on."""
        ring = self.keyring()
        if ring is None:
            return lambda address: None
        return lambda address: ring.of(address, self.policy()[0].civil.local_date(self.clock.now()))

    def returned(self, store: "Store") -> "Returned":
        """What looks for people who were erased and are back."""
        from hubspot_retention.workflow.returned import Returned

        ring = self.keyring()
        return Returned(store, None if ring is None else ring.signing)
