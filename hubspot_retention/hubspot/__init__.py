"""The only code that talks to HubSpot: one transport, thin verbs on top."""
