"""Every text of the report, in English and Danish."""

from collections.abc import Mapping
from typing import Final


def _both(en: str, da: str) -> Mapping[str, str]:
    return {"en": en, "da": da}


_FRAME: Final = {
    "title": _both("Evidence of deletion", "Dokumentation for sletning"),
    "subtitle": _both("{controller}: {begin} to {end}", "{controller}: {begin} til {end}"),
    "made": _both("Made {at}. Times are those of {zone}.", "Udarbejdet {at}. Tider er angivet i {zone}."),
    "contents": _both("Contents", "Indhold"),
    "page": _both("Page", "Side"),
    "no-lines": _both("None in the period.", "Ingen i perioden."),
    "more-lines": _both(
        "{shown} of {total} are shown; the exported log holds all of them.",
        "{shown} af {total} er vist; den eksporterede log indeholder dem alle.",
    ),
}

_SECTIONS: Final = {
    "h.summary": _both("In brief", "Kort fortalt"),
    "h.policy": _both("The policy in force and its versions", "Gældende politik og dens versioner"),
    "h.rules": _both("What became due, and what was done", "Hvad der forfaldt, og hvad der blev gjort"),
    "h.months": _both("Month by month", "Måned for måned"),
    "h.late": _both("What was done late", "Hvad der blev gjort for sent"),
    "h.held": _both("What was held, and why", "Hvad der blev tilbageholdt, og hvorfor"),
    "h.undecided": _both("What could not be decided or done", "Hvad der ikke kunne afgøres eller udføres"),
    "h.approvals": _both("Who approved what", "Hvem godkendte hvad"),
    "h.requests": _both("Requests and their clocks", "Anmodninger og deres frister"),
    "h.foreign": _both("Deletions by others, and alarms", "Sletninger foretaget af andre, og alarmer"),
    "h.proof": _both("Proof of integrity", "Bevis for loggens integritet"),
    "h.inspection": _both("The authority's eight questions", "Tilsynets otte spørgsmål"),
    "h.article30": _both("Extract for the record of processing (article 30)", "Uddrag til fortegnelsen (artikel 30)"),
}

_WORDS: Final = {
    "intro": _both(
        "This report is drawn from the audit log of the service that enforces the policy in HubSpot (portal {portal}). "
        "It holds record numbers, codes, instants, logins and counts: no names and no addresses of data subjects.",
        "Rapporten er trukket af revisionsloggen i den tjeneste, der håndhæver politikken i HubSpot (portal {portal}). "
        "Den indeholder id-numre, koder, tidspunkter, brugernavne og antal: ingen navne eller adresser på de "
        "registrerede.",
    ),
    "measure": _both("Measure", "Mål"),
    "value": _both("Figure", "Tal"),
    "m.opened": _both("Became due in the period", "Forfaldt i perioden"),
    "m.done": _both("Done", "Udført"),
    "m.on-time": _both("Done in time", "Udført rettidigt"),
    "m.late": _both("Done late", "Udført for sent"),
    "m.ended": _both("No longer due", "Ikke længere forfaldne"),
    "m.open": _both("Open at the end", "Åbne ved periodens slutning"),
    "m.overdue": _both("Of those, past their deadline", "Heraf over fristen"),
    "m.runs": _both("Complete reviews of the portal", "Fulde gennemgange af portalen"),
    "m.entries": _both("Entries in the audit log", "Poster i revisionsloggen"),
    "due-note": _both(
        "A duty counts as due in the period when the service first saw it; its time may have come before. Done late: "
        "after the last instant at which the call could still meet the deadline, HubSpot's bin of 90 days included.",
        "En pligt regnes som forfalden i perioden, når tjenesten første gang så den; tiden kan være kommet før. "
        "For sent: efter det seneste tidspunkt, hvor kaldet kunne overholde fristen, inklusive HubSpots papirkurv på "
        "90 dage.",
    ),
    "quoted": _both(
        "Titles and purposes are quoted from the policy file as they stand.",
        "Titler og formål er citeret fra politikfilen, som de står.",
    ),
    "policy-now": _both(
        "At hand when this was made: {name}, version {version}, digest {digest}.",
        "Foreliggende ved udarbejdelsen: {name}, version {version}, kontrolsum {digest}.",
    ),
    "no-policy": _both(
        "No approval of a policy as a whole stands in the log; plans were approved one by one.",
        "Loggen indeholder ingen godkendelse af en politik som helhed; planer er godkendt enkeltvis.",
    ),
    "skips": _both(
        "Left in place by the last check before the call, by reason:",
        "Ladt blive ved den sidste kontrol før kaldet, efter årsag:",
    ),
    "raised": _both("Brought to a person's attention, by reason:", "Forelagt en person, efter årsag:"),
    "ledger": _both(
        "Standing in the deadline ledger when this was made (held, waiting for a person, or brought to one):",
        "Stod i fristregisteret ved udarbejdelsen (tilbageholdt, afventer en person eller forelagt en person):",
    ),
    "hold-note": _both(
        "Matters are named by their number. The free text of a hold is not in the log and not in this report.",
        "Sager er angivet ved nummer. Begrundelsens fritekst står hverken i loggen eller i denne rapport.",
    ),
    "c.due": _both("Became due per month", "Forfaldt pr. måned"),
    "c.done": _both("Done per month", "Udført pr. måned"),
    "c.on-time": _both("Done in time, per cent", "Udført rettidigt, procent"),
    "c.debt": _both("Open at the month's last entry", "Åbne ved månedens sidste post"),
    "alarms": _both("Alarms sent to a person, by kind:", "Alarmer sendt til en person, efter art:"),
    "complaint": _both("Complaints go to {authority}.", "Klager rettes til {authority}."),
}

