"""Datatilsynet's eight questions about deletion, each answered from the log, the ledger and the policy."""

from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.report.figures import Figures
from hubspot_retention.core.report.requests import RequestFigures
from hubspot_retention.evidence.report.language import Language
from hubspot_retention.evidence.report.pages import Block, Table


def inspection(
    figures: Figures, requests: RequestFigures, policy: RetentionPolicy, portal: str, say: Language
) -> tuple[Block, ...]:
    """Question and answer; what the service does not know is said to be unknown."""
    disposed = sum(rule.disposed for rule in figures.rules.values())
    opted = sum(rule.marketing_ended for rule in figures.rules.values())
    decisions = figures.decisions
    answers = (
        say("a1", rules=say.number(len(policy.rules) + len(policy.correspondence))),
        say("a2", disposed=say.number(disposed), opted=say.number(opted)),
        say(
            "a3",
            plans=say.number(decisions.plans),
            standing=say.number(decisions.standing),
            policies=say.number(decisions.policies),
            service=say.number(decisions.by_service),
            taken=say.number(decisions.taken_back),
            blocked=say.number(decisions.blocked),
            stops=say.number(decisions.stops),
            foreign=say.number(figures.foreign.total),
        ),
        say("a4", portal=portal),
        say(
            "a5",
            runs=say.number(figures.runs),
            last=say.moment(figures.last_run_at) or "–",
            open=say.number(figures.open),
            overdue=say.number(figures.overdue),
            share=say.percent(figures.done_in_time, figures.done),
            opted=say.number(figures.opted_out),
            opted_share=say.percent(figures.opted_out_in_time, figures.opted_out),
            requests=say.number(requests.open),
            requests_overdue=say.number(requests.overdue),
        ),
        say("a6", entries=say.number(figures.entries), period=say.period(policy.evidence.audit_log)),
        say("a7"),
        say("a8"),
    )
    rows = tuple((f"{number}. {say(f'q{number}')}", answer) for number, answer in enumerate(answers, 1))
    return (Table((say("question"), say("answer")), rows, weights=(1, 2)),)
