"""What a watch looks with: a sniffer that sees each packet before the filters do, a page of its own, the kernel's tables."""
