"""nftables: reads `nft -j list ruleset`, or the same as text where only that exists."""
