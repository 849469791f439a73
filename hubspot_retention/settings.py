"""Service settings: a TOML file, then the environment over it, into frozen values; every error at once.

The policy says what must happen; the settings say where, how fast, and how much of it this installation may do.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from hubspot_retention.core.policy.model import Guardrails, Mode
from hubspot_retention.core.record import PortalId
from hubspot_retention.errors import UsageError
from hubspot_retention.settings_anchors import ANCHOR_ENVIRONMENT, AnchorSettings, AnchorsSection
from hubspot_retention.settings_pseudonyms import PseudonymsSection

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
    "RETENTION_PUBLIC_URL": ("service", "public_url"),
    "RETENTION_WEBHOOK_PORT": ("service", "webhook_port"),
    "RETENTION_OPERATIONS_HOST": ("service", "operations_host"),
    "RETENTION_OPERATIONS_PORT": ("service", "operations_port"),
    "RETENTION_DUE_SECONDS": ("service", "due_seconds"),
    "RETENTION_HOT_MINUTES": ("service", "hot_minutes"),
    "RETENTION_FULL_HOURS": ("service", "full_hours"),
    "RETENTION_GRACE_HOURS": ("service", "grace_hours"),
    "RETENTION_HEARTBEAT_URL": ("service", "heartbeat_url"),
    "RETENTION_PSEUDONYM_KEYS": ("pseudonyms", "key_file"),
} | ANCHOR_ENVIRONMENT
"""Environment variables over the file: name -> (section, key)."""

_SECRET = {("alarms", "urls"), ("service", "heartbeat_url"), ("anchors", "timestamp_url")}
"""Whose value is never shown: it is a password, or may hold one."""
_EVERY_INTERFACE = "0.0.0.0"  # noqa: S104 - a container's only way to be reached; the proxy stands in front of it
_PUBLIC = re.compile(r"https://[^/\s?#]+(/[^\s?#]*)?|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?(/[^\s?#]*)?")
"""The URL that HubSpot signs: without a query string, which would let bytes move between it and the body."""


def _public(found: str) -> str:
    if found and not _PUBLIC.fullmatch(found):
        raise ValueError("expected an https:// URL without a query (http:// only for this machine itself)")
    return found


def _pinged(found: str) -> str:
    if found and not re.match(r"https?://[^/\s]", found):
        raise ValueError("expected a URL that begins with https:// or http://")
    return found


def _clock_time(found: object) -> object:
    plain = found.tzinfo is None if isinstance(found, time) else re.fullmatch(r"[0-2][0-9]:[0-5][0-9]", str(found))
    if not plain:
        raise ValueError('expected a local time such as "03:00"')
    return found


Port = Annotated[int, Field(ge=0, le=65_535)]
PublicUrl = Annotated[str, AfterValidator(_public)]
PingUrl = Annotated[str, AfterValidator(_pinged)]
ClockTime = Annotated[time, BeforeValidator(_clock_time)]


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


class _Service(_Section):
    public_url: PublicUrl = Field(default="", description="The https:// URL of the webhooks as HubSpot knows it.")
    webhook_host: str = Field(default=_EVERY_INTERFACE, min_length=1, description="Where webhooks are listened for.")
    webhook_port: Port = Field(default=8080, description="Nothing but webhooks is served on it; 0: a free one.")
    operations_host: str = Field(default="127.0.0.1", min_length=1, description="Where health and metrics are served.")
    operations_port: Port = Field(default=9090, description="Port of health and metrics; 0: a free one.")
    due_seconds: float = Field(default=30.0, gt=0, le=3_600, description="How often the deadline ledger is looked at.")
    hot_minutes: float = Field(default=15.0, gt=0, le=1_440, description="How often changed records are searched for.")
    full_hours: float = Field(default=24.0, gt=0, le=168, description="How old the last full sweep may become.")
    full_at: ClockTime = Field(default=time(3), description="Local time of the full sweep, in the policy's time zone.")
    self_check_hours: float = Field(default=6.0, gt=0, le=24, description="How often the service verifies itself.")
    grace_hours: float = Field(default=24.0, ge=0, le=8_760, description="How long an opt-out may be taken back.")
    grace_seconds_to_stop: float = Field(default=30.0, gt=0, le=600, description="How long a stop may take.")
    heartbeat_url: PingUrl = Field(default="", description="Asked after each due tick that succeeded.")


class _Alarms(_Section):
    urls: list[str] = Field(default_factory=list, description="Where alarms are sent: Apprise URLs.")
    fractions: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        default=[0.4, 0.6, 0.8], min_length=1, description="When a deadline is told of, in parts of its time."
    )
    rejected_share: float = Field(default=0.2, gt=0, le=1, description="Share of refused webhooks that is an alarm.")

    @field_validator("fractions")
    @classmethod
    def _rising(cls, found: list[float]) -> list[float]:
        if any(one >= next_one for one, next_one in pairwise(found)):
            raise ValueError("expected each fraction to be larger than the one before it")
        return found


class _Document(_Section):
    portal: _Portal = Field(default_factory=_Portal)
    store: _Store = Field(default_factory=_Store)
    pacing: _Pacing = Field(default_factory=_Pacing)
    guardrails: _Guardrails = Field(default_factory=_Guardrails)
    mode: _Mode = Field(default_factory=_Mode)
    service: _Service = Field(default_factory=_Service)
    alarms: _Alarms = Field(default_factory=_Alarms)
    anchors: AnchorsSection = Field(default_factory=AnchorsSection)
    pseudonyms: PseudonymsSection = Field(default_factory=PseudonymsSection)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How fast HubSpot is asked."""

    per_10_seconds: int | None
    daily_reserve_percent: float
    readers: int
    erasers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """How the long-running service works. `public_url`, `heartbeat_url`: empty if there is none; `full_at` is local
    time in the policy's zone."""

    public_url: str
    webhook_host: str
    webhook_port: int
    operations_host: str
    operations_port: int
    due_every: timedelta
    hot_every: timedelta
    full_every: timedelta
    full_at: time
    self_check_every: timedelta
    grace: timedelta
    stop_within: timedelta
    heartbeat_url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSettings:
    """Whom alarms are sent to, and when a deadline is told of (parts of a rule's `within`, rising)."""

    urls: tuple[str, ...] = field(repr=False)
    fractions: tuple[float, ...]
    rejected_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of this installation. `plan_valid_hours`: how long a plan may be applied."""

    portal_id: PortalId | None
    base_url: str
    database_url: str = field(repr=False)
    pacing: Pacing
    guardrails: Guardrails
    mode: Mode
    allow_erase: bool
    four_eyes: bool
    plan_valid_hours: int
    service: ServiceSettings
    alarms: AlarmSettings
    anchors: AnchorSettings
    pseudonym_keys: Path | None


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
    hidden = isinstance(problem["input"], dict) or place[:2] in _SECRET
    found = "" if hidden else f" (found {problem['input']!r})"
    words = problem["msg"].removeprefix("Value error, ")
    return f"- {where or f'{source}: [{place[0]}] ' + '.'.join(place[1:])}: {words}{found}"


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
        service=_service(read.service),
        alarms=AlarmSettings(
            urls=tuple(read.alarms.urls),
            fractions=tuple(read.alarms.fractions),
            rejected_share=read.alarms.rejected_share,
        ),
        anchors=read.anchors.frozen(),
        pseudonym_keys=Path(read.pseudonyms.key_file) if read.pseudonyms.key_file else None,
    )


def _service(read: _Service) -> ServiceSettings:
    return ServiceSettings(
        public_url=read.public_url,
        webhook_host=read.webhook_host,
        webhook_port=read.webhook_port,
        operations_host=read.operations_host,
        operations_port=read.operations_port,
        due_every=timedelta(seconds=read.due_seconds),
        hot_every=timedelta(minutes=read.hot_minutes),
        full_every=timedelta(hours=read.full_hours),
        full_at=read.full_at,
        self_check_every=timedelta(hours=read.self_check_hours),
        grace=timedelta(hours=read.grace_hours),
        stop_within=timedelta(seconds=read.grace_seconds_to_stop),
        heartbeat_url=read.heartbeat_url,
    )
