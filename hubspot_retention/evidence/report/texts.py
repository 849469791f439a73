"""Every text of the report, in English and Danish; the longer ones stand in `texts_law` and `texts_proof`."""

from collections.abc import Mapping
from typing import Final

from hubspot_retention.evidence.report.pair import both
from hubspot_retention.evidence.report.texts_law import QUESTIONS, RULES
from hubspot_retention.evidence.report.texts_proof import PROOF
from hubspot_retention.evidence.report.texts_reasons import REASONS

_FRAME: Final = {
    "title": both("Evidence of deletion", "Dokumentation for sletning"),
    "subtitle": both("{controller}: {begin} to {end}", "{controller}: {begin} til {end}"),
    "made": both("Made {at}. Times are those of {zone}.", "Udarbejdet {at}. Tider er angivet i {zone}."),
    "contents": both("Contents", "Indhold"),
    "page": both("Page", "Side"),
    "no-lines": both("None in the period.", "Ingen i perioden."),
    "more-lines": both(
        "{shown} of {total} are shown; the exported log holds all of them.",
        "{shown} af {total} er vist; den eksporterede log indeholder dem alle.",
    ),
}

_SECTIONS: Final = {
    "h.summary": both("In brief", "Kort fortalt"),
    "h.policy": both("The policy in force and its versions", "Gældende politik og dens versioner"),
    "h.rules": both("What became due, and what was done", "Hvad der forfaldt, og hvad der blev gjort"),
    "h.months": both("Month by month", "Måned for måned"),
    "h.late": both("What was done late", "Hvad der blev gjort for sent"),
    "h.held": both("What was held, and why", "Hvad der blev tilbageholdt, og hvorfor"),
    "h.undecided": both("What could not be decided or done", "Hvad der ikke kunne afgøres eller udføres"),
    "h.approvals": both("Who approved what", "Hvem godkendte hvad"),
    "h.requests": both("Requests and their clocks", "Anmodninger og deres frister"),
    "h.foreign": both("Deletions by others, and alarms", "Sletninger foretaget af andre, og alarmer"),
    "h.proof": both("Proof of integrity", "Bevis for loggens integritet"),
    "h.inspection": both("The authority's eight questions", "Tilsynets otte spørgsmål"),
    "h.article30": both("Extract for the record of processing (article 30)", "Uddrag til fortegnelsen (artikel 30)"),
}

