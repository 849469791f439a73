"""The pages of the documentation, as far as files of `deploy/` point into them."""

import re
from pathlib import Path
from typing import Final

from tests.unit.deploy.exposition import ROOT

_HEADING: Final = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What can follow `#` in a link into a page, as forges make it from the headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = (heading.replace("`", "") for heading in _HEADING.findall(text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def points_somewhere(link: str) -> bool:
    """Whether a link such as docs/watching.md#retentiongone leads to a heading that exists."""
    page, _, anchor = link.partition("#")
    return (ROOT / page).is_file() and anchor in anchors(ROOT / page)
