"""The benchmarks: each starts the portal it needs, measures several times, and says what it found."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.child import run
from bench.disposing import portal_of
from bench.figures import Figure
from bench.portal import Portal, Wanted, running
from bench.service import measure as serving
from bench.webhooks import measure as received

_RATE = 19.0
"""Requests a second that HubSpot allows on Professional: 190 in ten seconds."""
_BUDGET = 15_000.0
"""Contacts a second of a later assessment on the reference machine."""
_CURSOR_THERE, _OFFICIAL_THERE = 34_000.0, 6_200.0
"""What one httpx cursor and the official client read there: another machine is measured by the ratio to them."""

Found = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much is measured: runs of each, contacts of a portal, of one at real latency, disposals, a million too."""

    runs: int
    contacts: int
    slow_contacts: int
    erased: int
    archived: int
    million: bool


def _counted(portal: Portal, module: str, task: str, **environment: str) -> Found:
    """One measurement in a process of its own, with the server's counts beside it."""
    portal.count_from_here()
    return run(module, task, portal.environment | environment) | {"server": portal.stats()}


def _assessed(portal: Portal, runs: int = 1) -> list[Found]:
    """Assessments one after the other in one process, each with the server's counts beside it."""
    found = run("assessing", "assess", portal.environment | {"BENCH_RUNS": str(runs)})
    return [one | {"peak_mib": found["peak_mib"]} for one in found["runs"]]


def _values(runs: list[Found], of: Callable[[Found], float]) -> tuple[float, ...]:
    return tuple(of(found) for found in runs)


def _of(runs: list[Found], what: str) -> tuple[float, ...]:
    return _values(runs, lambda found: float(found[what]))


def _speed(found: Found) -> float:
    seconds = found["assess_seconds"] if "assess_seconds" in found else found["seconds"]
    return float(found["contacts"] / seconds)


def _server(found: Found, what: str) -> float:
    return float(found["server"].get(what, float("nan")))


def decisions(extent: Extent) -> list[Figure]:
    """Decisions on facts in memory, one core."""
    with running(Wanted(contacts=min(extent.contacts, 20_000))) as portal:
        runs = [run("deciding", "decide", portal.environment) for _ in range(extent.runs)]
    return [
        Figure(
            name="decisions on contacts, facts in memory",
            unit="1/s",
            values=_values(runs, lambda found: found["contacts"]),
            at_least=50_000,
        ),
        Figure(name="facts of contacts", unit="1/s", values=_values(runs, lambda found: found["facts"])),
        Figure(
            name="decisions on deals, facts included", unit="1/s", values=_values(runs, lambda found: found["deals"])
        ),
    ]


def assessment(extent: Extent) -> list[Figure]:
    """A whole assessment without latency or limits, the first and a later one, and what else there is to read with."""
    with running(Wanted(contacts=extent.contacts)) as portal:
        rounds = range(extent.runs)
        both = [_assessed(portal, 2) for _ in rounds]
        cursor = [_counted(portal, "peers", "cursor") for _ in rounds]
        official = [_counted(portal, "peers", "official") for _ in rounds[: max(1, extent.runs - 2)]]
    first, later = [runs[0] for runs in both], [runs[1] for runs in both]
    size = f"{extent.contacts:,} contacts"
    figures = [
        Figure(name=f"first assessment, {size}", unit="contacts/s", values=_values(first, _speed)),
        Figure(name="later assessment", unit="contacts/s", values=_values(later, _speed), at_least=_BUDGET),
        Figure(name="httpx, one cursor, reads only", unit="contacts/s", values=_values(cursor, _speed)),
        Figure(name="official client get_all, reads only", unit="contacts/s", values=_values(official, _speed)),
        _ratio("httpx, one cursor", later, cursor, _CURSOR_THERE),
        _ratio("official client get_all", later, official, _OFFICIAL_THERE),
        *_processor("first assessment", first),
        *_processor("later assessment", later),
        *_processor("httpx, one cursor", cursor),
        Figure(name="official client, peak memory", unit="MiB", values=_values(official, lambda f: f["peak_mib"])),
    ]
    return [*figures, *_requests(first, extent)]


def _ratio(peer: str, ours: list[Found], theirs: list[Found], there: float) -> Figure:
    """An assessment beside a peer of the same run, which the machine slows down as much; `there`: what the peer reads
    on the reference machine."""
    usual = median(_values(theirs, _speed))
    values = _values(ours, lambda found: _speed(found) / usual)
    return Figure(name=f"later assessment / {peer}, same run", unit="times", values=values, at_least=_BUDGET / there)


def _processor(name: str, runs: list[Found]) -> list[Figure]:
    """Milliseconds of processor time for 1,000 contacts, ours and the server's."""

    def ours(found: Found) -> float:
        return 1e6 * float(found["cpu_seconds"]) / float(found["contacts"])

    def theirs(found: Found) -> float:
        return 1e6 * _server(found, "cpu_seconds") / float(found["contacts"])

    return [
        Figure(name=f"{name}: our CPU per 1,000 contacts", unit="ms", values=_values(runs, ours)),
        Figure(name=f"{name}: the server's CPU per 1,000", unit="ms", values=_values(runs, theirs)),
    ]


def _requests(runs: list[Found], extent: Extent) -> list[Figure]:
    def of(*endpoints: str) -> Callable[[Found], float]:
        def per_thousand(found: Found) -> float:
            counted = found["server"].get("by_endpoint", {})
            total = sum(count for name, count in counted.items() if any(part in name for part in endpoints))
            return 1000 * float(total) / extent.contacts

        return per_thousand

    def floor(found: Found) -> float:
        """N/100 + D/100 + C/100, and one for the end of each list."""
        records = found["records"]
        listed = records["deciding contacts"] + records["reading deals"] + records["reading companies"]
        return 1000 * (float(listed) / 100 + 3) / extent.contacts

    return [
        Figure(
            name="requests for the lists, per 1,000 contacts",
            unit="",
            values=_values(runs, of("GET /crm/objects")),
            at_most=1.05 * floor(runs[0]),
        ),
        Figure(name="requests for new opt-outs, per 1,000", unit="", values=_values(runs, of("communication"))),
        Figure(name="requests for what is due, per 1,000", unit="", values=_values(runs, of("batch/read"))),
    ]


