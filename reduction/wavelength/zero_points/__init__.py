"""The zero point of a wavelength scale: measured on the sky, or known from other spectra."""
