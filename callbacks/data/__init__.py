"""Callbacks of the Data page."""
