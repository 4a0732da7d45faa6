"""One module per firewall: reads its listing, writes its commands."""
