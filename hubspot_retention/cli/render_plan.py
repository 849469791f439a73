"""Plans as text for 80 columns: pure functions from values to what Rich prints."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hubspot_retention.cli.moments import shown, shown_day
from hubspot_retention.cli.plan_view import BLOCK_WORDS, OBSERVED_WORDS, PlanView, last_call
from hubspot_retention.core.civil import Civil
from hubspot_retention.core.deadline.timing import BIN
from hubspot_retention.core.decision.explain import sentence
from hubspot_retention.core.plan.model import Action, Bundle, ItemState, Plan, PlanItem, PlanKind, PlanStatus
from hubspot_retention.core.policy.model import AttachmentPolicy

KIND_WORDS: Final[Mapping[PlanKind, str]] = {
    PlanKind.RIGHTS: "rights that people exercised",
    PlanKind.TIME: "periods that have ended",
}
ACTION_WORDS: Final[Mapping[Action, str]] = {
    Action.ARCHIVE: "archive",
    Action.ERASE: "erase",
    Action.END_MARKETING: "opt out",
    Action.OBSERVE: "observe",
    Action.NONE: "look",
}
_FILE_WORDS: Final[Mapping[AttachmentPolicy, str]] = {
    AttachmentPolicy.REPORT: "attachments reported",
    AttachmentPolicy.ERASE: "attachments erased (only reported while allow_erase is false)",
}
_STATUS_STYLES: Final[Mapping[PlanStatus, str]] = {
    PlanStatus.BLOCKED: "bold red",
    PlanStatus.AWAITING_REVIEW: "bold yellow",
    PlanStatus.APPROVED: "bold green",
    PlanStatus.APPLIED: "bold green",
    PlanStatus.PARTLY_APPLIED: "bold yellow",
}


def table(*headings: str) -> Table:
    """A table without lines; the first column is never broken."""
    made = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="cyan")
    for number, heading in enumerate(headings):
        made.add_column(heading, no_wrap=number == 0, overflow="fold")
    return made


def status_text(plan: Plan) -> Text:
    """A plan's status in its colour."""
    return Text(plan.status.value.replace("-", " "), _STATUS_STYLES.get(plan.status, "bold"))


def headline(plan: Plan) -> Text:
    """`Plan 1-rights: rights that people exercised, awaiting review`."""
    return Text.assemble(("Plan ", "bold"), (plan.plan_id, "bold"), f": {KIND_WORDS[plan.kind]}, ", status_text(plan))


def plan_list(plans: Sequence[Plan], civil: Civil) -> RenderableType:
    """All plans, one a line."""
    if not plans:
        return Text("There is no plan yet: make one with `plan new`.")
    made = table("Plan", "Status", "Made", "To do", "Decided by", "Digest")
    for plan in plans:
        total = sum(count.total for count in plan.to_do)
        digest = plan.digest[:12]
        made.add_row(plan.plan_id, status_text(plan), shown(plan.built_at, civil), str(total), plan.decided_by, digest)
    return made


def plan_body(view: PlanView, civil: Civil) -> Group:
    """What a plan does: its rules, what goes with them, what blocks them, what a limit said."""
    plan = view.plan
    parts: list[RenderableType] = [headline(plan)]
    if plan.rules:
        parts.append(indented(_rules(plan, civil)))
    if not plan.to_do:
        parts.append(indented(Text("Nothing is to be done.", "dim")))
    parts.extend(indented(line) for line in _notes(view))
    return Group(*parts)


def _rules(plan: Plan, civil: Civil) -> Table:
    made = table("Rule", "Do", "Records", "Oldest due", "Call by", "Gone by")
    made.columns[2].justify = "right"
    for count in plan.rules:
        stays = count.action is Action.END_MARKETING or (count.action is Action.OBSERVE and count.oldest_due_at is None)
        rule = f"who stays ({count.rule})" if stays else count.rule
        due, gone = shown_day(count.oldest_due_at, civil), shown_day(count.earliest_erase_by, civil)
        call = shown(last_call(count.action, count.earliest_erase_by), civil)
        made.add_row(rule, ACTION_WORDS[count.action], f"{count.total:,}", due, call, gone)
    return made


