"""Callbacks of the management pages, for staff."""
