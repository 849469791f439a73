"""What the policy says about reading facts: time zone, stages, kinds, how long a word counts."""

from dataclasses import dataclass

from hubspot_retention.core.civil import Civil, FinancialYearEnd, Period


@dataclass(frozen=True, slots=True, kw_only=True)
class FactTerms:
    """The terms under which observations become facts.

    `review_after` is how long a conversation or a person's confirmation speaks against an end date, and after
    how long an ongoing relationship must be confirmed (Clienti: P12M).
    """

    civil: Civil
    customer_stages: frozenset[str]
    ended_stages: frozenset[str]
    partner_kinds: frozenset[str]
    review_after: Period
    financial_year_end: FinancialYearEnd
