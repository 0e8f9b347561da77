"""Callbacks of the data reduction settings."""
