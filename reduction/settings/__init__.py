"""The settings of a proposal, composed of those of the process blocks."""
