"""Flux calibration: standard stars, sensitivity, telluric correction, confidence."""
