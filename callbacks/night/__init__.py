"""Callbacks of the Tonight page."""
