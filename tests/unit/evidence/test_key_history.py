"""The history of the keys in an export: what it says, and that the standalone verifier believes none of it unseen."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.rotation import Rotation
from hubspot_retention.evidence import standalone
from hubspot_retention.evidence.keys import SigningKey
from hubspot_retention.evidence.sealing import exported
from hubspot_retention.store.database import open_store
from hubspot_retention.workflow.succeed import Successor
from hubspot_retention.workflow.upkeep import Keeper
from tests.faults.aged import DAY, Stand
from tests.stores import a_database
from tests.unit.evidence.anchored import LOG

NEXT = SigningKey.generate(LOG.name)
Lines = list[dict[str, Any]]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    """An export of a log whose key handed over, and of whose pseudonym keys one was destroyed."""
    folder = tmp_path_factory.mktemp("keys")
    with open_store(a_database(folder / "retention.db")) as store:
        stand = Stand(folder, store)
        keeper = Keeper(store, "bo.l")
        keeper.pseudonym_key_made("2016", stand.present)
        stand.tell(Subject.DISPOSAL, Verb.SENT, "contacts/1", **{"subject": "2017:00"})
        stand.live(30, every=15)
        stand.keys = (NEXT, LOG)
        rotation = Rotation(str(LOG.public), str(NEXT.public))
        Successor(store, stand.anchoring(), "anna.k", lambda: stand.present).announce(rotation)
        stand.keys = (NEXT,)
        stand.present += DAY
        Successor(store, stand.anchoring(), "anna.k", lambda: stand.present).tell_destroyed(rotation.old)
        keeper.destroy_pseudonym_key("2016", lambda epoch: None, stand.present)
        stand.anchoring().require()
        return [json.loads(line) for line in exported(store, epochs=("2017",))]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[Lines], tuple[int, str]]:
    """The exit code and the words of the verifier."""

    def of(changed: Lines) -> tuple[int, str]:
        path = tmp_path / "log.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in changed))
        return standalone.main(["export", str(path), "--key", str(LOG.public)]), capsys.readouterr().out

    return of


def keys_in(lines: Lines) -> dict[str, Any]:
    found: dict[str, Any] = next(line["keys"] for line in lines if "keys" in line)
    return found


def test_it_says_which_key_signed_when_and_what_became_of_the_others(lines: Lines) -> None:
    found = keys_in(lines)
    old, new = LOG.public.key_id.hex(), NEXT.public.key_id.hex()
    rows = {row["id"]: (row["first"], row["last"]) for row in found["signed"] if row["name"] == LOG.name}
    assert rows == {old: (6, 11), new: (11, 14)}
    assert [(row["entry"], row["by"]) for row in found["rotated"]] == [(11, "anna.k")]
    assert [(row["entry"], row["by"]) for row in found["retired"]] == [(12, "anna.k")]
    assert [(row["entry"], row["by"], row["epoch"]) for row in found["epochs_destroyed"]] == [(13, "bo.l", "2016")]
    assert [row["epoch"] for row in found["epochs_made"]] == ["2016"]
    assert (found["epochs_used"], found["epochs_kept"]) == (["2017"], ["2017"])


def test_the_verifier_shows_it(lines: Lines, check: Callable[[Lines], tuple[int, str]]) -> None:
    code, told = check(lines)
    assert code == 0
    for words in (
        f"key {LOG.public.key_id.hex()} of log.example.dk: signed 6 to 11 entries",
        "anna.k let the log's key hand over to the next",
        "anna.k destroyed the log's old key",
        "bo.l destroyed the key of pseudonyms of 2016",
        "pseudonyms stand in the entries under keys of: 2017",
        "keys that are kept, as the owner says (no proof): 2017",
    ):
        assert words in told


def test_an_export_without_it_verifies_as_before(lines: Lines, check: Callable[[Lines], tuple[int, str]]) -> None:
    assert check([line for line in lines if "keys" not in line])[0] == 0


def _other_signer(keys: dict[str, Any]) -> None:
    keys["signed"][0]["last"] += 1


def _rotation_hidden(keys: dict[str, Any]) -> None:
    keys["rotated"] = []


def _by_another(keys: dict[str, Any]) -> None:
    keys["retired"][0]["by"] = "bo.l"


def _destroyed_otherwise(keys: dict[str, Any]) -> None:
    keys["epochs_destroyed"][0]["epoch"] = "2015"


def _unused(keys: dict[str, Any]) -> None:
    keys["epochs_used"] = []


def _kept_after_all(keys: dict[str, Any]) -> None:
    keys["epochs_kept"].append("2016")


@pytest.mark.parametrize(
    "change", [_other_signer, _rotation_hidden, _by_another, _destroyed_otherwise, _unused, _kept_after_all]
)
def test_a_history_that_says_anything_else_than_the_log_is_a_finding(
    lines: Lines, check: Callable[[Lines], tuple[int, str]], change: Callable[[dict[str, Any]], None]
) -> None:
    changed = json.loads(json.dumps(lines))
    change(keys_in(changed))
    assert check(changed)[0] == 1
