"""What spectra show of the zero points of others, and of the slit masks."""
