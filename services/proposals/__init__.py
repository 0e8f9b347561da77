"""Observing proposals: members, reduction settings, semesters, and their administration."""
