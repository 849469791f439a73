"""Checkpoints that people are sent, from the command's side."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubspot_retention.bootstrap import application
from hubspot_retention.errors import UsageError
from hubspot_retention.evidence.keys import SigningKey
from tests.faults.people import a_portal, asks_to_go
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import House
from tests.unit.office import Office, an_office

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""Apprise loads it, to see whether it is there."""


@pytest.fixture
def office() -> Iterator[Office]:
    with an_office() as made:
        yield made


@pytest.fixture
def house(house_of: MakeHouse, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """An installation whose checkpoints are sent to an office."""
    SigningKey.generate("log.example.dk").save(tmp_path / "log.key")
    urls = tmp_path / "urls"
    urls.write_text(f"# the auditor\njson://anna:hemmelig@127.0.0.1:{office.port}/a\n")
    monkeypatch.setenv("RETENTION_LOG_KEY_FILE", str(tmp_path / "log.key"))
    monkeypatch.setenv("RETENTION_ANCHOR_URLS_FILE", str(urls))
    return house_of(a_portal(contacts=[asks_to_go(101)]))


def test_a_run_sends_a_checkpoint_once_a_day(house: House, office: Office) -> None:
    assert house("plan", "new").code == 0
    app = application()
    with app.store() as store:
        anchoring = app.anchoring(store)
        assert anchoring is not None
        anchoring.mark()
    (received,) = office.received
    assert received["message"].startswith("log.example.dk\n")
    (row,) = house("status", "--json").json["anchors"]
    assert (row["name"], row["counts"], row["late"]) == ("message", False, False)
    assert "message (told only): " in house("status").out
    (told,) = [each for each in house("portal", "check", "--json").json["findings"] if each["topic"] == "anchors"]
    assert (told["verdict"], told["text"].endswith("Told only: message.")) == ("notice", True)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("# nobody yet\n", "holds no URL"),
        ("nonsense://anna:hemmelig@example.dk\n", "no. 1 of anchors"),
        (None, "No such"),
    ],
)
def test_a_file_of_urls_that_cannot_be_is_refused_and_not_shown(house: House, content: str | None, why: str) -> None:
    path = house.folder / "urls"
    path.unlink()
    if content is not None:
        path.write_text(content)
    app = application()
    with app.store() as store, pytest.raises(UsageError) as told:
        app.anchoring(store)
    assert (why in str(told.value), "hemmelig" in str(told.value)) == (True, False)