_COLUMNS: Final = {
    "rule": _both("Rule", "Regel"),
    "due": _both("Due", "Forfaldt"),
    "done": _both("Done", "Udført"),
    "late": _both("Late", "For sent"),
    "days-late": _both("Most days late", "Flest dage for sent"),
    "ended": _both("Lapsed", "Bortfaldet"),
    "raised-n": _both("To a person", "Forelagt"),
    "open": _both("Open", "Åbne"),
    "month": _both("Month", "Måned"),
    "on-time": _both("In time", "Rettidigt"),
    "record": _both("Record", "Registrering"),
    "by-when": _both("By when", "Senest"),
    "done-at": _both("Done at", "Udført den"),
    "matter": _both("Matter", "Sag"),
    "placed": _both("Placed", "Oprettet"),
    "released": _both("Released", "Ophævet"),
    "reason": _both("Reason", "Årsag"),
    "count": _both("Number", "Antal"),
    "state": _both("State", "Tilstand"),
    "when": _both("When", "Hvornår"),
    "what": _both("What", "Hvad"),
    "who": _both("By whom", "Af hvem"),
    "digest": _both("Digest", "Kontrolsum"),
    "kind": _both("Kind", "Art"),
    "received": _both("Received", "Modtaget"),
    "ended-at": _both("Ended", "Afsluttet"),
    "how": _both("How", "Hvordan"),
    "question": _both("Question", "Spørgsmål"),
    "answer": _both("Answer", "Svar"),
    "subjects": _both("Records", "Registreringer"),
    "purpose": _both("Purpose and basis", "Formål og grundlag"),
    "kept": _both("Kept", "Opbevares"),
    "goes": _both("Goes", "Slettes"),
}

