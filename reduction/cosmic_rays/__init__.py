"""Detection of cosmic rays."""
