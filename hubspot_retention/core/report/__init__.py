"""The figures of the evidence report: audit entries in, figures out."""
