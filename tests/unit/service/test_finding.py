"""What is wrong is gathered from the store, from HubSpot's quota and from the process itself."""

from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.bootstrap import Quota, quota_of
from hubspot_retention.core.alarm import Alarm, AlarmKind, AlarmLevel, AlarmRecord
from hubspot_retention.core.audit.anchor import Anchored
from hubspot_retention.core.deadline.obligation import Obligation, ObligationState
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.core.request import RequestEnd, RequestKind, SubjectRequest
from hubspot_retention.errors import RetentionError
from hubspot_retention.hubspot.calls import Bucket
from hubspot_retention.hubspot.connection import TransportOptions
from hubspot_retention.hubspot.transport import Transport
from hubspot_retention.service.counting import WEBHOOKS, Tally
from hubspot_retention.service.finding import Asked, Finding
from hubspot_retention.service.health import Readiness
from hubspot_retention.settings import read_settings
from hubspot_retention.store.database import SqlStore
from hubspot_retention.workflow.watch import AUDIT_DAMAGED, Found, Signs
from tests.documents import clienti
from tests.unit.service.conftest import Hands

HOUR = timedelta(hours=1)


class Scene:
    """A service of which something may be wrong."""

    def __init__(self, store: SqlStore, hands: Hands) -> None:
        self.store, self.hands = store, hands
        self.reasons: tuple[str, ...] = ()
        self.quota, self.tally, self.is_gone = Quota(), Tally(), False
        self.speed: float | None = None
        self.signs = Signs(hands.now() - timedelta(days=1), portal_seen_at=hands.now())
        asked = Asked(
            store=self,  # type: ignore[arg-type]
            signs=self.signs,
            readiness=lambda: Readiness(self.reasons, {}),
            quota=lambda: self.quota,
            speed=lambda: self.speed,
            unstored=self.tally.counts,
            anchors={"file": 48 * HOUR},
        )
        self.finding = Finding(asked, clienti(), read_settings("", "test", {}).alarms, {})

    def transaction(self) -> Any:
        """The store, unless it is gone."""
        if self.is_gone:
            raise RetentionError("gone")
        return self.store.transaction()

    def look(self) -> Found:
        """What is wrong."""
        return self.finding(self.hands.now())

    def kinds(self) -> list[AlarmKind]:
        """Of which kinds."""
        return [alarm.kind for alarm in self.look().alarms]

    def only(self, kind: AlarmKind) -> Alarm:
        """The one alarm of a kind."""
        (found,) = [alarm for alarm in self.look().alarms if alarm.kind is kind]
        return found

    def owe(
        self,
        number: int,
        hours: float,
        state: ObligationState = ObligationState.OPEN,
        rule: str = "unsubscribed",
        first: int = 1,
        right: bool = False,
    ) -> None:
        """So many records are due within so many hours."""
        now = self.hands.now()
        due = now + hours * HOUR - 120 * HOUR
        with self.store.transaction() as tx:
            tx.save_obligations(
                [
                    Obligation(
                        record=RecordRef(ObjectType.CONTACT, RecordId(record)),
                        state=state,
                        first_seen_at=due,
                        heard_at=now,
                        next_look_at=now,
                        rule=rule,
                        disposition=Disposition.ERASE,
                        due_at=due,
                        erase_by=due + 120 * HOUR,
                        call_by=due + 120 * HOUR,
                        right=right,
                    )
                    for record in range(first, first + number)
                ]
            )

    def asked_for(self, kind: RequestKind, days: float, contact: int = 101) -> int:
        """A request was received so many days ago; answers its number."""
        request = SubjectRequest(
            request_id=0,
            contact_id=RecordId(contact),
            kind=kind,
            received_at=self.hands.now() - days * 24 * HOUR,
            recorded_by="anna",
        )
        with self.store.transaction() as tx:
            return tx.add_request(request).request_id


@pytest.fixture
def scene(store: SqlStore, hands: Hands) -> Scene:
    """Nothing is wrong."""
    return Scene(store, hands)


def test_where_nothing_is_wrong_nothing_is_found(scene: Scene) -> None:
    scene.owe(10, hours=119)
    assert scene.look() == Found(())


def test_deadlines_and_records_that_need_a_person_come_from_the_ledger(scene: Scene) -> None:
    scene.owe(2, hours=24, state=ObligationState.RAISED)
    assert scene.kinds() == [AlarmKind.DEADLINE_NEAR, AlarmKind.RAISED, AlarmKind.RAISED]
    assert dict(scene.only(AlarmKind.DEADLINE_NEAR).facts)["records"] == "2"


def test_a_request_that_nobody_answered_is_told_of_until_it_is_closed(scene: Scene) -> None:
    near, over = scene.asked_for(RequestKind.ACCESS, days=20), scene.asked_for(RequestKind.RECTIFICATION, days=32)
    scene.asked_for(RequestKind.OBJECTION, days=3)
    told = [(alarm.kind, alarm.about) for alarm in scene.look().alarms]
    assert told == [(AlarmKind.REQUEST_NEAR, f"requests/{near}"), (AlarmKind.REQUEST_OVERDUE, f"requests/{over}")]
    with scene.store.transaction() as tx:
        for number in (near, over):
            tx.close_request(number, scene.hands.now(), RequestEnd.ANSWERED)
    assert scene.look() == Found(())


