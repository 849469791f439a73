"""What keeps the audit log itself: whether it is the one that was written, and how long its entries stay."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from hubspot_retention.bootstrap.application import Application
    from hubspot_retention.core.audit.verify import VerifyReport
    from hubspot_retention.store.database import SqlStore
    from hubspot_retention.workflow.ports import Store
    from hubspot_retention.workflow.shorten import Shortened


def verified(app: "Application", store: "SqlStore") -> "VerifyReport":
    """The whole log, verified; where the settings name its key, also who signed what was signed of it. Raises
    UsageError for a key that cannot be read."""
    from hubspot_retention.evidence.cut_signed import verify_signed
    from hubspot_retention.evidence.keys import SigningKey, lost_keys

    file = app.settings().anchors.key
    if file is None:
        return store.verify_log()
    return verify_signed(store, [*(key.public for key in SigningKey.load_all(file)), *lost_keys(file)])


def shorten_log(app: "Application", store: "Store", verify: "Callable[[], VerifyReport]") -> "Shortened":
    """Remove the entries whose period is over, if the log has a key that can sign for it, and verifies."""
    from hubspot_retention.workflow.shorten import Shortened, Shortener

    anchoring = app.anchoring(store)
    if anchoring is None:
        return Shortened()
    return Shortener(store, anchoring, app.policy()[0], verify).run(app.clock.now())