_CODES: Final = {
    "rule.-": _both("no single rule", "ingen enkelt regel"),
    "fact.customer_until": _both("the end of the customer relationship", "kundeforholdets ophør"),
    "fact.processing_ended_on": _both("the end of the processing agreement", "databehandleraftalens ophør"),
    "fact.erasure_requested_at": _both("the request for erasure", "anmodningen om sletning"),
    "fact.consent_withdrawn_at": _both("the withdrawal of consent", "tilbagetrækningen af samtykket"),
    "fact.unsubscribed_at": _both("the unsubscription", "afmeldingen"),
    "fact.event_on": _both("the event", "arrangementet"),
    "fact.last_enquiry_at": _both("the latest enquiry", "den seneste henvendelse"),
    "fact.last_activity_at": _both("the latest activity", "den seneste aktivitet"),
    "fact.last_business_on": _both("the latest business", "den seneste handel"),
    "fact.closed_at": _both("the closing of the deal", "aftalens afslutning"),
    "kind.contacts": _both("contacts", "kontakter"),
    "kind.deals": _both("deals", "aftaler"),
    "kind.engagement": _both("correspondence", "korrespondance"),
    "basis.consent": _both("consent", "samtykke"),
    "basis.contract": _both("contract", "kontrakt"),
    "basis.legal_obligation": _both("legal obligation", "retlig forpligtelse"),
    "basis.legitimate_interest": _both("legitimate interest", "legitim interesse"),
    "basis.legal_claim": _both("legal claim", "retskrav"),
    "disposition.erase": _both("erased", "slettes endeligt"),
    "disposition.archive": _both("put in HubSpot's bin", "lægges i HubSpots papirkurv"),
    "state.held": _both("held", "tilbageholdt"),
    "state.review": _both("waits for a person", "afventer en person"),
    "state.raised": _both("brought to a person", "forelagt en person"),
    "request.access": _both("access (art. 15)", "indsigt (art. 15)"),
    "request.rectification": _both("rectification (art. 16)", "berigtigelse (art. 16)"),
    "request.erasure": _both("erasure (art. 17)", "sletning (art. 17)"),
    "request.portability": _both("portability (art. 20)", "dataportabilitet (art. 20)"),
    "request.objection": _both("objection (art. 21)", "indsigelse (art. 21)"),
    "request.withdrawal": _both("withdrawal of consent (art. 7(3))", "tilbagetrækning af samtykke (art. 7, stk. 3)"),
    "end.answered": _both("answered", "besvaret"),
    "end.refused": _both("refused", "afslået"),
    "end.taken-back": _both("taken back", "trukket tilbage"),
    "did.plan.approved": _both("plan approved", "plan godkendt"),
    "did.plan.rejected": _both("plan rejected", "plan afvist"),
    "did.plan.blocked": _both("plan blocked by a guardrail", "plan stoppet af en grænseværdi"),
    "did.standing-approval.granted": _both("standing approval granted", "stående godkendelse givet"),
    "did.standing-approval.revoked": _both("standing approval revoked", "stående godkendelse tilbagekaldt"),
    "did.kill-switch.set": _both("all disposals stopped", "al sletning stoppet"),
    "did.kill-switch.cleared": _both("disposals let go on", "sletning genoptaget"),
    "did.policy.approved": _both("policy approved", "politik godkendt"),
    "did.policy.changed": _both("policy changed", "politik ændret"),
}

_RULES: Final = {
    "keep.while": _both("while the condition holds", "så længe betingelsen er opfyldt"),
    "keep.for": _both("{period} from {start}", "{period} fra {start}"),
    "keep.year-end": _both(
        "{period} from the end of the financial year of {start}",
        "{period} fra udløbet af regnskabsåret for {start}",
    ),
    "keep.until": _both("to the end of {start}", "til og med {start}"),
    "goes.after": _both(
        "{what} {period} after {start}, within {within}", "{what} {period} efter {start}, inden {within}"
    ),
    "goes.at": _both("{what} from {start}, within {within}", "{what} fra {start}, inden {within}"),
    "goes.with": _both("with its {what}", "med tilhørende {what}"),
    "a30.note": _both(
        "Recipient: HubSpot as processor. Other recipients, transfers to third countries and security measures are "
        "not in the policy file and belong in the record of processing itself.",
        "Modtager: HubSpot som databehandler. Øvrige modtagere, overførsler til tredjelande og "
        "sikkerhedsforanstaltninger står ikke i politikfilen og hører til i selve fortegnelsen.",
    ),
}

_PROOF: Final = {
    "proof.intact": _both(
        "Verified when this was made: the log is intact, {entries} entries, head {head}.",
        "Kontrolleret ved udarbejdelsen: loggen er intakt, {entries} poster, hoved {head}.",
    ),
    "proof.how": _both(
        "Each entry is chained by a SHA-256 hash to all before it: a changed, missing, moved or added entry is found "
        "and named. A log rewritten from its beginning is found only against a head kept elsewhere; keep this "
        "report, its head is such a mark.",
        "Hver post er kædet til alle tidligere med en SHA-256-kontrolsum: en ændret, manglende, flyttet eller tilføjet "
        "post opdages og udpeges. En log, der er omskrevet fra begyndelsen, opdages kun mod et hoved, der er gemt et "
        "andet sted; gem denne rapport, dens hoved er et sådant mærke.",
    ),
    "proof.self": _both(
        "To verify it oneself: `hubspot-retention audit verify` reads the whole log and prints its head; "
        "`hubspot-retention audit export` hands over every entry with the exact text that was hashed. Signed "
        "checkpoints and outside time stamps are not part of this report.",
        "Egen kontrol: `hubspot-retention audit verify` læser hele loggen og skriver dens hoved; "
        "`hubspot-retention audit export` udleverer hver post med den nøjagtige tekst, der blev kontrolsummeret. "
        "Signerede kontrolpunkter og eksterne tidsstempler indgår ikke i denne rapport.",
    ),
    "proof.checks": _both(
        "The service verified the log itself {count} times in the period.",
        "Tjenesten kontrollerede selv loggen {count} gange i perioden.",
    ),
}

