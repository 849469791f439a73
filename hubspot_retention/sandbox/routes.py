"""Every path of the API that the sandbox answers, dated and with its v3 or v4 twin.

The version stands after the API's name (`/crm/v3/objects/...`, `/crm/objects/2026-03/...`); it is taken out
of the path before the table is looked at, and each row says under which versions HubSpot has it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from hubspot_retention.sandbox import (
    account,
    associations,
    batches,
    files,
    lists,
    objects,
    pipelines,
    preferences,
    preferences_v3,
    properties,
    search,
    webhooks_api,
)
from hubspot_retention.sandbox.calls import Call, Reply
from hubspot_retention.sandbox.limits import Bucket
from hubspot_retention.sandbox.object_types import object_type

Handler = Callable[[Call], Reply]

DATED = frozenset({"2026-03", "2026-09"})
V3 = DATED | {"v3"}
V4 = DATED | {"v4"}
ONLY_V3 = frozenset({"v3", "2026-09"})
V3_AND_V4 = DATED | {"v3", "v4"}

_VERSION = re.compile(r"v\d|\d{4}-\d{2}")
_OPEN = "{}"
_DEFAULT_BUCKET = Bucket.BURST


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row of the table. `kind` is the journal's word for what the call does; an empty one only reads.

    An open segment `{}` matches anything, `{t}` an object type. A `developer` route wants the developer's key instead
    of a token and counts against no limit of the portal, so it has no bucket.
    """

    method: str
    pattern: tuple[str, ...]
    handler: Handler
    versions: frozenset[str]
    scopes: tuple[str, ...] = ()
    kind: str = ""
    bucket: Bucket | None = _DEFAULT_BUCKET
    developer: bool = False

    @property
    def name(self) -> str:
        """The path with its open segments, for counting."""
        return f"{self.method} /{'/'.join(self.pattern)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A route that a path belongs to, with the version and the open segments of the path."""

    route: Route
    version: str
    args: tuple[str, ...]


_OBJECT = "crm/objects/{t}"
_LINK = "crm/objects/{t}/{}/associations"
_PAIR = "crm/associations/{t}/{t}"
_PROPERTY = "crm/properties/{t}"
_STATUS = "communication-preferences/statuses"
_PREFERENCES_V3 = "communication-preferences"
_LIST = "crm/lists"
_READ, _WRITE = ("objects:0:read",), ("objects:0:write",)
_SCHEMA_READ, _SCHEMA_WRITE = ("schemas:0:read",), ("schemas:0:write",)
_PAIR_READ = ("objects:0:read", "objects:1:read")
_PAIR_WRITE = ("objects:0:write", "objects:1:write")
_LINK_READ = ("objects:0:read", "objects:2:read")
_LINK_WRITE = ("objects:0:write", "objects:2:write")
_PREF_READ, _PREF_WRITE = ("communication_preferences.read",), ("communication_preferences.write",)
_BATCH_READ = ("communication_preferences.statuses.batch.read",)
_BATCH_WRITE = ("communication_preferences.statuses.batch.write",)

Row = tuple[str, str, Handler, frozenset[str], tuple[str, ...], str]

_OBJECT_ROWS: tuple[Row, ...] = (
    ("GET", _OBJECT, objects.list_records, V3, _READ, ""),
    ("POST", _OBJECT, objects.create_record, V3, _WRITE, "create"),
    ("POST", f"{_OBJECT}/search", search.search, V3, _READ, ""),
    ("POST", f"{_OBJECT}/merge", objects.merge_records, V3, _WRITE, "merge"),
    ("POST", f"{_OBJECT}/gdpr-delete", objects.erase_record, V3, _WRITE, "erase"),
    ("POST", f"{_OBJECT}/batch/read", batches.batch_read, V3, _READ, ""),
    ("POST", f"{_OBJECT}/batch/create", batches.batch_create, V3, _WRITE, "create"),
    ("POST", f"{_OBJECT}/batch/update", batches.batch_update, V3, _WRITE, "update"),
    ("POST", f"{_OBJECT}/batch/upsert", batches.batch_upsert, V3, _WRITE, "update"),
    ("POST", f"{_OBJECT}/batch/archive", batches.batch_archive, V3, _WRITE, "archive"),
    ("GET", f"{_OBJECT}/{{}}", objects.read_record, V3, _READ, ""),
    ("PATCH", f"{_OBJECT}/{{}}", objects.update_record, V3, _WRITE, "update"),
    ("DELETE", f"{_OBJECT}/{{}}", objects.archive_record, V3, _WRITE, "archive"),
)

