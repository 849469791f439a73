"""The long-running process: ticks, health, metrics, alarms. It wakes up; the deadline ledger decides."""
