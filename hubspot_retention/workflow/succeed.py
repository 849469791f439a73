"""Succeed: the log's key hands over to a new one, and later the old one is destroyed.

What can go wrong: whoever knows the old key alone can no longer verify anything, or a witness takes the new key for a
stranger's. So the log tells of it, a checkpoint that names both keys is signed by both and shown to every anchor, and
from then on both sign, until a person ends it. What an anchor was shown in between proves nothing: what both keys sign
is taken by a witness that never heard of the new one. So before the old key goes every anchor is told once more, and
each must take it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from hubspot_retention.core.audit.checkpoint import read_note
from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.rotation import Rotation
from hubspot_retention.errors import BlockedError
from hubspot_retention.workflow.anchoring import Anchoring
from hubspot_retention.workflow.ports import Store


class Successor:
    """Hands a log's key over, in the name of a person. `anchoring` signs with both keys."""

    def __init__(self, store: Store, anchoring: Anchoring, actor: str, now: Callable[[], datetime]) -> None:
        self._store = store
        self._anchoring = anchoring
        self._actor = actor
        self._now = now

    def announce(self, rotation: Rotation) -> Mapping[str, str]:
        """Tell the log and its anchors; answers which anchors would not take it, and the code of why. It may be told
        again: whoever heard of it follows the first. Raises BlockedError if the log is doubtful."""
        facts = (("old", _public(rotation.old)), ("new", _public(rotation.new)))
        return self._anchoring.announce(self._entry(Verb.CHANGED, facts), (rotation.line(),))

    def require_known(self, rotation: Rotation) -> None:
        """Tell the log and its anchors again, of what was announced before. Raises BlockedError if it was not, and
        unless every anchor that is asked takes it."""
        if not any(Rotation.of(read_note(signed.note)[0]) == rotation for signed in self._store.checkpoints()):
            raise BlockedError("nobody was told of the new key yet: `audit key rotate` comes first")
        refused = self.announce(rotation)
        if refused:
            why = ", ".join(f"{name} ({code})" for name, code in refused.items())
            raise BlockedError(
                f"not shown the new key yet: {why}. Call `audit key retire` again once it can be reached; "
                "until then the old key is needed"
            )

    def tell_destroyed(self, old: str) -> Mapping[str, str]:
        """Tell the log that the old key is no more; `anchoring` signs with the new one alone. Told before it is done:
        what is cut short is told and done again."""
        return self._anchoring.announce(self._entry(Verb.ERASED, (("old", _public(old)),)))

    def _entry(self, verb: Verb, facts: tuple[tuple[str, str], ...]) -> Entry:
        return Entry(subject=Subject.LOG_KEY, verb=verb, at=self._now(), actor=self._actor, facts=facts)


def _public(written: str) -> str:
    """The key itself of a key that is written down, without its name and id."""
    return written.split("+", 2)[2]