_QUESTIONS: Final = {
    "q1": _both("Are there rules for when data are deleted?", "Er der regler for, hvornår data slettes?"),
    "a1": _both(
        "{rules} rules, each with purpose, basis and sources; see the last section.",
        "{rules} regler, hver med formål, grundlag og kilder; se sidste afsnit.",
    ),
    "q2": _both("By what technique are they deleted?", "Med hvilken teknik slettes de?"),
    "a2": _both(
        "Through HubSpot's interface, by record number, after a fresh reading, and read back afterwards. {disposed} "
        "disposals were carried out in the period. Erased: out of view at once and purged by HubSpot within 30 days. "
        "Archived: in the bin for 90 days, which the deadlines allow for.",
        "Gennem HubSpots grænseflade, efter id-nummer, efter fornyet læsning, og kontrolleret bagefter. {disposed} "
        "sletninger blev udført i perioden. Slettet endeligt: ude af syne straks og fjernet af HubSpot inden 30 dage. "
        "Arkiveret: i papirkurven i 90 dage, hvilket fristerne tager højde for.",
    ),
    "q3": _both("Who may decide on deletion by hand?", "Hvem må træffe beslutning om manuel sletning?"),
    "a3": _both(
        "Named persons approve plans by their digest: {decisions} decisions in the period. Deletions outside the "
        "service: {foreign} seen.",
        "Navngivne personer godkender planer ved kontrolsum: {decisions} beslutninger i perioden. Sletninger uden om "
        "tjenesten: {foreign} set.",
    ),
    "q4": _both("Are all systems covered?", "Er alle systemer omfattet?"),
    "a4": _both(
        "This service covers HubSpot portal {portal} and nothing else. Other systems must be accounted for separately.",
        "Tjenesten dækker HubSpot-portal {portal} og intet andet. Der må redegøres særskilt for øvrige systemer.",
    ),
    "q5": _both("How is timely deletion controlled?", "Hvordan kontrolleres rettidig sletning?"),
    "a5": _both(
        "By a deadline ledger, complete reviews and alarms: {runs} reviews, the last {last}. {open} duties are open, "
        "{overdue} of them past their deadline; {share} of what was done was in time.",
        "Med et fristregister, fulde gennemgange og alarmer: {runs} gennemgange, senest {last}. {open} pligter er "
        "åbne, {overdue} af dem over fristen; {share} af det udførte var rettidigt.",
    ),
    "q6": _both("Is deletion logged?", "Logges sletning?"),
    "a6": _both(
        "Yes: intent before each call and outcome after it; {entries} entries in the period. The policy keeps the "
        "log for {period}.",
        "Ja: hensigt før hvert kald og udfald efter det; {entries} poster i perioden. Politikken opbevarer loggen i "
        "{period}.",
    ),
    "q7": _both("What happens when a backup is restored?", "Hvad sker der ved genindlæsning af en sikkerhedskopi?"),
    "a7": _both(
        "HubSpot's own backups are HubSpot's. A record that comes back in HubSpot is met by the next complete review "
        "and decided again. A restored database of this service must be compared with a log head kept elsewhere "
        "before it is used; this report does not show that such a restore was tried.",
        "HubSpots egne sikkerhedskopier er HubSpots. En registrering, der genopstår i HubSpot, mødes af næste fulde "
        "gennemgang og afgøres på ny. En genindlæst database for tjenesten skal sammenholdes med et hoved, der er "
        "gemt et andet sted, før den bruges; rapporten viser ikke, at en sådan genindlæsning er afprøvet.",
    ),
    "q8": _both(
        "Can the logs that deletion is repeated from be relied on?",
        "Kan man stole på de logs, som sletning gentages efter?",
    ),
    "a8": _both(
        "The log was verified when this was made and is intact.", "Loggen er kontrolleret ved udarbejdelsen og intakt."
    ),
}

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    **_FRAME,
    **_SECTIONS,
    **_WORDS,
    **_COLUMNS,
    **_CODES,
    **_RULES,
    **_PROOF,
    **_QUESTIONS,
}
