"""Random portal documents, as hostile as HubSpot's format allows: every boundary, contradiction and gap.

The format is that of `tests/golden/portal.json`. Documents depend on the given generator alone.
"""

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
AS_OF = datetime(2026, 11, 22, 9, tzinfo=COPENHAGEN)

Properties = dict[str, str | None]

UNREADABLE_DATES = ("soon", "31-10-2024", "2024-13-45", "2026-02-29", "n/a")
UNREADABLE_INSTANTS = ("soon", "yesterday", "2026-11-20T25:00:00Z", "20/11/2026 10:00", "n/a")
UNREADABLE_FLAGS = ("ja", "perhaps", "n/a")
UNREADABLE_NUMBERS = ("1.250,50", "ukendt", "12 kr.")

ODD_DATES = ("2024-10-31T00:00:00Z", "2026-11-20T22:30:00Z", "1730332800001", "20241031", "2024-W44-4", " ")
ODD_INSTANTS = ("2026-11-20", "2026-11-20T10:00:00", "2026-11-20T13:30:00+01:00", "2025-11-22 08:00:00Z", " ")
ODD_FLAGS = ("TRUE", "1", "0", "False", " ")
ODD_NUMBERS = ("NaN", "-1", "1e3", "Infinity", "0.00", " ")

CLOCK_CHANGES = (
    "2024-03-31T01:00", "2024-10-27T01:00", "2025-03-30T01:00", "2025-10-26T01:00", "2026-03-29T01:00",
    "2026-10-25T01:00", "2024-03-30T01:30", "2025-03-29T01:30", "2025-10-25T00:30", "2025-10-25T01:30",
    "2026-10-25T00:30", "2024-11-29T01:30", "2025-06-25T00:30", "2026-10-23T10:00", "2025-11-28T01:30",
)  # fmt: skip
MONTH_ENDS = (
    "2024-02-29T11:00", "2024-02-29T22:30", "2024-02-29T23:30", "2025-02-28T12:00", "2025-10-31T10:00",
    "2026-10-31T09:00", "2026-10-31T23:30", "2025-12-31T22:30", "2025-12-31T23:30", "2020-02-29T12:00",
    "2025-08-31T08:00", "2026-01-31T09:00", "2021-12-31T23:30", "2021-12-31T22:59:59", "2026-11-21T23:00",
)  # fmt: skip
FAR_INSTANTS = ("2027-05-01T08:00", "2099-01-01T10:00", "2028-02-29T10:00")
TURNS_OF_THE_YEAR = ("2019-12-31", "2020-01-01", "2020-12-31", "2021-01-01", "2021-12-31", "2022-01-01")
LEAP_DAYS = ("2020-02-29", "2024-02-28", "2024-02-29", "2024-03-01")
FAR_DATES = ("2026-12-31", "2027-03-31", "2028-02-29", "2099-12-31", "2031-01-01")
TINY = (
    timedelta(0), timedelta(0), timedelta(seconds=1), timedelta(seconds=-1), timedelta(milliseconds=1),
    timedelta(milliseconds=-1), timedelta(hours=1), timedelta(hours=-1),
)  # fmt: skip

CONTACT_ACTIVITY = (
    "hs_last_sales_activity_timestamp", "notes_last_contacted", "recent_conversion_date",
    "hs_email_last_click_date", "hs_email_last_reply_date", "hs_sales_email_last_replied",
    "hs_analytics_last_visit_timestamp",
)  # fmt: skip
NEVER_ACTIVITY = (
    "lastmodifieddate",
    "hs_email_last_open_date",
    "hs_email_last_send_date",
    "notes_last_updated",
)
ENQUIRIES = ("recent_conversion_date", "hs_email_last_reply_date", "hs_sales_email_last_replied")
STAGES = ("subscriber", "lead", "opportunity", "evangelist", "other", "customer", "4711", None)


def months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


