"""Relationships over for more than 24 months: due, held, owed, contradicted; agreements of people long gone.

Each function builds one situation of the policy; its `case` says in words what it is. `ended` counts the days
since the relationship ended: 24 months are at most 731 of them, five years at most 1,827.
"""

from datetime import date

from hubspot_retention.sandbox.seed_customers import former_customer, won_deal
from hubspot_retention.sandbox.seed_draft import Draft, Situation

_WON = "won, relationship ended years ago"


def _long_ago(draft: Draft) -> int:
    """Beyond the 24 months, not yet five years."""
    return draft.between(740, 1500)


def _closed(draft: Draft, ended: int) -> int:
    return ended + draft.between(50, 800)


def _ended(draft: Draft) -> None:
    former_customer(draft, "former customer beyond 24 months", _long_ago(draft))


def _ended_by_company(draft: Draft) -> None:
    ended = _long_ago(draft)
    path = draft.contact("former customer beyond 24 months, by the company's date", "customer", ended + 10)
    firm = draft.company("customer", {"customer_until": draft.on(ended)})
    draft.link(path, firm, primary=True)
    won_deal(draft, _WON, _closed(draft, ended), (path, firm))


def _ended_by_contracts(draft: Draft) -> None:
    ended = _long_ago(draft)
    path = draft.contact("former customer beyond 24 months, by the contracts' ends", "customer", ended + 10)
    for earlier in (200, 0):
        end = {"contract_end_date": draft.on(ended + earlier)}
        won_deal(draft, _WON, ended + 400 + earlier, (path,), end)


def _ended_by_stage(draft: Draft) -> None:
    ended = _long_ago(draft)
    stages = {
        "hs_v2_date_entered_customer": draft.at(ended + 600),
        "hs_v2_date_exited_customer": draft.at(ended),
    }
    draft.contact("former customer beyond 24 months, by the stage left", "other", ended + 10, stages)


def _ended_with_mail_on_deal(draft: Draft) -> None:
    ended = _long_ago(draft)
    path = former_customer(draft, "former customer beyond 24 months, with mail on the won deal", ended)
    deal = won_deal(draft, _WON, _closed(draft, ended), (path,))
    draft.correspondence(ended + 1, (path, deal), 4)


def _ended_with_mail_beside_deal(draft: Draft) -> None:
    ended = _long_ago(draft)
    path = former_customer(draft, "former customer beyond 24 months, with a won deal and mail beside it", ended)
    won_deal(draft, _WON, _closed(draft, ended), (path,))
    draft.correspondence(ended + 1, (path,))


def _ended_with_attachments(draft: Draft) -> None:
    ended = _long_ago(draft)
    path = former_customer(draft, "former customer beyond 24 months, with attachments", ended)
    offer, contract = draft.file(), draft.file()
    draft.engagement("emails", ended + 40, (path,), offer)
    draft.engagement("notes", ended + 20, (path,), f"{offer};{contract}")


def _ended_sharing_notes(draft: Draft) -> None:
    ended = _long_ago(draft)
    path = former_customer(draft, "former customer beyond 24 months, sharing notes with a colleague", ended)
    colleague = draft.contact("colleague of a former customer, in touch", "lead", draft.between(5, 300))
    firm = draft.company("other", {"customer_until": draft.on(ended)})
    for person in (path, colleague):
        draft.link(person, firm, primary=True)
    draft.engagement("notes", ended + 30, (path, colleague))
    draft.engagement("meetings", ended + 60, (path, colleague, firm))
    draft.engagement("emails", ended + 15, (path,))


def _ended_with_mail_on_company(draft: Draft) -> None:
    ended = _long_ago(draft)
    path = former_customer(draft, "former customer beyond 24 months, with mail on the company too", ended)
    firm = draft.company("other", {"customer_until": draft.on(ended)})
    draft.link(path, firm, primary=True)
    draft.engagement("emails", ended + 5, (path, firm))
    draft.correspondence(ended + 10, (path, firm), 2)


def _ended_with_ticket(draft: Draft) -> None:
    ended = _long_ago(draft)
    path = former_customer(draft, "former customer beyond 24 months, with mail on a ticket", ended)
    ticket = draft.ticket(ended + 50)
    draft.link(ticket, path)
    draft.engagement("emails", ended + 45, (path, ticket))


def _ended_and_settled(draft: Draft) -> None:
    ended = _long_ago(draft)
    path = former_customer(draft, "former customer beyond 24 months, everything paid", ended)
    won_deal(draft, _WON, _closed(draft, ended), (path,), {"outstanding_balance": "0"})


def _ended_and_held(draft: Draft) -> None:
    hold = {"legal_hold": "true", "legal_hold_reason": "Sag hos advokaten"}
    former_customer(draft, "former customer beyond 24 months, on legal hold", _long_ago(draft), hold)


