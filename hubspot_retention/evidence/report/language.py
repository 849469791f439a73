"""Days, instants, numbers and periods as English and Danish readers write them."""

from datetime import date, datetime
from typing import Final

from hubspot_retention.core.civil import Civil, Period
from hubspot_retention.evidence.report.texts import TEXTS

_MONTHS: Final = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "da": (
        *("januar", "februar", "marts", "april", "maj", "juni"),
        *("juli", "august", "september", "oktober", "november", "december"),
    ),
}
_UNITS: Final = {
    "en": (("year", "years"), ("month", "months"), ("day", "days")),
    "da": (("år", "år"), ("måned", "måneder"), ("dag", "dage")),
}


class Language:
    """One language's texts and ways of writing, in the policy's civil time."""

    def __init__(self, code: str, civil: Civil) -> None:
        self.code = code
        self._civil = civil

    def __call__(self, key: str, **values: str) -> str:
        """A text; `values` fill its places."""
        return TEXTS[key][self.code].format(**values)

    def code_words(self, prefix: str, code: str) -> str:
        """A code in words where the texts have some, else the code itself."""
        found = TEXTS.get(f"{prefix}.{code}")
        return code if found is None else found[self.code]

    def day(self, day: date) -> str:
        """`25 November 2026`; in Danish `25. november 2026`."""
        dot = "." if self.code == "da" else ""
        return f"{day.day}{dot} {_MONTHS[self.code][day.month - 1]} {day.year}"

    def moment(self, at: datetime | None) -> str:
        """`25 November 2026, 06:44`; in Danish `25. november 2026 kl. 06.44`. Empty if there is none."""
        if at is None:
            return ""
        local = at.astimezone(self._civil.zone)
        time = f" kl. {local:%H.%M}" if self.code == "da" else f", {local:%H:%M}"
        return f"{self.day(local.date())}{time}"

    def number(self, value: int) -> str:
        """`1,234`; in Danish `1.234`."""
        grouped = f"{value:,}"
        return grouped.replace(",", ".") if self.code == "da" else grouped

    def percent(self, part: int, whole: int) -> str:
        """`97.5 %`, in Danish `97,5 %`; a dash where there is no whole. Never rounded up to a full hundred."""
        if not whole:
            return "–"
        tenths = part * 1000 // whole
        return f"{tenths // 10}{',' if self.code == 'da' else '.'}{tenths % 10} %"

    def month(self, name: str) -> str:
        """`2026-11` as `Nov 2026`, in Danish `nov 2026`."""
        year, _, month = name.partition("-")
        return f"{_MONTHS[self.code][int(month) - 1][:3]} {year}"

    def period(self, period: Period) -> str:
        """`24 months`, `5 years`, `30 days`."""
        years, months, days = _UNITS[self.code]
        if period.months and period.months % 12 == 0 and period.months > 24:
            return self._counted(period.months // 12, years)
        return self._counted(period.months, months) if period.months else self._counted(period.days, days)

    def _counted(self, count: int, unit: tuple[str, str]) -> str:
        return f"{count} {unit[0] if count == 1 else unit[1]}"