def test_a_request_for_erasure_is_told_of_by_its_obligation_also_once_its_contact_was_merged(scene: Scene) -> None:
    scene.asked_for(RequestKind.ERASURE, days=40)
    assert scene.kinds() == [AlarmKind.REQUEST_OVERDUE]
    with scene.store.transaction() as tx:
        tx.rename_record(ObjectType.CONTACT, RecordId(101), RecordId(202), scene.hands.now())
    scene.owe(1, hours=-300, rule="erasure-request", right=True, first=202)
    assert scene.kinds() == [AlarmKind.OVERDUE]


def test_an_anchor_that_was_shown_nothing_for_too_long_is_told_of(scene: Scene) -> None:
    with scene.store.transaction() as tx:
        tx.save_anchored([Anchored(name="file", at=scene.hands.now() - 49 * HOUR), Anchored(name="witness")])
    assert scene.kinds() == [AlarmKind.ANCHOR_LATE]


def test_a_rate_that_is_too_low_for_the_backlog_is_foretold(scene: Scene) -> None:
    scene.owe(1000, hours=100)
    scene.quota = Quota(per_second=1.0)
    assert AlarmKind.FORECAST_LATE not in scene.kinds()
    scene.quota = Quota(per_second=0.01)
    assert int(dict(scene.only(AlarmKind.FORECAST_LATE).facts)["records"]) == 100


def test_the_rate_is_what_was_measured_where_that_is_less_than_hubspot_allows(scene: Scene) -> None:
    scene.owe(1000, hours=100)
    scene.quota, scene.speed = Quota(per_second=19.0), 4.0
    assert AlarmKind.FORECAST_LATE not in scene.kinds()
    scene.speed = 0.0025
    assert int(dict(scene.only(AlarmKind.FORECAST_LATE).facts)["records"]) == 100
    scene.quota, scene.speed = Quota(per_second=0.01), 4.0
    assert int(dict(scene.only(AlarmKind.FORECAST_LATE).facts)["records"]) == 100


def test_until_hubspot_has_answered_what_was_foretold_stands_and_nothing_is_foretold(scene: Scene) -> None:
    scene.owe(10, hours=10)
    scene.quota = Quota(per_second=19.0, left_today=0.0, per_day=1.0)
    foretold = scene.only(AlarmKind.FORECAST_LATE)
    scene.signs.portal_seen_at = None
    assert AlarmKind.FORECAST_LATE not in scene.kinds()
    now = scene.hands.now()
    told = AlarmRecord(
        kind=foretold.kind,
        about=foretold.about,
        level=foretold.level,
        first_at=now,
        last_seen_at=now,
        facts=(("x", "1"),),
    )
    with scene.store.transaction() as tx:
        tx.save_alarm(told)
    still = scene.only(AlarmKind.FORECAST_LATE)
    assert (still.about, still.level, still.facts) == (told.about, told.level, told.facts)


def test_so_is_a_days_quota_that_is_used_up(scene: Scene) -> None:
    """Noon in UTC is one o'clock in Copenhagen: the day's quota begins anew after eleven hours."""
    scene.owe(10, hours=10)
    scene.quota = Quota(per_second=19.0, left_today=400.0, per_day=1_000.0)
    assert AlarmKind.FORECAST_LATE not in scene.kinds()
    scene.quota = Quota(per_second=19.0, left_today=0.0, per_day=1_000.0)
    assert AlarmKind.FORECAST_LATE in scene.kinds()
    scene.owe(10, hours=12)
    assert AlarmKind.FORECAST_LATE not in scene.kinds()
    scene.signs.time_zone = "US/Eastern"
    assert AlarmKind.FORECAST_LATE in scene.kinds()


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../../etc/passwd"])
def test_a_time_zone_that_is_none_is_taken_for_the_policys(scene: Scene, zone: str) -> None:
    scene.signs.time_zone = zone
    scene.owe(10, hours=12)
    scene.quota = Quota(per_second=19.0, left_today=0.0, per_day=1_000.0)
    assert AlarmKind.FORECAST_LATE not in scene.kinds()


def test_refused_webhooks_count_whether_they_are_stored_or_not(scene: Scene) -> None:
    scene.look()
    with scene.store.transaction() as tx:
        tx.count(WEBHOOKS, "forged", 10)
        tx.count(WEBHOOKS, "accepted", 15)
    for _ in range(2):
        scene.tally.add(WEBHOOKS, "stale")
    for answer in ("busy", "failed"):
        scene.tally.add(WEBHOOKS, answer)
    assert dict(scene.only(AlarmKind.WEBHOOKS_REJECTED).facts) == {"rejected": "12", "of": "27", "within": "1 h"}
    scene.hands.pass_by(3_600)
    assert AlarmKind.WEBHOOKS_REJECTED not in scene.kinds()


