"""The process blocks: one declaration each, used by the queue, the API and the pages."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from astropy.io import fits
from astropy.nddata import CCDData
from pydantic import BaseModel, ConfigDict

from reduction import blocks
from reduction.fits.derivation.completion import Given
from reduction.frames import (
    SHARED_TYPES,
    ArcSide,
    DataType,
    FrameDescription,
    FrameKind,
    OfferedArc,
    Product,
    Spectrum,
)
from reduction.notices import Notice
from reduction.slits import ZeroPointEvidence


class BlockSettings(BaseModel):
    """Base of the settings of all blocks: frozen; an unknown name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def effective(self, kind: FrameKind) -> dict[str, Any]:  # noqa: ARG002 (blocks override it)
        """Return the settings, as JSON, that affect the product of a frame of this kind."""
        return self.model_dump(mode="json")


class CalibrationRole(StrEnum):
    """The role of a calibration in a block; see `services.calibration.selection`."""

    MASTER_BIAS = "master bias"
    MASTER_FLAT = "master flat"
    ARC = "arc lamp"
    SECOND_ARC = "second arc lamp"
    SENSITIVITY = "sensitivity"
    SITE_LIBRARY = "sensitivities of earlier nights"


Report = Callable[[str, float], None]
"""``report(step, fraction)``: the step's name for the observer, and the run's progress, 0 to 1.
It may raise an exception (if the run is cancelled), which blocks must not catch."""


@dataclass(frozen=True, slots=True)
class BlockInputs:
    """All inputs of a block.

    Parameters
    ----------
    frame : CCDData or Spectrum or None
        The opened parent (None for masters, which read `members` themselves in bounded memory).
        A raw CCDData is as on disk: ADU, untrimmed, no uncertainty.
    file_name : str
        The parent's file name.
    kind : FrameKind or None
        Kind of the parent: as classified at ingest, or as reclassified by a person since. It takes
        precedence over the header; None: the kind is read from the header.
    members : tuple of Path
        Raw frames of a master, oldest first.
    n_absent : int
        Further frames of the master that cannot be opened: they are counted, and left out.
    decided : mapping
        Header cards of `members` that a person decided: path → keyword → value.
    master_bias, master_flat : CCDData or None
        None when the settings ignore them, or when there is none (`notices` give the reason).
    arc : CCDData or None
        A **reduced 2-D** arc frame of the same setup, possibly with another binning or slit.
    second_arc : CCDData or None
        As `arc`, on the other side of the exposure in time; given when the arcs are to bracket it.
    next_arc : callable, optional
        Returns the next arc of a side, the best first, or None; in place of `arc` and `second_arc`.
        It is asked again only when the last one could not be used.
    names : mapping
        CalibrationRole → file name of the calibration.
    brighter : callable, optional
        Called only when a target is too faint for a trace of its own. Returns name and header of a
        spectrum of a brighter target of the same setup and night, or None.
    slit_frames : callable, optional
        Opens the reduced 2-D frame that an extracted spectrum was made from, and the 2-D arc of
        the file name that it is called with. Called only when the sky beside the target is too
        faint to show the zero point.
    zero_points : tuple of ZeroPointEvidence
        What the skies of other spectra say of the offset of arc and spectrum.
    sensitivity : Spectrum, optional
        The sensitivity that a spectrum is calibrated in flux with.
    site_library : tuple of Spectrum
        Sensitivities of earlier nights of the same setup and slit, the nearest first.
    notices : tuple of Notice
        About calibrations that are missing or match only partly; copied to the product's notices.
    """

    frame: CCDData | Spectrum | None = None
    file_name: str = ""
    kind: FrameKind | None = None
    members: tuple[Path, ...] = ()
    n_absent: int = 0
    decided: Mapping[Path, Given] = field(default_factory=dict)
    master_bias: CCDData | None = None
    master_flat: CCDData | None = None
    arc: CCDData | None = None
    second_arc: CCDData | None = None
    next_arc: Callable[[ArcSide], OfferedArc | None] | None = None
    names: Mapping[CalibrationRole, str] = field(default_factory=dict)
    brighter: Callable[[], tuple[str, fits.Header] | None] | None = None
    slit_frames: Callable[[str], tuple[CCDData, CCDData | None] | None] | None = None
    zero_points: tuple[ZeroPointEvidence, ...] = ()
    sensitivity: Spectrum | None = None
    site_library: tuple[Spectrum, ...] = ()
    notices: tuple[Notice, ...] = ()


BlockFunction = Callable[[BlockInputs, Any, Report], list[Product]]


@dataclass(frozen=True, slots=True)
class Block:
    """One process block; `label` is the name on its button.

    `automatic`: runs by itself on the files that it takes, else on request only; of these only on
    the frames that `suits` approves of, and only where the calibrations of `only_with` exist: it
    never waits for them. `settings` are those of a proposal; `request` are those of a single run:
    the same, and the settings that a person gives for one frame only.
    """

    name: str
    label: str
    accepts: frozenset[DataType]
    kinds: frozenset[FrameKind]
    produces: DataType
    settings: type[BlockSettings]
    request: type[BlockSettings]
    calibration_roles: tuple[CalibrationRole, ...]
    route: str | None
    run: BlockFunction
    automatic: bool = True
    suits: Callable[[FrameDescription], bool] | None = None
    only_with: frozenset[CalibrationRole] = frozenset()

    @property
    def is_shared(self) -> bool:
        """Whether its products are calibrations for everybody."""
        return self.produces in SHARED_TYPES


_blocks: dict[str, Block] = {}


def block(
    *,
    name: str,
    label: str,
    accepts: set[DataType],
    kinds: set[FrameKind],
    produces: DataType,
    settings: type[BlockSettings],
    calibration_roles: tuple[CalibrationRole, ...] = (),
    route: str | None = None,
    request: type[BlockSettings] | None = None,
    automatic: bool = True,
    suits: Callable[[FrameDescription], bool] | None = None,
    only_with: tuple[CalibrationRole, ...] = (),
) -> Callable[[BlockFunction], BlockFunction]:
    """Register a function as a process block.

    `accepts` and `kinds` select the files it runs on; `route` is its path under ``/api/files/``
    (None: it has no route of its own); `request` extends `settings` (None: the same); `automatic`:
    whether it runs without a request; `suits`: on which frames it then runs (None: on all);
    `only_with`: calibrations without which it then does not run.

    Raises
    ------
    ValueError
        A block of this name is already registered.
    """

    def register(run: BlockFunction) -> BlockFunction:
        if name in _blocks:
            raise ValueError(f"block {name!r} is already registered")
        _blocks[name] = Block(
            name,
            label,
            frozenset(accepts),
            frozenset(kinds),
            produces,
            settings,
            request or settings,
            calibration_roles,
            route,
            run,
            automatic,
            suits,
            frozenset(only_with),
        )
        return run

    return register


@cache
def all_blocks() -> Mapping[str, Block]:
    """Import every module of ``reduction.blocks``; return the blocks by name."""
    for module in pkgutil.iter_modules(blocks.__path__):
        importlib.import_module(f"{blocks.__name__}.{module.name}")
    return MappingProxyType(_blocks)


def blocks_for(data_type: DataType, kind: FrameKind) -> list[Block]:
    """Return the blocks that run on a file of this type and kind, in the order of the reduction."""
    candidates = (b for b in all_blocks().values() if data_type in b.accepts and kind in b.kinds)
    return sorted(candidates, key=lambda b: b.produces)
