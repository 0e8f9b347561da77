"""FITS: the header vocabulary, reading and writing of frames, provenance."""
