"""A report to words on a surface."""
