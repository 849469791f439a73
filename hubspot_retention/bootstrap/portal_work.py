"""What a person does to the portal itself: check it, try it, make what it lacks."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from hubspot_retention.bootstrap.people import Remembering
from hubspot_retention.errors import BlockedError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from hubspot_retention.clock import Clock
    from hubspot_retention.core.policy.model import RetentionPolicy
    from hubspot_retention.core.portal import PortalDetails
    from hubspot_retention.core.record import PortalId
    from hubspot_retention.hubspot.check import CheckLine, PortalCheck
    from hubspot_retention.hubspot.probe import Probe
    from hubspot_retention.hubspot.setup import MissingDefinition
    from hubspot_retention.hubspot.transport import Transport
    from hubspot_retention.settings import Settings
    from hubspot_retention.settings_anchors import AnchorSettings
    from hubspot_retention.workflow.ports import Store

_VERDICTS: Final = {Remembering.ON: "fine", Remembering.OFF: "notice", Remembering.BROKEN: "problem"}


def _told(anchors: "AnchorSettings") -> str:
    """Who is shown the audit log, and what that is good for."""
    asked = ", ".join(kind for kind in anchors.kinds if kind.counts)
    told = ", ".join(kind for kind in anchors.kinds if not kind.counts)
    what = (
        f"The audit log is shown to {asked}: a restored backup is noticed"
        if asked
        else "No anchor is set that could be asked: a restored backup would not be noticed (docs/anchors.md)"
    )
    return f"{what}. Told only: {told}" if told else what


class _Given(Protocol):
    clock: "Clock"

    def settings(self) -> "Settings": ...

    def policy(self) -> "tuple[RetentionPolicy, str]": ...

    def remembering(self) -> tuple[Remembering, str]: ...

    def store(self, access: str = ...) -> "AbstractContextManager[Store]": ...

    def database_lines(self, portal: "PortalId") -> "tuple[CheckLine, ...]": ...

    def require_own(self, portal: "PortalId") -> None: ...


class PortalWork:
    """The part of an application that needs a way to HubSpot, and of the store no more than whose it is."""

    def check_portal(self: _Given, transport: "Transport") -> "PortalCheck":
        """Whether this is the right portal, and whether the policy can be kept on it."""
        from hubspot_retention.hubspot.check import CheckLine, Verdict, check_portal

        found = check_portal(transport, self.policy()[0], self.settings().portal_id)
        word, text = self.remembering()
        anchors = self.settings().anchors
        lines = (
            CheckLine(topic="tombstones", verdict=Verdict(_VERDICTS[word]), text=text),
            CheckLine(topic="anchors", verdict=Verdict.FINE if anchors.guard else Verdict.NOTICE, text=_told(anchors)),
        )
        return replace(found, lines=(*found.lines, *lines, *self.database_lines(found.identity.portal_id)))

    def database_lines(self: _Given, portal: "PortalId") -> "tuple[CheckLine, ...]":
        """What is wrong with the database, if there is one: it belongs to another portal, or it cannot be asked."""
        from hubspot_retention.hubspot.check import CheckLine, Verdict
        from hubspot_retention.store.errors import StoreError

        try:
            self.require_own(portal)
        except BlockedError as error:
            return (CheckLine(topic="database", verdict=Verdict.PROBLEM, text=str(error).removesuffix(".")),)
        except StoreError as error:
            text = f"The database could not be asked whether it belongs to this portal: {error}"
            return (CheckLine(topic="database", verdict=Verdict.NOTICE, text=text),)
        return ()

    def require_own(self: _Given, portal: "PortalId") -> None:
        """Raise BlockedError if there is a database and it belongs to another portal, StoreError if it cannot be
        asked."""
        from hubspot_retention.store.errors import NoDatabaseError
        from hubspot_retention.workflow.own_portal import require_own

        try:
            with self.store("read") as store:
                require_own(store, portal)
        except NoDatabaseError:
            return

    def identify(self: _Given, transport: "Transport", store: "Store | None" = None) -> "PortalDetails":
        """Who the token belongs to. Raises BlockedError if that is not the portal of the settings, or not the one that
        the store belongs to; one that met none belongs to this one from now on."""
        from hubspot_retention.hubspot.account import read_identity
        from hubspot_retention.workflow.own_portal import keep_to

        found, expected = read_identity(transport), self.settings().portal_id
        if expected not in (None, found.portal_id):
            raise BlockedError(f"the token belongs to portal {found.portal_id}, the settings name portal {expected}")
        if store is not None:
            keep_to(store, found.portal_id, self.clock.now())
        return found

    def probe(self: _Given, transport: "Transport") -> "Probe":
        """What tries on the portal itself what HubSpot leaves undocumented."""
        from hubspot_retention.hubspot.probe import Probe

        return Probe(transport, self.policy()[0])

    def missing_definitions(self: _Given, transport: "Transport") -> "tuple[MissingDefinition, ...]":
        """The property group and the properties that the portal lacks."""
        from hubspot_retention.hubspot.control import ControlPlane
        from hubspot_retention.hubspot.setup import missing

        return missing(self.policy()[0], ControlPlane(transport))

    def create_definition(self: _Given, transport: "Transport", wanted: "MissingDefinition") -> bool:
        """Make one of them; `False` if somebody made it in the meantime."""
        from hubspot_retention.hubspot.control import ControlPlane
        from hubspot_retention.hubspot.setup import create

        return bool(create(ControlPlane(transport), [wanted]))
