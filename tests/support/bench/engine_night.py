"""A whole raw night through all blocks by warm workers, through files, as the real ones do it."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from astropy.io import fits

from reduction.errors import ReductionError
from reduction.fits import frame_io
from reduction.frames import Product
from reduction.registry import BlockInputs, CalibrationRole, all_blocks

N_WORKERS = 2


@dataclass(frozen=True)
class Outcome:
    """What a night took: seconds, the largest worker in MB, and the spectra that were made."""

    frames: int
    wall: float
    peak_mb: float
    spectra: int


def quiet(_step: str, _fraction: float) -> None:
    return None


def warm() -> None:
    """What a worker has done before the first frame: the imports, one thread for each library."""
    import cv2

    cv2.setNumThreads(1)
    all_blocks()
    time.sleep(0.2)  # so that the pool begins all its workers


def run(block: str, inputs: BlockInputs, **chosen: object) -> list[Product]:
    """Run a block with settings that differ from its defaults by `chosen`."""
    declared = all_blocks()[block]
    return declared.run(inputs, declared.settings(**chosen), quiet)


def make_master(
    folder: Path, block: str, members: list[Path], bias: Path | None
) -> tuple[Path, float]:
    """Make a master of raw frames and write it."""
    given = None if bias is None else frame_io.read_product(bias)
    names = {} if bias is None else {CalibrationRole.MASTER_BIAS: bias.name}
    inputs = BlockInputs(members=tuple(members), master_bias=given, names=names)  # type: ignore[arg-type]
    [product] = run(block, inputs, minimum=5)
    path = folder / product.file_name
    frame_io.write(product, path)
    return path, peak()


def reduce_frame(folder: Path, raw: Path, bias: Path, flat: Path, cosmic: str) -> Path:
    """Reduce a raw frame and write the product."""
    inputs = BlockInputs(
        frame=frame_io.read_raw(raw),
        file_name=raw.name,
        master_bias=frame_io.read_product(bias),  # type: ignore[arg-type]
        master_flat=frame_io.read_product(flat),  # type: ignore[arg-type]
        names={CalibrationRole.MASTER_BIAS: bias.name, CalibrationRole.MASTER_FLAT: flat.name},
    )
    [product] = run("reduce", inputs, cosmic_rays=cosmic)
    path = folder / product.file_name
    frame_io.write(product, path)
    return path


def arc_chain(folder: Path, raw: Path, bias: Path, flat: Path, cosmic: str) -> tuple[Path, float]:
    """Reduce a lamp."""
    return reduce_frame(folder, raw, bias, flat, cosmic), peak()


def science_chain(
    folder: Path, raw: Path, calibrations: tuple[Path, Path, Path], cosmic: str
) -> tuple[int, float]:
    """Reduce, extract and calibrate a frame; return how many spectra it gave."""
    bias, flat, arc = calibrations
    reduced = reduce_frame(folder, raw, bias, flat, cosmic)
    inputs = BlockInputs(frame=frame_io.read_product(reduced), file_name=reduced.name)
    made = 0
    for spectrum in run("extract", inputs):
        path = folder / spectrum.file_name
        frame_io.write(spectrum, path)
        lamp = frame_io.read_product(arc)
        calibrate = BlockInputs(
            frame=frame_io.read_product(path),
            file_name=path.name,
            arc=lamp,  # type: ignore[arg-type]
            names={CalibrationRole.ARC: arc.name},
        )
        try:
            [calibrated] = run("wavelength", calibrate)
        except ReductionError as error:
            print(f"  {path.name}: {error}")
            continue
        frame_io.write(calibrated, folder / calibrated.file_name)
        made += 1
    return made, peak()


def peak() -> float:
    """Return the largest resident size of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def sort_out(raws: list[Path]) -> dict[str, list[Path]]:
    """Sort raw frames by what they are for."""
    roles: dict[str, list[Path]] = {"BIAS": [], "FLAT": [], "COMP": [], "OBJECT": []}
    words = {"ZERO": "BIAS", "LAMPFLAT": "FLAT", "ARC": "COMP", "SPECTRUM": "OBJECT"}
    for path in raws:
        kind = str(fits.getval(path, "OBSTYPE"))
        roles[words.get(kind, kind)].append(path)
    return roles


def take(raws: list[Path], folder: Path, cosmic: str) -> Outcome:
    """Take a night through all blocks with two warm workers; the clock runs from then on."""
    roles = sort_out(raws)
    folder.mkdir()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(N_WORKERS, mp_context=context, initializer=warm) as pool:
        for begun in [pool.submit(time.sleep, 0.5) for _ in range(N_WORKERS)]:
            begun.result()
        began = time.perf_counter()
        bias, first = pool.submit(make_master, folder, "master_bias", roles["BIAS"], None).result()
        job = pool.submit(make_master, folder, "master_flat", roles["FLAT"], bias)
        flat, second = job.result()
        arcs = [pool.submit(arc_chain, folder, raw, bias, flat, cosmic) for raw in roles["COMP"]]
        lamps = [arc.result() for arc in arcs]
        chains: list[Future[tuple[int, float]]] = [
            pool.submit(science_chain, folder, raw, (bias, flat, lamps[number][0]), cosmic)
            for number, raw in enumerate(roles["OBJECT"])
        ]
        ended = [chain.result() for chain in chains]
        wall = time.perf_counter() - began
    largest = max([first, second, *(mb for _, mb in lamps), *(mb for _, mb in ended)])
    return Outcome(len(raws), wall, largest, sum(made for made, _ in ended))
