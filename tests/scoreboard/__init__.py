"""The scoreboard: what must hold before a release, each line a test that is run and told with its figures."""
