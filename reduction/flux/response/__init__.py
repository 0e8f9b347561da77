"""Sensitivity of telescope and instrument, measured with a standard star."""