_WORDS: Final = {
    "intro": both(
        "This report is drawn from the audit log of the service that enforces the policy in HubSpot (portal {portal}). "
        "It holds record numbers, codes, instants, logins and counts: no names and no addresses of data subjects.",
        "Rapporten er trukket af revisionsloggen i den tjeneste, der håndhæver politikken i HubSpot (portal {portal}). "
        "Den indeholder id-numre, koder, tidspunkter, brugernavne og antal: ingen navne eller adresser på de "
        "registrerede.",
    ),
    "not-over": both(
        "The period is not over: this report tells until {at}, and where it speaks of the period's end, that instant "
        "is meant.",
        "Perioden er ikke slut: rapporten gælder indtil {at}, og hvor den taler om periodens slutning, menes dette "
        "tidspunkt.",
    ),
    "measure": both("Measure", "Mål"),
    "value": both("Figure", "Tal"),
    "m.opened": both("Became due in the period", "Forfaldt i perioden"),
    "m.done": both("Erased or archived", "Slettet eller arkiveret"),
    "m.on-time": both("Of those, in time", "Heraf rettidigt"),
    "m.opted-out": both("Opted out of marketing only: the person stays", "Kun afmeldt markedsføring: personen bevares"),
    "m.opted-out-on-time": both("Of those opted out, in time", "Heraf afmeldt rettidigt"),
    "m.late": both("Met late, of both", "Opfyldt for sent, af begge"),
    "m.ended": both("No longer due", "Ikke længere forfaldne"),
    "m.open": both("Open at the end", "Åbne ved periodens slutning"),
    "m.overdue": both("Of those, past their deadline", "Heraf over fristen"),
    "m.requests": both("Requests written down in the period", "Anmodninger registreret i perioden"),
    "m.requests-closed": both("Requests closed", "Anmodninger afsluttet"),
    "m.requests-in-time": both("Requests closed in time", "Anmodninger afsluttet rettidigt"),
    "m.requests-open": both("Requests open at the end", "Åbne anmodninger ved periodens slutning"),
    "m.requests-overdue": both("Requests open past their deadline", "Åbne anmodninger over fristen"),
    "requests-note": both(
        "Requests of every kind, and when each was closed in the register. A request for erasure counts here as a "
        "request, and as a duty where it led to one.",
        "Anmodninger af enhver art, og hvornår hver især blev afsluttet i registeret. En anmodning om sletning tæller "
        "her som anmodning, og som pligt, hvor den førte til en.",
    ),
    "request-overdue": both("open, past its deadline", "åben, over fristen"),
    "request-late": both("{how}, too late", "{how}, for sent"),
    "m.runs": both("Complete reviews of the portal", "Fulde gennemgange af portalen"),
    "m.entries": both("Entries in the audit log", "Poster i revisionsloggen"),
    "due-note": both(
        "A duty counts as due in the period when the service first saw it; its time may have come before. Erased or "
        "archived: the record went. Opted out: the person stays for another ground or a hold, so all that was to be "
        "done was to end the marketing. Late, of both: after the last instant at which the call could still meet the "
        "deadline, HubSpot's bin of 90 days included.",
        "En pligt regnes som forfalden i perioden, når tjenesten første gang så den; tiden kan være kommet før. "
        "Slettet eller arkiveret: registreringen er væk. Afmeldt: personen bevares på et andet grundlag eller på grund "
        "af en tilbageholdelse, så der var alene markedsføringen at bringe til ophør. For sent, af begge: efter det "
        "seneste tidspunkt, hvor kaldet kunne overholde fristen, inklusive HubSpots papirkurv på 90 dage.",
    ),
    "policy-now": both(
        "At hand when this was made: {name}, version {version}, digest {digest}.",
        "Foreliggende ved udarbejdelsen: {name}, version {version}, kontrolsum {digest}.",
    ),
    "no-policy": both(
        "No approval of a policy as a whole stands in the log; plans were approved one by one.",
        "Loggen indeholder ingen godkendelse af en politik som helhed; planer er godkendt enkeltvis.",
    ),
    "skips": both(
        "Left in place by the last check before the call, by reason:",
        "Ladt blive ved den sidste kontrol før kaldet, efter årsag:",
    ),
    "raised": both("Brought to a person's attention, by reason:", "Forelagt en person, efter årsag:"),
    "ledger": both(
        "Standing in the deadline ledger when this was made (held, waiting for a person, or brought to one):",
        "Stod i fristregisteret ved udarbejdelsen (tilbageholdt, afventer en person eller forelagt en person):",
    ),
    "more-ledger": both(
        "{shown} of {total} are shown: those without a known deadline first, then those with the nearest.",
        "{shown} af {total} er vist: først dem uden kendt frist, derefter dem med den nærmeste.",
    ),
    "calls": both(
        "What became of the calls to HubSpot, counted in records:",
        "Hvad kaldene til HubSpot førte til, talt i registreringer:",
    ),
    "reviewed": both(
        "Decided by the last complete review in the period ({at}), counted in records:",
        "Afgjort ved periodens seneste fulde gennemgang ({at}), talt i registreringer:",
    ),
    "held-reviewed": both(
        "Held at the last complete review in the period ({at}), by the first reason, counted in records:",
        "Tilbageholdt ved periodens seneste fulde gennemgang ({at}), efter første årsag, talt i registreringer:",
    ),
    "left-reviewed": both(
        "Why the undetermined ones could not be decided, and the others were referred to a person:",
        "Hvorfor de uafklarede ikke kunne afgøres, og de øvrige er henvist til en person:",
    ),
    "not-reviewed": both(
        "The portal was not reviewed completely in the period.",
        "Portalen blev ikke gennemgået fuldt ud i perioden.",
    ),
    "hold-note": both(
        "Holds of the service's own register. Matters are named by their number. The free text of a hold is not in the "
        "log and not in this report.",
        "Tilbageholdelser i tjenestens eget register. Sager er angivet ved nummer. Begrundelsens fritekst står hverken "
        "i loggen eller i denne rapport.",
    ),
    "c.due": both("Became due per month", "Forfaldt pr. måned"),
    "c.done": both("Erased or archived per month", "Slettet eller arkiveret pr. måned"),
    "c.on-time": both("Erased or archived in time, per cent", "Slettet eller arkiveret rettidigt, procent"),
    "c.debt": both("Open at the month's last entry", "Åbne ved månedens sidste post"),
    "alarms": both("Alarms sent to a person, by kind:", "Alarmer sendt til en person, efter art:"),
    "complaint": both("Complaints go to {authority}.", "Klager rettes til {authority}."),
}

_COLUMNS: Final = {
    "rule": both("Rule", "Regel"),
    "due": both("Due", "Forfaldt"),
    "done": both("Erased or archived", "Slettet eller arkiveret"),
    "opted-out": both("Opted out", "Afmeldt"),
    "late": both("Late", "For sent"),
    "days-late": both("Most days late", "Flest dage for sent"),
    "ended": both("Lapsed", "Bortfaldet"),
    "raised-n": both("To a person", "Forelagt"),
    "open": both("Open", "Åbne"),
    "disposed": both("Carried out", "Gennemført"),
    "skipped": both("Left in place", "Ladt blive"),
    "failed": both("Failed", "Mislykket"),
    "month": both("Month", "Måned"),
    "on-time": both("In time", "Rettidigt"),
    "record": both("Record", "Registrering"),
    "by-when": both("By when", "Senest"),
    "done-at": both("Done at", "Udført den"),
    "met.done": both("erased or archived", "slettet eller arkiveret"),
    "met.opted-out": both("opted out, and stays", "afmeldt, men bevaret"),
    "matter": both("Matter", "Sag"),
    "placed": both("Placed", "Oprettet"),
    "released": both("Released", "Ophævet"),
    "reason": both("Reason", "Årsag"),
    "count": both("Number", "Antal"),
    "state": both("State", "Tilstand"),
    "when": both("When", "Hvornår"),
    "what": both("What", "Hvad"),
    "who": both("By whom", "Af hvem"),
    "digest": both("Digest", "Kontrolsum"),
    "kind": both("Kind", "Art"),
    "outcome": both("Outcome", "Udfald"),
    "received": both("Received", "Modtaget"),
    "ended-at": both("Ended", "Afsluttet"),
    "how": both("How", "Hvordan"),
    "field": both("Article 30(1)", "Artikel 30, stk. 1"),
    "content": both("As the policy file knows it", "Som politikfilen kender det"),
    "question": both("Question", "Spørgsmål"),
    "answer": both("Answer", "Svar"),
    "subjects": both("Records", "Registreringer"),
    "purpose": both("Purpose and basis", "Formål og grundlag"),
    "kept": both("Kept", "Opbevares"),
    "goes": both("Goes", "Slettes"),
}

