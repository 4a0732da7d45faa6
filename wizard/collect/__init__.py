"""The only package that touches the machine: probes, live or from a bundle."""
