"""Runs of process blocks: requested, scheduled, executed and ended."""
