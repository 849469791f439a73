"""Mutation testing: one thing at a time is changed in what decides and disposes, and a test must notice.

`python -m tests.mutants` tries every change of the packages named in `packages.py`. What no test notices must stand in
`justified.toml` with the reason why it changes nothing that anybody could see.
"""
