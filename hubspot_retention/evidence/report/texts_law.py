"""The texts about rules and the authority's questions."""

from typing import Final

from hubspot_retention.evidence.report.pair import both

RULES: Final = {
    "keep.while": both("while the condition holds", "så længe betingelsen er opfyldt"),
    "keep.for": both("{period} from {start}", "{period} fra {start}"),
    "keep.year-end": both(
        "{period} from the end of the financial year of {start}",
        "{period} fra udløbet af regnskabsåret for {start}",
    ),
    "keep.until": both("until {start}, that day included", "til og med {start}"),
    "goes.after": both(
        "{what} {period} after {start}, within {within}", "{what} {period} efter {start}, inden {within}"
    ),
    "goes.at": both("{what} from {start}, within {within}", "{what} fra {start}, inden {within}"),
    "goes.with": both("with its {what}", "med tilhørende {what}"),
    "a30.note": both(
        "What the policy file does not know belongs in the record of processing itself: the data protection officer, "
        "other recipients, transfers to third countries, and the security measures of HubSpot and of the company.",
        "Hvad politikfilen ikke kender, hører til i selve fortegnelsen: databeskyttelsesrådgiver, øvrige modtagere, "
        "overførsler til tredjelande samt HubSpots og virksomhedens egne sikkerhedsforanstaltninger.",
    ),
    "a30.controller": both("Controller (a)", "Dataansvarlig (a)"),
    "a30.purposes": both("Purposes (b)", "Formål (b)"),
    "a30.subjects": both("Categories of data subjects (c)", "Kategorier af registrerede (c)"),
    "a30.data": both("Categories of personal data (c)", "Kategorier af personoplysninger (c)"),
    "a30.data-are": both(
        "What HubSpot holds of contacts, their deals, and the correspondence of both (notes, e-mails, calls, meetings, "
        "tasks). To decide, the service reads these properties. Contacts: {contact}. Deals: {deal}. Companies: "
        "{company}.",
        "Hvad HubSpot indeholder om kontakter, deres aftaler og begges korrespondance (noter, e-mails, opkald, møder, "
        "opgaver). Tjenesten læser disse egenskaber for at afgøre. Kontakter: {contact}. Aftaler: {deal}. "
        "Virksomheder: {company}.",
    ),
    "a30.recipients": both("Recipients (d)", "Modtagere (d)"),
    "a30.recipients-are": both(
        "HubSpot, as processor (portal {portal}).", "HubSpot, som databehandler (portal {portal})."
    ),
    "a30.limits": both("Time limits for erasure (f)", "Tidsfrister for sletning (f)"),
    "a30.limits-are": both(
        "By rule, below. The policy keeps the audit log for {log}; consent receipts, where there are any, for "
        "{receipts}, and keyed hashes of erased addresses, where there are any, for {tombstones}.",
        "Pr. regel, nedenfor. Politikken opbevarer revisionsloggen i {log}; samtykkekvitteringer, hvor de findes, i "
        "{receipts}, og nøglede kontrolsummer af slettede adresser, hvor de findes, i {tombstones}.",
    ),
    "a30.measures": both("Measures around deletion (g)", "Foranstaltninger ved sletning (g)"),
    "a30.measures-are": both(
        "Rules that may act by themselves once the policy is approved: {enforced}; for all others a named person "
        "approves the plan or grants a standing approval. A plan of more than {most} disposals, or beyond {least} of "
        "more than {percent} % of a class, is stopped as a whole. A hold wins over every rule. Each record is "
        "read afresh before the call and again after it. Every step is in a log whose alteration is found.",
        "Regler, der må virke af sig selv, når politikken er godkendt: {enforced}; ved alle andre godkender en "
        "navngiven person planen eller giver en stående godkendelse. En plan på mere end {most} sletninger, eller ud "
        "over {least} på mere end {percent} % af en klasse, standses som helhed. En tilbageholdelse går forud for "
        "enhver regel. Hver registrering læses på ny før kaldet og igen efter det. Hvert skridt står i en log, hvis "
        "ændring opdages.",
    ),
    "a30.none": both("none", "ingen"),
    "a30.rules": both(
        "Purposes, grounds and time limits by rule. Titles and purposes are quoted from the policy file as they stand.",
        "Formål, grundlag og tidsfrister pr. regel. Titler og formål er citeret fra politikfilen, som de står.",
    ),
}

