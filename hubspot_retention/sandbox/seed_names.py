"""Invented Danish names, firms and sentences of the seeded portal: no real person or firm is meant."""

FIRST_NAMES = (
    "Aksel", "Alma", "Anker", "Asta", "Birk", "Bodil", "Carl", "Cilla", "Dagny", "Ditlev", "Ebbe", "Ejnar",
    "Elna", "Fie", "Freja", "Frida", "Gorm", "Gudrun", "Hedvig", "Helge", "Iben", "Ingolf", "Jarl", "Jytte",
    "Kaj", "Karla", "Kirsten", "Laust", "Leif", "Lis", "Magne", "Maren", "Mogens", "Nanna", "Nis", "Oda",
    "Ove", "Petra", "Poul", "Rasmus", "Rikke", "Runa", "Signe", "Sune", "Thyra", "Tove", "Uffe", "Ulla",
    "Vibeke", "Villy", "Wanda", "Ylva", "Yrsa", "Zita", "Ærlig", "Østen", "Åge", "Åse",
)  # fmt: skip

LAST_NAMES = (
    "Åkjær", "Askov", "Bech", "Birkmose", "Brandt", "Bruun", "Bæk", "Dahl", "Damgaard", "Egelund", "Elmkær",
    "Falk", "Fogtmann", "Friis", "Gammelby", "Grønvang", "Hald", "Havlund", "Hedemark", "Holm", "Højris",
    "Juhl", "Kaas", "Kjær", "Klitmose", "Krogh", "Kvist", "Lind", "Lund", "Lyngbo", "Møller", "Munk",
    "Nørgaard", "Nordbæk", "Poulsen", "Rask", "Ravnholt", "Riis", "Rosenvang", "Rye", "Skov", "Smed",
    "Steen", "Storm", "Sø", "Sørensen", "Tangaa", "Thor", "Toft", "Vadsø", "Vang", "Vestermark", "Vig",
    "Winther", "Ørbæk", "Østergaard", "Åbrink",
)  # fmt: skip

FIRM_NAMES = (
    "Nordlys", "Havtorn", "Birkelys", "Stenhav", "Lyngsol", "Egedis", "Klitvang", "Brisefjord", "Mosetind",
    "Tågeby", "Vintersol", "Marehalm", "Kornblink", "Åløb", "Rimfrost", "Skumring", "Tranebær", "Uglehøj",
    "Lærkelund", "Bølgetop", "Gyldenris", "Sølvpil", "Hvidtjørn", "Morgenfrue", "Kvaderhus", "Strandmåge",
)  # fmt: skip

FIRM_TRADES = (
    "Teknik", "Handel", "Byg", "Logistik", "Design", "Rådgivning", "Møbler", "Energi", "Cykler", "Maskiner",
    "Rejser", "Emballage", "Fødevarer", "Optik", "Software", "Tryk", "Haveanlæg", "Ventilation",
)  # fmt: skip

FIRM_FORMS = ("A/S", "ApS", "ApS", "I/S")

PROCESSOR_CLIENTS = ("Fjordblik Cykler ApS", "Havtorn Møbler A/S", "Rimfrost Rejser ApS")

JOB_TITLES = (
    "Direktør", "Indkøber", "Marketingchef", "Salgschef", "Bogholder", "Projektleder", "Kommunikationschef",
    "Webredaktør", "Driftschef", "Administrator", "Konsulent", "Ejer",
)  # fmt: skip

SUBJECTS = (
    "Tilbud på ny hjemmeside", "Opfølgning på vores møde", "Kampagneplan for næste kvartal",
    "Faktura og PO-nummer",
    "Spørgsmål til aftalen", "Adgang til statistikken", "Tak for snakken", "Udkast til nyhedsbrev",
    "Ændring af kontaktperson", "Oplæg til annoncering", "Referat af statusmøde", "Forlængelse af aftalen",
)  # fmt: skip

TEXTS = (
    "Vi aftalte at vende tilbage efter ferien med et opdateret tilbud.",
    "Ringede om fakturaen; PO-nummeret mangler og bliver sendt i morgen.",
    "Ønsker en gennemgang af kampagnens resultater i næste uge.",
    "Sendte udkastet til godkendelse. Afventer bemærkninger fra ledelsen.",
    "Har læst oplægget og vil gerne høre mere om annoncering.",
    "Aftalen er underskrevet og lagt i mappen med dokumenter.",
    "Er tilfreds med samarbejdet og vil gerne fortsætte som hidtil.",
    "Bad om at få opdateret kontaktoplysningerne i systemet.",
    "Drøftede tidsplan og bemanding; næste møde er booket.",
    "Kunne ikke træffes, lagde en besked hos omstillingen.",
)

FILE_NAMES = ("aftale", "tilbud", "referat", "bilag", "kravspecifikation", "budget")

OWNER_NAMES = (
    ("Merete", "Solvang"), ("Torben", "Agerlund"), ("Katrine", "Dalsgaard"), ("Henning", "Lyngsø"),
    ("Sidsel", "Brinch"), ("Jeppe", "Overby"),
)  # fmt: skip

# Of an engagement: its subject's, its text's and its state's property, and what the last may say.
ENGAGEMENT_FIELDS = {
    "emails": ("hs_email_subject", "hs_email_text", "hs_email_direction"),
    "calls": ("hs_call_title", "hs_call_body", "hs_call_status"),
    "meetings": ("hs_meeting_title", "hs_meeting_body", "hs_meeting_outcome"),
    "tasks": ("hs_task_subject", "hs_task_body", "hs_task_status"),
}
ENGAGEMENT_STATES = {
    "emails": ("EMAIL", "INCOMING_EMAIL"),
    "calls": ("COMPLETED", "NO_ANSWER"),
    "meetings": ("COMPLETED", "SCHEDULED"),
    "tasks": ("COMPLETED", "NOT_STARTED"),
}

_PLAIN = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", " ": "-"})


def plain(name: str) -> str:
    """The name in the letters of an address: lower case, without æ, ø and å."""
    return name.lower().translate(_PLAIN)
