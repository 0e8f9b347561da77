"""The table that `make bench` prints: what, our figure, the goal, and goodman-pipeline's.

Its figures are those that `make bench-peer` measured on this machine, else those published with the
goals, which are marked so ("–" where there are none).
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from tests.support.paths import ROOT

PEER = ROOT / "var" / "bench-peer.json"
QUIET = 0.7
"""A machine with a lower load average has nothing else to do."""
WRONG_PX = 3.0
"""A scale that is off by more somewhere is no solution: no line would be recognised by it."""


def row(what: str, ours: str, goal: str, peer: str) -> None:
    """Print one row of the table."""
    print(f"{what:52s} {ours:>26s}   {goal:>22s}   {peer}")


def published(figure: str) -> str:
    """Mark a figure of goodman-pipeline that was not measured here."""
    return figure if figure == "–" else f"{figure} (published)"


def _measured() -> dict[str, Any]:
    return dict(json.loads(PEER.read_text())) if PEER.is_file() else {}


def peer_night(binning: str, figure: str) -> str:
    """Say what the peer took for a night: measured here, else the published figure."""
    took = _measured().get(binning)
    if took is None:
        return f"{published(figure)}; `make bench-peer` measures it"
    steps = [took["redccd"], took["redspec"]]
    wall, cpu = (sum(step[key] for step in steps) for key in ("wall", "cpu"))
    size = max(step["peak_mb"] for step in steps)
    failed = "".join(" failed: " + step["complaint"][-80:] for step in steps if step["complaint"])
    load = f", beside a load of {took['load']}" if took["load"] > QUIET else ""
    told = f"{wall:.1f} s (CPU {cpu:.1f}{load}), {size / 1024:.1f} GB"
    return f"{told}, {len(took['spectra'])} spectra{failed}"


def _spectra() -> list[dict[str, Any]]:
    """Return the spectra of the peer's nights in setups that it has solved."""
    took = _measured()
    return [one for name in ("2x2", "1x1") if name in took for one in took[name]["spectra"]]


def peer_scale(figure: str) -> str:
    """Say how far the peer's wavelengths of both nights are off: median and worst, pixels."""
    seen = _spectra()
    if not seen:
        return published(figure)
    medians = [one["median_px"] for one in seen]
    worst = max(one["worst_px"] for one in seen)
    return f"{min(medians):.2f}–{max(medians):.2f} / {worst:.1f} px"


def peer_rms(figure: str) -> str:
    """Say by what its reported rms is to be multiplied to be the true one."""
    seen = [one["reported_over_true"] for one in _spectra()]
    return f"{min(seen):.2f}–{max(seen):.2f}" if seen else published(figure)


def peer_flux(figure: str) -> str:
    """Say what part of a source's light its spectra hold."""
    seen = [one["flux"] for one in _spectra() if one["flux"] is not None]
    return f"{np.mean(seen):.2f}" if seen else published(figure)


def peer_setups(figure: str) -> str:
    """Say in which setups it has no solution, and in which a wrong one."""
    seen = _measured().get("setups")
    if not seen:
        return published(figure)
    none = [name for name, took in seen.items() if not took["spectra"]]
    off = {
        name: max(one["worst_px"] for one in took["spectra"])
        for name, took in seen.items()
        if took["spectra"]
    }
    wrong = [f"{name} by {worst:.0f} px" for name, worst in off.items() if worst > WRONG_PX]
    return f"{len(none)} of {len(seen)} ({', '.join(none) or '–'}); off: {', '.join(wrong) or '–'}"