QUESTIONS: Final = {
    "q1": both("Are there rules for when data are deleted?", "Er der regler for, hvornår data slettes?"),
    "a1": both(
        "{rules} rules, each with purpose, basis and sources; see the last section.",
        "{rules} regler, hver med formål, grundlag og kilder; se sidste afsnit.",
    ),
    "q2": both("By what technique are they deleted?", "Med hvilken teknik slettes de?"),
    "a2": both(
        "Through HubSpot's interface, by record number, after a fresh reading, and read back afterwards. {disposed} "
        "disposals were carried out in the period. Not counted there: {opted} who stay for another ground or a hold, "
        "and were opted out of marketing. Erased: out of view at once and purged by HubSpot within 30 days. Archived: "
        "in the bin for 90 days, which the deadlines allow for.",
        "Gennem HubSpots grænseflade, efter id-nummer, efter fornyet læsning, og kontrolleret bagefter. {disposed} "
        "sletninger blev udført i perioden. Ikke talt med: {opted}, som bevares på et andet grundlag eller på grund af "
        "en tilbageholdelse, og som blev afmeldt markedsføring. Slettet endeligt: ude af syne straks og fjernet af "
        "HubSpot inden 30 dage. Arkiveret: i papirkurven i 90 dage, hvilket fristerne tager højde for.",
    ),
    "q3": both("Who may decide on deletion by hand?", "Hvem må træffe beslutning om manuel sletning?"),
    "a3": both(
        "Named persons, by the digest of what they saw. Approved by them in the period: {plans} plans, {standing} "
        "standing approvals, {policies} policies. Not counted there: {service} plans that the service approved under a "
        "standing approval or an approved policy; {taken} plans rejected or standing approvals revoked; {blocked} "
        "plans stopped by a guardrail; all disposals stopped or let go on: {stops} times. Deletions seen "
        "outside the service: {foreign}.",
        "Navngivne personer, ved kontrolsummen af det, de så. Godkendt af dem i perioden: {plans} planer, {standing} "
        "stående godkendelser, {policies} politikker. Ikke talt med: {service} planer, som tjenesten godkendte efter "
        "en stående godkendelse eller en godkendt politik; {taken} planer afvist eller stående godkendelser "
        "tilbagekaldt; {blocked} planer stoppet af en grænseværdi; al sletning stoppet eller genoptaget: {stops} "
        "gange. Sletninger set uden om tjenesten: {foreign}.",
    ),
    "q4": both("Are all systems covered?", "Er alle systemer omfattet?"),
    "a4": both(
        "This service covers HubSpot portal {portal} and nothing else. Other systems must be accounted for separately.",
        "Tjenesten dækker HubSpot-portal {portal} og intet andet. Der må redegøres særskilt for øvrige systemer.",
    ),
    "q5": both("How is timely deletion controlled?", "Hvordan kontrolleres rettidig sletning?"),
    "a5": both(
        "By a deadline ledger, complete reviews and alarms. Complete reviews in the period: {runs}, the last {last}. "
        "Duties open at its end: {open}, of them past their deadline: {overdue}. Of what was erased or archived, in "
        "time: {share}. Duties met by opting people out of marketing who stay: {opted}, of them in time: "
        "{opted_share}. Requests of data subjects open at its end: {requests}, of them past their deadline: "
        "{requests_overdue}.",
        "Med et fristregister, fulde gennemgange og alarmer. Fulde gennemgange i perioden: {runs}, senest {last}. Åbne "
        "pligter ved dens slutning: {open}, heraf over fristen: {overdue}. Af det, der blev slettet eller arkiveret, "
        "var rettidigt: {share}. Pligter opfyldt ved afmelding af markedsføring for personer, der bevares: {opted}, "
        "heraf rettidigt: {opted_share}. Åbne anmodninger fra registrerede ved dens slutning: {requests}, heraf over "
        "fristen: {requests_overdue}.",
    ),
    "q6": both("Is deletion logged?", "Logges sletning?"),
    "a6": both(
        "Yes: intent before each call and outcome after it; {entries} entries in the period. The policy keeps the "
        "log for {period}.",
        "Ja: hensigt før hvert kald og udfald efter det; {entries} poster i perioden. Politikken opbevarer loggen i "
        "{period}.",
    ),
    "q7": both("What happens when a backup is restored?", "Hvad sker der ved genindlæsning af en sikkerhedskopi?"),
    "a7": both(
        "HubSpot's own backups are HubSpot's. A record that comes back in HubSpot is met by the next complete review "
        "and decided again. A restored database of this service must be compared with a log head kept elsewhere "
        "before it is used; this report does not show that such a restore was tried.",
        "HubSpots egne sikkerhedskopier er HubSpots. En registrering, der genopstår i HubSpot, mødes af næste fulde "
        "gennemgang og afgøres på ny. En genindlæst database for tjenesten skal sammenholdes med et hoved, der er "
        "gemt et andet sted, før den bruges; rapporten viser ikke, at en sådan genindlæsning er afprøvet.",
    ),
    "q8": both(
        "Can the logs that deletion is repeated from be relied on?",
        "Kan man stole på de logs, som sletning gentages efter?",
    ),
    "a8": both(
        "The log was verified when this was made and is intact.", "Loggen er kontrolleret ved udarbejdelsen og intakt."
    ),
}
