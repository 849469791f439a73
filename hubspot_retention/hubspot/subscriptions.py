"""Subscription types and the states of addresses (HubSpot's v4 shape under the dated path).

A state belongs to an address, which stands in the path: never in a log. A row that is NOT_SPECIFIED carries a
time-stamp as well, so only UNSUBSCRIBED counts. The batch calls need Marketing Hub Enterprise; where they are
refused, one address at a time is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

import msgspec

from hubspot_retention.core.consent import ALL_MAIL, Consent, ConsentState
from hubspot_retention.core.facts.observation import OptOut
from hubspot_retention.core.facts.values import UNKNOWN, Instant, Unknown
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.portal import Address
from hubspot_retention.errors import PortalContractError, PortalDeniedError
from hubspot_retention.hubspot import values
from hubspot_retention.hubspot.calls import API_VERSION, Call, get
from hubspot_retention.hubspot.faults import FewFailures, RefusedError, TemporaryFailureError
from hubspot_retention.hubspot.objects import BATCH_SIZE, in_batches
from hubspot_retention.hubspot.side_by_side import side_by_side
from hubspot_retention.hubspot.translate import ListedAddress
from hubspot_retention.hubspot.transport import Transport

_BASE = f"/communication-preferences/{API_VERSION}"
_EMAIL = (("channel", "EMAIL"),)
UNSUBSCRIBED = "UNSUBSCRIBED"
SUBSCRIBED = "SUBSCRIBED"

_SAID = {SUBSCRIBED: ConsentState.GIVEN, UNSUBSCRIBED: ConsentState.WITHDRAWN}
_BASES = (
    "CONSENT_WITH_NOTICE",
    "LEGITIMATE_INTEREST_CLIENT",
    "LEGITIMATE_INTEREST_OTHER",
    "LEGITIMATE_INTEREST_PQL",
    "NON_GDPR",
    "PERFORMANCE_OF_CONTRACT",
    "PROCESS_AND_STORE",
)


class _Definition(msgspec.Struct):
    id: str | int
    name: str


class _Definitions(msgspec.Struct):
    results: list[_Definition]


class State(msgspec.Struct, rename="camel", gc=False):
    """One state: of one subscription type, or portal-wide, when it has a `wide_status_type`."""

    status: str
    timestamp: str | int | None = None
    source: str = ""
    subscription_id: str | int | None = None
    wide_status_type: str | None = None
    legal_basis: str | None = None

    @property
    def instant(self) -> Instant:
        """When it was set."""
        return values.instant(None if self.timestamp is None else str(self.timestamp))

    def concerns(self, newsletter_ids: Sequence[str]) -> bool:
        """Whether it speaks of a newsletter that the policy names, or of all mail."""
        if self.wide_status_type is not None:
            return self.wide_status_type == "PORTAL_WIDE"
        return str(self.subscription_id) in newsletter_ids


class _One(msgspec.Struct):
    results: list[State]


class _OfAddress(msgspec.Struct, rename="camel"):
    subscriber_id_string: str
    statuses: list[State] = []
    wide_statuses: list[State] = []


class _Many(msgspec.Struct):
    results: list[_OfAddress]


_DEFINITIONS = msgspec.json.Decoder(_Definitions)
_ONE = msgspec.json.Decoder(_One)
_MANY = msgspec.json.Decoder(_Many)

States = Sequence[State] | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionType:
    """A kind of mail that somebody can opt out of."""

    id: str
    name: str


def earliest_opt_out(
    states: Sequence[State], newsletter_ids: Sequence[str], policy: RetentionPolicy
) -> OptOut | Unknown | None:
    """Of an address whose contact is opted out by its properties: the earliest UNSUBSCRIBED since the last SUBSCRIBED,
    as far as it has an instant. `None`: the states say neither. Where a SUBSCRIBED may have undone every UNSUBSCRIBED,
    or stands alone, they contradict the properties, and nobody can tell.

    Subscribing to one newsletter says nothing of the opt-out from another, but lifts one from all mail.
    """
    named = [state for state in states if state.concerns(newsletter_ids)]
    out = [state for state in named if state.status == UNSUBSCRIBED]
    back = [state for state in named if state.status == SUBSCRIBED]
    if not out and not back:
        return None
    dated = [state for state in out if state.instant is not None]
    if dated and any(isinstance(state.instant, Unknown) for state in (*back, *dated)):
        return UNKNOWN
    standing = [state for state in out if not any(_may_lift(each, state) for each in back)]
    if not standing:
        return UNKNOWN
    known = [(state.instant, state.source) for state in standing if isinstance(state.instant, datetime)]
    earliest, source = min(known, default=(None, standing[0].source))
    return OptOut(earliest, policy.source_group(source))


def _may_lift(back: State, out: State) -> bool:
    """Whether a subscription concerns an opt-out and is not known to be the older of the two."""
    wide = back.wide_status_type is not None or out.wide_status_type is not None
    concerns = wide or str(back.subscription_id) == str(out.subscription_id)
    older = isinstance(back.instant, datetime) and isinstance(out.instant, datetime) and back.instant <= out.instant
    return concerns and not older


def consents_of(states: Sequence[State], newsletter_ids: Sequence[str], policy: RetentionPolicy) -> tuple[Consent, ...]:
    """What an address last said of the newsletters that the policy names, and of all mail. Of how it came only words
    that the policy lists are taken, of the basis only HubSpot's own: both may hold what somebody wrote."""
    listed = {text.casefold() for text, _ in policy.opt_out_sources}
    return tuple(
        Consent(
            subscription=ALL_MAIL if state.wide_status_type is not None else str(state.subscription_id),
            state=_SAID[state.status],
            at=None if isinstance(state.instant, Unknown) else state.instant,
            source=state.source if state.source.casefold() in listed else "",
            basis=state.legal_basis if state.legal_basis in _BASES else "",
        )
        for state in states
        if state.status in _SAID and state.concerns(newsletter_ids)
    )