class Draw:
    """One document's luck: how much of it is broken, held and linked, and which moments it repeats."""

    def __init__(self, rng: Random, *, odd_shapes: bool) -> None:
        self.rng = rng
        self.odd_shapes = odd_shapes
        self.broken = rng.choice((0.0, 0.0, 0.005, 0.02, 0.06))
        self.held = rng.choice((0.0, 0.0, 0.01, 0.03, 0.1))
        self.instants = [AS_OF.astimezone(UTC)]
        self.dates = [AS_OF.date()]

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def an_instant(self) -> datetime:
        made = self._new_instant() if self.chance(0.75) else self._instant_again()
        self.instants.append(made)
        return made

    def _new_instant(self) -> datetime:
        now = AS_OF.astimezone(UTC)
        kind = self.rng.random()
        if kind < 0.4:
            return now - timedelta(hours=self.rng.randint(1, 24 * 420))
        if kind < 0.6:
            return now - timedelta(days=self.rng.choice((0, 1, 5, 30, 31, 365, 366))) + self.rng.choice(TINY)
        if kind < 0.7:
            return self._whole_months_ago() + self.rng.choice(TINY)
        if kind < 0.85:
            return datetime.fromisoformat(self.rng.choice(CLOCK_CHANGES + MONTH_ENDS) + "+00:00")
        if kind < 0.95:
            return now - timedelta(days=self.rng.randint(365, 2500), seconds=self.rng.randint(0, 86400))
        if kind < 0.99:
            hours = self.rng.choice((1, 3, 12, 23, 24, 24, 25))
            return now + timedelta(hours=hours) + self.rng.choice(TINY)
        return datetime.fromisoformat(self.rng.choice(FAR_INSTANTS) + "+00:00")

    def _whole_months_ago(self) -> datetime:
        day = months_before(AS_OF.date(), self.rng.choice((1, 4, 12, 12, 12, 16, 24, 60)))
        return datetime(day.year, day.month, day.day, 9, tzinfo=COPENHAGEN).astimezone(UTC)

    def _instant_again(self) -> datetime:
        """An instant that stands elsewhere, or the midnight before or after a day that does."""
        if self.chance(0.5):
            return self.rng.choice(self.instants) + self.rng.choice(TINY)
        day = self.rng.choice(self.dates) + timedelta(days=self.rng.choice((0, 1, 1, 2)))
        midnight = datetime(day.year, day.month, day.day, tzinfo=COPENHAGEN)
        return midnight.astimezone(UTC) + self.rng.choice(TINY)

    def a_date(self, *months: int) -> date:
        """A day near one that lies so many months before today, or any of the interesting ones."""
        made = self._new_date(months) if self.chance(0.8) else self._date_again()
        self.dates.append(made)
        return made

    def _new_date(self, months: tuple[int, ...]) -> date:
        kind = self.rng.random()
        if kind < 0.45:
            start = months_before(AS_OF.date(), self.rng.choice(months or (0, 1, 12, 24, 60)))
            return start + timedelta(days=self.rng.choice((-2, -1, -1, 0, 0, 1, 2, 30)))
        if kind < 0.8:
            return AS_OF.date() - timedelta(days=self.rng.randint(1, 2600))
        if kind < 0.94:
            return date.fromisoformat(self.rng.choice(TURNS_OF_THE_YEAR + LEAP_DAYS))
        return date.fromisoformat(self.rng.choice(FAR_DATES))

    def _date_again(self) -> date:
        if self.chance(0.3):
            return self.rng.choice(self.instants).astimezone(COPENHAGEN).date()
        return self.rng.choice(self.dates) + timedelta(days=self.rng.choice((-1, 0, 0, 0, 1)))

    def _mangled(self, unreadable: tuple[str, ...], odd: tuple[str, ...]) -> str | None:
        if self.chance(self.broken):
            return self.rng.choice(unreadable)
        if self.odd_shapes and self.chance(0.04):
            return self.rng.choice(odd)
        return None

    def instant(self, value: datetime | None = None) -> str | None:
        """A datetime property's value: ISO 8601 in UTC, with milliseconds, or milliseconds since 1970."""
        made = self.an_instant() if value is None else value
        if self.chance(0.01):
            return self.rng.choice((None, ""))
        if mangled := self._mangled(UNREADABLE_INSTANTS, ODD_INSTANTS):
            return mangled
        if self.chance(0.1):
            return str(round(made.timestamp() * 1000))
        exact = "milliseconds" if made.microsecond or self.chance(0.2) else "seconds"
        return made.isoformat(timespec=exact).replace("+00:00", "Z")

    def day(self, *months: int) -> str | None:
        """A date property's value: a date, now and then as the milliseconds of its midnight in UTC."""
        made = self.a_date(*months)
        if self.chance(0.01):
            return self.rng.choice((None, ""))
        if mangled := self._mangled(UNREADABLE_DATES, ODD_DATES):
            return mangled
        if self.chance(0.07):
            return str(calendar.timegm(made.timetuple()) * 1000)
        return made.isoformat()

    def flag(self, truth: bool) -> str | None:
        if not truth and self.chance(0.1):
            return self.rng.choice((None, ""))
        return self._mangled(UNREADABLE_FLAGS, ODD_FLAGS) or ("true" if truth else "false")

    def amount(self) -> str | None:
        debt = self.rng.choice(("1250.50", "99", "0.01")) if self.chance(self.held) else None
        mangled = self._mangled(UNREADABLE_NUMBERS, ODD_NUMBERS)
        return mangled or debt or self.rng.choice(("0", "0.0", "-12.5", ""))


