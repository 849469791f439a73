"""A second, plain implementation of semantics sections 3 to 6 for Clienti's rules: the product's oracle.

Independent on purpose: it shares no code with the product, is slow, and has the rules written out.
It is a first run: no request register, no restored record, no start that an earlier run saw.
"""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from tests.oracle import derived as facts
from tests.oracle.civil import (
    P0D,
    P1M,
    P4M,
    P5D,
    P5Y,
    P12M,
    P24M,
    P30D,
    Period,
    from_day,
    from_instant,
    iso,
    local_day,
    midnight_after,
)
from tests.oracle.observed import (
    ABSENT,
    ONGOING,
    UNKNOWN,
    Mark,
    Portal,
    both,
    day,
    either,
    is_known,
    moment,
    opposite,
    text,
    truth,
)

Decision = dict[str, Any]

A_DAY = timedelta(hours=24)


class Keep(NamedTuple):
    rule: str
    basis: str
    end: datetime | None
    """The first instant at which it is no ground any more; None: it has no known end."""


class Disposal(NamedTuple):
    rule: str
    disposition: str
    due_at: datetime | None
    """The effective instant; None: it has no end."""
    erase_by: datetime | None
    right: bool


class Weighing(NamedTuple):
    """What the matching rules of one record come to, before step 4 looks at the clock."""

    keeps: list[Keep]
    unclear: list[str]
    """Keeps of which it is not known whether they match or when they end."""
    disposals: list[Disposal]
    in_doubt: list[str]


class Verdict(NamedTuple):
    decision: Decision
    why: str
    """The step that decided, for a person who compares two implementations."""


def decide_portal(document: dict[str, Any], as_of: datetime) -> dict[str, Decision]:
    """The decision for every contact and deal of a portal document, by key (`contacts/101`)."""
    return {key: verdict.decision for key, verdict in judge_portal(document, as_of).items()}


def judge_portal(document: dict[str, Any], as_of: datetime) -> dict[str, Verdict]:
    portal = Portal(document)
    held = facts.held_records(portal)
    verdicts = {key: judge_contact(portal, key, as_of, held) for key in portal.keys("contacts")}
    verdicts |= {key: judge_deal(portal, key, as_of, held) for key in portal.keys("deals")}
    return verdicts


# Contacts.


def judge_contact(portal: Portal, key: str, as_of: datetime, held: dict[str, set[str]]) -> Verdict:
    outcome, why = outcome_of_contact(portal, key, as_of, held)
    asked = moment(portal.of(key, "erasure_requested_at"))
    withdrawn = moment(portal.of(key, "consent_withdrawn_at"))
    unsubscribed = facts.unsubscribed_at(portal, key, as_of)
    outcome["answer_by"] = None if isinstance(asked, Mark) else iso(end_of_clock(asked))
    outcome["marketing_ends"] = (
        any(isinstance(at, datetime) for at in (asked, withdrawn, unsubscribed))
        or truth(portal.of(key, "processing_restricted")) is True
    )
    return Verdict(outcome, why)


def outcome_of_contact(portal: Portal, key: str, as_of: datetime, held: dict[str, set[str]]) -> Verdict:
    if key in held:
        return Verdict(plain("held"), "held: " + ", ".join(sorted(held[key])))
    if truth(portal.of(key, "processing_restricted")) is not False:
        return Verdict(plain("held"), "held: restricted")
    if UNKNOWN in (moment(portal.of(key, name)) for name in ("erasure_requested_at", "consent_withdrawn_at")):
        return Verdict(plain("held"), "held: a request cannot be read")
    if text(portal.of(key, "processed_on_behalf_of")) is not ABSENT:
        return outcome_of_processor_data(portal, key, as_of)
    weighing = weigh_contact(portal, key, as_of)
    if weighing.unclear:
        return Verdict(plain("undetermined"), "undetermined: " + ", ".join(weighing.unclear))
    asked = moment(portal.of(key, "erasure_requested_at"))
    refer = {
        "contradicted": facts.contact_end_is_contradicted(portal, key, as_of),
        "wrote again": facts.is_later(facts.last_enquiry_at(portal, key), asked),
    }
    activity = facts.last_activity_at(portal, key)
    return settle(weighing, refer, activity, as_of, asked=isinstance(asked, datetime))


