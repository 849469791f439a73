"""The image, proved: built by a container engine, run as compose.yaml runs it, one unsubscribe driven through it."""
