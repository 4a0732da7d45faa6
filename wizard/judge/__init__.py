"""Facts to findings: pure."""
