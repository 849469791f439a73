"""The digest is over lines that anybody can write down: an approval given today must be good after an upgrade."""

import hashlib

from hubspot_retention.core.decision.model import Outcome, Reason, ReasonCode
from hubspot_retention.core.plan.digest import PlanDigest
from hubspot_retention.core.plan.model import Action, Block, Bundle, OutcomeCount, PlanItem
from hubspot_retention.core.record import ObjectType, RecordRef
from tests.documents import clienti
from tests.unit.core.plan.plans import a_decision, a_plan, an_item

HEADER = (
    '{"as_of":"2026-11-22T09:00:00+01:00","breaches":["too many"],"kind":"time",'
    '"outcomes":[["contacts","dispose","former-customer",1]],"policy":"abc",'
    '"population":[["contacts",100],["deals",40]],"portal":25412345}\n'
)
HELD = (
    '{"action":"none","answer_by":null,"block":null,"bundle":null,"disposition":null,"due_at":null,"erase_by":null,'
    '"marketing_ends":false,"outcome":"held","reasons":[{"code":"processing-restricted"}],'
    '"record":"contacts/101","rule":null,"until":null}\n'
)


def digest_of(*items: PlanItem) -> str:
    outcomes = (OutcomeCount(ObjectType.CONTACT, "dispose", "former-customer", 1),)
    digest = PlanDigest(a_plan(outcomes=outcomes, breaches=("too many",)), clienti().civil)
    for item in items:
        digest.add(item)
    return digest.hexdigest()


def sha256(*lines: str) -> str:
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def test_the_digest_is_the_sha_256_of_the_header_and_of_each_item_in_canonical_json() -> None:
    held = an_item(decision=a_decision(Outcome.HELD, Reason(ReasonCode.PROCESSING_RESTRICTED)), action=Action.NONE)
    assert digest_of() == sha256(HEADER)
    assert digest_of(held) == sha256(HEADER, HELD)
    blocked = HELD.replace('"block":null,"bundle":null', '"block":"unverified","bundle":[1,0,2,0,0,0,0]')
    left = held._replace(block=Block.UNVERIFIED, bundle=Bundle(archived=1, detached=2))
    assert digest_of(left) == sha256(HEADER, blocked)
    named = HELD.replace('"outcome"', '"may_go":["emails/41","notes/42"],"outcome"')
    letters = (RecordRef.parse("emails/41"), RecordRef.parse("notes/42"))
    assert digest_of(held._replace(may_go=letters)) == sha256(HEADER, named)
