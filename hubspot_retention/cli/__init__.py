"""The one-shot tool: commands that parse, call a use case through `bootstrap`, and render what it answers."""
