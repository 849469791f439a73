"""The deterministic simulator: the real disposal workflow and store, over a simulated portal, clock and fate.

A seed is a whole story. First everything goes wrong that can (safety); then the faults heal, and whatever is owed must
end (liveness). What can go wrong, as each seed draws it:

- a worker: dies or freezes at any step, likelier between the word `sent` and what becomes of it; wakes up late; loses
  its connection and with it the lock to a second worker, and goes on beside it; is started with another policy, with
  the token of another portal (whose records have the same ids, or none of them), in mode observe, or without the right
  to erase;
- the store: a transaction fails, or is stored without saying so; a backup is made and, once the anchor has seen more
  than it holds, restored, until a person brings it back; the anchor cannot be reached;
- HubSpot: 5xx, 477 and a refused token when it is asked; 429, 423, 404, 400 and 477 when it is called; a call that is
  lost before its effect, after it, or takes effect seconds after its answer was lost; a batch of which some are left
  out; a hold property that is not there any more; a record that can no longer be read, or is merged away; a hold set;
- people, at any moment: holds placed and released, objections written down and answered, everything stopped and let go
  on, plans approved (also by who asked for them) and rejected, a restored database brought back;
- time: jumps of the wall clock from minutes to ten years, either way.

Not simulated here: correspondence and deals (their steps are tried in `tests/faults`), parts of an answer that are
missing on the wire (`tests/unit/hubspot/test_byid.py`: the port answers for every id), sweeps, the deadline ledger and
the due tick with their stale searches and caps (`tests/faults/test_soak.py` drives them for days, and
`tests/properties/test_deadline_ledger.py` their rules), portals side by side in one database.
"""
