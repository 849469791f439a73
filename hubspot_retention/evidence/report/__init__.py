"""The evidence report: what a privacy officer hands to the authority."""
