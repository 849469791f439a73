"""Reasons in words: every code as a few words for a count, and as a sentence about one record."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from hubspot_retention.core.civil import Civil
from hubspot_retention.core.decision.model import Reason, ReasonCode


class Wording(NamedTuple):
    """`words` after a count; `sentence` with places for the reason's own rule, instant, record and matter."""

    words: str
    sentence: str


WORDINGS: Final[Mapping[ReasonCode, Wording]] = {
    ReasonCode.HOLD_FLAG: Wording("a hold is set in HubSpot", "A legal hold is set in HubSpot on {record}."),
    ReasonCode.HOLD_REGISTER: Wording(
        "a hold of the register binds them", "A hold of the register binds it: matter {matter}, placed on {record}."
    ),
    ReasonCode.OUTSTANDING_DEBT: Wording("money is owed", "Money is owed on {record}."),
    ReasonCode.HOLD_UNREADABLE: Wording(
        "a hold could not be read", "Whether {record} is held could not be read, and what cannot be read holds."
    ),
    ReasonCode.PROCESSING_RESTRICTED: Wording(
        "processing is restricted",
        "Its processing is restricted, by the property or by an open request: nothing may happen to it.",
    ),
    ReasonCode.RESTRICTION_UNREADABLE: Wording(
        "a restriction could not be read", "Whether its processing is restricted could not be read."
    ),
    ReasonCode.REQUEST_UNREADABLE: Wording(
        "a request could not be read", "Whether the person asked for erasure or withdrew consent could not be read."
    ),
    ReasonCode.KEEP_MATCH_UNKNOWN: Wording(
        "whether a rule keeps them is unknown",
        "Whether rule {rule} keeps it cannot be told: a fact that the rule asks for is unknown.",
    ),
    ReasonCode.KEEP_END_UNKNOWN: Wording(
        "until when a rule keeps them is unknown", "Rule {rule} keeps it, but until when cannot be told."
    ),
    ReasonCode.KEEP_START_IN_FUTURE: Wording(
        "a rule keeps them from a day still to come",
        "Rule {rule} keeps it from a start that lies in the future, which cannot be right.",
    ),
    ReasonCode.START_MOVED_BACK: Wording(
        "a start moved back by more than a year",
        "Its {matter} lies more than a year before what an earlier run saw; a person must confirm it (`confirm`).",
    ),
    ReasonCode.REFERRAL_UNKNOWN: Wording(
        "whether a person must look first is unknown",
        "It would be due, but whether a person must look at it first cannot be told{by_rule}.",
    ),
    ReasonCode.RULE_MATCH_UNKNOWN: Wording(
        "whether a rule matches is unknown",
        "Whether rule {rule} matches cannot be told: a fact that the rule asks for is unknown.",
    ),
    ReasonCode.START_UNKNOWN: Wording(
        "from when a rule counts is unknown", "Rule {rule} matches, but from when it counts is not known."
    ),
    ReasonCode.START_IN_FUTURE: Wording(
        "a rule counts from a day still to come",
        "Rule {rule} counts from a start that lies in the future, which cannot be right.",
    ),
    ReasonCode.LAST_ACTIVITY_UNKNOWN: Wording(
        "the last activity is unknown", "When it was last active cannot be told."
    ),
    ReasonCode.LAST_ACTIVITY_IN_FUTURE: Wording(
        "the last activity lies in the future", "Its last activity, {at}, lies in the future."
    ),
    ReasonCode.NO_RULE_MATCHES: Wording(
        "no rule of the policy covers them", "No rule of the policy covers it: the policy has a gap."
    ),
    ReasonCode.END_CONTRADICTED: Wording(
        "something later speaks against the end of the relationship",
        "The end of the relationship has passed, but something on a later day speaks against it: "
        "somebody renewed or still talks, and nobody moved the date.",
    ),
    ReasonCode.WROTE_AFTER_REQUEST: Wording(
        "the person wrote again after the request",
        "The person wrote again after what rule {rule} counts from: somebody must read it first.",
    ),
    ReasonCode.ROLES_IN_CONFLICT: Wording(
        "processed for somebody else, with a relation or right of their own",
        "It is processed for somebody else, but also has a relation of its own or exercised a right (rule {rule}): "
        "the controller is told, or the roles are sorted out.",
    ),
    ReasonCode.EXCLUSIVE_RULES_OVERLAP: Wording(
        "several rules apply of which each stands alone",
        "Rule {rule} says that no other rule applies to it, but it is not the only one that says so: "
        "the policy must tell which of them it is.",
    ),
    ReasonCode.RESTORED_BY_A_PERSON: Wording(
        "archived by this service, restored by a person",
        "This service archived it and a person restored it: nothing happens to it until a person confirms that "
        "(`confirm`), and then the rules decide about it again.",
    ),
    ReasonCode.REQUEST_OUTWEIGHED: Wording(
        "grounds to keep outweigh the request",
        "Grounds to keep it outweigh the request (rule {rule}): the person must be told before its clock ends.",
    ),
    ReasonCode.RELATIONSHIP_UNCONFIRMED: Wording(
        "nobody has confirmed that the relationship goes on",
        "As far as anybody knows the relationship goes on, but nothing has happened for long: "
        "since {at} somebody should have confirmed it.",
    ),
    ReasonCode.PERIOD_ENDED: Wording("the period has ended", "By rule {rule} its time was over at {at}."),
    ReasonCode.KEEP_OVERRIDDEN: Wording(
        "a rule that keeps them does not stand against it",
        "Rule {rule} would keep it, but does not stand against this.",
    ),
    ReasonCode.KEEP_RUNS: Wording("a rule keeps them", "Rule {rule} keeps it until {at}."),
    ReasonCode.KEEP_WITHOUT_END: Wording(
        "a rule keeps them without end", "Rule {rule} keeps it, and no end of that is known."
    ),
    ReasonCode.NOT_YET_DUE: Wording("not yet due", "By rule {rule} it will be due at {at}."),
}
"""Every reason there is, in words."""


def words(code: ReasonCode) -> str:
    """A reason in a few words, of several records: `3: money is owed`."""
    return WORDINGS[code].words


def sentence(reason: Reason, civil: Civil) -> str:
    """A reason as a sentence about one record; instants in civil time."""
    at = "" if reason.at is None else reason.at.astimezone(civil.zone).strftime("%Y-%m-%d %H:%M")
    return WORDINGS[reason.code].sentence.format(
        rule=reason.rule,
        by_rule=f" (rule {reason.rule})" if reason.rule else "",
        at=at,
        record="the record" if reason.record is None else reason.record,
        matter=reason.matter,
    )
