"""Long tests, run by hand: ``make soak``."""
