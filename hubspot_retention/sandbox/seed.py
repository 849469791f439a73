"""An invented Danish company's portal, with every situation of the policy in plausible proportions."""

import random
from datetime import UTC, datetime

from hubspot_retention.sandbox.seed_customers import CUSTOMER_SITUATIONS
from hubspot_retention.sandbox.seed_draft import NEWSLETTER, OPERATIONAL, Draft, Situation
from hubspot_retention.sandbox.seed_endings import ENDING_SITUATIONS
from hubspot_retention.sandbox.seed_leads import FILLER, LEAD_SITUATIONS
from hubspot_retention.sandbox.seed_rights import RIGHTS_SITUATIONS

SITUATIONS = (*LEAD_SITUATIONS, *RIGHTS_SITUATIONS, *CUSTOMER_SITUATIONS, *ENDING_SITUATIONS)
PORTAL_ID = 25412345


def seeded_document(seed: int, contacts: int, as_of: datetime) -> dict[str, object]:
    """A portal document with so many contacts, their past told back from `as_of`.

    The same arguments give the same document. From 2,000 contacts on every situation is there at least three
    times; in a smaller portal the rare ones are there by chance. Whatever has happened lies before the
    beginning (UTC) of `as_of`'s day. Raises `ValueError` when `contacts` is negative or `as_of` has no offset
    from UTC.
    """
    if contacts < 0:
        raise ValueError(f"contacts: found {contacts}, expected 0 or more")
    if as_of.utcoffset() is None:
        raise ValueError(f"as_of: found {as_of.isoformat()}, expected an instant with an offset from UTC")
    rng = random.Random(seed)
    draft = Draft(rng, as_of.astimezone(UTC).date())
    for situation in _situations(rng, contacts):
        situation.build(draft)
    return {
        "portal": {
            "id": PORTAL_ID,
            "timeZone": "Europe/Copenhagen",
            "accountType": "STANDARD",
            "tier": "professional",
        },
        "subscriptionTypes": [
            {"id": NEWSLETTER, "name": "Nyhedsbrev", "newsletter": True},
            {"id": OPERATIONAL, "name": "Driftsinformation"},
        ],
        "owners": draft.owners,
        **draft.records,
        "associations": draft.associations,
        "as_of": as_of.isoformat(),
    }


def _situations(rng: random.Random, contacts: int) -> list[Situation]:
    """The situations to build, in mixed order; together they add exactly that many contacts."""
    wanted: list[Situation] = []
    for situation in SITUATIONS:
        exact = situation.per_2000 * contacts / 2000
        wanted += [situation] * (int(exact) + (rng.random() < exact % 1))
    rng.shuffle(wanted)
    chosen: list[Situation] = []
    room = contacts
    for situation in wanted:
        if situation.people <= room:
            chosen.append(situation)
            room -= situation.people
    chosen += [FILLER] * room
    rng.shuffle(chosen)
    return chosen
