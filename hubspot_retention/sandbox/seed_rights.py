"""People who unsubscribed or used another right, and clients' data: those whose own word counts.

Each function builds one situation of the policy; its `case` says in words what it is.
"""

from hubspot_retention.sandbox import seed_names as names
from hubspot_retention.sandbox.seed_draft import NEWSLETTER, OPERATIONAL, Draft, Situation
from hubspot_retention.sandbox.seed_leads import another_address, lead, open_deal, status


def opt_out(draft: Draft, days_ago: int, source: str = "Self Service", subscription: int = NEWSLETTER) -> None:
    """Unsubscribes the contact added last: HubSpot's calculated property and the status row behind it."""
    draft.latest_contact()["properties"][f"hs_email_optout_{subscription}"] = "true"
    status(draft, subscription, "UNSUBSCRIBED", days_ago, source)


def unsubscribed(draft: Draft) -> None:
    lead(draft, "unsubscribed a few days ago", draft.between(6, 300))
    opt_out(draft, draft.between(1, 4))


def unsubscribed_late(draft: Draft) -> None:
    lead(draft, "unsubscribed more than five days ago", draft.between(15, 300))
    opt_out(draft, draft.between(7, 12))


def unsubscribed_with_another_address(draft: Draft) -> None:
    lead(draft, "unsubscribed a few days ago, with an additional address", draft.between(6, 300))
    another_address(draft)
    opt_out(draft, draft.between(1, 4))


def unsubscribed_merged(draft: Draft) -> None:
    gone = draft.merged_contact_id()
    lead(draft, "unsubscribed a few days ago, merged from two", draft.between(6, 300))
    draft.latest_contact()["mergedIds"] = [gone]
    opt_out(draft, draft.between(1, 4))


def unsubscribed_by_import(draft: Draft) -> None:
    lead(draft, "unsubscribed by an import", draft.between(6, 300))
    opt_out(draft, draft.between(1, 4), "Import")


def unsubscribed_by_integration(draft: Draft) -> None:
    lead(draft, "unsubscribed by an integration", draft.between(6, 300))
    opt_out(draft, draft.between(1, 4), "Public status API")


def opted_out_of_all(draft: Draft) -> None:
    lead(draft, "opted out of all mail", draft.between(6, 300), {"hs_email_optout": "true"})
    timestamp = draft.at(draft.between(1, 4))
    draft.latest_contact()["subscriptions"].append(
        {"wide": "PORTAL_WIDE", "status": "UNSUBSCRIBED", "timestamp": timestamp, "source": "Self Service"}
    )


def opted_out_at_an_unknown_time(draft: Draft) -> None:
    optout = {f"hs_email_optout_{NEWSLETTER}": "true"}
    lead(draft, "unsubscribed, and no status says when", draft.between(6, 300), optout)


def unsubscribed_from_operational_mail(draft: Draft) -> None:
    lead(draft, "unsubscribed from operational mail only", draft.between(6, 300))
    opt_out(draft, draft.between(1, 60), subscription=OPERATIONAL)


def unsubscribed_in_dialogue(draft: Draft) -> None:
    path = lead(draft, "unsubscribed, but in an open dialogue", draft.between(6, 60))
    opt_out(draft, draft.between(1, 4))
    open_deal(draft, path, draft.between(20, 200))


def unsubscribed_then_enquired(draft: Draft) -> None:
    enquired = draft.between(5, 90)
    form = {"recent_conversion_date": draft.at(enquired)}
    lead(draft, "unsubscribed, then sent a form", enquired + 200, form)
    opt_out(draft, enquired + draft.between(10, 100))


def asks_for_erasure(draft: Draft) -> None:
    asked = {"erasure_requested_at": draft.at(draft.between(1, 15))}
    path = lead(draft, "asks for erasure", draft.between(20, 300), asked)
    draft.correspondence(20, (path,))


def asks_for_erasure_in_dialogue(draft: Draft) -> None:
    asked = {"erasure_requested_at": draft.at(draft.between(1, 15))}
    path = lead(draft, "asks for erasure while a deal is open", draft.between(20, 90), asked)
    open_deal(draft, path, draft.between(30, 200))