# Contacts: a situation first, then whatever else may be true of anybody.


def silent_lead(draw: Draw, found: Properties) -> None:
    found["lifecyclestage"] = draw.rng.choice(("lead", "subscriber", None))
    found["createdate"] = draw.instant(AS_OF.astimezone(UTC) - timedelta(days=draw.rng.randint(300, 2000)))
    if draw.chance(0.7):
        found[draw.rng.choice(CONTACT_ACTIVITY)] = draw.instant()


def former_customer(draw: Draw, found: Properties) -> None:
    found["lifecyclestage"] = draw.rng.choice(("customer", "customer", "other", "evangelist"))
    if draw.chance(0.75):
        found["customer_until"] = draw.day(0, 24, 24, 24, 10)
    if draw.chance(0.35):
        found["hs_v2_date_entered_customer"] = draw.instant(datetime(2020, 5, 1, 10, tzinfo=UTC))
        found["hs_v2_date_exited_customer"] = draw.instant()


def customer(draw: Draw, found: Properties) -> None:
    found["lifecyclestage"] = "customer"
    found[draw.rng.choice(CONTACT_ACTIVITY)] = draw.instant()


def stage_left(draw: Draw, found: Properties) -> None:
    found["lifecyclestage"] = draw.rng.choice(("other", "other", "other", "evangelist", "lead"))
    found["hs_v2_date_exited_customer"] = draw.instant()
    if draw.chance(0.3):
        found["hs_v2_date_entered_customer"] = draw.instant()


def opted_out(draw: Draw, found: Properties) -> None:
    silent_lead(draw, found)
    opt_out(draw, found)


def opt_out(draw: Draw, found: Properties) -> None:
    name = "hs_email_optout" if draw.chance(0.35) else "hs_email_optout_501"
    found[name] = draw.flag(True)


def asks_for_erasure(draw: Draw, found: Properties) -> None:
    draw.rng.choice((silent_lead, silent_lead, former_customer, customer))(draw, found)
    found["erasure_requested_at"] = draw.instant()


def withdraws_consent(draw: Draw, found: Properties) -> None:
    draw.rng.choice((silent_lead, silent_lead, silent_lead, former_customer))(draw, found)
    found["consent_withdrawn_at"] = draw.instant()


def writes_again(draw: Draw, found: Properties) -> None:
    draw.rng.choice((former_customer, opted_out, withdraws_consent, asks_for_erasure))(draw, found)
    found[draw.rng.choice(ENQUIRIES)] = draw.instant()


def clients_data(draw: Draw, found: Properties) -> None:
    found["processed_on_behalf_of"] = "Aalborg Cykler ApS"
    if draw.chance(0.8):
        found["processing_ended_on"] = draw.day(0, 0, 1)
    if draw.chance(0.3):
        draw.rng.choice((former_customer, opted_out, asks_for_erasure, event_guest))(draw, found)


def event_guest(draw: Draw, found: Properties) -> None:
    draw.rng.choice((silent_lead, silent_lead, opted_out, withdraws_consent))(draw, found)
    found["event_on"] = draw.day(0, 1, 1)


SITUATIONS: tuple[tuple[Callable[[Draw, Properties], None], int], ...] = (
    (silent_lead, 16), (former_customer, 18), (customer, 7), (stage_left, 7), (opted_out, 10),
    (asks_for_erasure, 9), (withdraws_consent, 7), (writes_again, 12), (clients_data, 8), (event_guest, 6),
)  # fmt: skip


