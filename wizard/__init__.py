"""Connection Wizard: why another device cannot reach a web app, proved, and the commands that fix it."""

__version__ = "0.1.0"