def asked_for_erasure_then_wrote(draft: Draft) -> None:
    wrote = draft.between(1, 3)
    said = {"erasure_requested_at": draft.at(wrote + 5), "hs_email_last_reply_date": draft.at(wrote)}
    lead(draft, "asked for erasure, wrote again since", draft.between(20, 300), said)


def consent_withdrawn(draft: Draft) -> None:
    withdrawn = {"consent_withdrawn_at": draft.at(draft.between(1, 15))}
    lead(draft, "withdraws consent", draft.between(20, 300), withdrawn)


def restricted(draft: Draft) -> None:
    lead(draft, "processing restricted", draft.between(20, 900), {"processing_restricted": "true"})


def lead_held(draft: Draft) -> None:
    hold = {"legal_hold": "true", "legal_hold_reason": "Tvist om leverance"}
    lead(draft, "silent lead on legal hold", draft.between(400, 900), hold)


def event_participant_unsubscribed(draft: Draft) -> None:
    event = {"event_on": draft.on(draft.between(-60, 20))}
    lead(draft, "event participant who unsubscribed", draft.between(6, 100), event)
    opt_out(draft, draft.between(1, 4))


def client_data(draft: Draft) -> None:
    client = {"processed_on_behalf_of": draft.pick(names.PROCESSOR_CLIENTS)}
    draft.contact("client's data, agreement running", "lead", draft.between(30, 1500), client)


def client_data_ended(draft: Draft) -> None:
    client = {
        "processed_on_behalf_of": draft.pick(names.PROCESSOR_CLIENTS),
        "processing_ended_on": draft.on(draft.between(3, 25)),
    }
    draft.contact("client's data, agreement ended", "lead", draft.between(30, 1500), client)


def client_data_opted_out(draft: Draft) -> None:
    client = {"processed_on_behalf_of": draft.pick(names.PROCESSOR_CLIENTS)}
    draft.contact("client's data, opted out", "lead", draft.between(30, 300), client)
    opt_out(draft, draft.between(1, 4))


def client_data_of_customer(draft: Draft) -> None:
    client = {"processed_on_behalf_of": draft.pick(names.PROCESSOR_CLIENTS)}
    draft.contact("client's data and a customer", "customer", draft.between(10, 200), client)


def supplier_unsubscribed(draft: Draft) -> None:
    path = draft.contact("supplier in touch, unsubscribed", "other", draft.between(6, 300))
    opt_out(draft, draft.between(1, 4))
    draft.link(path, draft.company("other", {"type": "VENDOR"}), primary=True)


RIGHTS_SITUATIONS = (
    Situation(build=unsubscribed, per_2000=18),
    Situation(build=unsubscribed_late, per_2000=4),
    Situation(build=unsubscribed_with_another_address, per_2000=3),
    Situation(build=unsubscribed_merged, per_2000=3),
    Situation(build=unsubscribed_by_import, per_2000=3),
    Situation(build=unsubscribed_by_integration, per_2000=3),
    Situation(build=opted_out_of_all, per_2000=3),
    Situation(build=opted_out_at_an_unknown_time, per_2000=3),
    Situation(build=unsubscribed_from_operational_mail, per_2000=5),
    Situation(build=unsubscribed_in_dialogue, per_2000=4),
    Situation(build=unsubscribed_then_enquired, per_2000=3),
    Situation(build=asks_for_erasure, per_2000=4),
    Situation(build=asks_for_erasure_in_dialogue, per_2000=3),
    Situation(build=asked_for_erasure_then_wrote, per_2000=3),
    Situation(build=consent_withdrawn, per_2000=4),
    Situation(build=restricted, per_2000=4),
    Situation(build=lead_held, per_2000=3),
    Situation(build=event_participant_unsubscribed, per_2000=3),
    Situation(build=client_data, per_2000=16),
    Situation(build=client_data_ended, per_2000=8),
    Situation(build=client_data_opted_out, per_2000=3),
    Situation(build=client_data_of_customer, per_2000=3),
    Situation(build=supplier_unsubscribed, per_2000=3),
)
