"""Wavelength solutions of arcs and spectra, and their verification."""
