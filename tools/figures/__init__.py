"""The figures of docs/reduction, drawn from simulated and real frames."""
