"""Extract: the light of known targets comes back within its errors, and nothing else is found."""

import numpy as np
import pytest
from astropy.nddata import CCDData

from reduction.blocks.extract import ExtractSettings, extract
from reduction.blocks.master_flat import MasterFlatSettings, master_flat
from reduction.blocks.reduce import ReduceSettings, reduce
from reduction.detector import geometry, masters
from reduction.errors import HeaderError, MissingCalibration, TargetNotFound, UnusableFrame
from reduction.extraction.apertures import extract_along, read_trace
from reduction.fits import frame_io
from reduction.frames import PixelFlag, Product, Spectrum
from reduction.notice_codes import NoticeCode
from reduction.registry import BlockInputs
from tests.support.goodman_frames import NIGHT, REASON, header, moffat, reduced
from tests.support.notices import codes, refused

NY, NX = 200, 1500
FWHM = 4.0


def quiet(_step: str, _fraction: float) -> None:
    return None


def run(frame: CCDData, **settings: object) -> list[Product]:
    return extract(
        BlockInputs(frame=frame, file_name="cfzst_0079_X.fits"),
        ExtractSettings(**settings),  # type: ignore[arg-type]
        quiet,
    )


def spectrum_of(product: Product) -> Spectrum:
    assert isinstance(product.data, Spectrum)
    return product.data


def trace_at(row: float) -> np.ndarray:
    x = np.arange(NX)
    return row + 0.006 * (x - NX / 2) + 4e-6 * (x - NX / 2) ** 2


def scene(*targets: tuple[float, float]) -> np.ndarray:
    """Sky with lines and a slope, and targets of (row, electrons per column)."""
    y, x = np.mgrid[:NY, :NX].astype(float)
    sky = 40 + 0.05 * y + 600 * np.exp(-0.5 * ((x - 700) / 1.5) ** 2)
    for row, electrons in targets:
        light = electrons * (1 + 0.3 * np.sin(x / 70))
        sky = sky + light * moffat(y, trace_at(row), FWHM)
    return sky


def inside(edges: tuple[float, float]) -> float:
    fine = np.linspace(*edges, 4001)
    return float(np.trapezoid(moffat(fine, 0.0, FWHM), fine))


@pytest.mark.parametrize("kind", ["fractional", "optimal"])
@pytest.mark.parametrize("electrons", [3000.0, 300.0])
def test_flux_and_errors_are_true(kind: str, electrons: float) -> None:
    frame = reduced(scene((90, electrons)), np.random.default_rng(1))
    [product] = run(frame, extraction_type=kind)
    spectrum = spectrum_of(product)
    trace, edges = read_trace(spectrum.header)
    assert np.sqrt(np.mean((trace(np.arange(NX)) - trace_at(90)) ** 2)) < 0.1
    gathered = inside(edges) if kind == "fractional" else 1.0
    assert spectrum.header["GSP_LOSS"] == pytest.approx(1 - gathered, abs=0.01)
    truth = electrons * (1 + 0.3 * np.sin(np.arange(NX) / 70)) * gathered
    good = np.isfinite(spectrum.flux)
    assert good.mean() > 0.99
    assert np.median(spectrum.flux[good] / truth[good]) == pytest.approx(1, abs=0.02)
    scale = np.median(spectrum.flux[good] / truth[good])
    pull = (spectrum.flux - truth * scale)[good] / np.sqrt(spectrum.variance[good])
    assert abs(np.percentile(np.abs(pull), 68.3) - 1) < 0.1
    assert product.file_name == "ecfzst_0079_X_target_1.fits"
    assert product.quality["fwhm_pixel"] == pytest.approx(FWHM, abs=0.5)


def test_the_optimal_weights_are_less_noisy_for_a_faint_target() -> None:
    noise = {}
    for kind in ("fractional", "optimal"):
        [product] = run(reduced(scene((90, 150.0)), np.random.default_rng(2)), extraction_type=kind)
        spectrum = spectrum_of(product)
        noise[kind] = np.median(np.sqrt(spectrum.variance)) / np.median(spectrum.flux)
    assert noise["optimal"] < 0.95 * noise["fractional"]


def test_two_targets_are_both_extracted_brightest_first() -> None:
    frame = reduced(scene((70, 1000.0), (110, 4000.0)), np.random.default_rng(3))
    products = run(frame)
    rows = [float(p.quality["row"]) for p in products]
    assert rows == pytest.approx([110, 70], abs=0.3)
    assert [p.quality["target"] for p in products] == [1, 2]
    assert len(run(frame, max_targets=1)) == 1


def test_noise_alone_holds_no_target() -> None:
    for seed in range(6):
        with refused(TargetNotFound, NoticeCode.NO_TARGET):
            run(reduced(scene(), np.random.default_rng(seed)))


def test_bad_pixels_are_harmless_and_said() -> None:
    rng = np.random.default_rng(4)
    frame = reduced(scene((90, 3000.0)), rng)
    clean = spectrum_of(run(frame)[0])
    hurt = rng.random(frame.shape) < 0.01
    frame.data[hurt] = 1e6
    frame.flags[hurt] = PixelFlag.COSMIC_RAY
    frame.data[:, 400] = np.nan
    spectrum = spectrum_of(run(frame)[0])
    assert np.isnan(spectrum.flux[400])
    assert np.isinf(spectrum.variance[400])
    assert spectrum.mask[400] & PixelFlag.BAD
    repaired = (spectrum.mask & PixelFlag.INTERPOLATED != 0) & np.isfinite(spectrum.flux)
    assert repaired.sum() > 50
    off = (spectrum.flux - clean.flux)[repaired] / np.sqrt(spectrum.variance[repaired])
    assert np.percentile(np.abs(off), 95) < 4
    untouched = spectrum.mask == 0
    assert np.median(np.abs(spectrum.flux / clean.flux - 1)[untouched]) < 0.01


