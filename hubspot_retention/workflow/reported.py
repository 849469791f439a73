"""Which files a plan has told of, so that each is told of once for its record.

Two letters may name one file, and a bundle that begins again finds the letters that it did not come to, and with them
files that it told of before. A person who goes through the log for them must not look for more files than there are.
"""

from threading import Lock

from hubspot_retention.core.audit.entry import read_entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.record import RecordRef
from hubspot_retention.workflow.ports import Store


class Reported:
    """Knows the files that a plan has told of. `begun`: it was carried out in part by an earlier process, so the log is
    read, once, and only when there is a file to tell of. Thread-safe."""

    def __init__(self, store: Store, plan_id: str, *, begun: bool) -> None:
        self._store = store
        self._plan_id = plan_id
        self._lock = Lock()
        self._known: set[tuple[str, str]] | None = None if begun else set()

    def is_first(self, record: RecordRef, about: str) -> bool:
        """Whether a file of a record has not been told of; from now on it has."""
        with self._lock:
            if self._known is None:
                self._known = self._read()
            known, told = len(self._known), (str(record), about)
            self._known.add(told)
            return len(self._known) > known

    def _read(self) -> set[tuple[str, str]]:
        mark = f'"plan_id":"{self._plan_id}"'.encode("ascii")
        written = (read_entry(stored.body) for stored in self._store.entries() if mark in stored.body)
        return {
            (str(entry.record), str(dict(entry.facts).get("about")))
            for entry in written
            if (entry.subject, entry.verb) == (Subject.ATTACHMENT, Verb.REPORTED)
        }
