"""A portal out of a document: the way in for everybody outside the sandbox."""

from collections.abc import Mapping
from typing import Any

from hubspot_retention.sandbox.document import DocumentError, Problem, read_document
from hubspot_retention.sandbox.document_dump import dump_document
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.state import Portal

__all__ = ["DocumentError", "Portal", "Problem", "dump_document", "load_document"]


def load_document(
    document: Mapping[str, Any], options: SandboxOptions | None = None, *, given_away: bool = False
) -> Portal:
    """The portal that a document describes; the document is left as it is.

    A large one should be `given_away`: then it is used up, its lists are emptied and its dicts become the records.

    Raises DocumentError with every problem of the document at once.
    """
    return read_document(document, options or SandboxOptions(), given_away=given_away)
