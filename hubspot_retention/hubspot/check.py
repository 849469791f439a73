"""What `portal check` shows, as values: whether this is the right portal and whether the policy can be kept on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hubspot_retention.core.clocks import MAX_CLOCK_SKEW
from hubspot_retention.core.policy.model import AttachmentPolicy, RetentionPolicy
from hubspot_retention.core.portal import PortalDetails
from hubspot_retention.core.record import PortalId
from hubspot_retention.errors import PortalDeniedError
from hubspot_retention.hubspot.account import read_identity
from hubspot_retention.hubspot.control import ControlPlane
from hubspot_retention.hubspot.fill import FillIn, read_fill
from hubspot_retention.hubspot.pacing import ToldLimits
from hubspot_retention.hubspot.requirements import NeededProperty, needed_properties
from hubspot_retention.hubspot.scopes import ScopeCheck, check_scopes
from hubspot_retention.hubspot.subscriptions import Subscriptions
from hubspot_retention.hubspot.transport import Transport


class Verdict(StrEnum):
    """What a line of the check means."""

    FINE = "fine"
    NOTICE = "notice"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """One thing that was looked at."""

    topic: str
    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyCheck:
    """A property that the policy names; `found_type` is `None` where the portal does not have it."""

    needed: NeededProperty
    found_type: str | None

    @property
    def is_fine(self) -> bool:
        """Whether it is there with a type that its facts can be read from."""
        return self.found_type is not None and (not self.needed.types or self.found_type in self.needed.types)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalCheck:
    """The whole check. `is_fine`: nothing stands in the way of a plan."""

    identity: PortalDetails
    limits: ToldLimits
    batch_statuses: bool | None
    lines: tuple[CheckLine, ...]
    scopes: tuple[ScopeCheck, ...]
    properties: tuple[PropertyCheck, ...]
    fill: tuple[FillIn, ...]
    dispositions: tuple[str, ...]
    by_hand: tuple[str, ...]

    @property
    def is_fine(self) -> bool:
        """Whether there is no problem at all."""
        fine = all(line.verdict is not Verdict.PROBLEM for line in self.lines)
        return fine and all(each.is_fine for each in self.properties) and self.scopes_are_fine

    @property
    def scopes_are_fine(self) -> bool:
        """Whether no scope that reading needs is known to be missing; a plan alone writes nothing."""
        return _can_read(self.scopes)


def check_portal(transport: Transport, policy: RetentionPolicy, expected: PortalId | None) -> PortalCheck:
    """Look at everything; what cannot be read for want of a scope is left out and the scope is named.

    Raises PortalError when the portal cannot be reached or the token is refused as such.
    """
    identity = read_identity(transport)
    scopes = check_scopes(transport, policy)
    subscriptions = Subscriptions(transport, policy)
    lines = list(_identity_lines(identity, policy, expected))
    newsletters: tuple[str, ...] = ()
    batches: bool | None = None
    try:
        newsletters, found = _newsletters(subscriptions, policy)
        lines.extend(found)
        batches = subscriptions.learn_whether_batches_are_allowed()
    except PortalDeniedError as denied:
        lines.append(CheckLine(topic="subscription types", verdict=Verdict.PROBLEM, text=str(denied)))
    properties = _properties(transport, policy, newsletters, lines)
    complete = _can_read(scopes) and all(each.is_fine for each in properties)
    limits = transport.pacer.told
    lines.append(CheckLine(topic="tier", verdict=Verdict.FINE, text=tier_guess(limits, batches)))
    return PortalCheck(
        identity=identity,
        limits=limits,
        batch_statuses=batches,
        lines=tuple(lines),
        scopes=scopes,
        properties=properties,
        fill=read_fill(transport, policy) if complete else (),
        dispositions=dispositions(policy),
        by_hand=_BY_HAND,
    )


def _can_read(scopes: Sequence[ScopeCheck]) -> bool:
    return all(scope.granted is not False for scope in scopes if not scope.for_writing)


def _identity_lines(identity: PortalDetails, policy: RetentionPolicy, expected: PortalId | None) -> Iterator[CheckLine]:
    if expected is None:
        text = f"The token reads portal {identity.portal_id}; the service settings name none to compare it with"
        yield CheckLine(topic="portal", verdict=Verdict.NOTICE, text=text)
    elif expected != identity.portal_id:
        text = f"The token reads portal {identity.portal_id}, the service settings expect {expected}"
        yield CheckLine(topic="portal", verdict=Verdict.PROBLEM, text=text)
    else:
        yield CheckLine(topic="portal", verdict=Verdict.FINE, text=f"Portal {identity.portal_id}, as expected")
    real = identity.account_type == "STANDARD"
    text = f"Account type {identity.account_type}{'' if real else ': not the account of a company at work'}"
    yield CheckLine(topic="account", verdict=Verdict.FINE if real else Verdict.NOTICE, text=text)
    same = identity.time_zone == policy.timezone
    text = f"The portal's time zone is {identity.time_zone}"
    if not same:
        text += f", the policy's is {policy.timezone}: periods go by the policy's, HubSpot's day quota by the portal's"
    yield CheckLine(topic="time zone", verdict=Verdict.FINE if same else Verdict.NOTICE, text=text)
    close = identity.clocks_agree
    text = f"Our clock and HubSpot's differ by {abs(identity.clock_skew_seconds):.0f} s"
    if not close:
        minutes = MAX_CLOCK_SKEW.total_seconds() / 60
        text += f": more than {minutes:.0f} minutes, nothing is disposed of until that is mended"
    yield CheckLine(topic="clock", verdict=Verdict.FINE if close else Verdict.PROBLEM, text=text)


def _newsletters(
    subscriptions: Subscriptions, policy: RetentionPolicy
) -> tuple[tuple[str, ...], tuple[CheckLine, ...]]:
    by_name = {kind.name.casefold(): kind.id for kind in subscriptions.definitions()}
    ids, lines = [], []
    for name in policy.newsletters:
        found = by_name.get(name.casefold())
        if found is None:
            text = f"There is no subscription type {name!r}; the portal has {', '.join(sorted(by_name)) or 'none'}"
            lines.append(CheckLine(topic="subscription types", verdict=Verdict.PROBLEM, text=text))
        else:
            ids.append(found)
            text = f"Subscription type {name!r} is number {found}"
            lines.append(CheckLine(topic="subscription types", verdict=Verdict.FINE, text=text))
    return tuple(ids), tuple(lines)


def _properties(
    transport: Transport, policy: RetentionPolicy, newsletters: Sequence[str], lines: list[CheckLine]
) -> tuple[PropertyCheck, ...]:
    control = ControlPlane(transport)
    checked = []
    try:
        for needed in needed_properties(policy, newsletters):
            found = control.property_definitions(needed.object_type).get(needed.name)
            checked.append(PropertyCheck(needed=needed, found_type=None if found is None else found.type))
    except PortalDeniedError as denied:
        lines.append(CheckLine(topic="properties", verdict=Verdict.PROBLEM, text=str(denied)))
    return tuple(checked)


def tier_guess(limits: ToldLimits, batches: bool | None) -> str:
    """What the rate headers and the batch calls suggest of the account's tier, and what follows."""
    one_by_one = {
        True: "subscription statuses come in batches",
        False: "subscription statuses come one request for each opted-out contact",
        None: "",
    }[batches]
    if limits.burst is None:
        told = "HubSpot tells no rate limit: the assumption of the service settings holds"
    else:
        name = {100: "Free or Starter", 110: "an OAuth app"}.get(limits.burst, "Professional or Enterprise")
        if limits.burst >= 190 and limits.daily is not None:
            name = "Enterprise" if limits.daily >= 1_000_000 else "Professional"
        told = f"{limits.burst} requests in 10 seconds, as {name} has"
        if limits.daily is not None:
            told += f"; {limits.daily_remaining} of {limits.daily} left today"
    return "; ".join(filter(None, (told, one_by_one)))


