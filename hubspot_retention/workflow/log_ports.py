"""What the use cases need of a transaction to shorten the log, without knowing it."""

from typing import Protocol

from hubspot_retention.core.audit.cut import Cut


class LogTransaction(Protocol):
    """The beginning of the audit log."""

    def cut_log(self, cut: Cut) -> int:
        """Remove the entries of a cut that an entry of this transaction tells of; answers how many went."""
