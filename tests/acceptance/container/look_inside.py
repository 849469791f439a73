"""Run by the image's own interpreter, inside a container: what it may do, and what is there. Prints JSON."""

import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import sys
from pathlib import Path

from hubspot_retention.store.driver import DRIVER, is_wal_sound

PLACES = ("/", "/etc", "/home", "/opt", "/opt/hubspot-retention", "/run", "/tmp", "/usr", "/var", "/var/tmp")
INSTALLERS = ("pip", "ensurepip", "setuptools", "wheel", "hatchling")
TOOLS = ("gcc", "cc", "ld", "make", "git", "curl", "wget", "pip", "pip3")


def name(requirement: str) -> str:
    """The name of a distribution in its one spelling."""
    found = re.match(r"[\w.-]+", requirement)
    return re.sub(r"[-_.]+", "-", found[0] if found else "").lower()


def needed(requirement: str, seen: set[str]) -> set[str]:
    """What a requirement stands for at run time: the distribution, with the extras that are asked for, and its own."""
    of = name(requirement)
    extras = re.findall(r"[\w-]+", next(iter(re.findall(r"\[([^]]*)\]", requirement.partition(";")[0])), ""))
    for line in (importlib.metadata.requires(of) or []) if of in PRESENT else []:
        wanted = re.search(r"extra == ['\"]([\w-]+)['\"]", line)
        if name(line) not in seen and (wanted is None or wanted[1] in extras):
            needed(line, seen)
    seen.add(of)
    return seen


def writable(place: str) -> bool:
    """Whether a file can be made there."""
    probe = Path(place) / "retention-probe"
    try:
        probe.write_text("")
        probe.unlink()
    except OSError:
        return False
    return True


PRESENT = {name(found.metadata["Name"]) for found in importlib.metadata.distributions()}
STATUS = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
FOUND = {
    "uid": os.getuid(),
    "gid": os.getgid(),
    "capabilities": int(STATUS["CapBnd"], 16) | int(STATUS["CapEff"], 16),
    "no_new_privileges": STATUS["NoNewPrivs"].strip() == "1",
    "seccomp": STATUS["Seccomp"].strip() == "2",
    "installers": [found for found in INSTALLERS if importlib.util.find_spec(found)],
    "tools": [found for found in TOOLS if shutil.which(found)],
    "writable": [place for place in (*PLACES, str(Path.cwd())) if writable(place)],
    "unneeded": sorted(PRESENT - needed("hubspot-retention", set())),
    "packages": len(PRESENT),
    "sqlite": list(DRIVER.sqlite_version_info),
    "journal": "WAL" if is_wal_sound(DRIVER) else "DELETE",
    "python": sys.version.split()[0],
}
sys.stdout.write(json.dumps(FOUND))