def outcome_of_processor_data(portal: Portal, key: str, as_of: datetime) -> Verdict:
    refer = either(
        is_known(moment(portal.of(key, "erasure_requested_at"))),
        is_known(moment(portal.of(key, "consent_withdrawn_at"))),
        is_known(facts.unsubscribed_at(portal, key, as_of)),
        facts.was_customer(portal, key),
        facts.works_for_customer(portal, key, as_of),
        facts.has_open_deal(portal, key),
        facts.is_partner(portal, key),
        is_known(day(portal.of(key, "event_on"))),
    )
    if refer:
        return Verdict(plain("refer"), "refer: processor-data")
    ended = day(portal.of(key, "processing_ended_on"))
    if isinstance(ended, Mark):
        return Verdict(plain("retain"), f"retain: processor-data, end {ended.value}")
    due_at = from_day(ended, P0D)
    if due_at > as_of:
        return Verdict(plain("retain", until=due_at), "retain: processor-data")
    if refer is None:
        return Verdict(plain("undetermined"), "undetermined: doubtful refer of processor-data")
    erase_by = from_instant(due_at, P30D)
    disposal = Disposal("processor-data", "erase", due_at, erase_by, right=False)
    return Verdict(dispose([disposal]), "dispose: processor-data")


def weigh_contact(portal: Portal, key: str, as_of: datetime) -> Weighing:
    keeps, unclear = keeps_of_contact(portal, key, as_of)
    disposals: list[Disposal] = []
    in_doubt: list[str] = []
    asked = moment(portal.of(key, "erasure_requested_at"))
    withdrawn = moment(portal.of(key, "consent_withdrawn_at"))
    unsubscribed = facts.unsubscribed_at(portal, key, as_of)
    rights: tuple[tuple[str, datetime | Mark, tuple[Period, ...], tuple[str, ...]], ...] = (
        ("erasure-request", asked, (P30D, P1M), ("consent", "legitimate_interest")),
        ("consent-withdrawn", withdrawn, (P30D,), ("consent",)),
        ("unsubscribed", unsubscribed, (P5D,), ("consent",)),
    )
    for rule, start, within, overrides in rights:
        if is_doubtful(start, as_of):
            in_doubt.append(rule)
        elif isinstance(start, datetime):
            due_at = outweighed(from_instant(start, P0D), keeps, overrides)
            disposals.append(Disposal(rule, "erase", due_at, soonest(due_at, *within), right=True))
    end = facts.contact_end(portal, key).day
    if isinstance(end, date):
        due_at = outweighed(from_day(end, P24M), keeps, ())
        disposals.append(Disposal("former-customer", "erase", due_at, soonest(due_at, P30D), right=False))
    if facts.was_customer(portal, key) is False:
        activity = facts.last_activity_at(portal, key)
        if isinstance(activity, Mark) or is_doubtful(activity, as_of):
            in_doubt.append("inactive-contact")
        else:
            due_at = outweighed(from_instant(activity, P12M), keeps, ())
            erase_by = soonest(due_at, P4M)
            disposals.append(Disposal("inactive-contact", "archive", due_at, erase_by, right=False))
    return Weighing(keeps, unclear, disposals, in_doubt)