_CODES: Final = {
    "rule.-": both("no single rule", "ingen enkelt regel"),
    "fact.customer_until": both("the end of the customer relationship", "kundeforholdets ophør"),
    "fact.processing_ended_on": both("the end of the processing agreement", "databehandleraftalens ophør"),
    "fact.erasure_requested_at": both("the request for erasure", "anmodningen om sletning"),
    "fact.consent_withdrawn_at": both("the withdrawal of consent", "tilbagetrækningen af samtykket"),
    "fact.unsubscribed_at": both("the unsubscription", "afmeldingen"),
    "fact.event_on": both("the event", "arrangementet"),
    "fact.last_enquiry_at": both("the latest enquiry", "den seneste henvendelse"),
    "fact.last_activity_at": both("the latest activity", "den seneste aktivitet"),
    "fact.last_business_on": both("the latest business", "den seneste handel"),
    "fact.closed_at": both("the closing of the deal", "aftalens afslutning"),
    "kind.contacts": both("contacts", "kontakter"),
    "kind.deals": both("deals", "aftaler"),
    "kind.engagement": both("correspondence", "korrespondance"),
    "basis.consent": both("consent", "samtykke"),
    "basis.contract": both("contract", "kontrakt"),
    "basis.legal_obligation": both("legal obligation", "retlig forpligtelse"),
    "basis.legitimate_interest": both("legitimate interest", "legitim interesse"),
    "basis.legal_claim": both("legal claim", "retskrav"),
    "disposition.erase": both("erased", "slettes endeligt"),
    "disposition.archive": both("put in HubSpot's bin", "lægges i HubSpots papirkurv"),
    "state.held": both("held", "tilbageholdt"),
    "state.review": both("waits for a person", "afventer en person"),
    "state.raised": both("brought to a person", "forelagt en person"),
    "outcome.held": both("Held", "Tilbageholdt"),
    "outcome.undetermined": both("Undetermined", "Uafklaret"),
    "outcome.refer": both("Referred to a person", "Henvist til en person"),
    "outcome.dispose": both("To be disposed of", "Skal slettes"),
    "outcome.retain": both("Kept", "Bevares"),
    "request.access": both("access (art. 15)", "indsigt (art. 15)"),
    "request.rectification": both("rectification (art. 16)", "berigtigelse (art. 16)"),
    "request.erasure": both("erasure (art. 17)", "sletning (art. 17)"),
    "request.portability": both("portability (art. 20)", "dataportabilitet (art. 20)"),
    "request.objection": both("objection (art. 21)", "indsigelse (art. 21)"),
    "request.withdrawal": both("withdrawal of consent (art. 7(3))", "tilbagetrækning af samtykke (art. 7, stk. 3)"),
    "end.answered": both("answered", "besvaret"),
    "end.refused": both("refused", "afslået"),
    "end.taken-back": both("taken back", "trukket tilbage"),
    "did.plan.approved": both("plan approved", "plan godkendt"),
    "did.plan.rejected": both("plan rejected", "plan afvist"),
    "did.plan.blocked": both("plan blocked by a guardrail", "plan stoppet af en grænseværdi"),
    "did.plan.confirmed": both("figure of a blocked plan accepted", "tal i en stoppet plan accepteret"),
    "did.standing-approval.granted": both("standing approval granted", "stående godkendelse givet"),
    "did.standing-approval.revoked": both("standing approval revoked", "stående godkendelse tilbagekaldt"),
    "did.kill-switch.set": both("all disposals stopped", "al sletning stoppet"),
    "did.kill-switch.cleared": both("disposals let go on", "sletning genoptaget"),
    "did.policy.approved": both("policy approved", "politik godkendt"),
    "did.policy.changed": both("policy changed", "politik ændret"),
}

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    **_FRAME,
    **_SECTIONS,
    **_WORDS,
    **_COLUMNS,
    **_CODES,
    **RULES,
    **PROOF,
    **QUESTIONS,
    **REASONS,
}
