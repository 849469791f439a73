"""What is remembered of people is kept as long as the policy says, and no longer."""

from dataclasses import replace
from datetime import timedelta

from hubspot_retention.core.consent import Consent, ConsentReceipt, ConsentState
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.core.record import RecordId
from hubspot_retention.core.tombstone import Tombstone
from hubspot_retention.workflow.remembered import expire_remembered
from hubspot_retention.workflow.review import Registrar
from hubspot_retention.workflow.upkeep import Keeper
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_portal
from tests.faults.world import World
from tests.unit.workflow.test_reconcile import OBSERVE, approve_policy, reconcile

SIGN = "2026:9f86d081884c7d65"


def test_what_people_wrote_ends_with_the_period_of_the_log_and_the_log_says_so(world_of: MakeWorld) -> None:
    world = world_of(a_portal())
    approve_policy(world)
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
    approve_policy(world)
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
    approve_policy(world)
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


def everything(world: World) -> tuple[int, int, int]:
    """A tombstone, a receipt and a text of three years ago: older than a period of two years, not of five."""
    then = world.clock.now() - timedelta(days=3 * 365)
    consent = Consent(subscription="501", state=ConsentState.WITHDRAWN, at=then)
    with world.store.transaction() as tx:
        tx.bury(Tombstone(record_id=RecordId(101), pseudonym=SIGN, sent_at=then, erased_at=then))
        tx.keep_receipts([ConsentReceipt(record_id=RecordId(101), pseudonym=SIGN, consent=consent, last_used_at=then)])
        tx.keep_words("old", then)
    return kept(world)


def kept(world: World) -> tuple[int, int, int]:
    """How many tombstones and receipts there are, and entries of the log that tell of what has gone."""
    with world.store.transaction() as tx:
        found = len(tx.tombstones_of([SIGN])), len(tx.receipts_of([SIGN]))
    return *found, len([entry for entry in world.entries() if entry.kind.endswith((".ended", ".erased"))])


def with_periods(world: World, period: str) -> str:
    """The policy, with every period of evidence so long."""
    text = world.policy_text.replace('audit_log = "P5Y"', f'audit_log = "{period}"')
    for key in ("consent_receipts", "tombstones"):
        text = text.replace(f'{key} = "P24M"', f'{key} = "{period}"')
    return text


def test_what_a_shortened_period_would_take_stays_until_a_person_has_approved_it(world_of: MakeWorld) -> None:
    world = world_of(a_portal())
    long, short = with_periods(world, "P5Y"), with_periods(world, "P2Y")
    assert everything(world) == (1, 1, 0)
    keeper, policy = Keeper(world.store, "bent"), parse_policy(short)
    keeper.approve_policy(parse_policy(long), long, world.clock.now())
    assert expire_remembered(world.store, policy, world.clock.now()) == (0, 0, 0)
    assert kept(world) == (1, 1, 0)
    keeper.approve_policy(policy, short, world.clock.now())
    assert expire_remembered(world.store, policy, world.clock.now()) == (1, 1, 1)
    assert kept(world) == (0, 0, 3)


def test_nothing_goes_while_nobody_has_approved_a_policy(world_of: MakeWorld) -> None:
    world = world_of(a_portal())
    everything(world)
    policy = parse_policy(with_periods(world, "P2Y"))
    assert expire_remembered(world.store, policy, world.clock.now()) == (0, 0, 0)
    assert kept(world) == (1, 1, 0)


def test_nothing_goes_while_a_person_has_stopped_all_disposals(world_of: MakeWorld) -> None:
    world = world_of(a_portal())
    everything(world)
    text = with_periods(world, "P2Y")
    policy = parse_policy(text)
    Keeper(world.store, "bent").approve_policy(policy, text, world.clock.now())
    registrar = Registrar(world.store, "anna")
    registrar.set_kill_switch("anna: wait", world.clock.now())
    assert expire_remembered(world.store, policy, world.clock.now()) == (0, 0, 0)
    assert kept(world) == (1, 1, 0)
    registrar.set_kill_switch(None, world.clock.now())
    assert expire_remembered(world.store, policy, world.clock.now())[:2] == (1, 1)