def a_contact(draw: Draw, key: int) -> dict[str, Any]:
    found: Properties = {"email": f"p{key}@example.dk", "firstname": "Aksel", "lastname": "Holm"}
    if not draw.chance(0.02):
        found["createdate"] = draw.instant(datetime(2018, 2, 1, 10, tzinfo=UTC))
    situations, weights = zip(*SITUATIONS, strict=True)
    draw.rng.choices(situations, weights)[0](draw, found)
    for name in CONTACT_ACTIVITY + NEVER_ACTIVITY:
        if draw.chance(0.05):
            found[name] = draw.instant()
    sprinkle(draw, found)
    return {"id": str(key), "properties": found, "subscriptions": subscriptions(draw, found)}


def sprinkle(draw: Draw, found: Properties) -> None:
    """What may be true of anybody, rarely."""
    if draw.chance(0.05):
        found["lifecyclestage"] = draw.rng.choice(STAGES)
    if draw.chance(0.06):
        found["retention_confirmed_on"] = draw.day(0, 12)
    for name in ("erasure_requested_at", "consent_withdrawn_at", "hs_v2_date_entered_customer"):
        if draw.chance(0.015):
            found[name] = draw.instant()
    if draw.chance(0.02):
        found["event_on"] = draw.day(0, 1)
    if draw.chance(0.02):
        found["customer_until"] = draw.day(0, 24)
    if draw.chance(0.01):
        found["processing_ended_on"] = draw.day(0)
    if draw.chance(0.02):
        found["processed_on_behalf_of"] = ""
    for name in ("hs_email_optout", "hs_email_optout_501", "hs_email_optout_502"):
        if name not in found and draw.chance(0.6):
            found[name] = draw.flag(draw.chance(0.03))
    if draw.chance(0.1):
        found["processing_restricted"] = draw.flag(draw.chance(0.1))
    hold(draw, found)


def hold(draw: Draw, found: Properties) -> None:
    if draw.chance(0.2):
        found["legal_hold"] = draw.flag(draw.chance(draw.held))


def subscriptions(draw: Draw, found: Properties) -> list[dict[str, Any]]:
    """Rows of every status, mostly in keeping with the properties, sometimes against them."""
    rows: list[dict[str, Any]] = []
    sources: tuple[tuple[str, dict[str, Any]], ...] = (
        ("hs_email_optout", {"wide": "PORTAL_WIDE"}),
        ("hs_email_optout_501", {"subscriptionId": 501}),
        ("hs_email_optout_501", {"subscriptionId": 501} if draw.chance(0.15) else {}),
        ("hs_email_optout_502", {"subscriptionId": 502}),
    )
    for name, head in sources:
        out = found.get(name) == "true"
        if not head or not draw.chance(0.85 if out else 0.25):
            continue
        status = "UNSUBSCRIBED" if out else "NOT_SPECIFIED"
        if draw.chance(0.25):
            status = draw.rng.choice(("SUBSCRIBED", "UNSUBSCRIBED", "NOT_SPECIFIED"))
        row: dict[str, Any] = {**head, "status": status, "source": "Self Service"}
        if not draw.chance(0.04):
            again = bool(rows) and draw.chance(0.1)
            row["timestamp"] = rows[-1].get("timestamp") if again else draw.instant()
        rows.append(row)
    return rows


# Deals, companies, and who hangs on whom.


def a_deal(draw: Draw, key: int) -> dict[str, Any]:
    found: Properties = {"dealname": f"Aftale {key}", "pipeline": "default"}
    kind = draw.rng.choices(("won", "lost", "open"), (60, 22, 15))[0]
    found["hs_is_closed"] = draw.flag((kind != "open") != draw.chance(0.02))
    found["hs_is_closed_won"] = draw.flag(kind == "won")
    if draw.chance(0.97):
        found["createdate"] = draw.instant(AS_OF.astimezone(UTC) - timedelta(days=draw.rng.randint(30, 3000)))
    if draw.chance({"won": 0.92, "lost": 0.92, "open": 0.4}[kind]):
        found["closedate"] = draw.instant(a_closing(draw, kind))
    if draw.chance(0.3):
        found["notes_last_contacted"] = draw.instant()
    if draw.chance(0.6 if kind == "won" else 0.05):
        found["contract_end_date"] = draw.day(24, 24, 60, 72)
    if draw.chance(0.35 if kind == "won" else 0.05):
        found["customer_until"] = draw.day(24, 60, 60, 72)
    if draw.chance(0.2):
        found["outstanding_balance"] = draw.amount()
    hold(draw, found)
    return {"id": str(key), "properties": found}


