"""What the audit log may say, the exact bytes it says it in, and whether a log is still the one that was written."""