def test_near_the_edge_the_background_is_taken_on_one_side_and_said() -> None:
    [product] = run(reduced(scene((14, 3000.0)), np.random.default_rng(5)))
    spectrum = spectrum_of(product)
    assert NoticeCode.BACKGROUND_ONE_SIDE in codes(product.notices)
    truth = 3000 * (1 + 0.3 * np.sin(np.arange(NX) / 70))
    assert np.nanmedian(spectrum.flux / truth) == pytest.approx(1, abs=0.03)


def lamp(bx: int, by: int, first_row: int) -> CCDData:
    """A lamp whose brightness tells detector row and column: 100 + column / 10 + row / 10."""
    made = header(CCDSUM=f"{bx} {by}", OBSTYPE="COMP", OBJECT="HgArNe")
    geometry.set_physical(made, (600 // by, 3000 // bx))
    geometry.shift_physical(made, 0, first_row // by)
    ny, nx = (600 - first_row) // by, 3000 // bx
    x = geometry.to_physical(made, 1, np.arange(nx, dtype=float))
    y = geometry.to_physical(made, 2, np.arange(ny, dtype=float))
    data = 100 + np.asarray(x)[None, :] / 10 + np.asarray(y)[:, None] / 10
    return reduced(data, np.random.default_rng(0), made=made)


@pytest.mark.parametrize(("bx", "by"), [(1, 1), (1, 2), (2, 2)])
def test_the_same_aperture_is_laid_on_a_lamp_of_another_binning(bx: int, by: int) -> None:
    made = header()
    geometry.set_physical(made, (NY, NX))
    geometry.shift_physical(made, 20, 30)
    science = reduced(scene((90, 3000.0)), np.random.default_rng(6), made=made)
    target = spectrum_of(run(science)[0])
    trace, (low, high) = read_trace(target.header)
    arc = lamp(bx, by, 40)
    spectrum = extract_along(arc, target.header)
    columns = np.arange(spectrum.flux.size, dtype=float)
    x = np.asarray(geometry.to_physical(spectrum.header, 1, columns))
    at = np.asarray(geometry.to_logical(target.header, 1, x))
    y = np.asarray(geometry.to_physical(target.header, 2, trace(at)))
    expected = (100 + x / 10 + y / 10) * (high - low) * 2 / by
    inner = (at > 0) & (at < NX)
    ratio = spectrum.flux[inner] / expected[inner]
    assert np.median(ratio) == pytest.approx(1, abs=0.003)
    assert np.polyfit(x[inner], ratio, 1)[0] * 3000 == pytest.approx(0, abs=0.01)


def test_a_lamp_that_misses_the_target_is_refused() -> None:
    target = spectrum_of(run(reduced(scene((90, 3000.0)), np.random.default_rng(7)))[0])
    with refused(MissingCalibration, NoticeCode.LAMP_DOES_NOT_COVER):
        extract_along(lamp(2, 2, 400), target.header)
    del target.header["GSP_TORD"]
    with refused(HeaderError, NoticeCode.APERTURE_MISSING, keyword="GSP_TORD"):
        extract_along(lamp(2, 2, 40), target.header)


def test_a_lamp_is_one_spectrum_of_the_middle() -> None:
    [product] = extract(
        BlockInputs(frame=lamp(2, 2, 40), file_name="fzst_0018_Fe.fits"), ExtractSettings(), quiet
    )
    spectrum = spectrum_of(product)
    assert product.file_name == "efzst_0018_Fe.fits"
    assert np.isfinite(spectrum.flux).all()
    assert extract_along(lamp(1, 2, 40), spectrum.header).flux.size == 3000


def test_what_is_no_reduced_frame_is_refused() -> None:
    with refused(UnusableFrame, NoticeCode.NOT_REDUCED):
        extract(BlockInputs(frame=None, file_name="x.fits"), ExtractSettings(), quiet)
    dead = reduced(scene(), np.random.default_rng(8))
    dead.flags[:] = PixelFlag.BAD
    with refused(UnusableFrame, NoticeCode.FRAME_UNUSABLE):
        run(dead)


@pytest.mark.skipif(not NIGHT.is_dir(), reason=REASON)
def test_the_supernova_of_the_real_night_is_found_alone_in_all_five() -> None:
    bias, _ = masters.master_bias(sorted(NIGHT.glob("*Zero*.fits"))[:6], lambda _: None)
    flats = tuple(sorted(NIGHT.glob("*QuFlat*.fits"))[:5])
    [flat] = master_flat(
        BlockInputs(members=flats, master_bias=bias), MasterFlatSettings(minimum=5), quiet
    )
    assert isinstance(flat.data, CCDData)
    for path in sorted(NIGHT.glob("*AT2018oh*.fits")):
        [product] = reduce(
            BlockInputs(
                frame=frame_io.read_raw(path),
                file_name=path.name,
                master_bias=bias,
                master_flat=flat.data,
            ),
            ReduceSettings(),
            quiet,
        )
        [target] = extract(
            BlockInputs(frame=product.data, file_name=product.file_name), ExtractSettings(), quiet
        )
        assert float(target.quality["row"]) == pytest.approx(77, abs=1)
        assert float(target.quality["trace_rms_pixel"]) < 0.1
        assert float(target.quality["median_snr"]) > 30
        assert np.isfinite(spectrum_of(target).flux).mean() > 0.99
