"""What is remembered of people is kept as long as the policy says, and no longer."""

from dataclasses import replace
from datetime import timedelta

from hubspot_retention.core.consent import Consent, ConsentReceipt, ConsentState
from hubspot_retention.core.record import RecordId
from hubspot_retention.core.tombstone import Tombstone
from hubspot_retention.workflow.remembered import expire_remembered
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_portal
from tests.unit.workflow.test_reconcile import OBSERVE, reconcile

SIGN = "2026:9f86d081884c7d65"


def test_what_people_wrote_ends_with_the_period_of_the_log_and_the_log_says_so(world_of: MakeWorld) -> None:
    world = world_of(a_portal())
    now = world.clock.now()
    last = world.policy.civil.start_of(world.policy.evidence.audit_log, now)
    with world.store.transaction() as tx:
        for words, at in (("old", last - timedelta(seconds=2)), ("young", last + timedelta(seconds=2))):
            tx.keep_words(words, at)
    assert expire_remembered(world.store, world.policy, now) == (0, 0, 1)
    assert [entry.facts for entry in world.entries() if entry.kind == "private-text.erased"] == [(("number", 1),)]
    assert expire_remembered(world.store, world.policy, now) == (0, 0, 0)


def test_tombstones_end_with_the_period_of_the_policy_and_the_log_says_how_many(world_of: MakeWorld) -> None:
    world = world_of(a_portal())
    now = world.clock.now()
    last = world.policy.civil.start_of(world.policy.evidence.tombstones, now)
    with world.store.transaction() as tx:
        for record_id, at in ((101, last - timedelta(seconds=2)), (102, last + timedelta(seconds=2))):
            tx.bury(Tombstone(record_id=RecordId(record_id), pseudonym=SIGN, sent_at=at, erased_at=at))
    reconcile(world, OBSERVE)
    with world.store.transaction() as tx:
        assert [stone.record_id for stone in tx.tombstones_of([SIGN])] == [102]
    ended = [(entry.facts, entry.actor) for entry in world.entries() if entry.kind == "tombstone.ended"]
    assert ended == [((("number", 1),), "service")]
    assert expire_remembered(world.store, world.policy, now) == (0, 0, 0)


def test_receipts_end_with_their_own_period_counted_from_the_last_use_of_the_consent(world_of: MakeWorld) -> None:
    world = world_of(a_portal())
    now = world.clock.now()
    last = world.policy.civil.start_of(world.policy.evidence.consent_receipts, now)
    consent = Consent(subscription="501", state=ConsentState.WITHDRAWN, at=last)
    receipt = ConsentReceipt(record_id=RecordId(101), pseudonym=SIGN, consent=consent, last_used_at=last)
    with world.store.transaction() as tx:
        tx.keep_receipts([replace(receipt, last_used_at=last - timedelta(seconds=2))])
        tx.keep_receipts([replace(receipt, record_id=RecordId(102), last_used_at=last + timedelta(seconds=2))])
    assert expire_remembered(world.store, world.policy, now) == (0, 1, 0)
    with world.store.transaction() as tx:
        assert [each.record_id for each in tx.receipts_of([SIGN])] == [102]
    ended = [(entry.kind, entry.facts) for entry in world.entries()]
    assert ended == [("consent-receipt.ended", (("number", 1),))]