_ASSOCIATION_ROWS: tuple[Row, ...] = (
    ("GET", f"{_LINK}/{{t}}", associations.list_one, V3_AND_V4, _LINK_READ, ""),
    ("PUT", f"{_LINK}/default/{{t}}/{{}}", associations.put_default, V4, _LINK_WRITE, "associate"),
    ("PUT", f"{_LINK}/{{t}}/{{}}", associations.put_labelled, V4, _LINK_WRITE, "associate"),
    ("DELETE", f"{_LINK}/{{t}}/{{}}", associations.archive_one, V4, _LINK_WRITE, "detach"),
    ("POST", f"{_PAIR}/batch/read", associations.batch_read, V4, _PAIR_READ, ""),
    ("POST", f"{_PAIR}/batch/create", associations.batch_create, V4, _PAIR_WRITE, "associate"),
    ("POST", f"{_PAIR}/batch/associate/default", associations.batch_create, V4, _PAIR_WRITE, "associate"),
    ("POST", f"{_PAIR}/batch/archive", associations.batch_archive, V4, _PAIR_WRITE, "detach"),
    ("POST", f"{_PAIR}/batch/labels/archive", associations.batch_archive_labels, V4, _PAIR_WRITE, "detach"),
    ("GET", f"{_PAIR}/labels", associations.list_labels, V4, _PAIR_READ, ""),
)

_PROPERTY_ROWS: tuple[Row, ...] = (
    ("GET", _PROPERTY, properties.list_properties, V3, _SCHEMA_READ, ""),
    ("POST", _PROPERTY, properties.create_property, V3, _SCHEMA_WRITE, "define"),
    ("GET", f"{_PROPERTY}/groups", properties.list_groups, V3, _SCHEMA_READ, ""),
    ("POST", f"{_PROPERTY}/groups", properties.create_group, V3, _SCHEMA_WRITE, "define"),
    ("GET", f"{_PROPERTY}/groups/{{}}", properties.read_group, V3, _SCHEMA_READ, ""),
    ("PATCH", f"{_PROPERTY}/groups/{{}}", properties.update_group, V3, _SCHEMA_WRITE, "define"),
    ("DELETE", f"{_PROPERTY}/groups/{{}}", properties.archive_group, V3, _SCHEMA_WRITE, "undefine"),
    ("POST", f"{_PROPERTY}/batch/read", properties.batch_read, V3, _SCHEMA_READ, ""),
    ("POST", f"{_PROPERTY}/batch/create", properties.batch_create, V3, _SCHEMA_WRITE, "define"),
    ("POST", f"{_PROPERTY}/batch/archive", properties.batch_archive, V3, _SCHEMA_WRITE, "undefine"),
    ("GET", f"{_PROPERTY}/{{}}", properties.read_property, V3, _SCHEMA_READ, ""),
    ("PATCH", f"{_PROPERTY}/{{}}", properties.update_property, V3, _SCHEMA_WRITE, "define"),
    ("DELETE", f"{_PROPERTY}/{{}}", properties.archive_property, V3, _SCHEMA_WRITE, "undefine"),
)

_PREFERENCE_ROWS: tuple[Row, ...] = (
    ("GET", "communication-preferences/definitions", preferences_v3.definitions, V3_AND_V4, _PREF_READ, ""),
    ("POST", f"{_STATUS}/batch/read", preferences.batch_read, V4, _BATCH_READ, ""),
    ("POST", f"{_STATUS}/batch/unsubscribe-all/read", preferences.batch_read_wide, V4, _BATCH_READ, ""),
    ("POST", f"{_STATUS}/batch/write", preferences.batch_write, V4, _BATCH_WRITE, "subscribe"),
    ("POST", f"{_STATUS}/batch/unsubscribe-all", preferences.batch_write_wide, V4, _BATCH_WRITE, "subscribe"),
    ("GET", f"{_STATUS}/{{}}", preferences.read_states, V4, _PREF_READ, ""),
    ("POST", f"{_STATUS}/{{}}", preferences.write_state, V4, _PREF_WRITE, "subscribe"),
    ("GET", f"{_STATUS}/{{}}/unsubscribe-all", preferences.read_wide, V4, _PREF_READ, ""),
    ("POST", f"{_STATUS}/{{}}/unsubscribe-all", preferences.write_wide, V4, _PREF_WRITE, "subscribe"),
    ("GET", f"{_PREFERENCES_V3}/status/email/{{}}", preferences_v3.read_states, ONLY_V3, _PREF_READ, ""),
    ("POST", f"{_PREFERENCES_V3}/subscribe", preferences_v3.subscribe, ONLY_V3, _PREF_WRITE, "subscribe"),
    ("POST", f"{_PREFERENCES_V3}/unsubscribe", preferences_v3.unsubscribe, ONLY_V3, _PREF_WRITE, "subscribe"),
)

