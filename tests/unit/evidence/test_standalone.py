"""The verifier that stands alone, on what the service's own code makes: it agrees, and it finds every change."""

import ast
import json
import random
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hubspot_retention.core.audit.chain import EMPTY, Head, extend
from hubspot_retention.core.audit.checkpoint import COSIGNATURE, Checkpoint, sign
from hubspot_retention.core.audit.entry import Entry, StoredEntry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.audit.merkle import Frontier, inclusion_proof, leaf_hash, node_hash
from hubspot_retention.evidence import standalone
from hubspot_retention.evidence.keys import SigningKey

ORIGIN = "log.example.dk/retention"
KEY = SigningKey.generate(ORIGIN)
WITNESS = SigningKey.generate("witness.example.dk", COSIGNATURE)
AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SIZE = 23
Lines = list[dict[str, object]]


def entries() -> list[StoredEntry]:
    found, head = [], EMPTY
    for number in range(SIZE):
        verb = (Verb.INTENDED, Verb.SENT, Verb.DONE)[number % 3]
        entry = Entry(subject=Subject.DISPOSAL, verb=verb, at=AT, record=f"contacts/{101 + number // 3}")
        found.append(extend(head, entry))
        head = Head(found[-1].seq, found[-1].hash)
    return found


LOG = entries()


def checkpoint(size: int, key: SigningKey = KEY) -> str:
    return sign(Checkpoint(ORIGIN, size, Frontier.of(entry.body for entry in LOG[:size]).root()), [key])


def exported() -> Lines:
    lines: Lines = [{"seq": one.seq, "hash": one.hash.hex(), "body": one.body.decode()} for one in LOG]
    return [{"checkpoint": checkpoint(11)}, {"checkpoint": checkpoint(SIZE)}, *lines]


def subtree(level: int, index: int) -> bytes:
    if level == 0:
        return leaf_hash(LOG[index].body)
    return node_hash(subtree(level - 1, 2 * index), subtree(level - 1, 2 * index + 1))


def receipt() -> dict[str, object]:
    rows = [
        {
            "index": index,
            "body": LOG[index].body.decode(),
            "proof": [b64encode(part).decode() for part in inclusion_proof(index, SIZE, subtree)],
        }
        for index in (3, 4, 5)
    ]
    return {"record": "contacts/102", "entries": rows, "checkpoint": checkpoint(SIZE)}


def verify(tmp_path: Path, lines: Lines, *more: str) -> int:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return standalone.main(["export", str(path), "--key", str(KEY.public), *more])


def anchor(tmp_path: Path, size: int = SIZE) -> tuple[str, str]:
    (tmp_path / "anchor.txt").write_text(checkpoint(size))
    return "--anchor", str(tmp_path / "anchor.txt")


