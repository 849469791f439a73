"""The letters that people need whom we put into the bin, as long as a person can restore them whole (semantics 7).

What can go wrong: HubSpot shows no associations of what lies in the bin. A letter that somebody there shares with a
record that goes looks as if it were that record's alone; it goes along, an e-mail for good, and whoever is restored has
lost it. So which letters hang on a contact is read before it is archived, is durable before the call, and stands by
until nobody can be restored any more. A letter more that stays is found by the residue sweep.

Left over: whoever was put into the bin by hand, of whom nobody can tell what they need.
"""

from collections import defaultdict
from collections.abc import Mapping

from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.plan.bundle import with_those_in_bin
from hubspot_retention.core.portal import Correspondence
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.workflow.ports import Store

Needs = Mapping[RecordId, tuple[RecordRef, ...] | Unknown]
"""The letters that hang on each of some contacts."""


def needs_known(store: Store, letters: Correspondence) -> Correspondence:
    """Correspondence, with those in the bin who need it. To be called after it was read: who goes into the bin
    meanwhile was noted before."""
    kinds = defaultdict[ObjectType, set[RecordId]](set)
    for listed in letters.values():
        for letter in () if isinstance(listed, Unknown) else listed:
            kinds[letter.ref.object_type].add(letter.ref.record_id)
    with store.transaction() as tx:
        found = {kind: tx.needed_in_bin(kind, sorted(ids)) for kind, ids in sorted(kinds.items())}
    return {
        owner: listed
        if isinstance(listed, Unknown)
        else tuple(
            with_those_in_bin(letter, found[letter.ref.object_type].get(letter.ref.record_id, ())) for letter in listed
        )
        for owner, listed in letters.items()
    }
