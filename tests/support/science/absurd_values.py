"""Pixels and header cards that no detector writes, for the tests of what blocks refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

NX, NY = 2071, 24
PATTERNS = {
    "equal": lambda _: np.full((NY, NX), 700.0),
    "zero": lambda _: np.zeros((NY, NX)),
    "negative": lambda _: np.full((NY, NX), -9000.0),
    "nan": lambda _: np.full((NY, NX), np.nan),
    "infinite": lambda _: np.full((NY, NX), np.inf),
    "half nan": lambda _: np.where(np.arange(NX) % 2, np.nan, 600.0) * np.ones((NY, 1)),
    "saturated": lambda _: np.full((NY, NX), 65535.0),
    "noise": lambda rng: rng.normal(500, 300, (NY, NX)),
    "enormous": lambda rng: rng.uniform(-3e38, 3e38, (NY, NX)),
    "checkered": lambda _: np.where(np.indices((NY, NX)).sum(axis=0) % 2, 60000.0, 0.0),
}
ABSURD: Any = st.one_of(
    st.none(),
    st.sampled_from(["", "garbage", "0 0", "9 9", "[5:1,9:2]", "[0:0]", "Blue", "2026", "NAN"]),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False, width=64),
    st.booleans(),
)