class Subscriptions:
    """Reads subscription types and states. Thread-safe."""

    def __init__(self, transport: Transport, policy: RetentionPolicy) -> None:
        self._transport, self._policy = transport, policy
        self._lock = Lock()
        self._newsletter_ids: tuple[str, ...] | None = None
        self.batch_allowed: bool | None = None

    def definitions(self) -> tuple[SubscriptionType, ...]:
        """Every subscription type of the portal."""
        found = self._transport.send(get(f"{_BASE}/definitions")).read(_DEFINITIONS)
        return tuple(SubscriptionType(id=str(kind.id), name=kind.name) for kind in found.results)

    def newsletter_ids(self) -> tuple[str, ...]:
        """The ids of the newsletters that the policy names, read once. Raises PortalContractError for names
        that the portal does not have."""
        with self._lock:
            if self._newsletter_ids is None:
                self._newsletter_ids = self._named(self.definitions())
            return self._newsletter_ids

    def _named(self, definitions: Sequence[SubscriptionType]) -> tuple[str, ...]:
        by_name: dict[str, list[str]] = {}
        for kind in definitions:
            by_name.setdefault(kind.name.casefold(), []).append(kind.id)
        missing = [name for name in self._policy.newsletters if name.casefold() not in by_name]
        if missing:
            have = ", ".join(repr(kind.name) for kind in definitions) or "none"
            wanted = ", ".join(repr(name) for name in missing)
            raise PortalContractError(
                f"The policy names subscription types that the portal does not have: {wanted} (it has {have})"
            )
        return tuple(each for name in self._policy.newsletters for each in by_name[name.casefold()])

    def learn_whether_batches_are_allowed(self) -> bool:
        """Ask the batch call about an address that nobody has; it exists on Marketing Hub Enterprise only."""
        try:
            self._batch(f"{_BASE}/statuses/batch/read", [Address("nobody@example.invalid")])
        except PortalDeniedError:
            self.batch_allowed = False
        else:
            self.batch_allowed = True
        return self.batch_allowed

    def opt_outs(self, addresses: Sequence[Address]) -> list[OptOut | Unknown | None]:
        """The opt-out of each address, in order, whose contact is opted out by its properties; `None`: its statuses
        say neither that nor that it is subscribed. Unknown: HubSpot refuses to tell or fails at it (5xx), or it
        subscribed again. Raises PortalTemporaryError if HubSpot fails at many."""
        newsletters = self.newsletter_ids()
        unique = list({_key(address): address for address in addresses}.values())
        states: dict[str, States] = {}
        if self.batch_allowed is not False:
            states = self._in_batches(unique)
        left = [address for address in unique if _key(address) not in states]
        few = FewFailures()

        def one(address: Address) -> States:
            try:
                return self.states(address)
            except (RefusedError, TemporaryFailureError) as failure:
                few.pass_over(failure)
                return UNKNOWN

        answers = side_by_side(one, left, self._transport.requests_in_flight_wanted())
        states.update((_key(address), found) for address, found in zip(left, answers, strict=True))
        return [self._opt_out(states[_key(address)], newsletters) for address in addresses]

    def _opt_out(self, states: States, newsletters: Sequence[str]) -> OptOut | Unknown | None:
        if isinstance(states, Unknown):
            return UNKNOWN
        return earliest_opt_out(states, newsletters, self._policy)

    def _in_batches(self, addresses: Sequence[Address]) -> dict[str, States]:
        """The states of as many as the batch calls tell; nobody if the portal does not have these calls."""
        try:
            own = self._batch(f"{_BASE}/statuses/batch/read", addresses)
            wide = [address for address in addresses if self._needs_wide(address, own.get(_key(address), ()))]
            for_all = self._batch(f"{_BASE}/statuses/batch/unsubscribe-all/read", wide)
        except PortalDeniedError:
            self.batch_allowed = False
            return {}
        self.batch_allowed = True
        asked = set(map(_key, wide))
        return {
            key: [*found, *for_all.get(key, ())] for key, found in own.items() if key in for_all or key not in asked
        }

    def _batch(self, endpoint: str, addresses: Sequence[Address]) -> dict[str, Sequence[State]]:
        few = FewFailures()

        def read(batch: Sequence[Address]) -> Sequence[_OfAddress]:
            body = {"inputs": [address.text for address in batch]}
            call = Call(method="POST", endpoint=endpoint, query=_EMAIL, body=body)
            try:
                return self._transport.send(call).read(_MANY).results
            except (RefusedError, TemporaryFailureError) as failure:
                few.pass_over(failure)
                return ()

        answers = side_by_side(read, in_batches(addresses, BATCH_SIZE))
        return {
            row.subscriber_id_string.strip().casefold(): (*row.statuses, *row.wide_statuses)
            for rows in answers
            for row in rows
        }

    def states(self, address: Address) -> list[State]:
        """The states of one address, the portal-wide one too where it can matter."""
        args: Mapping[str, str] = {"address": address.text}
        own = self._transport.send(get(f"{_BASE}/statuses/{{address}}", args, _EMAIL)).read(_ONE).results
        if not self._needs_wide(address, own):
            return own
        wide = self._transport.send(get(f"{_BASE}/statuses/{{address}}/unsubscribe-all", args, _EMAIL))
        return [*own, *wide.read(_ONE).results]

    def _needs_wide(self, address: Address, own: Sequence[State]) -> bool:
        """Whether the portal-wide state is worth a request: where the contact is opted out of all mail, where nobody
        looked at that, and where the states of its own do not tell since when it is opted out."""
        if not isinstance(address, ListedAddress) or address.off_all_mail:
            return True
        found = earliest_opt_out(own, self.newsletter_ids(), self._policy)
        return not isinstance(found, OptOut) or found.at is None

    def consents(self, address: Address) -> tuple[Consent, ...] | Unknown:
        """The last word of an address on each newsletter that the policy names, as far as it said one; unknown where
        HubSpot refuses to tell."""
        try:
            states = self.states(address)
        except RefusedError:
            return UNKNOWN
        return consents_of(states, self.newsletter_ids(), self._policy)


def _key(address: Address) -> str:
    return address.text.strip().casefold()


def unsubscribe_call(address: Address, newsletter_id: str) -> Call:
    """Takes an address off one kind of mail."""
    body = {"subscriptionId": int(newsletter_id), "statusState": UNSUBSCRIBED, "channel": "EMAIL"}
    return Call(method="POST", endpoint=f"{_BASE}/statuses/{{address}}", args={"address": address.text}, body=body)
