"""What follows for one record as of an instant, and why."""