def keeps_of_contact(portal: Portal, key: str, as_of: datetime) -> tuple[list[Keep], list[str]]:
    """The keeps that match, and those of which it is not known whether they match or when they end."""
    end = facts.contact_end(portal, key).day
    event = day(portal.of(key, "event_on"))
    enquiry = facts.last_enquiry_at(portal, key)
    past = facts.is_past(end, as_of)
    runs = None if end is UNKNOWN else end is ONGOING or (isinstance(end, date) and not past)
    run_end = midnight_after(end) if isinstance(end, date) else None
    event_end = from_day(event, P30D) if isinstance(event, date) else None
    enquiry_end = from_instant(enquiry, P12M) if isinstance(enquiry, datetime) else None
    former_end = from_day(end, P24M) if isinstance(end, date) else None
    candidates = (
        (runs, Keep("active-customer", "contract", run_end)),
        (facts.has_open_deal(portal, key), Keep("open-dialogue", "legitimate_interest", None)),
        (facts.works_for_customer(portal, key, as_of), Keep("customer-contact", "contract", None)),
        (facts.is_partner(portal, key), Keep("partner", "contract", None)),
        (is_known(event), Keep("event-participant", "legitimate_interest", event_end)),
        (is_new_enquiry(portal, key, as_of), Keep("new-enquiry", "legitimate_interest", enquiry_end)),
        (is_known(end), Keep("former-customer", "legitimate_interest", former_end)),
    )
    keeps = [keep for matches, keep in candidates if matches]
    unclear = [keep.rule for matches, keep in candidates if matches is None]
    if any(keep.rule == "new-enquiry" for keep in keeps) and is_doubtful(enquiry, as_of):
        unclear.append("new-enquiry starts in the future")
    return keeps, unclear


def is_new_enquiry(portal: Portal, key: str, as_of: datetime) -> bool | None:
    enquiry = facts.last_enquiry_at(portal, key)
    end = facts.contact_end(portal, key).day
    before: list[datetime | Mark] = [
        facts.unsubscribed_at(portal, key, as_of),
        moment(portal.of(key, "consent_withdrawn_at")),
        midnight_after(end) if isinstance(end, date) else end,
    ]
    one_is_known = either(*(is_known(instant) for instant in before))
    later_than_each = [either(opposite(is_known(at)), facts.is_later(enquiry, at)) for at in before]
    return both(is_known(enquiry), one_is_known, *later_than_each)


# Deals.


def judge_deal(portal: Portal, key: str, as_of: datetime, held: dict[str, set[str]]) -> Verdict:
    outcome, why = outcome_of_deal(portal, key, as_of, held)
    return Verdict(outcome | {"answer_by": None, "marketing_ends": False}, why)


def outcome_of_deal(portal: Portal, key: str, as_of: datetime, held: dict[str, set[str]]) -> Verdict:
    if key in held:
        return Verdict(plain("held"), "held: " + ", ".join(sorted(held[key])))
    weighing = weigh_deal(portal, key, as_of)
    if weighing.unclear:
        return Verdict(plain("undetermined"), "undetermined: " + ", ".join(weighing.unclear))
    won = facts.is_won(portal, key)
    refer = {"contradicted": facts.deal_end_is_contradicted(portal, key, as_of) if won else False}
    return settle(weighing, refer, facts.deal_activity(portal, key), as_of, asked=False)


def weigh_deal(portal: Portal, key: str, as_of: datetime) -> Weighing:
    closed, won = facts.is_closed(portal, key), facts.is_won(portal, key)
    keeps: list[Keep] = []
    unclear: list[str] = []
    disposals: list[Disposal] = []
    in_doubt: list[str] = []
    if closed is None:
        unclear.append("open-deal")
    if closed is False:
        keeps.append(Keep("open-deal", "legitimate_interest", None))
    if won is None:
        unclear += ["agreement", "bookkeeping"]
    if won:
        end = facts.deal_end(portal, key).day
        books = end_of_books(portal, key)
        if end is UNKNOWN:
            unclear.append("agreement")
        if isinstance(books, Mark):
            unclear.append("bookkeeping")
        else:
            keeps.append(Keep("bookkeeping", "legal_obligation", from_day(books, P5Y)))
        agreement_end = from_day(end, P5Y) if isinstance(end, date) else None
        keeps.append(Keep("agreement", "legal_obligation", agreement_end))
        due_at = outweighed(agreement_end, keeps, ())
        disposals.append(Disposal("agreement", "archive", due_at, soonest(due_at, P4M), right=False))
    if closed and won is False:
        lost_at = facts.closedate(portal, key)
        if isinstance(lost_at, Mark) or is_doubtful(lost_at, as_of):
            in_doubt.append("lost-deal")
        else:
            due_at = outweighed(from_instant(lost_at, P12M), keeps, ())
            disposals.append(Disposal("lost-deal", "archive", due_at, soonest(due_at, P4M), right=False))
    return Weighing(keeps, unclear, disposals, in_doubt)


