"""Which records are associated with which, in both directions.

A link is a tuple of kinds: the unlabelled one, perhaps `primary`, perhaps labels of the portal's own. The
same tuples are shared by all links alike, because a portal has millions of them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from hubspot_retention.sandbox.association_types import PRIMARY, UNLABELLED, AssociationType
from hubspot_retention.sandbox.object_types import OBJECT_TYPES

Kinds = tuple[str, ...]
"""The kinds of one link: `PLAIN`, `FIRST` for primary, or a label."""

PLAIN = ""
FIRST = "\x00primary"

_ONLY_PLAIN: Kinds = (PLAIN,)
_PRIMARY_KINDS: Kinds = (FIRST, PLAIN)
_FIRST_CUSTOM_ID = 1000


class Link(NamedTuple):
    """One end of an association, seen from a record: what it leads to and how."""

    to_type: str
    to_id: str
    kinds: Kinds


class Links:
    """All associations of a portal."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str], dict[str, dict[str, Kinds]]] = {}
        self._types: dict[tuple[str, str, str], AssociationType] = {}
        self._names: dict[tuple[str, str], TypeNames] = {}
        self._shared: dict[Kinds, Kinds] = {_ONLY_PLAIN: _ONLY_PLAIN, _PRIMARY_KINDS: _PRIMARY_KINDS}
        for (first, second), kind in UNLABELLED.items():
            self._types[first, second, PLAIN] = kind
        for (first, second), kind in PRIMARY.items():
            self._types[first, second, FIRST] = kind

    @staticmethod
    def possible(first: str, second: str) -> bool:
        """Whether records of these two types can be associated at all."""
        return (first, second) in UNLABELLED

    def pair(self, first: str, second: str) -> dict[str, dict[str, Kinds]]:
        """The links from every record of one type to records of the other; not to be changed by the
        caller.
        """
        return self._pairs.setdefault((first, second), {})

    def of(self, first: str, record_id: str, second: str) -> dict[str, Kinds]:
        """The links from one record to records of the other type; not to be changed by the caller."""
        return self.pair(first, second).get(record_id, {})

    def all_of(self, first: str, record_id: str) -> list[Link]:
        """Every link of one record."""
        return [
            Link(second, to_id, kinds)
            for second in OBJECT_TYPES
            for to_id, kinds in self.of(first, record_id, second).items()
        ]

    def join(self, first: tuple[str, str], second: tuple[str, str], kind: str = PLAIN) -> None:
        """Associate two records. A label or primary brings the unlabelled kind with it.

        A record has one primary company: a new one takes the place of the old.
        """
        if kind == FIRST:
            self._demote(first, second)
        for near, far in ((first, second), (second, first)):
            ends = self.pair(near[0], far[0]).setdefault(near[1], {})
            known = ends.get(far[1])
            if known is None and kind == PLAIN:
                ends[far[1]] = _ONLY_PLAIN
            else:
                ends[far[1]] = self._kinds({*(known or ()), kind, PLAIN})

    def _demote(self, first: tuple[str, str], second: tuple[str, str]) -> None:
        child, parent = (second, first) if first[0] == "companies" else (first, second)
        for other, kinds in list(self.of(child[0], child[1], parent[0]).items()):
            if FIRST in kinds and other != parent[1]:
                self.part_kind(child, (parent[0], other), FIRST)

    def _kinds(self, kinds: set[str]) -> Kinds:
        ordered = tuple(sorted(kinds, key=lambda kind: (kind == PLAIN, kind != FIRST, kind)))
        return self._shared.setdefault(ordered, ordered)

    def part(self, first: tuple[str, str], second: tuple[str, str]) -> bool:
        """Take every kind of link between two records away; whether there was one."""
        found = False
        for near, far in ((first, second), (second, first)):
            ends = self.pair(near[0], far[0])
            links = ends.get(near[1])
            if links is not None and far[1] in links:
                found = True
                del links[far[1]]
                if not links:
                    del ends[near[1]]
        return found

    def part_kind(self, first: tuple[str, str], second: tuple[str, str], kind: str) -> bool:
        """Take one kind away; the plain one takes the others with it."""
        kinds = self.of(first[0], first[1], second[0]).get(second[1], ())
        if kind not in kinds:
            return False
        if kind == PLAIN:
            return self.part(first, second)
        left = self._kinds(set(kinds) - {kind})
        self.pair(first[0], second[0])[first[1]][second[1]] = left
        self.pair(second[0], first[0])[second[1]][first[1]] = left
        return True

    def detach(self, record_type: str, record_id: str) -> list[Link]:
        """Take a record out of all its associations, and say which they were."""
        links = self.all_of(record_type, record_id)
        for link in links:
            self.part((record_type, record_id), (link.to_type, link.to_id))
        return links

    def type_of(self, first: str, second: str, kind: str) -> AssociationType:
        """The association type of a kind in one direction; a label that is new is given its numbers."""
        known = self._types.get((first, second, kind))
        if known is None:
            self._name(first, second, kind)
            known = self._types[first, second, kind]
        return known

    def names(self, first: str, second: str) -> "TypeNames":
        """The names of association types in one direction, by the kinds of a link."""
        return self._names.setdefault((first, second), TypeNames(self, first, second))

    def _name(self, first: str, second: str, label: str) -> None:
        slug = label.strip().lower().replace(" ", "_")
        custom = sum(1 for kind in self._types.values() if kind.category == "USER_DEFINED")
        for offset, (near, far) in enumerate(dict.fromkeys(((first, second), (second, first)))):
            self._types[near, far, label] = AssociationType(
                type_id=_FIRST_CUSTOM_ID + custom + offset, name=slug, label=label, category="USER_DEFINED"
            )

    def kind_of(self, first: str, second: str, category: str, type_id: int) -> str | None:
        """The kind that a type id means in this direction."""
        for (near, far, kind), found in self._types.items():
            if (near, far, found.category, found.type_id) == (first, second, category, type_id):
                return kind
        return None

    def types_between(self, first: str, second: str) -> list[AssociationType]:
        """Every association type that leads from one object type to the other."""
        return [found for (near, far, _), found in self._types.items() if (near, far) == (first, second)]

    def each(self) -> Iterator[tuple[tuple[str, str], Link]]:
        """Every association once, seen from its first end."""
        seen: set[tuple[str, str]] = set()
        for (first, second), ends in self._pairs.items():
            if (second, first) in seen:
                continue
            seen.add((first, second))
            for from_id, links in ends.items():
                for to_id, kinds in links.items():
                    if first != second or int(from_id) < int(to_id):
                        yield (first, from_id), Link(second, to_id, kinds)


class TypeNames(dict[Kinds, tuple[str, ...]]):
    """The names of the association types of a link, looked up once for every combination of kinds."""

    def __init__(self, links: Links, first: str, second: str) -> None:
        super().__init__()
        self._links, self._first, self._second = links, first, second

    def __missing__(self, kinds: Kinds) -> tuple[str, ...]:
        found = self[kinds] = tuple(self._links.type_of(self._first, self._second, kind).name for kind in kinds)
        return found
