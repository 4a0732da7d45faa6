"""macOS: what it prints, what its firewalls decide, and whole machines. The texts are ours, in the formats of real ones."""
