"""The detectors: geometry, read-outs, counts to electrons, master calibrations."""