def test_it_needs_nothing_but_python_and_cryptography() -> None:
    tree = ast.parse(Path(standalone.__file__).read_text())
    imported = {
        (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported - {"cryptography"} <= set(__import__("sys").stdlib_module_names)


def test_a_whole_log_verifies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(tmp_path, exported(), *anchor(tmp_path, 7)) == 0
    assert "23 entries" in capsys.readouterr().out


def _change_bit(lines: Lines) -> None:
    lines[8]["body"] = str(lines[8]["body"]).replace("contacts/103", "contacts/104")


def _rewrite(lines: Lines) -> None:
    """Changed, and chained anew to the end."""
    head = EMPTY
    for number in range(SIZE):
        entry = Entry(subject=Subject.DISPOSAL, verb=Verb.DONE, at=AT, record=f"contacts/{900 + number}")
        stored = extend(head, entry)
        head = Head(stored.seq, stored.hash)
        lines[number + 2] = {"seq": stored.seq, "hash": stored.hash.hex(), "body": stored.body.decode()}


def _continue(lines: Lines, after: int) -> None:
    """Entries of one's own, chained to the first so many: the chain needs no key."""
    head = Head(after, LOG[after - 1].hash)
    for number in range(after, SIZE + 1):
        stored = extend(head, Entry(subject=Subject.DISPOSAL, verb=Verb.DONE, at=AT, record=f"contacts/{900 + number}"))
        head = Head(stored.seq, stored.hash)
        lines.append({"seq": stored.seq, "hash": stored.hash.hex(), "body": stored.body.decode()})


def _rewrite_after_the_first_checkpoint(lines: Lines) -> None:
    """The later checkpoint left out, and everything after the first one made anew."""
    del lines[1], lines[1 + 11 :]
    _continue(lines, 11)


TAMPERED: dict[str, Callable[[Lines], None]] = {
    "a changed bit": _change_bit,
    "a removed entry": lambda lines: lines.__delitem__(5),
    "an added entry": lambda lines: lines.insert(5, dict(lines[4])),
    "two swapped": lambda lines: lines.__setitem__(slice(5, 7), [lines[6], lines[5]]),
    "the end cut off": lambda lines: lines.__delitem__(slice(22, 25)),
    "a hash changed": lambda lines: lines[3].update(hash="00" * 32),
    "a hash in capitals": lambda lines: lines[3].update(hash=str(lines[3]["hash"]).upper()),
    "rewritten from the beginning": _rewrite,
    "continued after the last checkpoint": lambda lines: _continue(lines, SIZE),
    "rewritten after the first checkpoint": _rewrite_after_the_first_checkpoint,
    "another spelling": lambda lines: lines[3].update(body=str(lines[3]["body"]).replace('","', '", "')),
    "a foreign checkpoint": lambda lines: lines[1].update(checkpoint=checkpoint(SIZE, SigningKey.generate(ORIGIN))),
    "no checkpoint": lambda lines: lines.__delitem__(slice(2)),
    "a checkpoint that is none": lambda lines: lines[1].update(checkpoint="nonsense"),
    "an entry that is none": lambda lines: lines[3].update(body=None),
    "an entry without a hash": lambda lines: lines[3].__delitem__("hash"),
    "an unknown line": lambda lines: lines.append({"note": "see elsewhere"}),
    "an unknown field": lambda lines: lines[3].update(note="see elsewhere"),
    "a checkpoint that says more": lambda lines: lines[1].update(seq=1),
    "not an object": lambda lines: lines.append([]),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("kind", TAMPERED)
def test_every_kind_of_tampering_is_found(tmp_path: Path, kind: str) -> None:
    lines = exported()
    TAMPERED[kind](lines)

    assert verify(tmp_path, lines) == 1


def test_which_entries_nobody_signed_is_said_and_what_to_ask_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = exported()
    del lines[1]

    assert verify(tmp_path, lines) == 1
    told = capsys.readouterr().out
    assert "entries 12 to 23 are under no signature" in told
    assert "ask for one that was made with it (audit export --key)" in told
    assert verify(tmp_path, lines, *anchor(tmp_path)) == 0


def test_of_a_log_that_nobody_signed_it_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(tmp_path, exported()[2:]) == 1
    told = capsys.readouterr().out
    assert "nobody has signed this log" in told
    assert "under no signature" not in told


def test_a_name_that_stands_twice_in_a_line_is_found(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    lines = [json.dumps(line) for line in exported()]
    lines[4] = lines[4].replace('"body":', '"body": "something else", "body":', 1)
    path.write_text("\n".join(lines) + "\n")

    assert standalone.main(["export", str(path), "--key", str(KEY.public)]) == 1


def test_a_tail_cut_off_with_its_checkpoints_is_found_by_an_anchor_alone(tmp_path: Path) -> None:
    cut = [line for line in exported() if line.get("seq", 0) <= 11 and line.get("checkpoint") != checkpoint(SIZE)]  # type: ignore[operator]

    assert verify(tmp_path, cut) == 0
    assert verify(tmp_path, cut, *anchor(tmp_path)) == 1


def test_a_random_change_of_any_line_is_found(tmp_path: Path) -> None:
    chance = random.Random(4)
    for _ in range(200):
        lines = exported()
        line = lines[2 + chance.randrange(SIZE)]
        body = str(line["body"])
        at = chance.randrange(len(body))
        line["body"] = body[:at] + chance.choice([sign for sign in "abc019/-" if sign != body[at]]) + body[at + 1 :]
        assert verify(tmp_path, lines) == 1


def test_a_receipt_verifies_with_nothing_but_itself_and_the_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(receipt()))

    assert standalone.main(["receipt", str(path), "--key", str(KEY.public), *anchor(tmp_path)]) == 0
    assert "contacts/102: disposal.intended" in capsys.readouterr().out


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made.update(record="contacts/999"),
        lambda made: made.update(checkpoint=checkpoint(11)),
        lambda made: made.update(checkpoint=checkpoint(SIZE, SigningKey.generate(ORIGIN))),
        lambda made: made.update(checkpoint="nonsense"),
        lambda made: made["entries"][0].update(index=7),
        lambda made: made["entries"][0].update(index=99),
        lambda made: made["entries"][0]["proof"].pop(),
        lambda made: made["entries"][0].update(proof=["!"]),
        lambda made: made["entries"][1].update(body=made["entries"][1]["body"].replace("sent", "done")),
    ],
)
def test_a_receipt_that_was_changed_does_not_verify(
    tmp_path: Path, change: Callable[[dict[str, object]], None]
) -> None:
    made = receipt()
    change(made)
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(made))

    assert standalone.main(["receipt", str(path), "--key", str(KEY.public)]) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made.update(note="x"),
        lambda made: made.pop("record"),
        lambda made: made["entries"].clear(),
        lambda made: made["entries"][1].update(note="see elsewhere"),
        lambda made: made["entries"][1].pop("proof"),
        lambda made: made["entries"][1].update(index=True),
        lambda made: made["entries"].append([]),
    ],
)
def test_what_is_no_receipt_is_refused(tmp_path: Path, change: Callable[[dict[str, object]], None]) -> None:
    made = receipt()
    change(made)
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(made))

    assert standalone.main(["receipt", str(path), "--key", str(KEY.public)]) == 2


