"""Customers whose relationship runs or ended within the last 24 months, with their agreements and mail.

Each function builds one situation of the policy; its `case` says in words what it is. `ended` counts the days
since the relationship ended.
"""

from hubspot_retention.sandbox.seed_draft import Draft, Situation
from hubspot_retention.sandbox.seed_leads import open_deal
from hubspot_retention.sandbox.seed_rights import opt_out


def won_deal(
    draft: Draft, case: str, closed: int, parties: tuple[str, ...], extra: dict[str, str] | None = None
) -> str:
    """A deal won so many days ago with these contacts, and with these companies as its primary ones."""
    properties = {"closedate": draft.at(closed), **(extra or {})}
    deal = draft.deal(case, closed + draft.between(10, 120), "closedwon", properties)
    for party in parties:
        if party.startswith("companies/"):
            draft.link(deal, party, primary=True)
        else:
            draft.link(party, deal)
    return deal


def ongoing_customer(draft: Draft, case: str, seen: int, extra: dict[str, str] | None = None) -> str:
    """A customer without an end, last active `seen` days ago, with a won deal or two and mostly a firm."""
    closed = seen + draft.between(10, 1200)
    born = {"createdate": draft.at(closed + 200), "hs_v2_date_entered_customer": draft.at(closed)}
    path = draft.contact(case, "customer", seen, born | (extra or {}))
    parties: tuple[str, ...] = (path,)
    if draft.chance(0.7):
        firm = draft.customer()
        draft.link(path, firm, primary=True)
        parties = (path, firm)
    touched = {"notes_last_contacted": draft.at(seen)}
    deal_case = "won, relationship ongoing" if seen < 350 else "won, relationship ongoing, silent"
    deal = won_deal(draft, deal_case, closed, parties, touched)
    if draft.chance(0.3):
        won_deal(draft, deal_case, closed - 5, parties, touched)
    if draft.chance(0.8):
        draft.correspondence(seen, (path, deal), 4)
    return path


def former_customer(draft: Draft, case: str, ended: int, extra: dict[str, str] | None = None) -> str:
    """Somebody whose own `customer_until` says when the relationship ended, silent since."""
    properties = {
        "createdate": draft.at(ended + draft.between(1300, 2500)),
        "hs_v2_date_entered_customer": draft.at(ended + draft.between(900, 1200)),
        "customer_until": draft.on(ended),
    }
    return draft.contact(case, "customer", ended + draft.between(1, 200), properties | (extra or {}))


def _customer_in_touch(draft: Draft) -> None:
    ongoing_customer(draft, "customer in touch", draft.between(2, 300))


def _contact_person_at_customer(draft: Draft) -> None:
    path = draft.contact("contact person at a customer", "lead", draft.between(2, 340))
    draft.link(path, draft.customer(), primary=True)


def _customer_silent(draft: Draft) -> None:
    ongoing_customer(draft, "customer without an end, silent for more than a year", draft.between(400, 1000))


def _contract_runs(draft: Draft) -> None:
    seen = draft.between(2, 300)
    path = draft.contact("customer whose contract ends ahead", "customer", seen)
    end = {"contract_end_date": draft.on(-draft.between(20, 900)), "notes_last_contacted": draft.at(seen)}
    deal = won_deal(draft, "won, contract ends ahead", seen + draft.between(10, 600), (path,), end)
    draft.correspondence(seen, (path, deal))


def _unsubscribed_customer(draft: Draft) -> None:
    ongoing_customer(draft, "unsubscribed customer, relationship ongoing", draft.between(6, 200))
    opt_out(draft, draft.between(1, 4))


def _unsubscribed_contact_person(draft: Draft) -> None:
    path = draft.contact("unsubscribed contact person at a customer", "lead", draft.between(6, 300))
    opt_out(draft, draft.between(1, 4))
    draft.link(path, draft.customer(), primary=True)


def _customer_asks_for_erasure(draft: Draft) -> None:
    asked = {"erasure_requested_at": draft.at(draft.between(1, 15))}
    ongoing_customer(draft, "asks for erasure, relationship ongoing", draft.between(20, 200), asked)


