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
  out; a hold property that is not there any more; a record that can no longer be read, or is merged away; a hold set,
  whose webhook is heard or lost;
- people, at any moment: holds placed and released, objections written down and answered, everything stopped and let go
  on, plans approved (also by who asked for them) and rejected, a restored database brought back;
- time: jumps of the wall clock from minutes to ten years, either way.

One in eleven is about an estate (`estate`): contacts, a firm, letters and deals, of which some go by a rule of their
own and some must stay when their contact goes. There the numbers of deals are those of contacts; a hold of a contact,
a deal or the firm, here or in HubSpot, reaches whatever it reaches; of batches of deals some are left out; two deals
turn out to be one; the end of an agreement is written before the contact goes that alone tells it (C3), and letters go,
stay and are hung on deals; none goes long after the last look at the record with which it goes (C4), and none of which
its plan did not say that it may (C5), or that somebody needs whom we put into the bin (C6).
Pseudonyms are on: whoever is erased leaves a tombstone (T1), nobody else does (T2), and in the end a receipt is
verified by the single file that is handed to third parties (E5).

An eighth of the schedules are days (`days`): the service itself, its works, desk, ticks, watch and alarms, over a town
(`town`) of contacts, a firm, an agreement and letters. There also go wrong: webhooks that are lost, come late or twice;
a search that lags, or is not whole; lists whose ranges disagree, pages without associations, statuses that cannot be
read; properties that have another name; steps of a bundle that are refused or whose answer is lost; a message to people
that does not arrive; hours without the machine. People unsubscribe, subscribe again, ask to be erased, are held through
their firm or agreement, merged, deleted, restored; a policy changes, standing approvals are taken back and given.
A plain account says who must be gone by when: each deadline is met, or a person was told of it ahead (L1); a sweep that
was whole has brought everybody into the ledger (L4); caps, grace and whose click it was are kept (S5); what hangs on
others or belongs to an agreement stays (C1), and nobody goes before their letters (C2). A third of the days have an
anchor that is lost for minutes or for most of a day: nothing goes once it was shown nothing for too long (S14), and
what is owed goes on once it is reached, or a person was told.

Not simulated here: attachments, parts of an answer that are missing on the wire (`tests/unit/hubspot/test_byid.py`: the
port answers for every id). Portals do not lie side by side in one database: each has its own, and with another portal's
token the service does nothing.
"""