def test_a_receipt_of_another_log_than_the_anchor_s_does_not_verify(tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(receipt()))
    (tmp_path / "other.txt").write_text(sign(Checkpoint(ORIGIN, SIZE, bytes(32)), [KEY]))

    words = ["receipt", str(path), "--key", str(KEY.public), "--anchor", str(tmp_path / "other.txt")]
    assert standalone.main(words) == 1


def test_a_key_of_one_log_vouches_for_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = Frontier.of(entry.body for entry in LOG).root()
    other: Lines = [{"checkpoint": sign(Checkpoint("other.example.dk", SIZE, root), [KEY])}, *exported()[2:]]

    assert verify(tmp_path, other) == 1
    assert f"is of the log other.example.dk, and the key of {ORIGIN}" in capsys.readouterr().out


def witnessed(origin: str, *signers: SigningKey) -> str:
    """What signers, and then a witness that knows them, signed of these entries under a name."""
    text = Checkpoint(origin, SIZE, Frontier.of(entry.body for entry in LOG).root())
    return sign(text, signers) + WITNESS.cosign(text.text().encode(), AT).line()


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        ("other.example.dk", f"is of the log other.example.dk, and the key of {ORIGIN}"),
        (ORIGIN, "is signed by none of the log's keys that were given"),
    ],
)
def test_a_witness_that_co_signed_what_a_stranger_signed_vouches_for_it_in_no_export_and_no_receipt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], origin: str, told: str
) -> None:
    note, path = witnessed(origin, SigningKey.generate(origin)), tmp_path / "receipt.json"
    path.write_text(json.dumps(receipt() | {"checkpoint": note}))

    assert verify(tmp_path, [{"checkpoint": note}, *exported()[2:]], "--key", str(WITNESS.public)) == 1
    assert told in capsys.readouterr().out
    words = ["receipt", str(path), "--key", str(KEY.public), "--key", str(WITNESS.public)]
    assert standalone.main(words) == 1
    assert told in capsys.readouterr().out


def test_a_witness_s_key_alone_vouches_for_no_export(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    lines = [{"checkpoint": witnessed(ORIGIN, KEY)}, *exported()[2:]]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    assert standalone.main(["export", str(path), "--key", str(KEY.public), "--key", str(WITNESS.public)]) == 0
    assert standalone.main(["export", str(path), "--key", str(WITNESS.public)]) == 1


def test_what_a_witness_answered_is_an_anchor_of_the_log_that_it_names_and_signs_nothing_else(tmp_path: Path) -> None:
    answer, words = tmp_path / "answer.txt", ("--key", str(WITNESS.public), "--anchor", str(tmp_path / "answer.txt"))
    text = Checkpoint(ORIGIN, SIZE, Frontier.of(entry.body for entry in LOG).root()).text()
    answer.write_text(f"{text}\n{WITNESS.cosign(text.encode(), AT).line()}")
    assert verify(tmp_path, exported(), *words) == 0
    early = [line for line in exported() if line.get("checkpoint") != checkpoint(SIZE)]
    assert verify(tmp_path, early, *words) == 1

    other = text.replace(ORIGIN, "other.example.dk")
    answer.write_text(f"{other}\n{WITNESS.cosign(other.encode(), AT).line()}")
    assert verify(tmp_path, exported(), *words) == 1


def test_which_log_it_is_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(receipt()))

    assert verify(tmp_path, exported()) == 0
    assert f"the log {ORIGIN}: 23 entries" in capsys.readouterr().out
    assert standalone.main(["receipt", str(path), "--key", str(KEY.public)]) == 0
    assert f"the log {ORIGIN}: 23 entries" in capsys.readouterr().out


