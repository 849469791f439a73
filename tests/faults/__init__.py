"""The disposal workflow against the sandbox over HTTP, with a real database: faults, stops, races."""
