"""The words of the project: frozen dataclasses and enums. Imports the standard library only."""
