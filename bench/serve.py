"""`hubspot-retention sandbox serve` without the rest of the command: `python -m bench.serve serve --contacts 1000`."""

from hubspot_retention.cli.sandbox import app

if __name__ == "__main__":
    app()
