"""People whose every field is a canary, and the search for a canary that has flown.

A canary is a word that stands nowhere else, with the kind of its field and a number, so that what is found says where
it came from. It is looked for in any case, as bytes of UTF-8 and UTF-16 and inside base64.
"""

import base64
import re
from collections.abc import Iterator
from typing import Any

from tests.faults.people import (
    Document,
    a_company,
    a_contact,
    a_customer,
    a_deal,
    a_letter,
    a_portal,
    asks_to_go,
    former_customer,
    inactive,
    lost_deal,
    old_agreement,
    unsubscribed,
    won_deal,
)

MARK = "kanarie7"
PHONE = "+4599730197"
FIRST = 1_001

_ENCODED = {base64.b64encode(b" " * shift + MARK.encode())[2 + shift : -4].decode() for shift in range(3)}
_FOUND = re.compile(
    rb"(?i:" + MARK.encode() + rb"[a-z]*[0-9]*)|4599730197[0-9]*|"
    rb"(?i:" + re.escape(MARK.encode("utf-16-le")) + rb")|" + b"|".join(map(re.escape, map(str.encode, _ENCODED)))
)
_NAMES = ("firstname", "lastname", "company", "jobtitle", "address", "city", "zip", "salutation")
_BODIES = {
    "notes": ("hs_note_body",),
    "emails": ("hs_email_subject", "hs_email_text", "hs_email_html", "hs_email_headers"),
    "calls": ("hs_call_title", "hs_call_body"),
    "meetings": ("hs_meeting_title", "hs_meeting_body"),
    "tasks": ("hs_task_subject", "hs_task_body"),
}


def canary(kind: str, number: int) -> str:
    """One canary: `kanarie7firstname1001`."""
    return f"{MARK}{re.sub('[^a-z]', '', kind)}{number}"


def found_in(data: bytes | str) -> list[str]:
    """The canaries in something, each once."""
    data = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    return sorted({found.decode("latin-1") for found in _FOUND.findall(data)})


def person(number: int) -> dict[str, str]:
    """What is personal of somebody."""
    own = {name: canary(name, number) for name in _NAMES}
    email = f"{canary('email', number)}@example.dk"
    more = f"{canary('other', number)}@example.dk"
    phones = {"phone": f"{PHONE}{number}1", "mobilephone": f"{PHONE}{number}2"}
    return {**own, **phones, "email": email, "hs_additional_emails": more}


def _contact(number: int, role: int) -> Document:
    own: dict[str, Any] = person(number)
    match role:
        case 0:
            return asks_to_go(number, **own)
        case 1:
            return unsubscribed(number, **own)
        case 2:
            return former_customer(number, **own)
        case 3:
            return inactive(number, **own)
        case 4:
            return asks_to_go(number, legal_hold="true", **own)
        case 5:  # nothing of it can be read as what it should be: unknown is never disposed of
            return a_contact(number, **own, customer_until=canary("date", number), legal_hold=canary("hold", number))
        case _:
            return a_customer(number, **own)


def a_portal_of_canaries(people: int) -> Document:
    """So many people in ten roles, their letters, firms, agreements, files and owners."""
    numbers = range(FIRST, FIRST + people)
    records: dict[str, Any] = {kind: [] for kind in ("contacts", "deals", "companies", *_BODIES)}
    links: list[tuple[str, str]] = []
    for number in numbers:
        records["contacts"].append(_contact(number, number % 10))
        for kind, record in _around(number):
            records[kind].append(record)
            links.append((f"contacts/{number}", f"{kind}/{number}"))
    portal = a_portal(links=tuple(links), **records)
    portal["owners"] = [{"id": "7", "email": f"{canary('owner', 7)}@example.dk", "firstName": canary("owner", 8)}]
    portal["files"] = [{"id": str(number), "name": canary("file", number)} for number in numbers if number % 4 == 0]
    return portal


def _around(number: int) -> Iterator[tuple[str, Document]]:
    """What hangs on somebody: a letter of one kind, now and then a firm or an agreement."""
    kind = tuple(_BODIES)[number % len(_BODIES)]
    files = {"hs_attachment_ids": str(number)} if number % 4 == 0 else {}
    yield kind, a_letter(number, **{name: canary(name, number) for name in _BODIES[kind]}, **files)
    if number % 10 == 6:
        yield "companies", a_company(number, name=canary("firm", number), phone=f"{PHONE}{number}3")
    if number % 10 in (7, 8, 9):
        deal = (old_agreement, lost_deal, won_deal)[number % 3](number)
        deal["properties"].update(dealname=canary("dealname", number), description=canary("description", number))
        yield "deals", deal
    elif number % 10 == 5:
        yield "deals", a_deal(number, dealname=canary("dealname", number), closedate=canary("date", number))
