"""What a checkpoint says of a key that hands over to the next."""

import pytest

from hubspot_retention.core.audit.checkpoint import Checkpoint, read_note
from hubspot_retention.core.audit.rotation import Rotation

ROTATION = Rotation("log.example.dk+00000001+AAAA", "log.example.dk+00000002+BB+B")


def test_a_handing_over_stands_below_the_root_and_is_read_back_with_it() -> None:
    told = Checkpoint("log.example.dk", 7, bytes(32), ("something else", ROTATION.line()))
    read, text, _ = read_note(f"{told.text()}\n— log.example.dk AAAAAAE=\n")

    assert (read, text) == (told, told.text())
    assert text.split("\n")[3:5] == [
        "something else",
        "key-rotation log.example.dk+00000001+AAAA log.example.dk+00000002+BB+B",
    ]
    assert Rotation.of(read) == ROTATION


@pytest.mark.parametrize(
    "line", ["key-rotation", "key-rotation a", "key-rotation a b c", "key-rotation  b", "key-rotations a b"]
)
def test_what_names_no_two_keys_is_no_handing_over(line: str) -> None:
    assert Rotation.of(Checkpoint("log.example.dk", 7, bytes(32), (line,))) is None


def test_most_checkpoints_tell_of_none() -> None:
    assert Rotation.of(Checkpoint("log.example.dk", 7, bytes(32))) is None
