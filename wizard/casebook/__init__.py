"""Help-desk cases, stored and compared."""
