"""Which calibrations a run uses, and which results another calibration would change."""
