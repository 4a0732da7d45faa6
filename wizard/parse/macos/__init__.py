"""What a Mac answers, as facts. Its commands speak English whatever the language of the system."""
