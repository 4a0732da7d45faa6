"""Measurements, as ratios in one run: `pytest tests/bench -s`."""
