"""Small things to remember: whose all this is, probe findings, where lists are split, the approved policy, the stop."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import bindparam, delete, insert, select

from hubspot_retention.core.probe import ProbeQuestion, ProbeResult
from hubspot_retention.core.record import ObjectType, PortalId, RecordId
from hubspot_retention.store.encoding import TYPE_NUMBERS, TYPES, to_micros
from hubspot_retention.store.prepared import Prepared, insertion
from hubspot_retention.store.schema import boundary, kill_switch, policy_approval, probe_result, run
from hubspot_retention.store.service_schema import watermark
from hubspot_retention.store.session import Rows

_record_ids = msgspec.json.Decoder(tuple[int, ...])
_questions = {question.value: question for question in ProbeQuestion}
_STOPPED = Prepared(select(kill_switch.c.words))
_STOP = insertion(kill_switch)
_GO_ON = Prepared(delete(kill_switch))
_PROBED = Prepared(select(probe_result).where(probe_result.c.portal_id == bindparam("portal")))
_NEWEST = select(policy_approval.c.document).order_by(policy_approval.c.approval_id.desc()).limit(1)
_APPROVED = Prepared(_NEWEST)


_PORTALS = (
    Prepared(select(run.c.portal_id).order_by(run.c.run_id).limit(1)),
    Prepared(select(watermark.c.portal_id).order_by(watermark.c.at).limit(1)),
    Prepared(select(probe_result.c.portal_id).order_by(probe_result.c.found_at).limit(1)),
)


class NoteRows(Rows):
    """Small things."""

    def own_portal(self) -> PortalId | None:
        """The portal that all this is about: that of the first run, or else the first of which anything was noted;
        `None` before any was met."""
        for first in _PORTALS:
            found = self._open_session.scalar(first)
            if found is not None:
                return PortalId(found)
        return None

    def save_probe(self, portal: PortalId, results: Sequence[ProbeResult], at: datetime) -> None:
        """Store what `portal probe` found, replacing what stood there."""
        self._connection.execute(delete(probe_result).where(probe_result.c.portal_id == portal))
        for result in results:
            self._connection.execute(
                insert(probe_result).values(
                    portal_id=portal,
                    question=result.question.value,
                    answer=result.answer,
                    note=result.note,
                    found_at=to_micros(at),
                )
            )

    def probe_results(self, portal: PortalId) -> Sequence[ProbeResult]:
        """What `portal probe` last found, in the order of the questions; empty if it never ran."""
        rows = self._open_session.named(_PROBED, portal=portal)
        found = {row.question: ProbeResult(_questions[row.question], row.answer, row.note) for row in rows}
        return [found[name] for name in _questions if name in found]

    def approve_policy(self, policy_digest: str, document: str, at: datetime, by: str) -> None:
        """Remember a policy that a person approved plans under, with its text."""
        self._connection.execute(
            insert(policy_approval).values(
                policy_digest=policy_digest, document=document, approved_at=to_micros(at), approved_by=by
            )
        )

    def approved_policy(self) -> str | None:
        """The text of the policy last approved. Asked for at every record: another one may have been approved since."""
        document: str | None = self._open_session.scalar(_APPROVED)
        return document

    def policy_document(self, policy_digest: str) -> str | None:
        """The text of a policy that a person approved, be it long ago; `None` if nobody approved one of that digest."""
        return self._connection.scalar(_NEWEST.where(policy_approval.c.policy_digest == policy_digest))

    def save_boundaries(self, portal: PortalId, boundaries: Mapping[ObjectType, Sequence[RecordId]]) -> None:
        """Where to split the id space at the next run."""
        self._connection.execute(delete(boundary).where(boundary.c.portal_id == portal))
        for object_type, record_ids in boundaries.items():
            self._connection.execute(
                insert(boundary).values(
                    portal_id=portal,
                    object_type=TYPE_NUMBERS[object_type],
                    record_ids=msgspec.json.encode(tuple(record_ids)),
                )
            )

    def boundaries(self, portal: PortalId) -> Mapping[ObjectType, Sequence[RecordId]]:
        """Where the last run split the id space."""
        rows = self._connection.execute(select(boundary).where(boundary.c.portal_id == portal))
        return {TYPES[row.object_type]: tuple(map(RecordId, _record_ids.decode(row.record_ids))) for row in rows}

    def kill_switch(self) -> str | None:
        """Who stopped all disposals and why, or `None`."""
        words: str | None = self._open_session.scalar(_STOPPED)
        return words

    def set_kill_switch(self, words: str | None) -> None:
        """Stop all disposals, or let them go on (`None`)."""
        self._open_session.change(_GO_ON)
        if words is not None:
            self._open_session.change(_STOP, one=1, words=words)
