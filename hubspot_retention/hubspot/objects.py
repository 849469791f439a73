"""The verbs of the objects API: list, read in batches, read one, count. HubSpot's limits: 100 a page or batch."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.hubspot.calls import Bucket, Call, objects_path, post
from hubspot_retention.hubspot.transport import Transport
from hubspot_retention.hubspot.wire import TOTAL, Total

PAGE_SIZE = 100
BATCH_SIZE = 100

_Item = TypeVar("_Item")
Filter = Mapping[str, str]


def in_batches(items: Sequence[_Item], size: int = BATCH_SIZE) -> Iterator[Sequence[_Item]]:
    """The items in runs of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def list_call(object_type: ObjectType, names: Sequence[str], linked: Sequence[ObjectType], after: str | None) -> Call:
    """One page of a list in ascending order of ids, with associations inline, which cost no request."""
    query = [("limit", str(PAGE_SIZE)), ("properties", ",".join(names))]
    if linked:
        query.append(("associations", ",".join(linked)))
    if after is not None:
        query.append(("after", after))
    return Call(method="GET", endpoint=objects_path(object_type), query=tuple(query))


def batch_read_call(object_type: ObjectType, names: Sequence[str], ids: Sequence[RecordId]) -> Call:
    """Up to 100 records by id; the ids of merged-away records answer with the winner."""
    body = {"inputs": [{"id": str(record_id)} for record_id in ids], "properties": list(names)}
    return post(objects_path(object_type, "/batch/read"), body)


def read_call(object_type: ObjectType, names: Sequence[str], record_id: RecordId) -> Call:
    """One record by id."""
    endpoint = objects_path(object_type, "/{id}")
    query = (("properties", ",".join(names)),)
    return Call(method="GET", endpoint=endpoint, args={"id": str(record_id)}, query=query)


def search(transport: Transport, object_type: ObjectType, filters: Sequence[Filter] = ()) -> Total:
    """How many records the search index has, and the one with the highest id. It lags: a hint, never a truth."""
    body = {
        "filterGroups": [{"filters": list(filters)}] if filters else [],
        "sorts": [{"propertyName": "hs_object_id", "direction": "DESCENDING"}],
        "properties": ["hs_object_id"],
        "limit": 1,
    }
    return transport.send(post(objects_path(object_type, "/search"), body, Bucket.SEARCH)).read(TOTAL)
