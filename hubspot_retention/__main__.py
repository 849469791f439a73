"""`python -m hubspot_retention`."""

from hubspot_retention.cli.main import main

if __name__ == "__main__":
    main()
