"""Application of a sensitivity to a spectrum, and its confidence."""