def a_closing(draw: Draw, kind: str) -> datetime:
    """A won deal mostly closed long before any end; a lost one some time last year."""
    if kind == "won" and draw.chance(0.75):
        return AS_OF.astimezone(UTC) - timedelta(days=draw.rng.randint(1500, 3500))
    return draw.an_instant()


def a_company(draw: Draw, key: int) -> dict[str, Any]:
    found: Properties = {"name": f"Firma {key} A/S"}
    if draw.chance(0.25):
        found["lifecyclestage"] = draw.rng.choice(("customer", "customer", "lead", "other"))
    if draw.chance(0.18):
        found["type"] = draw.rng.choice(("PARTNER", "VENDOR", "PROSPECT", ""))
    if draw.chance(0.3):
        found["customer_until"] = draw.day(0, 24, 24, 60)
    hold(draw, found)
    return {"id": str(key), "properties": found}


def associations(draw: Draw, contacts: list[str], deals: list[str], companies: list[str]) -> list[dict[str, Any]]:
    """Shared deals, deals of nobody, several companies with a primary one and without."""
    rows: list[dict[str, Any]] = []
    for deal in deals:
        people = draw.rng.choices((0, 1, 2, 4), (20, 55, 20, 5))[0]
        rows += [{"from": who, "to": deal} for who in draw.rng.sample(contacts, min(people, len(contacts)))]
        rows += with_companies(draw, deal, companies, (50, 43, 7, 0))
    busy = draw.rng.choice(contacts)
    if draw.chance(0.2):
        taken = {row["to"] for row in rows if row["from"] == busy}
        rows += [{"from": busy, "to": deal} for deal in deals[: len(deals) // 3] if deal not in taken]
    for contact in contacts:
        rows += with_companies(draw, contact, companies, (62, 26, 9, 3))
    if draw.odd_shapes:
        rows += [dict(row) for row in draw.rng.sample(rows, len(rows) // 10)]
    draw.rng.shuffle(rows)
    return rows


def with_companies(
    draw: Draw, key: str, companies: list[str], weights: tuple[int, int, int, int]
) -> list[dict[str, Any]]:
    count = draw.rng.choices((0, 1, 2, 3), weights)[0]
    rows: list[dict[str, Any]] = [
        {"from": key, "to": company} for company in draw.rng.sample(companies, min(count, len(companies)))
    ]
    if rows and draw.chance(0.6):
        rows[0]["primary"] = True
    return rows


def random_document(rng: Random, size: int = 40, *, odd_shapes: bool = False) -> dict[str, Any]:
    """A portal of `size` contacts, about half as many deals and a fifth as many companies, as of `AS_OF`.

    `odd_shapes` adds what HubSpot's documentation rules out and its users may meet all the same: a date where
    an instant belongs, `TRUE`, `NaN`, the same association twice.
    """
    draw = Draw(rng, odd_shapes=odd_shapes)
    size = max(size, 1)
    contacts = [a_contact(draw, 1001 + number) for number in range(size)]
    deals = [a_deal(draw, 500_001 + number) for number in range(max(size * 6 // 10, 1))]
    companies = [a_company(draw, 900_001 + number) for number in range(max(size // 5, 1))]
    return {
        "as_of": AS_OF.isoformat(),
        "portal": {"id": 25412345, "timeZone": "Europe/Copenhagen", "accountType": "STANDARD"},
        "subscriptionTypes": [
            {"id": 501, "name": "Nyhedsbrev", "newsletter": True},
            {"id": 502, "name": "Driftsinformation"},
        ],
        "companies": companies,
        "contacts": contacts,
        "deals": deals,
        "associations": associations(
            draw,
            [f"contacts/{one['id']}" for one in contacts],
            [f"deals/{one['id']}" for one in deals],
            [f"companies/{one['id']}" for one in companies],
        ),
    }
