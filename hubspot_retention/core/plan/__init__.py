"""Many decisions made into one finite, reviewable piece of work, bound by its digest."""
