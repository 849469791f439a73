"""What was found of a portal, as text for 80 columns and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from hubspot_retention.cli.render_plan import indented, table
from hubspot_retention.core.probe import ProbeQuestion, ProbeResult

if TYPE_CHECKING:
    from hubspot_retention.bootstrap import PortalCheck

_STYLES: Final[Mapping[str, str]] = {"fine": "green", "notice": "yellow", "problem": "bold red"}
_QUESTIONS: Final[Mapping[ProbeQuestion, str]] = {
    ProbeQuestion.CORRESPONDENCE_SURVIVES: "Does correspondence on a deal survive the erasure of its contact?",
    ProbeQuestion.DETACHED_SURVIVES: "Does what another contact shares survive, taken off the one that is erased?",
    ProbeQuestion.ARCHIVE_OF_ARCHIVED: "What does archive answer for an archived id?",
    ProbeQuestion.ARCHIVE_OF_MERGED: "What does archive answer for the id of a merged-away contact?",
    ProbeQuestion.ARCHIVE_OF_UNKNOWN: "What does archive answer for an id that is gone?",
    ProbeQuestion.ERASE_OF_ARCHIVED: "What does erase answer for an archived id?",
    ProbeQuestion.ERASE_OF_MERGED: "What does erase answer for the id of a merged-away contact?",
    ProbeQuestion.ERASE_OF_UNKNOWN: "What does erase answer for an id that is gone?",
    ProbeQuestion.PARTIAL_BATCH: "Does a batch that is carried out in part say so?",
    ProbeQuestion.SEARCH_LAG: "How late is search, in seconds?",
    ProbeQuestion.CLEANED_UP: "Is everything that was made out of view again?",
}


def check_json(found: "PortalCheck") -> dict[str, Any]:
    """The check as plain JSON."""
    return {
        "fine": found.is_fine,
        "portal": found.identity.portal_id,
        "findings": [{"topic": topic, "verdict": verdict, "text": text} for topic, verdict, text in findings(found)],
        "filled": [{"property": fill.name, "text": fill.sentence} for fill in found.fill],
        "dispositions": list(found.dispositions),
        "by_hand": list(found.by_hand),
    }


def findings(found: "PortalCheck") -> Iterator[tuple[str, str, str]]:
    """Topic, verdict (fine, notice, problem) and what was found, with what to do about a problem."""
    for line in found.lines:
        yield line.topic, line.verdict.value, f"{line.text}."
    yield from _scopes(found)
    fine = sum(1 for each in found.properties if each.is_fine)
    if fine:
        yield "properties", "fine", f"{fine} of the properties that the policy reads are there."
    for each in found.properties:
        if not each.is_fine:
            where = f"{each.needed.object_type.value} {each.needed.name}"
            wanted = " or ".join(sorted(each.needed.types)) or "any type"
            if each.found_type is None:
                yield "properties", "problem", f"{where} is not there: `portal setup` makes ours."
            else:
                yield "properties", "problem", f"{where} is of type {each.found_type}, expected {wanted}."


def _scopes(found: "PortalCheck") -> Iterator[tuple[str, str, str]]:
    granted = [scope for scope in found.scopes if scope.granted]
    if granted:
        yield "scopes", "fine", f"{len(granted)} scopes are granted."
    for scope in found.scopes:
        if scope.granted is None:
            yield "scopes", "notice", f"{scope.scope}, for {scope.needed_for}: it cannot be told whether it is granted."
        elif not scope.granted:
            verdict = "notice" if scope.for_writing else "problem"
            yield "scopes", verdict, f"{scope.scope} is missing, for {scope.needed_for}: add it to the app or key."


def check_text(found: "PortalCheck") -> Group:
    """What was looked at, how well facts are filled in, what each disposition does here, what to look at by hand."""
    made = table("", "What", "")
    made.show_header = False
    made.columns[1].no_wrap = True
    for topic, verdict, text in findings(found):
        made.add_row(Text(verdict, _STYLES[verdict]), topic, Text(text))
    parts: list[RenderableType] = [Text(f"Portal {found.identity.portal_id}", "bold"), indented(made)]
    parts.extend(_section("How well the facts are filled in", [f"{fill.sentence}." for fill in found.fill]))
    parts.extend(_section("What a disposition does on this portal", [f"{line}." for line in found.dispositions]))
    parts.extend(_section("To look at by hand", [f"{line}." for line in found.by_hand]))
    return Group(*parts)


def _section(title: str, lines: Sequence[str]) -> list[RenderableType]:
    if not lines:
        return []
    return [Text(), Text(title, "bold"), *[indented(Text(f"· {line}")) for line in lines]]


def probe_json(results: Sequence[ProbeResult], verified: bool) -> dict[str, Any]:
    """What was tried as plain JSON."""
    answers = [{"question": one.question.value, "answer": one.answer, "note": one.note} for one in results]
    return {"correspondence_is_verified": verified, "answers": answers}


def probe_text(results: Sequence[ProbeResult], verified: bool) -> Group:
    """Question, answer, note; and what that allows."""
    parts: list[RenderableType] = []
    for one in results:
        parts.append(Text.assemble(_QUESTIONS[one.question], " ", (one.answer, "bold")))
        if one.note:
            parts.append(indented(Text(one.note, "dim")))
    parts.append(Text())
    if verified:
        parts.append(Text("Correspondence that must stay does stay: contacts that have some may be erased."))
    else:
        parts.append(
            Text("Contacts with correspondence that must stay are not erased: it was not seen to survive.", "yellow")
        )
    return Group(*parts)
