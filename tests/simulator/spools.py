"""A spool that is emptied and used again: to make its tables takes as long as a dozen steps of a schedule."""

from hubspot_retention.store.spool import Spool

_IDLE: list["_Again"] = []


class _Again(Spool):
    """Closed, it is as empty as a new one and waits for whoever asks for one next."""

    def close(self) -> None:
        """Forget everything."""
        self.restart()
        self._judge = None
        _IDLE.append(self)


def spool() -> Spool:
    """An empty one."""
    return _IDLE.pop() if _IDLE else _Again()
