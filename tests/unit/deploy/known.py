"""What files of `deploy/` may name: environment variables that the program reads."""

import re
from functools import cache

from hubspot_retention import __version__
from tests.unit.deploy.exposition import ROOT

IMAGE = f"hubspot-retention:{__version__}"
UID = 10001


def is_read(variable: str) -> bool:
    """Whether the program reads an environment variable of this name."""
    return variable in _quoted()


@cache
def _quoted() -> frozenset[str]:
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "hubspot_retention").rglob("*.py"))
    return frozenset(name for source in sources for name in re.findall(r'"([A-Z_]{4,})"', source))
