"""Text to facts: pure, one module per command or file."""