_CREDENTIAL_INFO = "oauth/private-apps/get/access-token-info"
_LISTS_READ, _LISTS_WRITE, _FILES, _OWNERS = (
    ("crm.lists.read",),
    ("crm.lists.write",),
    ("files",),
    ("crm.objects.owners.read",),
)
_OTHER_ROWS: tuple[Row, ...] = (
    ("GET", "crm/owners", account.list_owners, V3, _OWNERS, ""),
    ("GET", "crm/owners/{}", account.read_owner, V3, _OWNERS, ""),
    ("GET", "crm/pipelines/{t}", pipelines.list_pipelines, V3, _READ, ""),
    ("GET", "crm/pipelines/{t}/{}", pipelines.read_pipeline, V3, _READ, ""),
    ("GET", "crm/pipelines/{t}/{}/stages", pipelines.list_stages, V3, _READ, ""),
    ("POST", _LIST, lists.create_list, V3, _LISTS_WRITE, "create"),
    ("GET", f"{_LIST}/{{}}", lists.read_list, V3, _LISTS_READ, ""),
    ("GET", f"{_LIST}/object-type-id/{{t}}/name/{{}}", lists.read_named_list, V3, _LISTS_READ, ""),
    ("GET", f"{_LIST}/{{}}/memberships", lists.list_members, V3, _LISTS_READ, ""),
    ("PUT", f"{_LIST}/{{}}/memberships/add", lists.add_members, V3, _LISTS_WRITE, "list"),
    ("PUT", f"{_LIST}/{{}}/memberships/remove", lists.remove_members, V3, _LISTS_WRITE, "unlist"),
    ("PUT", f"{_LIST}/{{}}/memberships/add-and-remove", lists.change_members, V3, _LISTS_WRITE, "unlist"),
    ("GET", "files/files/{}", files.read_file, V3, _FILES, ""),
    ("DELETE", "files/files/{}", files.archive_file, V3, _FILES, "archive-file"),
    ("DELETE", "files/files/{}/gdpr-delete", files.erase_file, V3, _FILES, "erase-file"),
    ("GET", "account-info/details", account.details, V3, (), ""),
    ("GET", "account-info/api-usage/daily/private-apps", account.usage, V3, (), ""),
    ("POST", _CREDENTIAL_INFO, account.token_info, frozenset({"v2"}), (), ""),
)

_SUBSCRIPTIONS = "webhooks/{}/subscriptions"
_WEBHOOK_ROWS: tuple[Row, ...] = (
    ("GET", "webhooks/{}/settings", webhooks_api.read_settings, V3, (), ""),
    ("PUT", "webhooks/{}/settings", webhooks_api.put_settings, V3, (), "subscribe-app"),
    ("DELETE", "webhooks/{}/settings", webhooks_api.clear_settings, V3, (), "subscribe-app"),
    ("GET", _SUBSCRIPTIONS, webhooks_api.list_subscriptions, V3, (), ""),
    ("POST", _SUBSCRIPTIONS, webhooks_api.create_subscription, V3, (), "subscribe-app"),
    ("POST", f"{_SUBSCRIPTIONS}/batch/update", webhooks_api.batch_update, V3, (), "subscribe-app"),
    ("GET", f"{_SUBSCRIPTIONS}/{{}}", webhooks_api.read_subscription, V3, (), ""),
    ("PATCH", f"{_SUBSCRIPTIONS}/{{}}", webhooks_api.update_subscription, V3, (), "subscribe-app"),
    ("DELETE", f"{_SUBSCRIPTIONS}/{{}}", webhooks_api.delete_subscription, V3, (), "subscribe-app"),
)


def _route(row: Row, bucket: Bucket | None) -> Route:
    method, path, handler, versions, scopes, kind = row
    if path.endswith("/search"):
        bucket = Bucket.SEARCH
    pattern = tuple(path.split("/"))
    return Route(
        method=method,
        pattern=pattern,
        handler=handler,
        versions=versions,
        scopes=scopes,
        kind=kind,
        bucket=bucket,
        developer=path.startswith("webhooks/"),
    )


def _table() -> dict[tuple[str, int, str, str], list[Route]]:
    table: dict[tuple[str, int, str, str], list[Route]] = {}
    for rows, bucket in (
        (_OBJECT_ROWS, Bucket.BURST),
        (_ASSOCIATION_ROWS, Bucket.ASSOCIATIONS),
        (_PROPERTY_ROWS, Bucket.BURST),
        (_PREFERENCE_ROWS, Bucket.BURST),
        (_OTHER_ROWS, Bucket.BURST),
        (_WEBHOOK_ROWS, None),
    ):
        for row in rows:
            route = _route(row, bucket)
            key = (route.method, len(route.pattern), route.pattern[0], route.pattern[1])
            table.setdefault(key, []).append(route)
    return table


_ROUTES = _table()


def match(method: str, raw_path: str) -> Match | None:
    """The route of a path that is still percent-encoded; none if HubSpot has no such path under that
    version.
    """
    segments = [unquote(segment) for segment in raw_path.split("/") if segment]
    version = ""
    for position in (1, 2):
        if position < len(segments) and _VERSION.fullmatch(segments[position]):
            version = segments.pop(position)
            break
    if len(segments) < 2:
        return None
    place = (method, len(segments), segments[0])
    for route in _ROUTES.get((*place, segments[1])) or _ROUTES.get((*place, _OPEN)) or ():
        if version in route.versions and _fits(route.pattern, segments):
            opened = zip(route.pattern, segments, strict=True)
            return Match(route=route, version=version, args=tuple(got for part, got in opened if part[0] == "{"))
    return None


def _fits(pattern: tuple[str, ...], segments: list[str]) -> bool:
    for part, segment in zip(pattern, segments, strict=True):
        if part == _OPEN:
            continue
        if part == "{t}":
            if object_type(segment) is None and segment in ("default", "batch", "groups"):
                return False
        elif part != segment:
            return False
    return True
