"""Batch after batch, and the next is read while this one goes.

At 100 ms a request, a batch that is read, carried out and read back by itself leaves a tenth of the allowed rate
unused, and an archive, which is a single call, two thirds of it. So the next batch is read while the calls of this
one are made (of an erase when few are left: what was read must still be fresh when the last record goes), and the
one before is read back beside it. For each record the order stays what it is.

What can go wrong: a batch is read while one before it changes what it reads. So only batches that do the same to
the same class overlap, and a record that shares correspondence with a batch under way goes by itself afterwards,
read anew.
"""

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from hubspot_retention.core.plan.model import Action, PlanItem
from hubspot_retention.core.record import ObjectType, RecordRef
from hubspot_retention.errors import PortalError
from hubspot_retention.workflow.carry import Carrier
from hubspot_retention.workflow.looking import Looked

Batch = Sequence[PlanItem]
_AHEAD = {
    (Action.ERASE, ObjectType.CONTACT): 1,
    (Action.ARCHIVE, ObjectType.DEAL): 1,
    (Action.ARCHIVE, ObjectType.CONTACT): 3,
}
"""How many batches are read ahead: one where correspondence matters, so that readings follow one another. To end
marketing takes long for each record: it would be read too early."""
_WITHOUT_LETTERS = (Action.ARCHIVE, ObjectType.CONTACT)
"""Here nothing that one batch claims matters to another, so the first ones are read side by side, too."""
_SIDE_BY_SIDE = 2


class Overlap:
    """Carries out the batches of one round; a batch is known by its place in it."""

    def __init__(self, carrier: Carrier, batches: Sequence[Batch]) -> None:
        self._carrier = carrier
        self._batches = batches
        self._looks: deque[Future[Looked]] = deque()
        self._claimed: dict[int, frozenset[RecordRef]] = {}
        self._reader = ThreadPoolExecutor(_SIDE_BY_SIDE)
        self._settler = ThreadPoolExecutor(_SIDE_BY_SIDE)

    def outcomes(self) -> Generator[tuple[Batch, PortalError | None], None, None]:
        """Every batch once it was carried out, or with what stood in its way or in that of one shortly before. To
        close the iterator stops it after the batch under way."""
        settling: deque[Future[None]] = deque()
        try:
            for place, batch in enumerate(self._batches):
                trouble = None
                try:
                    called = self._carry_out(place)
                    settling.append(self._settler.submit(self._carrier.settle, called))
                except PortalError as error:
                    trouble = error
                if len(settling) > _SIDE_BY_SIDE:
                    trouble = _failure(settling.popleft()) or trouble
                yield batch, trouble
            for each in settling:
                yield (), _failure(each)
        finally:
            self._reader.shutdown(cancel_futures=True)
            self._settler.shutdown()

    def _carry_out(self, place: int) -> Batch:
        look = self._looks.popleft() if self._looks else self._reader.submit(self._look, place)
        if _kind_of(self._batches[place]) == _WITHOUT_LETTERS:
            self._read_on(place)
        try:
            return self._carrier.act(look.result(), lambda: self._read_on(place))
        finally:
            self._claimed.pop(place, None)

    def _look(self, place: int) -> Looked:
        """Read a batch; what those under way claim is noted before, for it may change meanwhile."""
        claimed = frozenset[RecordRef]().union(*list(self._claimed.values()))
        looked = self._carrier.look(self._batches[place], claimed)
        self._claimed[place] = looked.claimed
        return looked

    def _read_on(self, place: int) -> None:
        """Have the next batches read, as long as they are of the same kind."""
        kind = _kind_of(self._batches[place])
        wanted = _AHEAD.get(kind, 0)
        for following in range(place + 1 + len(self._looks), min(place + 1 + wanted, len(self._batches))):
            if _kind_of(self._batches[following]) != kind:
                return
            self._looks.append(self._reader.submit(self._look, following))


def _kind_of(batch: Batch) -> tuple[Action, ObjectType]:
    return batch[0].action, batch[0].record.object_type


def _failure(settling: "Future[None]") -> PortalError | None:
    """What a reading back failed of, once it has ended."""
    error = settling.exception()
    if error is None or isinstance(error, PortalError):
        return error
    raise error
