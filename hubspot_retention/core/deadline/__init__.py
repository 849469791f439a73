"""The deadline ledger: what must be looked at, and disposed of, by when."""
