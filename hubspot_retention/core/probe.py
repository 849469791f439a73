"""What `portal probe` tries on a portal because HubSpot leaves it undocumented."""

from dataclasses import dataclass
from enum import StrEnum


class ProbeQuestion(StrEnum):
    """The questions. The first one gates disposals (semantics 7: nothing kept may hang on hope)."""

    CORRESPONDENCE_SURVIVES = "correspondence-on-a-deal-survives-the-erasure-of-its-contact"
    DETACHED_SURVIVES = "correspondence-of-another-contact-survives-detached"
    ARCHIVE_OF_ARCHIVED = "archive-answers-for-an-archived-id"
    ARCHIVE_OF_MERGED = "archive-answers-for-a-merged-id"
    ARCHIVE_OF_UNKNOWN = "archive-answers-for-an-unknown-id"
    ERASE_OF_ARCHIVED = "erase-answers-for-an-archived-id"
    ERASE_OF_MERGED = "erase-answers-for-a-merged-id"
    ERASE_OF_UNKNOWN = "erase-answers-for-an-unknown-id"
    PARTIAL_BATCH = "a-partial-batch-says-so"
    SEARCH_LAG = "how-late-is-search"
    CLEANED_UP = "everything-made-is-out-of-view-again"


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What came of one trial; `note` is for a person to read, without personal data.

    Questions of yes or no: `yes`, `no`, `unclear`. Calls on odd ids: `taken` or `refused`, and for merged ids
    `takes-winner` or `spares-winner`. A batch: `says-so`, `silent`. Search: the whole seconds, or `unclear`.
    """

    question: ProbeQuestion
    answer: str
    note: str = ""


def correspondence_is_verified(results: tuple[ProbeResult, ...]) -> bool:
    """Whether this portal was seen to keep correspondence that also hangs on a deal or another contact."""
    answers = {result.question: result.answer for result in results}
    gates = (ProbeQuestion.CORRESPONDENCE_SURVIVES, ProbeQuestion.DETACHED_SURVIVES)
    return all(answers.get(question) == "yes" for question in gates)