def _notes(view: PlanView) -> Iterator[Text]:
    if any(count.action is Action.ARCHIVE for count in view.plan.rules):
        yield Text(
            f"An archived record lies in HubSpot's bin for {BIN.days} days before it is gone, so its call comes that "
            "much earlier.",
            "dim",
        )
    with_them = bundle_words(view.totals.bundle, view.attachments)
    if with_them:
        yield Text(f"With them: {with_them}.")
    for of in view.warned:
        yield Text(f"Owner warned {of.ahead} ahead ({of.rule}): {of.told:,} of {of.total:,}.")
    if view.plan.observed:
        yield Text.assemble((f"Only observed: {view.plan.observed:,}. ", "yellow"), _sentence(OBSERVED_WORDS))
    for block, count in view.totals.blocked.items():
        yield Text.assemble((f"Blocked: {count:,}. ", "yellow"), _sentence(BLOCK_WORDS[block]))
    for breach in view.plan.breaches:
        yield Text.assemble(("Guardrail: ", "bold red"), f"{breach}.")


def bundle_words(bundle: Bundle, attachments: AttachmentPolicy) -> str:
    """What goes and stays with records, in words; empty if nothing does. `attachments`: what becomes of files."""
    kept = bundle.detached + bundle.rehomed + bundle.stays_on_deal
    parts = (
        (bundle.archived, "of the correspondence archived"),
        (bundle.emails_gone, "e-mails gone at once"),
        (kept, _kept_words(bundle)),
        (bundle.attachments, _FILE_WORDS[attachments]),
        (bundle.deals_stamped, "deals stamped with their end"),
    )
    return "; ".join(f"{count:,} {what}" for count, what in parts if count)


def _kept_words(bundle: Bundle) -> str:
    ways = (
        (bundle.stays_on_deal, "on its deal"),
        (bundle.rehomed, "moved to a won deal"),
        (bundle.detached, "with somebody else"),
    )
    listed = ", ".join(f"{count:,} {way}" for count, way in ways if count)
    return f"kept ({listed})"


def plan_header(plan: Plan, civil: Civil) -> Table:
    """Who made it, when, of what, and what a person decided."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    read = ", ".join(f"{count:,} {kind.value}" for kind, count in plan.population)
    rows = [
        ("Portal", str(plan.portal_id)),
        ("Policy", f"{plan.policy_name} ({plan.policy_digest[:12]})"),
        ("As of", shown(plan.as_of, civil)),
        ("Made", f"{shown(plan.built_at, civil)} by {plan.requested_by}, valid until {shown(plan.expires_at, civil)}"),
        ("Read", read or "nothing"),
    ]
    if plan.decided_at is not None:
        by = f" by {plan.decided_by}" if plan.decided_by else ""
        rows.append(("Decided", f"{plan.status.value}, {shown(plan.decided_at, civil)}{by}"))
    if plan.why:
        rows.append(("Why", plan.why))
    for label, value in rows:
        grid.add_row(Text(label, "cyan"), Text(value))
    return grid


def item_lines(item: PlanItem, civil: Civil, attachments: AttachmentPolicy) -> Group:
    """One item: a line of what is done, and under it what is to be known before it is done."""
    decision = item.decision
    what = decision.rule or decision.outcome.value
    line = Text(f"{item.record!s:<22} {ACTION_WORDS[item.action]:<7} {what:<19} ")
    line.append(f"{shown_day(decision.due_at, civil):<10} {shown(last_call(item.action, decision.erase_by), civil)}")
    parts: list[RenderableType] = [Text(line.plain.rstrip())]
    notes = _item_notes(item, civil, attachments)
    parts.extend(Padding(Text(text, "dim"), (0, 0, 0, 4), expand=False) for text in notes)
    return Group(*parts)


def item_heading() -> Text:
    """The heading over `item_lines`."""
    return Text(f"{'Record':<22} {'Do':<7} {'Rule':<19} {'Due':<10} Call by", "cyan")


def _item_notes(item: PlanItem, civil: Civil, attachments: AttachmentPolicy) -> Iterator[str]:
    if item.action in (Action.NONE, Action.END_MARKETING, Action.OBSERVE):
        yield " ".join(sentence(reason, civil) for reason in item.decision.reasons)
    if item.action is Action.OBSERVE:
        yield f"Only observed: {OBSERVED_WORDS}."
    if item.start_is_new:
        yield "No earlier run saw the start that this counts from."
    with_it = bundle_words(item.bundle, attachments) if item.bundle is not None else ""
    if with_it:
        yield f"With it: {with_it}."
    if item.block is not None:
        yield f"Blocked: {BLOCK_WORDS[item.block]}."
    if item.state is not ItemState.PENDING:
        yield f"{item.state.value}{f' ({item.state_code})' if item.state_code else ''}"


def indented(part: RenderableType) -> Padding:
    """Two columns in."""
    return Padding(part, (0, 0, 0, 2), expand=False)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