def _ended_and_company_held(draft: Draft) -> None:
    ended = _long_ago(draft)
    path = former_customer(draft, "former customer beyond 24 months, company on legal hold", ended)
    hold = {
        "customer_until": draft.on(ended),
        "legal_hold": "true",
        "legal_hold_reason": "Tvist om leverance",
    }
    draft.link(path, draft.company("other", hold), primary=True)


def _ended_and_deal_held(draft: Draft) -> None:
    ended = _long_ago(draft)
    path = former_customer(draft, "former customer beyond 24 months, deal on legal hold", ended)
    hold = {"legal_hold": "true", "legal_hold_reason": "Reklamation"}
    won_deal(draft, "won, on legal hold", _closed(draft, ended), (path,), hold)


def _ended_and_in_debt(draft: Draft) -> None:
    ended = _long_ago(draft)
    path = former_customer(draft, "former customer beyond 24 months, in debt", ended)
    debt = {"outstanding_balance": f"{draft.between(100, 90000)}.50"}
    won_deal(draft, "won, with an outstanding balance", _closed(draft, ended), (path,), debt)


def _colleague_of_debtor(draft: Draft) -> None:
    ended = draft.between(100, 600)
    path = draft.contact("silent lead at a company in debt", "lead", draft.between(400, 900))
    firm = draft.company("other", {"customer_until": draft.on(ended)})
    draft.link(path, firm, primary=True)
    debt = {"outstanding_balance": f"{draft.between(100, 9000)}.00"}
    won_deal(draft, "won, with an outstanding balance", _closed(draft, ended), (firm,), debt)


def _lead_at_ended_company(draft: Draft) -> None:
    path = draft.contact("lead at a company that left, never a customer", "lead", draft.between(5, 300))
    firm = draft.company("other", {"customer_until": draft.on(_long_ago(draft))})
    draft.link(path, firm, primary=True)


def _contradicted_by_deal(draft: Draft) -> None:
    ended = _long_ago(draft)
    path = former_customer(draft, "ended years ago on paper, won a deal since", ended)
    won_deal(draft, "won after the relationship's end", draft.between(20, 600), (path,))


def _contradicted_by_stage(draft: Draft) -> None:
    again = {"hs_v2_date_entered_customer": draft.at(draft.between(20, 600))}
    former_customer(draft, "ended years ago on paper, a customer again since", _long_ago(draft), again)


def _contradicted_by_confirmation(draft: Draft) -> None:
    confirmed = {"retention_confirmed_on": draft.on(draft.between(10, 300))}
    former_customer(draft, "ended years ago on paper, confirmed by a person since", _long_ago(draft), confirmed)


def _agreement_over(draft: Draft) -> None:
    ended = draft.between(2200, 3200)  # past 31 December of the fifth year, whatever today is
    end = {"customer_until": draft.on(ended), "contract_end_date": draft.on(ended)}
    deal = won_deal(draft, "won, ended more than five years ago", _closed(draft, ended), (), end)
    draft.correspondence(ended + 1, (deal,), 2)


def _agreement_kept_by_books(draft: Draft) -> None:
    """Five years have passed, the financial year's end plus five years has not: an end early in that year."""
    today = draft.days.today
    new_year = draft.days.since(date(today.year - 5, 1, 1))
    ended = new_year - draft.between(0, max(0, today.timetuple().tm_yday - 4))
    end = {"customer_until": draft.on(ended)}
    won_deal(draft, "won, five years over, kept by bookkeeping", _closed(draft, ended), (), end)


def _agreement_of_nobody(draft: Draft) -> None:
    won_deal(draft, "won, nobody left to say when it ended", draft.between(900, 2500), ())


ENDING_SITUATIONS = (
    Situation(build=_ended, per_2000=7),
    Situation(build=_ended_by_company, per_2000=5),
    Situation(build=_ended_by_contracts, per_2000=4),
    Situation(build=_ended_by_stage, per_2000=3),
    Situation(build=_ended_with_mail_on_deal, per_2000=14),
    Situation(build=_ended_with_mail_beside_deal, per_2000=5),
    Situation(build=_ended_with_attachments, per_2000=5),
    Situation(build=_ended_sharing_notes, per_2000=5, people=2),
    Situation(build=_ended_with_mail_on_company, per_2000=5),
    Situation(build=_ended_with_ticket, per_2000=3),
    Situation(build=_ended_and_settled, per_2000=3),
    Situation(build=_ended_and_held, per_2000=3),
    Situation(build=_ended_and_company_held, per_2000=3),
    Situation(build=_ended_and_deal_held, per_2000=3),
    Situation(build=_ended_and_in_debt, per_2000=4),
    Situation(build=_colleague_of_debtor, per_2000=3),
    Situation(build=_lead_at_ended_company, per_2000=4),
    Situation(build=_contradicted_by_deal, per_2000=4),
    Situation(build=_contradicted_by_stage, per_2000=3),
    Situation(build=_contradicted_by_confirmation, per_2000=3),
    Situation(build=_agreement_over, per_2000=10, people=0),
    Situation(build=_agreement_kept_by_books, per_2000=4, people=0),
    Situation(build=_agreement_of_nobody, per_2000=4, people=0),
)
