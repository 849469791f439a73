"""Why a record is held, undetermined or referred, in both languages; the English words are those of a plan."""

from collections.abc import Mapping
from typing import Final

from hubspot_retention.core.decision.explain import words
from hubspot_retention.core.decision.model import ReasonCode
from hubspot_retention.evidence.report.pair import both

_DANISH: Final = {
    ReasonCode.HOLD_FLAG: "de er angivet som tilbageholdt i HubSpot",
    ReasonCode.HOLD_REGISTER: "de er tilbageholdt i registeret",
    ReasonCode.OUTSTANDING_DEBT: "der skyldes penge",
    ReasonCode.HOLD_UNREADABLE: "om de er tilbageholdt, kunne ikke læses",
    ReasonCode.PROCESSING_RESTRICTED: "behandlingen er begrænset",
    ReasonCode.RESTRICTION_UNREADABLE: "om behandlingen er begrænset, kunne ikke læses",
    ReasonCode.REQUEST_UNREADABLE: "en anmodning kunne ikke læses",
    ReasonCode.KEEP_MATCH_UNKNOWN: "det er uvist, om en regel bevarer dem",
    ReasonCode.KEEP_END_UNKNOWN: "det er uvist, hvor længe en regel bevarer dem",
    ReasonCode.KEEP_START_IN_FUTURE: "en regel bevarer dem fra en dag, der endnu ikke er kommet",
    ReasonCode.START_MOVED_BACK: "et begyndelsestidspunkt er rykket mere end et år tilbage",
    ReasonCode.REFERRAL_UNKNOWN: "det er uvist, om en person først skal se på dem",
    ReasonCode.RULE_MATCH_UNKNOWN: "det er uvist, om en regel gælder",
    ReasonCode.START_UNKNOWN: "det er uvist, hvorfra en regel regner",
    ReasonCode.START_IN_FUTURE: "en regel regner fra en dag, der endnu ikke er kommet",
    ReasonCode.LAST_ACTIVITY_UNKNOWN: "den seneste aktivitet er ukendt",
    ReasonCode.LAST_ACTIVITY_IN_FUTURE: "den seneste aktivitet ligger i fremtiden",
    ReasonCode.NO_RULE_MATCHES: "ingen regel i politikken dækker dem",
    ReasonCode.END_CONTRADICTED: "noget senere taler imod forholdets ophør",
    ReasonCode.WROTE_AFTER_REQUEST: "personen skrev igen efter anmodningen",
    ReasonCode.EXCLUSIVE_RULES_OVERLAP: "flere regler gælder, som hver for sig udelukker de andre",
    ReasonCode.ROLES_IN_CONFLICT: "de behandles for en anden, men har selv et forhold eller har udøvet en ret",
    ReasonCode.RESTORED_BY_A_PERSON: "de blev lagt i papirkurven af tjenesten og gendannet af en person",
    ReasonCode.REQUEST_OUTWEIGHED: "grunde til at bevare vejer tungere end anmodningen",
    ReasonCode.RELATIONSHIP_UNCONFIRMED: "ingen har bekræftet, at forholdet fortsætter",
    ReasonCode.PERIOD_ENDED: "perioden er udløbet",
    ReasonCode.KEEP_OVERRIDDEN: "en regel, der bevarer dem, står ikke i vejen",
    ReasonCode.KEEP_RUNS: "en regel bevarer dem",
    ReasonCode.KEEP_WITHOUT_END: "en regel bevarer dem uden tidsbegrænsning",
    ReasonCode.NOT_YET_DUE: "de er endnu ikke forfaldne",
}

REASONS: Final[Mapping[str, Mapping[str, str]]] = {
    f"reason.{code.value}": both(words(code), danish) for code, danish in _DANISH.items()
}
