"""What wakes us: APScheduler, in memory, in UTC, and nothing but «wanted».

What can go wrong: a schedule that is the truth forgets, with the process, the module that was renamed or the clock that
was changed. So it knows no deadline and keeps nothing: the ledger does, and when the clock was set it begins anew. When
a full sweep is due follows from when the last one was, so a night that was missed is made up for at once.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from hubspot_retention.core.civil import Civil
from hubspot_retention.service.names import DUE, HOT, INBOX, LOOK_EVERY, SELF_CHECK, WATCH, watch_every
from hubspot_retention.settings import ServiceSettings

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

_DAY: Final = timedelta(days=1)
_PASSED: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""An instant that has passed by whichever clock: what was to be done then is done at once, and once."""

Want = Callable[..., None]


def full_sweep_is_due(last: datetime | None, now: datetime, settings: ServiceSettings, civil: Civil) -> bool:
    """Whether a full sweep is due: there was none, the last one is too old, or its time of day has come since and to
    wait for the next day's would make it too old. A clock that was set back is no reason to wait."""
    if last is None or last > now or now - last >= settings.full_every:
        return True
    slot = _last_slot(now, settings.full_at, civil)
    return slot > last and slot + _DAY - last > settings.full_every


def _last_slot(now: datetime, at: time, civil: Civil) -> datetime:
    """The latest instant with that local time of day that has come."""
    today = civil.local_date(now)
    slots = [
        datetime.combine(day, at, tzinfo=civil.zone).astimezone(UTC) for day in (today, today - _DAY, today - 2 * _DAY)
    ]
    return max(slot for slot in slots if slot <= now)


class Schedule:
    """Says what is wanted, and when. `look` is called each minute."""

    def __init__(self, settings: ServiceSettings, want: Want, look: Callable[[], None]) -> None:
        self._settings = settings
        self._want = want
        self._look = look
        self._scheduler: BackgroundScheduler | None = None

    def start(self) -> None:
        """From now on, and once at the start."""
        from apscheduler.schedulers.background import BackgroundScheduler

        from hubspot_retention.service.interval import Every

        scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        for names, every in self._wakings().items():
            scheduler.add_job(self._want, Every(every), args=names)
        scheduler.add_job(self._look, Every(LOOK_EVERY))
        for names in self._wakings():
            self._want(*names)
        self._look()
        scheduler.start()
        self._scheduler = scheduler

    def begin_anew(self) -> None:
        """The wall clock was set: everything is wanted now, and what follows is counted from now. By the clock that was
        the next time might be hours or years away."""
        assert self._scheduler is not None
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=_PASSED)

    def stop(self) -> None:
        """No more."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)

    def _wakings(self) -> Mapping[tuple[str, ...], timedelta]:
        settings = self._settings
        return {
            (INBOX, DUE): settings.due_every,
            (HOT,): settings.hot_every,
            (SELF_CHECK,): settings.self_check_every,
            (WATCH,): watch_every(settings),
        }
