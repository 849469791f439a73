"""Where the texts of the policy and the settings come from: a file that was named, or what is shipped."""

import os
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from hubspot_retention.errors import UsageError


def _shipped(name: str) -> str:
    """A file of `config/`: in the wheel it lies in the package, in a checkout beside it."""
    packaged = files("hubspot_retention").joinpath("config", name)
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).parent.parent / "config" / name).read_text(encoding="utf-8")


def read_document(path: Path, what: str) -> str:
    """The text of a file. Raises UsageError, naming `what` it was to be."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the {what} {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"the {what} {path} is no UTF-8 text: byte {error.start}") from error


def policy_text(path: Path | None, environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """The policy's text and where it came from: the path given, `RETENTION_POLICY`, else Clienti's.

    Raises UsageError if it cannot be read.
    """
    chosen = path or (Path(environment["RETENTION_POLICY"]) if environment.get("RETENTION_POLICY") else None)
    if chosen is None:
        return _shipped("clienti.toml"), "clienti.toml (shipped)"
    return read_document(chosen, "policy"), str(chosen)
