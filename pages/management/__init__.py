"""The management pages, for staff."""
