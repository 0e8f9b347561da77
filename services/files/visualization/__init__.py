"""How files are displayed: image pyramids, overlays, spectra, extraction previews."""
