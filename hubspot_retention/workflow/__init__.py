"""The use cases, as verbs, written against ports: assess, review, dispose, hold, explain."""
