"""Service settings: a TOML file, then the environment over it, into frozen values; every error at once.

The policy says what must happen; the settings say where, how fast, and how much of it this installation may do.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hubspot_retention.core.policy.model import Guardrails, Mode
from hubspot_retention.core.record import PortalId
from hubspot_retention.errors import UsageError

HUBSPOT_URL = "https://api.hubapi.com"
HUBSPOT_LOWEST_LIMIT = 100
"""Requests per 10 s of a Free or Starter account (usage guidelines, 2026-09): assumed until an answer tells."""

_ENVIRONMENT = {
    "HUBSPOT_BASE_URL": ("portal", "base_url"),
    "HUBSPOT_PORTAL_ID": ("portal", "id"),
    "RETENTION_DATABASE_URL": ("store", "url"),
    "RETENTION_MODE": ("mode", "mode"),
    "RETENTION_ALLOW_ERASE": ("mode", "allow_erase"),
    "RETENTION_FOUR_EYES": ("mode", "four_eyes"),
}
"""Environment variables over the file: name -> (section, key)."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Portal(_Section):
    id: int | None = Field(default=None, gt=0, description="The portal this installation is for; another is refused.")
    base_url: str = Field(default=HUBSPOT_URL, pattern=r"^https?://", description="Where HubSpot's API is.")


class _Store(_Section):
    url: str = Field(default="sqlite:///retention.db", min_length=1, description="SQLAlchemy URL of the database.")


class _Pacing(_Section):
    per_10_seconds: int | None = Field(
        default=None,
        gt=0,
        description="Requests per 10 s until the portal says its limit; unset: HubSpot's lowest (elsewhere none).",
    )
    daily_reserve_percent: float = Field(
        default=10.0, ge=0, lt=100, description="Share of the day's quota that is left to other integrations."
    )
    readers: int = Field(default=8, ge=1, le=32, description="How many id ranges are read side by side at most.")
    erasers: int = Field(default=8, ge=1, le=32, description="How many erasures are under way side by side at most.")


class _Guardrails(_Section):
    max_disposals: int = Field(default=5_000, ge=0, description="Disposals of a class in one plan, at most.")
    max_percent: float = Field(default=30.0, ge=0, le=100, description="Share of a class's records, at most.")
    percent_from: int = Field(default=25, ge=0, description="The share counts only beyond so many disposals.")
    max_shrink_percent: float = Field(default=20.0, ge=0, le=100, description="How much a class may have shrunk.")


class _Mode(_Section):
    mode: Mode = Field(default=Mode.OBSERVE, description="observe, review or enforce.")
    allow_erase: bool = Field(default=False, description="Erasing needs this beside the policy: it is irrevocable.")
    four_eyes: bool = Field(default=False, description="Who requested a plan may not approve it.")
    plan_valid_hours: int = Field(default=24, ge=1, le=168, description="How long a plan may be applied.")


class _Document(_Section):
    portal: _Portal = Field(default_factory=_Portal)
    store: _Store = Field(default_factory=_Store)
    pacing: _Pacing = Field(default_factory=_Pacing)
    guardrails: _Guardrails = Field(default_factory=_Guardrails)
    mode: _Mode = Field(default_factory=_Mode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How fast HubSpot is asked."""

    per_10_seconds: int | None
    daily_reserve_percent: float
    readers: int
    erasers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of this installation. `plan_valid_hours` is how long a plan may be applied."""

    portal_id: PortalId | None
    base_url: str
    database_url: str = field(repr=False)
    pacing: Pacing
    guardrails: Guardrails
    mode: Mode
    allow_erase: bool
    four_eyes: bool
    plan_valid_hours: int


def read_settings(text: str, source: str, environment: Mapping[str, str]) -> Settings:
    """Settings from a TOML text (may be empty) and the environment over it.

    Raises UsageError naming every problem with where it stands, what was found and what was expected.
    """
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source} is no TOML: {error}") from error
    origins: dict[tuple[str, str], str] = {}
    for name, (section, key) in _ENVIRONMENT.items():
        if environment.get(name):
            part = document.setdefault(section, {})
            if isinstance(part, dict):
                part[key] = environment[name]
                origins[(section, key)] = name
    try:
        read = _Document.model_validate(document)
    except ValidationError as error:
        lines = [_problem(problem, source, origins) for problem in error.errors()]
        raise UsageError("the service settings are not right:\n" + "\n".join(lines)) from error
    return _frozen(read)


def _problem(problem: Any, source: str, origins: Mapping[tuple[str, str], str]) -> str:
    place = tuple(str(part) for part in problem["loc"])
    where = origins.get((place[0], place[1])) if len(place) > 1 else None
    found = "" if isinstance(problem["input"], dict) else f" (found {problem['input']!r})"
    return f"- {where or f'{source}: [{place[0]}] ' + '.'.join(place[1:])}: {problem['msg']}{found}"


def _frozen(read: _Document) -> Settings:
    limits = read.guardrails
    base_url = read.portal.base_url.rstrip("/")
    pacing = read.pacing.model_dump()
    if pacing["per_10_seconds"] is None and base_url == HUBSPOT_URL:
        pacing["per_10_seconds"] = HUBSPOT_LOWEST_LIMIT
    return Settings(
        portal_id=None if read.portal.id is None else PortalId(read.portal.id),
        base_url=base_url,
        database_url=read.store.url,
        pacing=Pacing(**pacing),
        guardrails=Guardrails(
            max_disposals=limits.max_disposals,
            max_percent=limits.max_percent,
            percent_from=limits.percent_from,
            max_shrink_percent=limits.max_shrink_percent,
        ),
        mode=read.mode.mode,
        allow_erase=read.mode.allow_erase,
        four_eyes=read.mode.four_eyes,
        plan_valid_hours=read.mode.plan_valid_hours,
    )


def read_token(environment: Mapping[str, str]) -> str:
    """HubSpot's token, from `HUBSPOT_ACCESS_TOKEN` or the file that `HUBSPOT_ACCESS_TOKEN_FILE` names.

    Raises UsageError; the message never holds the token.
    """
    token = environment.get("HUBSPOT_ACCESS_TOKEN", "").strip()
    path = environment.get("HUBSPOT_ACCESS_TOKEN_FILE", "")
    if not token and path:
        try:
            token = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise UsageError(f"HUBSPOT_ACCESS_TOKEN_FILE={path}: {error.strerror}") from error
    if not token:
        raise UsageError(
            "there is no token for HubSpot: set HUBSPOT_ACCESS_TOKEN, or HUBSPOT_ACCESS_TOKEN_FILE to a file "
            "that holds it (docs/portal.md tells which key to create and which scopes it needs)"
        )
    if not token.isascii() or any(character.isspace() for character in token):
        raise UsageError("the token for HubSpot holds spaces or signs that no token has: it was copied wrongly")
    return token
