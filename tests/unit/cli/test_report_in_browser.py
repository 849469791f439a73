"""The evidence report's page in a real browser, on a telephone's width and a desk's, and on paper."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
from pypdf import PdfReader

from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.test_report_cli import YEARS, a_busy_house

_BROWSER: Final = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_PLAIN: Final = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_LOOK: Final = """<!doctype html><meta charset="utf-8"><body><script>
const page = PAGE, found = {};
for (const width of [360, 1100]) {
  const frame = document.createElement("iframe");
  frame.style = `width: ${width}px; height: 800px; border: 0`;
  frame.srcdoc = page;
  frame.onload = () => {
    const seen = frame.contentDocument, root = seen.documentElement;
    const links = [...seen.querySelectorAll("nav a")];
    found[width] = {
      overflows: root.scrollWidth - root.clientWidth,
      links: links.length,
      dead: links.filter((link) => !seen.querySelector(link.getAttribute("href"))).length,
      code: getComputedStyle(seen.querySelector("code")).fontFamily.includes("monospace"),
    };
    if (Object.keys(found).length === 2) document.body.textContent = JSON.stringify(found);
  };
  document.body.append(frame);
}
</script>"""

pytestmark = pytest.mark.skipif(_BROWSER is None, reason="no browser here: Debian's chromium")


def browse(folder: Path, page: Path, *how: str) -> str:
    """What the browser prints, asked for a page."""
    command = [_BROWSER or "", *_PLAIN, f"--user-data-dir={folder / 'browser'}", *how, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.mark.parametrize("language", ["en", "da"])
def test_the_page_fits_a_telephone_and_a_desk_and_its_contents_lead_somewhere(
    house_of: MakeHouse, language: str
) -> None:
    house = a_busy_house(house_of)
    html = house("audit", "report", *YEARS, "--language", language).out
    looked_at = house.folder / "look.html"
    looked_at.write_text(_LOOK.replace("PAGE", json.dumps(html).replace("</", "<\\/")), encoding="utf-8")
    shown = browse(house.folder, looked_at, "--dump-dom", "--virtual-time-budget=10000")
    seen: dict[str, Any] = json.loads(shown[shown.index("{") : shown.rindex("}") + 1])
    assert seen == {width: {"overflows": 0, "links": 13, "dead": 0, "code": True} for width in ("360", "1100")}


def test_the_page_prints_on_a4_with_all_that_it_says(house_of: MakeHouse) -> None:
    house = a_busy_house(house_of)
    page, paper = house.folder / "report.html", house.folder / "printed.pdf"
    page.write_text(house("audit", "report", *YEARS).out, encoding="utf-8")
    browse(house.folder, page, f"--print-to-pdf={paper}", "--no-pdf-header-footer")
    sheets = PdfReader(paper).pages
    assert {(round(sheet.mediabox.width), round(sheet.mediabox.height)) for sheet in sheets} == {(595, 842)}
    said = " ".join(" ".join(sheet.extract_text() for sheet in sheets).split())
    for heading in ("1. In brief", "13. Extract for the record of processing (article 30)"):
        assert heading in said
