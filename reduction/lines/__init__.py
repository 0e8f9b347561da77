"""Reference lamps, laboratory lines, and the lines and bands observers look for."""
