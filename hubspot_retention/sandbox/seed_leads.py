"""Leads, with and without deals, event guests, suppliers and partners: those in touch, and the silent.

Each function builds one situation of the policy. The `case` of its records says in words what it is; what a
policy decides about it is not written here.
"""

from hubspot_retention.sandbox.seed_draft import NEWSLETTER, Draft, Situation

_LEAD_STAGES = ("subscriber", "lead", "lead", "marketingqualifiedlead", "salesqualifiedlead")
_OPEN_STAGES = ("appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "contractsent")


def lead(draft: Draft, case: str, seen: int, extra: dict[str, str] | None = None) -> str:
    """A lead last active `seen` days ago; every other one works for a firm that is no customer."""
    path = draft.contact(case, draft.pick(_LEAD_STAGES), seen, extra)
    if draft.chance(0.5):
        draft.link(path, draft.prospect(), primary=True)
    return path


def another_address(draft: Draft) -> None:
    """Gives the contact added last a further address: `privat-` before the first one keeps it unique."""
    properties = draft.latest_contact()["properties"]
    properties["hs_additional_emails"] = f"privat-{properties['email']}"


def status(draft: Draft, subscription: int, value: str, days_ago: int, source: str) -> None:
    """Gives the contact added last a row of subscription status."""
    timestamp = draft.at(days_ago)
    draft.latest_contact()["subscriptions"].append(
        {"subscriptionId": subscription, "status": value, "timestamp": timestamp, "source": source}
    )


def open_deal(draft: Draft, path: str, created: int) -> str:
    touched = {
        "closedate": draft.at(-draft.between(10, 150)),
        "notes_last_contacted": draft.at(draft.between(1, max(1, created - 1))),
    }
    deal = draft.deal("open, touched lately", created, draft.pick(_OPEN_STAGES), touched)
    draft.link(path, deal)
    return deal


def lost_deal(draft: Draft, path: str, case: str, closed: int) -> str:
    deal = draft.deal(case, closed + draft.between(10, 120), "closedlost", {"closedate": draft.at(closed)})
    draft.link(path, deal)
    return deal


def lead_in_touch(draft: Draft) -> None:
    seen = draft.between(1, 340)
    path = lead(draft, "lead in touch", seen)
    if draft.chance(0.15):
        status(draft, NEWSLETTER, "SUBSCRIBED", seen + 30, "Form")
    elif draft.chance(0.1):
        status(draft, NEWSLETTER, "NOT_SPECIFIED", seen + 30, "Not specified")
    if draft.chance(0.16):
        draft.correspondence(seen, (path,), 2)


def lead_silent(draft: Draft) -> None:
    seen = draft.between(380, 1500)
    path = lead(draft, "lead silent for more than a year", seen)
    if draft.chance(0.15):
        draft.correspondence(seen, (path,), 2)


def lead_mailed_in_vain(draft: Draft) -> None:
    sent = draft.between(3, 40)
    mailed = {"hs_email_last_send_date": draft.at(sent), "hs_email_last_open_date": draft.at(sent - 1)}
    lead(draft, "lead silent for more than a year, mailed and opened since", draft.between(380, 900), mailed)


def lead_just_short_of_a_year(draft: Draft) -> None:
    lead(draft, "lead silent for just short of a year", draft.between(350, 362))


def lead_confirmed(draft: Draft) -> None:
    confirmed = {"retention_confirmed_on": draft.on(draft.between(10, 330))}
    lead(draft, "lead silent, confirmed by a person", draft.between(400, 1200), confirmed)


def lead_active_in_the_future(draft: Draft) -> None:
    broken = {"hs_analytics_last_visit_timestamp": draft.at(-draft.between(60, 900))}
    lead(draft, "lead with a broken activity date in the future", draft.between(30, 700), broken)


def lead_with_another_address(draft: Draft) -> None:
    lead(draft, "lead in touch, with an additional address", draft.between(1, 300))
    another_address(draft)


def merged_lead(draft: Draft) -> None:
    gone = draft.merged_contact_id()
    lead(draft, "lead in touch, merged from two", draft.between(1, 300))
    draft.latest_contact()["mergedIds"] = [gone]


def merged_lead_silent(draft: Draft) -> None:
    gone = draft.merged_contact_id()
    lead(draft, "lead silent for more than a year, merged from two", draft.between(380, 900))
    draft.latest_contact()["mergedIds"] = [gone]


def event_participant(draft: Draft) -> None:
    event = {"event_on": draft.on(draft.between(-60, 25))}
    lead(draft, "event participant", draft.between(5, 100), event)


def supplier_in_touch(draft: Draft) -> None:
    seen = draft.between(2, 300)
    path = draft.contact("supplier in touch", "other", seen)
    draft.link(path, draft.company("other", {"type": draft.pick(("VENDOR", "PARTNER"))}), primary=True)
    draft.correspondence(seen, (path,), 2)


def partner_silent(draft: Draft) -> None:
    path = draft.contact("partner nobody has spoken to for years", "other", draft.between(400, 1100))
    draft.link(path, draft.company("other", {"type": "PARTNER"}), primary=True)


def lead_with_open_deal(draft: Draft) -> None:
    seen = draft.between(2, 120)
    path = lead(draft, "lead with an open deal", seen)
    deal = open_deal(draft, path, seen + draft.between(0, 100))
    if draft.chance(0.6):
        draft.correspondence(seen, (path, deal))


def lead_with_stale_deal(draft: Draft) -> None:
    created = draft.between(500, 1000)
    path = lead(draft, "lead silent, with an open deal nobody has touched", created - 20)
    planned = {"closedate": draft.at(created - 90)}
    draft.link(path, draft.deal("open, untouched for more than a year", created, draft.pick(_OPEN_STAGES), planned))


def lead_with_lost_deal(draft: Draft) -> None:
    closed = draft.between(10, 350)
    path = lead(draft, "lead in touch, with a lost deal", draft.between(2, 340))
    lost_deal(draft, path, "lost within a year", closed)


def lead_with_old_lost_deal(draft: Draft) -> None:
    path = lead(draft, "lead in touch, with a deal lost long ago", draft.between(2, 340))
    lost_deal(draft, path, "lost more than a year ago", draft.between(380, 1200))


def silent_lead_with_old_lost_deal(draft: Draft) -> None:
    closed = draft.between(400, 1200)
    path = lead(draft, "lead silent for more than a year, deal lost long ago", closed)
    deal = lost_deal(draft, path, "lost more than a year ago", closed)
    draft.correspondence(closed, (path, deal), 2)


def lost_deal_without_date(draft: Draft) -> None:
    path = lead(draft, "lead in touch, with a lost deal that has no date", draft.between(2, 340))
    draft.link(path, draft.deal("lost, without a closing date", draft.between(100, 900), "closedlost"))


FILLER = Situation(build=lead_in_touch, per_2000=0)

LEAD_SITUATIONS = (
    Situation(build=lead_silent, per_2000=110),
    Situation(build=lead_mailed_in_vain, per_2000=10),
    Situation(build=lead_just_short_of_a_year, per_2000=10),
    Situation(build=lead_confirmed, per_2000=10),
    Situation(build=lead_active_in_the_future, per_2000=4),
    Situation(build=lead_with_another_address, per_2000=12),
    Situation(build=merged_lead, per_2000=10),
    Situation(build=merged_lead_silent, per_2000=4),
    Situation(build=event_participant, per_2000=16),
    Situation(build=supplier_in_touch, per_2000=12),
    Situation(build=partner_silent, per_2000=6),
    Situation(build=lead_with_open_deal, per_2000=130),
    Situation(build=lead_with_stale_deal, per_2000=10),
    Situation(build=lead_with_lost_deal, per_2000=85),
    Situation(build=lead_with_old_lost_deal, per_2000=20),
    Situation(build=silent_lead_with_old_lost_deal, per_2000=6),
    Situation(build=lost_deal_without_date, per_2000=3),
)
