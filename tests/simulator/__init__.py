"""The deterministic simulator: the real disposal workflow and store, over a simulated portal, clock and fate."""
