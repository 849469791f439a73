"""One module a version. What is written here has run somewhere: it is never changed, only added to."""
