"""The Dockerfile, as far as reading it can tell; the rest is proved by tests/acceptance/container."""

import json
import re
from collections import defaultdict

from hubspot_retention import __version__
from tests.unit.deploy.exposition import ROOT
from tests.unit.deploy.known import UID

TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
_JOINED = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE))
INSTRUCTIONS = [
    (found[0], " ".join(found[1].split())) for found in re.findall(r"^([A-Z]+)\s+(.+)$", _JOINED, re.MULTILINE)
]
BUILD, FINAL = (
    INSTRUCTIONS[start:end]
    for start, end in zip(
        [n for n, (word, _) in enumerate(INSTRUCTIONS) if word == "FROM"],
        [*[n for n, (word, _) in enumerate(INSTRUCTIONS) if word == "FROM"][1:], len(INSTRUCTIONS)],
        strict=True,
    )
)


def of(word: str, stage: list[tuple[str, str]] = FINAL) -> list[str]:
    """The arguments of an instruction in a stage."""
    return [rest for found, rest in stage if found == word]


def test_the_base_is_the_python_that_the_suite_is_run_on() -> None:
    base = next(rest for word, rest in INSTRUCTIONS if word == "ARG")
    declared = re.search(r'^python_version = "([\d.]+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert declared is not None
    assert base == f"BASE=docker.io/library/python:{declared[1]}-slim-bookworm"
    assert of("FROM", BUILD) == ["${BASE} AS build"]
    assert of("FROM") == ["${BASE}"]


def test_it_tells_the_version_that_is_in_it() -> None:
    assert f"VERSION={__version__}" in of("ARG")


def test_nobody_is_root_in_it_and_it_has_one_place_to_write_to() -> None:
    assert of("USER") == [f"{UID}:{UID}"]
    assert of("VOLUME") == of("WORKDIR") == ["/var/lib/hubspot-retention"]
    assert (json.loads(of("ENTRYPOINT")[0]), json.loads(of("CMD")[0])) == (["hubspot-retention"], ["serve"])


def test_dependencies_are_the_locked_ones_to_the_byte() -> None:
    installed = of("RUN", BUILD)[0]
    assert "--require-hashes --no-deps" in installed
    assert "--only-binary :all:" in installed
    assert "-r requirements.lock" in installed


def test_what_only_builds_the_package_is_taken_out_again() -> None:
    wanted_by: dict[str, set[str]] = defaultdict(set)
    package = ""
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if named := re.match(r"([\w.-]+)==", line):
            package = named[1]
        elif by := re.match(r"    # +(?:via )?([\w.-]+)", line):
            wanted_by[package].add(by[1])
    only = {"hatchling"}
    while more := {name for name, by in wanted_by.items() if by <= only} - only:
        only |= more
    taken = re.search(r"uninstall --yes((?: [\w-]+)+) &&", of("RUN", BUILD)[1])
    assert taken is not None
    assert taken[1].split() == sorted(only)


def test_only_what_it_is_built_from_is_sent_to_the_engine() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    copied = {source for rest in of("COPY", BUILD) for source in rest.split()[:-1]}
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied
    assert of("COPY") == ["--from=build /opt/hubspot-retention /opt/hubspot-retention"]


def test_its_health_needs_no_program_but_python() -> None:
    (check,) = of("HEALTHCHECK")
    words = json.loads(check.partition(" CMD ")[2])
    assert words[0] == "python"
    compile(words[-1], "HEALTHCHECK", "exec")
    assert "/health/live" in words[-1]