def dispositions(policy: RetentionPolicy) -> tuple[str, ...]:
    """What each disposition really does (semantics 7; HubSpot's knowledge base, 2025-06)."""
    files = (
        "are erased by their own endpoint, gone within 7 days"
        if policy.attachments is AttachmentPolicy.ERASE
        else "stay, and are reported for a person's decision"
    )
    return (
        "Archiving a contact, company, deal, note, call, meeting or task puts it in HubSpot's recycle bin: a person"
        " can restore it in HubSpot for 90 days, then it is gone",
        "Archiving an e-mail removes it for good at once: e-mails have no bin",
        "Erasing a contact takes it out of view at once; HubSpot purges it within 30 days; its addresses are"
        " blocked for imports and by hand, not for forms and the API",
        "Companies, deals and correspondence cannot be erased by the stable API: archiving is all there is",
        f"Files attached to correspondence that goes {files}",
    )


_BY_HAND = (
    "HubSpot's own retention and clean-up: look for workflows that archive or privacy-delete contacts, for clean-up"
    " rules of unengaged contacts, and for data retention settings; what they remove never comes past this policy",
    "Text messages (SMS), WhatsApp and LinkedIn messages and letters by post are not read: what must be kept of them is"
    " not kept and what must go is not removed here; look for them in HubSpot before somebody is erased",
    "Sensitive-data properties are withheld without scopes of their own: a hold flag must not be one of them",
    "Who else holds a key or app with write scopes can re-create, change or remove records past this policy",
)