def test_one_unreadable_webhook_is_told_of_for_an_hour(scene: Scene) -> None:
    scene.look()
    scene.tally.add(WEBHOOKS, "forged")
    assert AlarmKind.WEBHOOKS_REJECTED not in scene.kinds()
    scene.tally.add(WEBHOOKS, "unreadable")
    told = {"rejected": "2", "of": "2", "within": "1 h", "unreadable": "1"}
    assert dict(scene.only(AlarmKind.WEBHOOKS_REJECTED).facts) == told
    scene.hands.pass_by(3_600)
    assert AlarmKind.WEBHOOKS_REJECTED not in scene.kinds()


def test_an_alarm_of_refused_webhooks_outlives_a_restart_until_a_whole_hour_was_watched(scene: Scene) -> None:
    """A service that has just started has seen none refused: that says nothing."""
    facts = (("rejected", "60"), ("of", "60"), ("within", "1 h"))
    known = AlarmRecord(
        kind=AlarmKind.WEBHOOKS_REJECTED,
        about="webhooks",
        level=AlarmLevel.WARNING,
        first_at=scene.hands.now(),
        last_seen_at=scene.hands.now(),
        facts=facts,
    )
    with scene.store.transaction() as tx:
        tx.save_alarm(known)
        tx.count(WEBHOOKS, "forged", 60)
    assert scene.only(AlarmKind.WEBHOOKS_REJECTED).facts == facts
    scene.hands.pass_by(3_599)
    assert scene.only(AlarmKind.WEBHOOKS_REJECTED).about == "webhooks"
    scene.hands.pass_by(1)
    assert AlarmKind.WEBHOOKS_REJECTED not in scene.kinds()


def test_lost_readiness_is_told_once_it_lasts_and_ticks_have_alarms_of_their_own(scene: Scene) -> None:
    scene.reasons = ("portal-not-seen", "tick-due")
    assert scene.kinds() == []
    scene.hands.pass_by(300)
    assert dict(scene.only(AlarmKind.READINESS_LOST).facts)["reasons"] == "portal-not-seen"
    scene.reasons = ()
    assert scene.kinds() == []
    scene.reasons = ("portal-not-seen",)
    assert scene.kinds() == []


def test_lost_readiness_is_told_five_minutes_after_the_clock_was_set_back(scene: Scene) -> None:
    scene.reasons = ("portal-not-seen",)
    assert scene.kinds() == []
    scene.hands.present -= 2 * HOUR
    assert scene.kinds() == []
    scene.hands.pass_by(300)
    assert AlarmKind.READINESS_LOST in scene.kinds()


def test_what_no_waiting_mends_is_told_at_once(scene: Scene) -> None:
    scene.reasons = (AUDIT_DAMAGED,)
    assert scene.kinds() == [AlarmKind.READINESS_LOST]


def test_without_a_store_readiness_is_all_that_is_known(scene: Scene) -> None:
    scene.owe(2, hours=1)
    scene.is_gone, scene.reasons = True, (AUDIT_DAMAGED,)
    found = scene.look()
    assert (found.whole, [alarm.kind for alarm in found.alarms]) == (False, [AlarmKind.READINESS_LOST])


def test_the_quota_is_what_hubspots_answers_said() -> None:
    headers = {
        "x-hubspot-ratelimit-max": "190",
        "x-hubspot-ratelimit-interval-milliseconds": "10000",
        "x-hubspot-ratelimit-remaining": "189",
        "x-hubspot-ratelimit-daily": "1000",
        "x-hubspot-ratelimit-daily-remaining": "300",
    }
    with Transport(TransportOptions(token="x", base_url="http://127.0.0.1:1")) as transport:
        assert quota_of(transport, 0.1).used_ratio is None
        transport.pacer.learn(Bucket.BURST, headers)
        told = quota_of(transport, 0.1)
    assert told.used_ratio == pytest.approx(0.7)
    assert (told.left_today, told.per_day) == (200.0, 900.0)
    assert told.per_second is not None
    assert 15 < told.per_second < 19


def test_a_flood_of_overdue_time_rules_hides_no_right_that_is_near_its_deadline(scene: Scene, monkeypatch: Any) -> None:
    """The limit is one for each rule: five thousand inactive contacts are overdue, and somebody has a day left."""
    monkeypatch.setattr("hubspot_retention.service.finding._MOST", 3)
    scene.owe(10, hours=-1, rule="inactive-contact")
    scene.owe(1, hours=23, state=ObligationState.RAISED, first=11)
    found = {(alarm.kind, alarm.about) for alarm in scene.look().alarms}
    assert {
        (AlarmKind.OVERDUE, "inactive-contact"),
        (AlarmKind.DEADLINE_NEAR, "unsubscribed"),
        (AlarmKind.RAISED, "contacts/11"),
    } <= found


def test_the_forecast_counts_the_whole_backlog(scene: Scene, monkeypatch: Any) -> None:
    monkeypatch.setattr("hubspot_retention.service.finding._MOST", 3)
    scene.owe(1000, hours=100)
    scene.quota = Quota(per_second=0.01)
    assert int(dict(scene.only(AlarmKind.FORECAST_LATE).facts)["records"]) == 100
