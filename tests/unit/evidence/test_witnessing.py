"""A witness has its folder alone, and signs with a key of its own kind."""

from pathlib import Path

import pytest

from hubspot_retention.core.audit.checkpoint import COSIGNATURE
from hubspot_retention.errors import UsageError
from hubspot_retention.evidence.keys import SigningKey
from hubspot_retention.evidence.witnessing import alone_in, witness_key


def test_a_second_witness_of_one_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "seen"
    with alone_in(folder), pytest.raises(UsageError, match="in use by another witness"), alone_in(folder):
        pass
    with alone_in(folder):
        assert folder.is_dir()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot keep anything"), alone_in(tmp_path / "file" / "seen"):
        pass


def test_the_key_of_a_log_does_not_co_sign() -> None:
    own = SigningKey.generate("witness.example.dk", COSIGNATURE)

    assert witness_key(own) is own
    with pytest.raises(UsageError, match="none of a witness"):
        witness_key(SigningKey.generate("log.example.dk"))
