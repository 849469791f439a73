"""The image, proved by a container engine. Opt-in: it takes minutes, root rights and a package registry
(RETENTION_TEST_IMAGE=1; an image that exists already: RETENTION_TEST_IMAGE=NAME)."""

import os
from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.container.checks import CHECKS, Proof
from tests.acceptance.container.engine import an_engine
from tests.acceptance.container.prove import a_folder, a_proof, an_image

WANTED = os.environ.get("RETENTION_TEST_IMAGE", "")

pytestmark = pytest.mark.skipif(not WANTED, reason="builds an image: only when RETENTION_TEST_IMAGE is set")


@pytest.fixture(scope="module")
def proof() -> Iterator[Proof]:
    with a_folder() as folder, an_engine(folder) as engine:
        image = an_image(engine, folder)[0] if WANTED == "1" else WANTED
        with a_proof(engine, image, folder) as found:
            yield found


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_image(check: Callable[[Proof], str], proof: Proof, record_property: Callable[[str, object], None]) -> None:
    record_property(check.__name__, check(proof))
