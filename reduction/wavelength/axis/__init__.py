"""The axis of a calibrated spectrum: its medium, its velocity frame, and overlying orders."""
