"""Copies as network file systems make them: a file of the final size, filled piece by piece."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Manner:
    """How a file is copied: bytes of a piece, seconds between two, whether they come in order.

    With `reopens` the file is opened and closed for each piece.
    """

    piece: int
    gaps: tuple[float, float]
    in_order: bool = True
    preallocated: bool = True
    reopens: bool = False

    @classmethod
    def at_random(cls, dice: random.Random) -> Manner:
        """Return a manner as it was observed: 64 to 256 kB, 0.06 to 1.9 s apart."""
        longest = dice.uniform(0.06, 1.9)
        return cls(
            piece=dice.choice([65536, 131072, 262144]),
            gaps=(0.06, max(0.06, longest)),
            in_order=dice.random() < 0.5,
            preallocated=dice.random() < 0.8,
            reopens=dice.random() < 0.3,
        )


def copy_slowly(source: Path, target: Path, manner: Manner, dice: random.Random) -> None:
    """Copy a file in pieces."""
    content = source.read_bytes()
    starts = list(range(0, len(content), manner.piece))
    if not manner.in_order and manner.preallocated:
        dice.shuffle(starts)
    copy = target.open("wb")
    if manner.preallocated:
        os.truncate(target, len(content))
    for start in starts:
        copy.seek(start)
        copy.write(content[start : start + manner.piece])
        copy.flush()
        if manner.reopens:
            copy.close()
        if start != starts[-1]:
            time.sleep(dice.uniform(*manner.gaps))
        if manner.reopens:
            copy = target.open("r+b")
    copy.close()
