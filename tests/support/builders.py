"""Makes what tests are about: people, proposals, rows, frames on disk, small process blocks."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData

from db.models import File, Membership, Proposal, Run, User, utc_now
from reduction import registry
from reduction.blocks import wavelength
from reduction.errors import ReductionError, TargetNotFound
from reduction.frames import (
    ArcSide,
    DataType,
    FrameKind,
    Product,
    Spectrum,
    Technique,
    TriedArc,
)
from reduction.matching import ArcChoice
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from reduction.registry import BlockInputs, BlockSettings, CalibrationRole, Report
from reduction.settings.proposal_settings import settings_model
from services.files import ingest, ingredients
from services.runs import claiming, execution, reconciliation

NIGHT = dt.datetime(2024, 3, 10, 1, 0, tzinfo=dt.UTC)
_number = itertools.count(1)


def person(username: str, **facts: Any) -> User:
    """An account without a password, which costs no hashing."""
    return User.create(username=username, email=f"{username}@observatory.example", **facts)


def proposal(soar_id: str, pi: User | None = None, *collaborators: User) -> Proposal:
    row = Proposal.create(soar_id=soar_id, title=f"About {soar_id}", pi=pi)
    for user in collaborators:
        Membership.create(proposal=row, user=user)
    return row


def header(obstype: str = "OBJECT", **cards: Any) -> fits.Header:
    """A modern Goodman header, with `cards` on top; None takes a card out."""
    values: dict[str, Any] = {
        "INSTRUME": "ghts_red",
        "INSTCONF": "Red",
        "OBSTYPE": obstype,
        "DATE-OBS": NIGHT.replace(tzinfo=None).isoformat(timespec="milliseconds"),
        "EXPTIME": 0.0 if obstype == "BIAS" else 60.0,
        "OBJECT": "HZ 44",
        "CCDSUM": "2 2",
        "ROI": "Spectroscopic 2x2",
        "GAIN": 1.48,
        "RDNOISE": 3.89,
        "GRATING": "400_SYZY",
        "SLIT": "1.0_LONG_SLIT",
        "FILTER": "NO_FILTER",
        "FILTER2": "GG455",
        "CAM_TARG": 16.1,
        "GRT_TARG": 7.5,
        "WAVMODE": "400_M2",
        "PROPID": "SOAR2024A-001",
        "OBSRA": "13:23:35.26",
        "OBSDEC": "+36:07:59.5",
    }
    if obstype in ("COMP", "ARC"):
        values |= {"LAMP_HGA": "TRUE", "LAMP_NE": "TRUE", "LAMP_AR": "FALSE"}
    values |= {name.replace("_OBS", "-OBS"): value for name, value in cards.items()}
    built = fits.Header()
    for name, value in values.items():
        if value is not None:
            built[name] = value
    return built


def write_frame(path: Path, obstype: str = "OBJECT", *, level: int = 1000, **cards: Any) -> Path:
    """Write a small raw frame whose pixels no other frame has, one minute after the last."""
    number = next(_number)
    if "DATE_OBS" not in cards:
        taken = NIGHT + dt.timedelta(minutes=number)
        cards["DATE_OBS"] = taken.replace(tzinfo=None).isoformat(timespec="milliseconds")
    pixels = np.random.default_rng(number).normal(level, 5, (24, 60)).astype("uint16")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    fits.PrimaryHDU(pixels, header(obstype, **cards)).writeto(part, overwrite=True)
    part.replace(path)
    return path


def arrive(folder: Path, name: str, obstype: str = "OBJECT", **cards: Any) -> File:
    """Write a small raw frame and index it, as the watcher does when it has come."""
    return ingest.ingest(write_frame(folder / name, obstype, **cards)).file


def input_names(product: File) -> list[str]:
    """The names of what went into a product besides its parent."""
    return [ingredient.name for ingredient in ingredients.of(product)]


def row(
    name: str,
    owner: Proposal | None = None,
    *,
    data_type: DataType = DataType.RAW,
    parent: File | None = None,
    **facts: Any,
) -> File:
    """A row of a file that is on no disk."""
    number = next(_number)
    taken = facts.pop("date_obs", NIGHT + dt.timedelta(seconds=number))
    values: dict[str, Any] = {
        "file_name": name,
        "full_path": f"/nowhere/{number}/{name}",
        "size": 2880,
        "checksum": f"{number:064x}",
        "data_type": data_type,
        "proposal": owner,
        "kind": str(FrameKind.SPECTRUM),
        "technique": str(Technique.SPECTROSCOPY),
        "obstype": "SPECTRUM",
        "camera": "Red",
        "binning_x": 2,
        "binning_y": 2,
        "n_x": 60,
        "n_y": 24,
        "date_obs": taken,
        "date": taken.date(),
        "night": taken.date(),
        "gain": 1.48,
        "rdnoise": 3.89,
        "grating": "400_SYZY",
        "cam_targ": 16.1,
        "grt_targ": 7.5,
    }
    file = File.create(**{**values, **facts})
    if data_type is DataType.RAW:
        file.original = file.parent = file
    elif parent is not None:
        file.original, file.parent = parent.original, parent
    file.save()
    return file


def run(file: File, block: str = "reduce", **facts: Any) -> Run:
    values = {"proposal": file.proposal, "exposure": file.date_obs, "queued": utc_now()}
    return Run.create(file=file, block=block, **{**values, **facts})


def drain(rounds: int = 5) -> list[Run]:
    """Do all that is due, as workers and reconciler would; return the runs that were done."""
    done = []
    for _ in range(rounds):
        before = len(done)
        while (claimed := claiming.claim("test")) is not None:
            execution.execute(claimed)
            done.append(Run.get_by_id(claimed.id))
        if not reconciliation.reconcile() and len(done) == before:
            break
    return done


# --- process blocks small enough to see through -----------------------------------------------


class SmallMaster(BlockSettings):
    minimum: int = 3


class SmallReduce(BlockSettings):
    ignore_bias: bool = False
    factor: float = 1.0


class SmallCalibrate(BlockSettings):
    arc_choice: ArcChoice = ArcChoice.BRACKETING
    arc_name: str = ""


class SmallNext(BlockSettings):
    n_targets: int = 1


def image(value: float) -> CCDData:
    pixels = np.full((4, 5), value, dtype="f4")
    flags = np.zeros((4, 5), dtype=np.uint8)
    return CCDData(pixels, unit=u.electron, mask=flags != 0, flags=flags, meta=fits.Header())


def _small_master(inputs: BlockInputs, settings: SmallMaster, report: Report) -> list[Product]:
    report("Combine", 0.5)
    names = tuple(path.name for path in inputs.members)
    made = image(float(len(names)))
    return [Product("master_bias_small.fits", DataType.MASTER, made, inputs=names)]


def _small_reduce(inputs: BlockInputs, settings: SmallReduce, report: Report) -> list[Product]:
    report("Scale", 0.5)
    level = float(np.median(inputs.frame.data))
    if level > 60000:
        raise ReductionError(NoticeCode.NO_VALID_PIXEL)
    if level < 10:
        raise ZeroDivisionError
    bias = 0.0 if inputs.master_bias is None else float(inputs.master_bias.data[0, 0])
    made = image(level * settings.factor)
    return [
        Product(
            f"r{inputs.file_name}",
            DataType.REDUCED,
            made,
            inputs=tuple(inputs.names.values()),
            quality={"bias_frames": bias, "nothing": float("nan"), "level": np.float32(level)},
        )
    ]


FAINT = 500
"""Level of a small frame below which its target needs the trace of a brighter spectrum."""


def _small_extract(inputs: BlockInputs, settings: SmallNext, report: Report) -> list[Product]:
    """Copy the level; that of a faint frame, times the level of the spectrum that lends a trace."""
    stem = inputs.file_name.removesuffix(".fits")
    level = float(np.median(inputs.frame.data))
    lent = inputs.brighter() if inputs.brighter is not None and level < FAINT else None
    if level < FAINT and inputs.kind is FrameKind.SPECTRUM:
        if lent is None:
            raise TargetNotFound(NoticeCode.NO_TARGET, highest=1.0, threshold=5.0)
        level *= float(lent[1]["GSP_TC00"])
    quality = {"median_snr": level / 20} if lent is None else {"trace_from": lent[0]}
    return [
        Product(
            f"e{stem}_target_{i + 1}.fits",
            DataType.EXTRACTED,
            small_spectrum(level + i),
            () if lent is None else (lent[0],),
            quality,
            borrows_trace=lent is not None,
        )
        for i in range(settings.n_targets)
    ]


def small_spectrum(value: float) -> Spectrum:
    """A spectrum of one value, which its header has as its trace."""
    header = fits.Header({"GSP_TORD": 0, "GSP_TC00": value, "BUNIT": "electron"})
    return Spectrum(np.full(5, value), np.ones(5), np.zeros(5, np.uint8), header)


DARK = 200
"""Level of a small arc below which it gives no solution."""


def _small_calibrate(inputs: BlockInputs, settings: BlockSettings, report: Report) -> list[Product]:
    """Add up the levels of the arcs, the best of each side."""
    tried: list[TriedArc] = []
    levels: list[float] = []
    for side in ArcSide:
        if side is ArcSide.OTHER and levels:
            break
        while inputs.next_arc is not None and (arc := inputs.next_arc(side)) is not None:
            level = float(np.median(arc.open().data))
            dark = notice(NoticeCode.ARC_WITHOUT_LINES, lines=0) if level < DARK else None
            tried.append(TriedArc(side, arc.name, dark))
            if dark is None:
                levels.append(level)
                break
    if tried and not levels:
        raise ReductionError(NoticeCode.ARC_WITHOUT_LINES, lines=0)
    used = tuple(one.name for one in tried if one.refused is None)
    unused = [
        notice(NoticeCode.ARC_NOT_USED, file=one.name, reason=one.refused)
        for one in tried
        if one.refused is not None
    ]
    name = wavelength.product_name(inputs.file_name)
    made = small_spectrum(float(inputs.frame.flux[0]) + sum(levels))
    return [
        Product(name, DataType.WAVELENGTH, made, used, notices=tuple(unused), arcs=tuple(tried))
    ]


STANDARD = "STANDARD STAR"
"""Object of the small frames that small blocks take for a standard star."""


class SmallSensitivity(BlockSettings):
    factor: float = 1.0


class SmallSensitivityRequest(SmallSensitivity):
    star: str = ""


def _small_sensitivity(
    inputs: BlockInputs, settings: SmallSensitivityRequest, report: Report
) -> list[Product]:
    """The level, and a thousandth of those of earlier nights; it has the thousands in its name."""
    own = float(inputs.frame.flux[0]) * settings.factor
    if own <= 0:
        raise ReductionError(NoticeCode.NO_VALID_PIXEL)
    earlier = sum(float(one.planes["OWN"][0]) for one in inputs.site_library)
    made = small_spectrum(own + earlier / 1000)
    made.header.update({"OBJECT": inputs.file_name, "GSP_PNAM": inputs.file_name, "GSP_STAR": "S"})
    made.planes = {"OWN": np.full(5, own)}
    quality = {
        "star": settings.star or "LTT 3218",
        "zero_point_mag": own / 1000,
        "throughput_peak": 0.2,
        "library_size": len(inputs.site_library),
    }
    said = notice(NoticeCode.FILE_MISSING, file=inputs.file_name)
    name = f"sensitivity_{own // 1000:.0f}.fits"
    return [Product(name, DataType.SENSITIVITY, made, quality=quality, notices=(said,))]


class SmallFlux(BlockSettings):
    scale: float = 1.0


def _small_flux(inputs: BlockInputs, settings: SmallFlux, report: Report) -> list[Product]:
    made = small_spectrum(settings.scale * inputs.frame.flux[0] / inputs.sensitivity.flux[0])
    names = (inputs.names[CalibrationRole.SENSITIVITY],)
    quality = {"grade": "relative"}
    return [Product(f"x{inputs.file_name}", DataType.FLUX, made, names, quality)]


def replace_block(name: str, function: Any) -> None:
    """Give a block another function."""
    registry._blocks[name] = dataclasses.replace(registry._blocks[name], run=function)


@contextmanager
def small_blocks() -> Iterator[None]:
    """Put small blocks in the place of the real ones: the machinery is the same for both."""
    registry.all_blocks()
    real = dict(registry._blocks)
    registry._blocks.clear()
    settings_model.cache_clear()
    spectra = {FrameKind.SPECTRUM, FrameKind.ARC}
    for name, accepts, kinds, produces, settings, roles, function in (
        (
            "master_bias",
            DataType.RAW,
            {FrameKind.BIAS},
            DataType.MASTER,
            SmallMaster,
            (),
            _small_master,
        ),
        (
            "reduce",
            DataType.RAW,
            spectra,
            DataType.REDUCED,
            SmallReduce,
            (CalibrationRole.MASTER_BIAS,),
            _small_reduce,
        ),
        ("extract", DataType.REDUCED, spectra, DataType.EXTRACTED, SmallNext, (), _small_extract),
        (
            "wavelength",
            DataType.EXTRACTED,
            spectra,
            DataType.WAVELENGTH,
            SmallCalibrate,
            (CalibrationRole.ARC,),
            _small_calibrate,
        ),
    ):
        registry.block(
            name=name,
            label=name.capitalize(),
            accepts={accepts},
            kinds=kinds,
            produces=produces,
            settings=settings,
            calibration_roles=roles,
            route=name,
        )(function)
    registry.block(
        name="sensitivity",
        label="Sensitivity",
        accepts={DataType.WAVELENGTH},
        kinds={FrameKind.SPECTRUM},
        produces=DataType.SENSITIVITY,
        settings=SmallSensitivity,
        request=SmallSensitivityRequest,
        calibration_roles=(CalibrationRole.SITE_LIBRARY,),
        route="sensitivity",
        suits=lambda frame: frame.object == STANDARD,
    )(_small_sensitivity)
    registry.block(
        name="flux",
        label="Flux",
        accepts={DataType.WAVELENGTH},
        kinds={FrameKind.SPECTRUM},
        produces=DataType.FLUX,
        settings=SmallFlux,
        calibration_roles=(CalibrationRole.SENSITIVITY,),
        route="flux",
        only_with=(CalibrationRole.SENSITIVITY,),
    )(_small_flux)
    try:
        yield
    finally:
        registry._blocks.clear()
        registry._blocks.update(real)
        settings_model.cache_clear()
