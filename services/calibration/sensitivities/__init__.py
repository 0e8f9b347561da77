"""Which sensitivity calibrates a spectrum, and which spectra a sensitivity concerns."""