def latency(extent: Extent) -> list[Figure]:
    """A whole assessment at 100 ms a request, without and with the limits of Professional, beside the same peers."""
    figures = []
    for limits in (False, True):
        with running(Wanted(contacts=extent.slow_contacts, latency_ms=100, limits=limits)) as portal:
            runs = [_assessed(portal)[0] for _ in range(1 if limits else extent.runs)]
            cursor = [_counted(portal, "peers", "cursor")]
            official = [_counted(portal, "peers", "official")]
        what = "100 ms, limits on" if limits else "100 ms"
        size = f"{extent.slow_contacts:,} contacts, {what}"
        figures += [
            Figure(name=f"first assessment, {size}", unit="contacts/s", values=_values(runs, _speed)),
            Figure(name=f"httpx, one cursor, {what}", unit="contacts/s", values=_values(cursor, _speed)),
            Figure(name=f"official client get_all, {what}", unit="contacts/s", values=_values(official, _speed)),
        ]
        if limits:
            figures += _share("assessment", runs, "assess_seconds")
    return figures


def _share(name: str, runs: list[Found], seconds: str) -> list[Figure]:
    def share(found: Found) -> float:
        return 100 * _server(found, "requests") / float(found[seconds]) / _RATE

    def too_many(found: Found) -> float:
        return 1000 * _server(found, "too_many") / _server(found, "requests")

    return [
        Figure(name=f"{name}: share of the allowed rate", unit="%", values=_values(runs, share), at_least=95),
        Figure(name=f"{name}: answers of 429, per 1,000", unit="", values=_values(runs, too_many), at_most=1),
    ]


def memory(extent: Extent) -> list[Figure]:
    """Peak memory of the assessing processes together, by the size of the portal."""
    figures = []
    for contacts in (10_000, 100_000, 1_000_000):
        if contacts > (1_000_000 if extent.million else extent.contacts):
            continue
        with running(Wanted(contacts=contacts)) as portal:
            runs = _assessed(portal)
        limit = 150 if contacts == 10_000 else 200
        peak = _values(runs, lambda found: found["peak_mib"])
        figures.append(Figure(name=f"peak memory, {contacts:,} contacts", unit="MiB", values=peak, at_most=limit))
        if contacts == 1_000_000:
            figures.append(Figure(name="first assessment of them", unit="contacts/s", values=_values(runs, _speed)))
    return figures


def disposals(extent: Extent) -> list[Figure]:
    """Erasing and archiving under the whole protocol, at 100 ms a request, limits on."""
    figures = []
    for task, number in (("erase", extent.erased), ("archive", extent.archived)):
        runs = []
        for _ in range(extent.runs):
            document = portal_of(number, erase=task == "erase")
            with running(Wanted(document=document, latency_ms=100, limits=True)) as portal:
                runs.append(_counted(portal, "disposing", task))
        speed = _values(runs, lambda found: found["done"] / found["apply_seconds"])
        figures.append(Figure(name=f"{task}, {number:,} contacts", unit="disposals/s", values=speed))
        figures += _share(task, runs, "apply_seconds")
    return figures


def small(extent: Extent) -> list[Figure]:
    """The audit log, the start of the command, the JSON decoders."""
    audit = [run("small", "audit", {}) for _ in range(extent.runs)]
    floor = [run("small", "floor", {}) for _ in range(extent.runs)]
    start = [run("small", "start", {}) for _ in range(extent.runs)]
    decoders = [run("small", "decoders", {}) for _ in range(extent.runs)]
    ways = ("json", "msgspec untyped", "msgspec typed")
    single, batched, verified = (_of(audit, what) for what in ("single", "batched", "verified"))
    return [
        Figure(name="audit: durable entries, one a transaction", unit="1/s", values=single, at_least=2_000),
        Figure(name="- the most that SQLite itself commits here", unit="1/s", values=_of(floor, "transactions")),
        Figure(name="- the most that this disk syncs", unit="1/s", values=_of(floor, "syncs")),
        Figure(name="audit: durable entries, a hundred a transaction", unit="1/s", values=batched, at_least=2_000),
        Figure(name="audit: entries verified", unit="1/s", values=verified, at_least=166_667),
        Figure(
            name="start of the command (--help)",
            unit="ms",
            values=_values(start, lambda found: found["ms"]),
            at_most=400,
        ),
        *[
            Figure(
                name=f"decoding a page of 100 contacts: {way}",
                unit="µs",
                values=_values(decoders, lambda found, way=way: found[way]),  # type: ignore[misc]
            )
            for way in ways
        ],
    ]


def webhooks(extent: Extent) -> list[Figure]:
    """The webhook endpoint under load, from a process of its own."""
    seconds = 60.0 if extent.runs > 1 else 5.0
    return [*received(10, seconds), *received(100, seconds)]


def service(extent: Extent) -> list[Figure]:
    """The long-running service: its start, its memory, from a click to the call."""
    return serving(10 if extent.runs > 1 else 3)


MEASURES: dict[str, Callable[[Extent], list[Figure]]] = {
    "decisions": decisions,
    "assessment": assessment,
    "latency": latency,
    "memory": memory,
    "disposals": disposals,
    "small": small,
    "webhooks": webhooks,
    "service": service,
}
