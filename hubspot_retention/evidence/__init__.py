"""What outsiders can verify: signing keys, witnesses, anchors, pseudonyms, and a verifier that stands alone."""