def _several_firms_none_primary(draft: Draft) -> None:
    path = draft.contact("customer of several companies, none primary", "customer", draft.between(5, 300))
    draft.link(path, draft.company("customer", {"customer_until": draft.on(draft.between(800, 1400))}))
    draft.link(path, draft.company("customer"))


def _ended_lately(draft: Draft) -> None:
    ended = draft.between(20, 700)
    path = former_customer(draft, "former customer inside 24 months", ended)
    parties: tuple[str, ...] = (path,)
    if draft.chance(0.3):
        firm = draft.company("customer", {"customer_until": draft.on(ended)})
        draft.link(path, firm, primary=True)
        parties = (path, firm)
    deal = won_deal(draft, "won, relationship ended lately", ended + draft.between(50, 800), parties)
    draft.correspondence(ended + 1, (path, deal))


def _ended_lately_by_company(draft: Draft) -> None:
    ended = draft.between(20, 700)
    path = draft.contact("former customer inside 24 months, by the company's date", "customer", ended + 10)
    firm = draft.company("customer", {"customer_until": draft.on(ended)})
    draft.link(path, firm, primary=True)
    won_deal(draft, "won, relationship ended lately", ended + draft.between(50, 800), (path, firm))


def _ended_lately_unsubscribed(draft: Draft) -> None:
    former_customer(draft, "unsubscribed former customer inside 24 months", draft.between(20, 700))
    opt_out(draft, draft.between(1, 4))


def _ended_lately_asks_for_erasure(draft: Draft) -> None:
    ended = draft.between(40, 700)
    asked = {"erasure_requested_at": draft.at(draft.between(1, 15))}
    path = former_customer(draft, "asks for erasure, former customer inside 24 months", ended, asked)
    deal = won_deal(draft, "won, relationship ended lately", ended + draft.between(50, 800), (path,))
    draft.correspondence(ended + 1, (path, deal))


def _ended_lately_withdraws_consent(draft: Draft) -> None:
    withdrawn = {"consent_withdrawn_at": draft.at(draft.between(1, 15))}
    former_customer(draft, "withdraws consent, former customer inside 24 months", draft.between(20, 700), withdrawn)


def _ended_then_enquired(draft: Draft) -> None:
    wrote = {"hs_email_last_reply_date": draft.at(draft.between(5, 300))}
    former_customer(draft, "former customer beyond 24 months, wrote since", draft.between(740, 1500), wrote)


def _ended_then_open_deal(draft: Draft) -> None:
    seen = draft.between(5, 100)
    spoke = {"hs_last_sales_activity_timestamp": draft.at(seen)}
    path = former_customer(
        draft, "former customer beyond 24 months, with a new open deal", draft.between(740, 1500), spoke
    )
    deal = open_deal(draft, path, seen + 20)
    draft.correspondence(seen, (path, deal), 2)


CUSTOMER_SITUATIONS = (
    Situation(build=_customer_in_touch, per_2000=130),
    Situation(build=_contact_person_at_customer, per_2000=25),
    Situation(build=_customer_silent, per_2000=12),
    Situation(build=_contract_runs, per_2000=15),
    Situation(build=_unsubscribed_customer, per_2000=4),
    Situation(build=_unsubscribed_contact_person, per_2000=3),
    Situation(build=_customer_asks_for_erasure, per_2000=3),
    Situation(build=_several_firms_none_primary, per_2000=4),
    Situation(build=_ended_lately, per_2000=40),
    Situation(build=_ended_lately_by_company, per_2000=8),
    Situation(build=_ended_lately_unsubscribed, per_2000=3),
    Situation(build=_ended_lately_asks_for_erasure, per_2000=3),
    Situation(build=_ended_lately_withdraws_consent, per_2000=3),
    Situation(build=_ended_then_enquired, per_2000=4),
    Situation(build=_ended_then_open_deal, per_2000=4),
)
