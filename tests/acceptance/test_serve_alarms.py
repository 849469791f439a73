"""Alarms of the long-running service, with real processes over HTTP: people are told in time, never of whom."""

from pathlib import Path

from hubspot_retention.clock import Clock
from tests.acceptance.serving import SLOW, House, a_house, ago, eventually, recent
from tests.faults.people import a_portal
from tests.unit.office import an_office

NEAR = ("deadline-near", "unsubscribed")
LATE = ("forecast-late", "portal")


def noon_zone() -> str:
    """A time zone in which it is about noon: the day's quota begins anew at midnight, and not while this is tried."""
    east = 12 - Clock().now().hour
    return f"Etc/GMT{-east:+d}"


def passed(house: House) -> tuple[str, str]:
    """How urgent the alarm about near deadlines is, and how much of the time is gone by it."""
    found = house.alarms().get(NEAR)
    return ("", "") if found is None else (found.level.value, dict(found.facts)["passed"])


def _waits_since(house: House, record: str, hours: int, told: tuple[str, str]) -> None:
    """Somebody whom an import unsubscribed so long ago waits for a person, and what is told of that."""
    house.unsubscribe(record, source="Import", at=ago(hours=hours))
    eventually(lambda: passed(house) == told, f"the mark that {hours} hours pass")


def test_people_are_told_of_deadlines_of_work_that_will_be_late_and_of_lost_readiness(tmp_path: Path) -> None:
    people = a_portal(contacts=[recent(number) for number in range(101, 121)])
    people["portal"]["timeZone"] = noon_zone()
    with an_office() as office:
        (tmp_path / "urls").write_text(f"json://127.0.0.1:{office.port}/alarms\n")
        settings = {**SLOW, "RETENTION_ALARM_URLS_FILE": str(tmp_path / "urls")}
        with a_house(tmp_path, people, portal=("--limits", "on"), **settings) as house:
            with house.serving():
                house.deliver()
                _waits_since(house, "contacts/101", 49, ("warning", "40% of the time"))
                _waits_since(house, "contacts/102", 73, ("urgent", "60% of the time"))
                _waits_since(house, "contacts/103", 97, ("urgent", "80% of the time"))
                house.unsubscribe("contacts/104", source="Import", at=ago(hours=119, minutes=30))
                eventually(lambda: house.state("contacts/104") == "review", "somebody whose time is nearly over")
                assert LATE not in house.alarms()
                house.control("quota", {"used_today": 600_000})
                house.unsubscribe("contacts/105")
                eventually(lambda: LATE in house.alarms(), "the forecast")
                assert house.taken() == []
            house.settings["HUBSPOT_PORTAL_ID"] = "7"  # type: ignore[index]
            with house.serving(until_ready=False):
                told = "[urgent] HubSpot retention: the service is not ready (service)"
                eventually(lambda: told in office.titles, "that readiness is lost")
        near = [title for title in office.titles if "a deadline is near (unsubscribed)" in title]
        assert [title.split()[0] for title in near] == ["[warning]", "[urgent]"]
        assert any("work will not be done in time" in title for title in office.titles)
        assert '"kind": "forecast-late", "about": "portal", "urgency": "urgent"' in house.lines()
        assert "another-portal" in str(office.received[-1])
        assert "example.dk" not in str(office.received)
