"""Findings to plans: pure."""
