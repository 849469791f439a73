"""The portal's clock, which can be moved forward."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from hubspot_retention.sandbox import clock
from hubspot_retention.sandbox.running import running_sandbox
from tests.unit.sandbox.portals import CONTACTS, Sandbox, a_document, ids


def forward(sandbox: Sandbox, **span: float) -> datetime:
    told = sandbox.do("/__sandbox/clock", {"forward_seconds": timedelta(**span).total_seconds()})["now"]
    return datetime.fromisoformat(told)


def apart(one: datetime, other: datetime) -> float:
    return abs((one - other).total_seconds())


def test_moves_add_up_and_the_clock_goes_on_from_there() -> None:
    sandbox = Sandbox()
    forward(sandbox, days=1)
    told = forward(sandbox, days=2)
    assert apart(told, clock.now() + timedelta(days=3)) < 60
    assert sandbox.json("/__sandbox/clock")["now"] >= clock.instant_text(told)


def test_instants_in_answers_and_the_date_of_answers_follow() -> None:
    sandbox = Sandbox()
    told = forward(sandbox, days=30)
    answer = sandbox.patch(f"{CONTACTS}/101", json={"properties": {"firstname": "Ny"}})
    assert apart(datetime.fromisoformat(answer.json()["updatedAt"]), told) < 60
    assert apart(parsedate_to_datetime(answer.headers["date"]), told) < 60
    assert apart(parsedate_to_datetime(sandbox.get("/__sandbox/stats").headers["date"]), told) < 60


def test_over_http_every_answer_has_one_date_and_it_follows_at_once() -> None:
    with running_sandbox(a_document()) as sandbox:
        httpx.post(f"{sandbox.url}/__sandbox/clock", json={"forward_seconds": 86_400})
        for path in (CONTACTS, "/__sandbox/clock"):
            dates = httpx.get(f"{sandbox.url}{path}").headers.get_list("date")
            assert len(dates) == 1
            assert apart(parsedate_to_datetime(dates[0]), clock.now() + timedelta(days=1)) < 60


def test_the_bin_keeps_a_record_for_ninety_days_of_that_clock() -> None:
    sandbox = Sandbox()
    for record in ("101", "102"):
        sandbox.act(action="archive", record=f"contacts/{record}")
    forward(sandbox, days=89)
    sandbox.act(action="restore", record="contacts/101")
    forward(sandbox, days=2)
    refusal = sandbox.do("/__sandbox/act", {"action": "restore", "record": "contacts/102"}, 400)
    assert "in the bin" in refusal["message"]
    assert ids(sandbox.json(CONTACTS, archived="true")) == []


def test_the_quota_of_the_day_and_the_windows_of_the_limits_begin_anew() -> None:
    sandbox = Sandbox(limits=True, tier="free", daily_quota=150)
    sandbox.portal.now = lambda: datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert [sandbox.get(CONTACTS).status_code for _ in range(101)] == [200] * 100 + [429]
    forward(sandbox, seconds=11)
    assert [sandbox.get(CONTACTS).status_code for _ in range(51)] == [200] * 50 + [429]
    forward(sandbox, days=1)
    assert sandbox.get(CONTACTS).status_code == 200


def test_search_has_caught_up_by_then() -> None:
    sandbox = Sandbox(index_lag_seconds=600)
    sandbox.act(action="edit", record="contacts/101", properties={"lifecyclestage": "customer"})
    wanted = {
        "filterGroups": [{"filters": [{"propertyName": "lifecyclestage", "operator": "EQ", "value": "customer"}]}]
    }
    assert ids(sandbox.do(f"{CONTACTS}/search", wanted)) == ["102"]
    forward(sandbox, minutes=11)
    assert ids(sandbox.do(f"{CONTACTS}/search", wanted)) == ["101", "102"]


def test_a_clock_that_a_test_has_set_moves_from_there() -> None:
    sandbox = Sandbox()
    sandbox.portal.now = lambda: datetime(2040, 1, 1, tzinfo=UTC)
    assert forward(sandbox, days=1) == datetime(2040, 1, 2, tzinfo=UTC)
