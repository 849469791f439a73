"""Who wants which mail: subscription types and the states of addresses.

A state belongs to an address, not to a record: it outlives the contact and binds a later one with the same
address.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionType:
    """One kind of mail that somebody can opt out of."""

    id: int
    name: str
    newsletter: bool | None = None
    created_at: str = "2020-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionState:
    """What was last said about one kind of mail (or, portal-wide, all of it) to one address, when
    (if that was ever noted), and where.
    """

    status: str
    timestamp: str | None
    source: str
    legal_basis: str | None = None
    legal_basis_explanation: str | None = None


@dataclass(slots=True)
class Subscriptions:
    """The subscription types of a portal and the states of all addresses."""

    types: dict[int, SubscriptionType] = field(default_factory=dict)
    states: dict[str, dict[int, SubscriptionState]] = field(default_factory=dict)
    wide: dict[str, SubscriptionState] = field(default_factory=dict)

    def of(self, address: str) -> dict[int, SubscriptionState]:
        """The states of an address, by subscription type; not to be changed by the caller."""
        return self.states.get(address.strip().lower(), {})

    def wide_of(self, address: str) -> SubscriptionState | None:
        """The portal-wide state of an address, if one was ever set."""
        return self.wide.get(address.strip().lower())

    def put(self, address: str, subscription_id: int, state: SubscriptionState) -> None:
        """Set the state of one kind of mail."""
        self.states.setdefault(address.strip().lower(), {})[subscription_id] = state

    def put_wide(self, address: str, state: SubscriptionState) -> None:
        """Set the portal-wide state."""
        self.wide[address.strip().lower()] = state
