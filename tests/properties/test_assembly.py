"""The pure assembly that the laws are tested on, and the spool that a run uses, lead to the same decisions."""

from hypothesis import given, settings

from tests.documents import decide_document
from tests.observed import AS_OF, observed
from tests.properties.portals import a_random_document, seeds


@settings(max_examples=10)
@given(seeds)
def test_the_spool_and_the_pure_assembly_lead_to_the_same_decisions(seed: int) -> None:
    document = a_random_document(seed, 20)
    assert observed(document).decide() == decide_document(document, AS_OF)
