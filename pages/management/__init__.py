"""The management pages, for staff only."""