def end_of_books(portal: Portal, key: str) -> date | Mark:
    """31 December of the year of the deal's latest date: absent ones are left out, an unknown one is not."""
    closed_at = facts.closedate(portal, key)
    dates: list[date | Mark] = [
        closed_at if isinstance(closed_at, Mark) else local_day(closed_at),
        facts.contract_end(portal, key),
        facts.deal_end(portal, key).day,
    ]
    if UNKNOWN in dates:
        return UNKNOWN
    known = [value for value in dates if isinstance(value, date)]
    return date(max(known).year, 12, 31) if known else ABSENT


# Precedence, steps 3 and 4.


def settle(
    weighing: Weighing,
    refer: dict[str, bool | None],
    activity: datetime | Mark,
    as_of: datetime,
    *,
    asked: bool,
) -> Verdict:
    for reason, holds in refer.items():
        if holds:
            return Verdict(plain("refer"), "refer: " + reason)
    due = [one for one in weighing.disposals if one.due_at is not None and one.due_at <= as_of]
    if due:
        doubts = [reason for reason, holds in refer.items() if holds is None]
        if doubts:
            return Verdict(plain("undetermined"), "undetermined: perhaps " + ", ".join(doubts))
        decision = dispose(due)
        return Verdict(decision, "dispose: " + decision["rule"])
    if asked:
        return Verdict(plain("refer"), "refer: request outweighed")
    if weighing.in_doubt:
        return Verdict(plain("undetermined"), "undetermined: in doubt " + ", ".join(weighing.in_doubt))
    if activity is UNKNOWN or is_doubtful(activity, as_of):
        return Verdict(plain("undetermined"), "undetermined: last activity")
    ends = [disposal.due_at for disposal in weighing.disposals if disposal.due_at is not None]
    silent = isinstance(activity, datetime) and from_instant(activity, P12M) <= as_of
    if not ends and silent:
        return Verdict(plain("refer"), "refer: nobody has confirmed it")
    kept_by = ", ".join(keep.rule for keep in weighing.keeps if keep.end is None or keep.end > as_of)
    return Verdict(plain("retain", until=min(ends, default=None)), "retain: " + kept_by)


def is_doubtful(start: datetime | Mark, as_of: datetime) -> bool:
    """A start that is unknown or lies more than a day in the future."""
    return start is UNKNOWN or (isinstance(start, datetime) and start > as_of + A_DAY)


def outweighed(due_at: datetime | None, keeps: list[Keep], overrides: tuple[str, ...]) -> datetime | None:
    """The latest of a rule's own instant and the ends of the keeps that stand against it; None: no end."""
    ends = [due_at, *(keep.end for keep in keeps if keep.basis not in overrides)]
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


def soonest(due_at: datetime | None, *within: Period) -> datetime | None:
    return None if due_at is None else min(from_instant(due_at, period) for period in within)


def end_of_clock(asked: datetime) -> datetime:
    """The earlier of 30 days and one calendar month: GDPR article 12(3) and the policy's section 8."""
    return min(from_instant(asked, P30D), from_instant(asked, P1M))


def dispose(due: list[Disposal]) -> Decision:
    """The decision when at least one rule is due; `due` stands in the policy's order."""
    limits = {disposal.rule: disposal.erase_by for disposal in due if disposal.erase_by is not None}
    deciding = min(due, key=lambda disposal: (not disposal.right, limits[disposal.rule]))
    assert deciding.due_at is not None
    decision = plain("dispose")
    decision["rule"] = deciding.rule
    decision["disposition"] = "erase" if any(one.disposition == "erase" for one in due) else "archive"
    decision["due_at"] = iso(deciding.due_at)
    decision["erase_by"] = iso(min(limits.values()))
    return decision


def plain(outcome: str, *, until: datetime | None = None) -> Decision:
    return {
        "outcome": outcome,
        "rule": None,
        "disposition": None,
        "due_at": None,
        "erase_by": None,
        "until": None if until is None else iso(until),
    }
