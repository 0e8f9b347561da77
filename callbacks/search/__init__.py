"""Callbacks of the Search page."""
