"""The sky behind the targets: its level beside them, its lines along the slit, and its model."""
