"""Upkeep: what a person does to the portal, the policy and the keys, written down in the audit log with the change."""

from collections.abc import Callable, Sequence
from datetime import datetime

from hubspot_retention.core.audit.entry import Entry, Facts
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.probe import ProbeResult, correspondence_is_verified
from hubspot_retention.core.record import PortalId
from hubspot_retention.workflow.approvals import policy_approved
from hubspot_retention.workflow.ports import Store


class Keeper:
    """A named person at work on one installation."""

    def __init__(self, store: Store, actor: str) -> None:
        self._store = store
        self._actor = actor

    def approve_policy(self, policy: RetentionPolicy, text: str, now: datetime) -> None:
        """The policy as it stands is approved: rules marked for it may act, what it widens no longer blocks, standing
        approvals whose rule it widens end."""
        with self._store.transaction() as tx:
            policy_approved(tx, policy, text, now, self._actor)

    def pseudonym_key_made(self, epoch: str, now: datetime) -> str:
        """The first key of pseudonyms, or one of a new year, was made by a person; answers its epoch."""
        with self._store.transaction() as tx:
            tx.audit(self._key_entry(Verb.CREATED, epoch, now))
        return epoch

    def destroy_pseudonym_key(self, epoch: str, destroy: Callable[[str], None], now: datetime) -> tuple[int, int]:
        """Destroy the key of an epoch, with the tombstones and the consent receipts that now lead to nobody; answers
        how many. Told before it is done: what is cut short, or fails, is told and done again."""
        with self._store.transaction() as tx:
            tombstones, receipts = tx.forget_epoch(epoch), tx.forget_receipts_of_epoch(epoch)
            facts = (("tombstones", tombstones), ("receipts", receipts))
            tx.audit(self._key_entry(Verb.ERASED, epoch, now, facts))
        destroy(epoch)
        return tombstones, receipts

    def _key_entry(self, verb: Verb, epoch: str, now: datetime, facts: Facts = ()) -> Entry:
        facts = (("epoch", epoch), *facts)
        return Entry(subject=Subject.PSEUDONYM_KEY, verb=verb, at=now, actor=self._actor, facts=facts)

    def probe_started(self, portal: PortalId, now: datetime) -> None:
        """Records are about to be made and removed in the portal."""
        with self._store.transaction() as tx:
            tx.audit(self._entry(Verb.STARTED, portal, now))

    def probe_done(self, portal: PortalId, results: Sequence[ProbeResult], now: datetime) -> bool:
        """Store what was found; answers whether the portal was seen to keep correspondence."""
        verified = correspondence_is_verified(tuple(results))
        with self._store.transaction() as tx:
            tx.save_probe(portal, results, now)
            tx.audit(self._entry(Verb.DONE, portal, now, (("verified", verified), ("answers", len(results)))))
        return verified

    def _entry(self, verb: Verb, portal: PortalId, now: datetime, facts: Facts = ()) -> Entry:
        return Entry(subject=Subject.PROBE, verb=verb, at=now, portal_id=portal, actor=self._actor, facts=facts)

    def property_created(self, portal: PortalId, object_type: str, name: str, now: datetime) -> None:
        """A property, or the group they are in, was made in the portal."""
        entry = Entry(
            subject=Subject.PROPERTY,
            verb=Verb.CREATED,
            at=now,
            portal_id=portal,
            actor=self._actor,
            facts=(("class", object_type), ("name", name)),
        )
        with self._store.transaction() as tx:
            tx.audit(entry)
