"""The retention policy: the document, its model, and checks over the whole of it."""
