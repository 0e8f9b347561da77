"""What the site's own pages fetch: pixels, spectra, events, pictures of the manual."""
