"""What nobody may read in a file of settings: the token, the secrets of the webhooks, the addresses of alarms.

Each comes from an environment variable, or from a file that another one names (as container secrets do). No message
here ever repeats what it found.
"""

from collections.abc import Mapping
from pathlib import Path

from hubspot_retention.errors import UsageError


def read_token(environment: Mapping[str, str]) -> str:
    """HubSpot's token, from `HUBSPOT_ACCESS_TOKEN` or the file that `HUBSPOT_ACCESS_TOKEN_FILE` names.

    Raises UsageError; the message never holds the token.
    """
    token = environment.get("HUBSPOT_ACCESS_TOKEN", "").strip() or _file(environment, "HUBSPOT_ACCESS_TOKEN_FILE")
    if not token:
        raise UsageError(
            "there is no token for HubSpot: set HUBSPOT_ACCESS_TOKEN, or HUBSPOT_ACCESS_TOKEN_FILE to a file "
            "that holds it (docs/portal.md tells which key to create and which scopes it needs)"
        )
    if not _is_plain(token):
        raise UsageError("the token for HubSpot holds spaces or signs that no token has: it was copied wrongly")
    return token


def read_webhook_secrets(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The client secrets that HubSpot signs webhooks with: `HUBSPOT_WEBHOOK_SECRETS` (divided by commas) or the file
    that `HUBSPOT_WEBHOOK_SECRETS_FILE` names (one a line). Several while one is being replaced; none: no webhooks.

    Raises UsageError; the message never holds a secret.
    """
    listed = environment.get("HUBSPOT_WEBHOOK_SECRETS", "").split(",")
    found = _words(listed) or _words(_file(environment, "HUBSPOT_WEBHOOK_SECRETS_FILE").splitlines())
    if not all(_is_plain(secret) for secret in found):
        raise UsageError("a secret for webhooks holds spaces or signs that no secret has: it was copied wrongly")
    return found


def read_alarm_urls(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Where alarms are sent: Apprise URLs, one a line, in the file that `RETENTION_ALARM_URLS_FILE` names.

    Raises UsageError; the message never holds a URL.
    """
    return read_urls(environment.get("RETENTION_ALARM_URLS_FILE", ""), "RETENTION_ALARM_URLS_FILE")


def read_urls(path: str, name: str) -> tuple[str, ...]:
    """Apprise URLs, one a line, of a file that a setting names (empty: none). Raises UsageError; the message never
    holds a URL."""
    return tuple(line for line in _words(_text(path, name).splitlines()) if not line.startswith("#"))


def _words(parts: list[str]) -> tuple[str, ...]:
    return tuple(part.strip() for part in parts if part.strip())


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and not any(character.isspace() for character in text)


def _file(environment: Mapping[str, str], name: str) -> str:
    """The text of the file that a variable names; empty if it names none."""
    return _text(environment.get(name, ""), name)


def _text(path: str, name: str) -> str:
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UsageError(f"{name}={path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}={path}: the file is no UTF-8 text (byte {error.start})") from error