def test_keys_are_read_from_a_file_too_and_wrong_use_exits_two(tmp_path: Path) -> None:
    (tmp_path / "keys.txt").write_text(f"{KEY.public}\n\n")
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in exported()))

    assert standalone.main(["export", str(path), "--key", str(tmp_path / "keys.txt")]) == 0
    assert standalone.main(["export", str(path), "--key", "a+00000000+AAAA"]) == 2
    assert standalone.main(["export", str(tmp_path / "nowhere"), "--key", str(KEY.public)]) == 2


NEXT = SigningKey.generate(ORIGIN)
LAST = SigningKey.generate(ORIGIN)
HANDED, ENDED = 11, 17
"""The key hands over when the log has so many entries; the entry that tells of its end."""


def rotation(size: int, old: SigningKey, new: SigningKey, *signers: SigningKey) -> str:
    line = f"key-rotation {old.public} {new.public}"
    root = Frontier.of(entry.body for entry in rotated()[:size]).root()
    return sign(Checkpoint(ORIGIN, size, root, (line,)), signers or (new, old))


def rotated() -> list[StoredEntry]:
    found, head = [], EMPTY
    for number in range(1, SIZE + 1):
        entry = Entry(subject=Subject.DISPOSAL, verb=Verb.DONE, at=AT, record=f"contacts/{100 + number}")
        if number == ENDED:
            facts = (("old", str(KEY.public).split("+", 2)[2]),)
            entry = Entry(subject=Subject.LOG_KEY, verb=Verb.ERASED, at=AT, actor="anna.k", facts=facts)
        found.append(extend(head, entry))
        head = Head(found[-1].seq, found[-1].hash)
    return found


def signed_at(size: int, *keys: SigningKey) -> str:
    return sign(Checkpoint(ORIGIN, size, Frontier.of(entry.body for entry in rotated()[:size]).root()), keys)


def verify_rotated(tmp_path: Path, notes: list[str], key: SigningKey) -> int:
    lines: Lines = [{"checkpoint": note} for note in notes]
    lines += [{"seq": one.seq, "hash": one.hash.hex(), "body": one.body.decode()} for one in rotated()]
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return standalone.main(["export", str(path), "--key", str(key.public)])


@pytest.mark.parametrize("given", [KEY, NEXT])
def test_from_either_key_the_other_is_known_by_the_checkpoint_that_both_signed(
    tmp_path: Path, given: SigningKey
) -> None:
    notes = [signed_at(5, KEY), rotation(HANDED, KEY, NEXT), signed_at(14, NEXT, KEY), signed_at(SIZE, NEXT)]

    assert verify_rotated(tmp_path, notes, given) == 0


def test_over_several_keys_the_last_is_known_from_the_first(tmp_path: Path) -> None:
    notes = [rotation(HANDED, KEY, NEXT), rotation(20, NEXT, LAST), signed_at(SIZE, LAST)]

    assert verify_rotated(tmp_path, notes, KEY) == 0
    assert verify_rotated(tmp_path, notes, LAST) == 0


@pytest.mark.parametrize("signers", [(KEY,), (NEXT,)])
def test_a_handing_over_that_one_key_signed_is_none(tmp_path: Path, signers: tuple[SigningKey, ...]) -> None:
    assert verify_rotated(tmp_path, [rotation(HANDED, KEY, NEXT, *signers), signed_at(SIZE, NEXT)], KEY) == 1


def test_what_a_key_signs_after_the_log_told_of_its_end_counts_for_nothing(tmp_path: Path) -> None:
    handed, last = rotation(HANDED, KEY, NEXT), signed_at(SIZE, NEXT)

    assert verify_rotated(tmp_path, [handed, signed_at(ENDED - 1, KEY), last], KEY) == 0
    assert verify_rotated(tmp_path, [handed, signed_at(ENDED, KEY), last], KEY) == 1
    assert verify_rotated(tmp_path, [handed, signed_at(SIZE, NEXT, KEY)], KEY) == 0


def test_a_key_that_handed_over_twice_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes = [rotation(HANDED, KEY, NEXT), rotation(13, KEY, LAST)]

    assert verify_rotated(tmp_path, notes, KEY) == 1
    assert "was handed over to two others" in capsys.readouterr().out


def test_a_receipt_carries_the_handing_over_for_who_knows_the_old_key(tmp_path: Path) -> None:
    path, made = tmp_path / "receipt.json", receipt()
    made["checkpoint"] = checkpoint(SIZE, NEXT)
    path.write_text(json.dumps(made))
    assert standalone.main(["receipt", str(path), "--key", str(KEY.public)]) == 1

    made["rotations"] = [rotation(HANDED, KEY, NEXT)]
    path.write_text(json.dumps(made))
    assert standalone.main(["receipt", str(path), "--key", str(KEY.public)]) == 0
    assert standalone.main(["receipt", str(path), "--key", str(LAST.public)]) == 1
