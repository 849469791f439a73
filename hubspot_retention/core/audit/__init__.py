"""What the audit log may say, in which bytes, and whether a log is still the one that was written."""
