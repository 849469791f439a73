"""What compose.yaml says of a service, as options of `docker run`, so that the proof is of the very file.

A key that nobody here knows is an error: it would be shipped without having been tried.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from tests.acceptance.processes import ROOT

_ELSEWHERE: Final = {
    "image", "build", "restart", "stop_grace_period", "volumes", "environment", "secrets", "ports", "networks",
    "logging", "depends_on",
}  # fmt: skip
"""Keys that say nothing about what a container may do, or that the proof fills in with its own."""
_PLAIN: Final = {
    "user": "--user", "mem_limit": "--memory", "memswap_limit": "--memory-swap", "pids_limit": "--pids-limit"
}  # fmt: skip
_LISTED: Final = {"cap_drop": "--cap-drop", "cap_add": "--cap-add", "tmpfs": "--tmpfs"}
_VARIABLE: Final = re.compile(r"\$\{(\w+)(?::[-?]([^}]*))?\}")


def composed(name: str) -> dict[str, Any]:
    """A service of compose.yaml."""
    document = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = document["services"][name]
    return found


def options(service: Mapping[str, Any]) -> list[str]:
    """Its hardening and its limits as options of `docker run`."""
    return [word for key, value in service.items() for word in _words(key, value)]


def _words(key: str, value: Any) -> Iterator[str]:
    if key in _ELSEWHERE:
        return
    if key in _PLAIN:
        yield from (_PLAIN[key], str(value))
    elif key in _LISTED:
        for each in value:
            yield from (_LISTED[key], each)
    elif key == "security_opt":
        for each in value:
            yield from ("--security-opt", each.removesuffix(":true"))
    elif key == "ulimits":
        for each, number in value.items():
            yield from ("--ulimit", f"{each}={number}:{number}")
    elif key == "read_only" and value is True:
        yield "--read-only"
    else:
        raise AssertionError(f"compose.yaml: nobody tries what {key}: {value!r} does")


def environment(service: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Its environment, variables filled in as `docker compose` does."""
    return {name: _filled(str(value), given) for name, value in service["environment"].items()}


def _filled(value: str, given: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: given.get(found[1]) or found[2] or "", value)
