"""Celestial coordinates of images."""
