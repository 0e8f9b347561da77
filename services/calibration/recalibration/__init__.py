"""Products that are replaced by themselves when they would be made of other inputs now."""
