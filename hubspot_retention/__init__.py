"""Keeps the promises of a privacy policy in HubSpot."""

__version__ = "0.1.0"
