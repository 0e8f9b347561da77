"""The table that `make bench` prints: what, our figure, the goal, and goodman-pipeline's."""

from __future__ import annotations


def row(what: str, ours: str, goal: str, peer: str) -> None:
    """Print one row of the table."""
    print(f"{what:52s} {ours:>26s}   {goal:>22s}   {peer}")
