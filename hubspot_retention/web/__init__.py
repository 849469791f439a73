"""The internet-facing side: the webhook endpoint, and nothing else."""
