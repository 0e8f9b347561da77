"""Targets, traces, apertures and backgrounds: from a 2-D frame to 1-D spectra."""
