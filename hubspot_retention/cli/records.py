"""Records and matters as people name them: `contacts/101`, `J-2026-114`."""

import re
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hubspot_retention.errors import UsageError

if TYPE_CHECKING:
    from hubspot_retention.core.record import RecordRef

Record = Annotated[str, typer.Argument(metavar="RECORD", help="A record, such as contacts/101.")]

MATTER: Final = re.compile(r"[A-Za-z0-9_.:/+=-]{1,120}")
"""The reference of a case: it goes into the audit log, which holds no free text."""


def read_record(text: str, *kinds: str) -> "RecordRef":
    """A record of one of some classes. Raises UsageError."""
    from hubspot_retention.core.record import RecordRef

    try:
        record = RecordRef.parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if record.object_type.value not in kinds:
        raise UsageError(f"{text}: expected a record of {' or '.join(kinds)}")
    return record


def read_matter(text: str) -> str:
    """The reference of a case. Raises UsageError."""
    if MATTER.fullmatch(text) is None:
        raise UsageError(
            f"--matter: found {text!r}, expected a reference of letters, digits and _ . : / + = - without spaces "
            "(it goes into the audit log; write the story into --reason)"
        )
    return text
