"""One module per root cause; the file's presence is its registration."""
