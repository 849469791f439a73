"""`python -m tests.acceptance.container.prove`: build the image, run it as compose.yaml does, and tell what was shown.

Where no registry can be reached, the base image is stood in for by a Debian made on the spot (root, debootstrap and
podman: `apt-get install debootstrap podman runc`).
"""

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.container.checks import CHECKS, Proof
from tests.acceptance.container.engine import Engine, an_engine, build, stand_in
from tests.acceptance.container.house import a_contained_house
from tests.acceptance.serving import ENFORCED
from tests.faults.people import a_contact, a_portal, days_ago

_SETTINGS = {name: value for name, value in ENFORCED.items() if name.startswith("RETENTION_")}


@contextmanager
def a_folder() -> Iterator[Path]:
    """A folder for all that is made, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="retention-proof-") as name:
        yield Path(name)


@contextmanager
def a_proof(engine: Engine, image: str, folder: Path) -> Iterator[Proof]:
    """An installation of an image, with people of whom nobody must go."""
    people = a_portal(
        contacts=[a_contact(record, createdate=f"{days_ago(20)}T09:00:00Z") for record in range(101, 111)]
    )
    with a_contained_house(engine, image, folder, people, **_SETTINGS) as house:
        yield Proof(engine, image, house, folder)


def an_image(engine: Engine, folder: Path) -> tuple[str, str]:
    """The image, built here, on a base of our own making where no other can be had; and how that went."""
    base = "" if engine.name == "docker" else stand_in(engine, folder)
    began = time.monotonic()
    image = build(engine, base)
    return (
        image,
        f"{engine.name} carried out the Dockerfile in {time.monotonic() - began:.0f} s, on {base or 'its base'}",
    )


def main() -> int:
    """Prove it; 1 if something could not be shown."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.container.prove", description=__doc__)
    parser.add_argument("--engine", choices=("docker", "podman"), default="", help="which one; else what is here")
    parser.add_argument("--image", default="", help="an image that exists, instead of building one")
    given = parser.parse_args()
    with a_folder() as folder, an_engine(folder, given.engine) as engine:
        image, how = (given.image, f"{engine.name} has {given.image}") if given.image else an_image(engine, folder)
        _tell(how)
        with a_proof(engine, image, folder) as proof:
            shown = [_shown(check, proof) for check in CHECKS]
        return 0 if all(shown) else 1


def _shown(check: Callable[[Proof], str], proof: Proof) -> bool:
    words = check.__name__.replace("_", " ")
    try:
        _tell(f"shown      {words}: {check(proof)}")
    except AssertionError:
        _tell(f"NOT SHOWN  {words}: {traceback.format_exc(limit=-2)}")
        return False
    return True


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
