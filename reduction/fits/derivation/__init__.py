"""Facts of a frame that its header does not state where it should, derived from what it does."""
