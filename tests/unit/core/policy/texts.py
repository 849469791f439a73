"""Policy documents for tests: a small one that is right, and pieces to put in it."""

from pathlib import Path

from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.policy.parse import PolicyError, Problem, parse_policy

CONFIG = Path(__file__).parents[4] / "config"

HEAD = """
name = "A policy"
version = "1"
timezone = "Europe/Copenhagen"
[controller]
name = "Eksempel ApS"
address = "Havnegade 1, 9000 Aalborg"
registration = "CVR 12345678"
phone = "+45 00 00 00 00"
email = "privatliv@example.dk"
"""

ARCHIVE = 'dispose = { after = "P12M", from = "last_activity_at", within = "P4M", disposition = "archive" }'


def a_rule(name: str, when: str, *parts: str, record_class: str = "contact", basis: str = "contract") -> str:
    """A rule; `parts` are lines such as `keep = { … }`."""
    return "\n".join(
        (
            "[[rules]]",
            f'id = "{name}"',
            f'class = "{record_class}"',
            'title = "A rule"',
            f"when = {when}",
            'purpose = "A purpose"',
            f'basis = "{basis}"',
            'cites = ["GDPR art. 6(1)(b)"]',
            *parts,
            "",
        )
    )


def a_follower(name: str = "letters", follows: str = "contact") -> str:
    """A rule for correspondence."""
    lines = (
        "[[rules]]",
        f'id = "{name}"',
        'class = "engagement"',
        'title = "Letters"',
        'purpose = "A purpose"',
        'basis = "legitimate_interest"',
        'cites = ["GDPR art. 6(1)(f)"]',
        f'follows = "{follows}"',
        "",
    )
    return "\n".join(lines)


def keeping(keep: str, record_class: str = "contact") -> str:
    """A rule that keeps."""
    when = '{ is = "is_open" }' if record_class == "deal" else '{ is = "was_customer" }'
    return a_rule("r", when, f"keep = {keep}", record_class=record_class)


EVERYBODY = a_rule("everybody", '{ known = "last_activity_at" }', ARCHIVE)


def a_policy(*pieces: str) -> RetentionPolicy:
    """The policy of a document: the head, then tables and rules."""
    return parse_policy("\n".join((HEAD, *pieces)))


def problems(*pieces: str, head: str = HEAD) -> tuple[Problem, ...]:
    """What is wrong with a document; empty if nothing is."""
    try:
        parse_policy("\n".join((head, *pieces)))
    except PolicyError as error:
        return error.problems
    return ()


def clienti_text() -> str:
    """Clienti's policy as it is shipped."""
    return (CONFIG / "clienti.toml").read_text(encoding="utf-8")
