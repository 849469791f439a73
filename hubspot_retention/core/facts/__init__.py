"""What is known of a record: observations as HubSpot gave them, and the facts that follow from them.

A rule never reads HubSpot, it reads facts. A fact is known, known to be absent (`None`) or `UNKNOWN`.
"""
