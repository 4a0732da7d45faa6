"""The report, with keys."""
