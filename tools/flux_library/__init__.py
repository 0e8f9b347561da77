"""What goes into ``reduction/flux/references/data/flux_references.npz``, one module per subject."""
