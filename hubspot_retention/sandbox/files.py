"""Files: metadata, the archive that leaves them in private, and the privacy delete that takes a week."""

from typing import Any

from hubspot_retention.sandbox.calls import NO_CONTENT, Call, Reply, answer, not_found


def _file(call: Call) -> dict[str, Any]:
    found = call.portal.files.get(call.args[0])
    if found is None or found.get("archived"):
        raise not_found(f"File {call.args[0][:40]} does not exist")
    return found


def read_file(call: Call) -> Reply:
    """GET /files/files/{id}."""
    found = _file(call)
    named = {**found.get("properties", {}), **found}
    return answer(
        {
            "id": call.args[0],
            "name": named.get("name", call.args[0]),
            "extension": named.get("extension", "pdf"),
            "type": named.get("type", "DOCUMENT"),
            "size": int(named.get("size", 0)),
            "access": named.get("access", "PRIVATE"),
            "path": named.get("path", f"/{call.args[0]}"),
            "url": named.get("url", f"https://example.dk/files/{call.args[0]}"),
            "isUsableInContent": False,
            "archived": False,
            "createdAt": named.get("createdAt", call.portal.loaded_at),
            "updatedAt": named.get("updatedAt", call.portal.loaded_at),
        }
    )


def archive_file(call: Call) -> Reply:
    """DELETE /files/files/{id}: out of reach, but still on HubSpot's servers."""
    _file(call)["archived"] = True
    call.effects.append(f"archived files/{call.args[0]}")
    return NO_CONTENT


def erase_file(call: Call) -> Reply:
    """DELETE /files/files/{id}/gdpr-delete: content and metadata, also of one that was archived."""
    if call.args[0] not in call.portal.files:
        raise not_found(f"File {call.args[0][:40]} does not exist")
    del call.portal.files[call.args[0]]
    call.effects.append(f"erased files/{call.args[0]}")
    return NO_CONTENT
