"""Files in, files out: whole, partial, packed, damaged."""

import gzip
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.nddata import CCDData

from reduction.errors import UnusableFrame
from reduction.fits import frame_io
from reduction.fits.examination.survey import survey
from reduction.frames import DataType, PixelFlag, Product, Spectrum
from reduction.notice_codes import NoticeCode
from tests.support.goodman_frames import header, reduced, write
from tests.support.notices import refused

RNG = np.random.default_rng(11)
COUNTS = RNG.integers(400, 60000, (30, 80)).astype(np.uint16)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return write(tmp_path / "0001_x.fits", COUNTS, header())


def packed(folder: Path) -> list[Path]:
    plain = fits.PrimaryHDU(COUNTS, header())
    zipped, tiled = folder / "x.fits.gz", folder / "x.fits.fz"
    plain.writeto(folder / "plain.fits")
    zipped.write_bytes(gzip.compress((folder / "plain.fits").read_bytes()))
    image = fits.CompImageHDU(COUNTS, header())
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(tiled, checksum=True)
    return [folder / "plain.fits", zipped, tiled]


def test_every_packing_gives_the_same_pixels_and_cards(tmp_path: Path) -> None:
    for path in packed(tmp_path):
        made, shape = frame_io.read_header(path)
        assert shape == COUNTS.shape
        assert made["OBJECT"] == "WD.J012336"
        frame = frame_io.read_raw(path)
        assert frame.data.dtype == np.float32
        np.testing.assert_array_equal(frame.data, COUNTS)
        assert "TTYPE1" not in made
        assert "BZERO" not in frame.meta


def test_one_plane_of_three_axes_is_squeezed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.fits", COUNTS[None], header())
    np.testing.assert_array_equal(frame_io.read_raw(path).data, COUNTS)
    cube = write(tmp_path / "b.fits", np.stack([COUNTS, COUNTS]), header())
    with refused(UnusableFrame, NoticeCode.NOT_ONE_PLANE):
        frame_io.read_raw(cube)


@pytest.mark.parametrize(
    "content", [b"\xff\xd8\xff\xe0" + bytes(9000), bytes(4000), b"SIMPLE" * 900]
)
def test_what_is_not_fits_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.fits"
    path.write_bytes(content)
    for look in (frame_io.read_header, frame_io.read_raw, survey):
        with refused(UnusableFrame, NoticeCode.NOT_FITS, file="x.fits"):
            look(path)


def test_limits_are_kept(tmp_path: Path) -> None:
    made = fits.Header.fromstring(fits.PrimaryHDU(np.zeros((2, 2), np.int16)).header.tostring())
    made["NAXIS1"], made["NAXIS2"] = 100000, 100000
    huge = tmp_path / "huge.fits"
    huge.write_bytes(made.tostring().encode())
    with refused(UnusableFrame, NoticeCode.IMAGE_TOO_LARGE):
        frame_io.read_header(huge)
    endless = tmp_path / "endless.fits"
    endless.write_bytes(b"SIMPLE  =                    T".ljust(80) * 2500)
    with refused(UnusableFrame, NoticeCode.HEADER_TOO_LONG, limit=2000):
        frame_io.read_header(endless)


def test_bytes_outside_ascii_are_harmless(raw: Path) -> None:
    raw.write_bytes(raw.read_bytes().replace(b"WD.J012336", b"WD.J\xe9\xff2336"))
    frame = frame_io.read_raw(raw)
    assert frame.meta["OBJECT"] == "WD.J??2336"
    frame_io.write(Product("p.fits", DataType.REDUCED, _electrons()), raw.with_name("p.fits"))


def test_saturated_and_undefined_pixels_are_flagged(tmp_path: Path) -> None:
    pixels = np.full((4, 5), 1000.0, np.float32)
    pixels[0, 0], pixels[1, 1], pixels[2, 2] = np.nan, 65535, 30000
    path = tmp_path / "f.fits"
    fits.PrimaryHDU(pixels, header(GAIN=3.48, RDNOISE=5.88)).writeto(path)
    flags = frame_io.flags_of(frame_io.read_raw(path))
    assert flags[0, 0] == PixelFlag.BAD
    assert flags[1, 1] == flags[2, 2] == PixelFlag.SATURATED
    assert flags.astype(bool).sum() == 3


def _electrons() -> CCDData:
    return reduced(np.full((20, 30), 50.0), np.random.default_rng(5))


def test_an_image_product_comes_back_and_astropy_reads_it(tmp_path: Path) -> None:
    frame = _electrons()
    frame.flags[3, 4] = PixelFlag.COSMIC_RAY | PixelFlag.SATURATED
    first, second = tmp_path / "a.fits", tmp_path / "b.fits"
    for path in (first, second):
        frame_io.write(Product(path.name, DataType.REDUCED, frame), path)
    assert first.read_bytes() == second.read_bytes()
    back = frame_io.read_product(first)
    assert isinstance(back, CCDData)
    np.testing.assert_array_equal(back.data, frame.data)
    np.testing.assert_array_equal(frame_io.flags_of(back), frame.flags)
    plain = CCDData.read(first)
    assert str(plain.unit) == "electron"
    np.testing.assert_array_equal(plain.mask, frame.flags != 0)
    np.testing.assert_array_equal(plain.uncertainty.array, frame_io.variance_of(frame))


def test_a_spectrum_product_comes_back(tmp_path: Path) -> None:
    x = np.linspace(1, 2, 50)
    arcs = np.stack([x, x[::-1]]).astype(np.float32)
    spectrum = Spectrum(x, x**2, np.zeros(50, np.uint8), header(), x * 3, x + 5000, arcs)
    spectrum.flux[7], spectrum.variance[7] = np.nan, np.inf
    path = tmp_path / "s.fits"
    frame_io.write(Product(path.name, DataType.WAVELENGTH, spectrum), path)
    back = frame_io.read_product(path)
    assert isinstance(back, Spectrum)
    for name in ("flux", "variance", "mask", "sky", "wavelength", "arcs"):
        np.testing.assert_array_equal(getattr(back, name), getattr(spectrum, name))
    assert [name for name, _ in frame_io.read_all_headers(path)] == [
        "PRIMARY",
        "VAR",
        "MASK",
        "SKY",
        "WAVE",
        "ARC",
    ]


def test_astropy_finds_nothing_amiss_with_a_product(tmp_path: Path) -> None:
    x = np.linspace(1, 2, 50)
    long = "a title that goes on and on, longer than a card can hold, with 'quotes' in it " * 2
    meta = header(TITLE=long, HUGE=-1.5e-300, YES=True, NUMBER=7)
    meta["HIERARCH ESO TEL NAME"] = "SOAR"
    meta.add_history("h" * 100)
    meta["COMMENT"] = "last"
    spectrum = Spectrum(x, x**2, np.zeros(50, np.uint8), meta, arcs=np.ones((2, 50), np.float32))
    path = tmp_path / "s.fits"
    frame_io.write(Product(path.name, DataType.WAVELENGTH, spectrum), path)
    with warnings.catch_warnings(), fits.open(path) as opened:
        warnings.simplefilter("error")
        opened.verify("exception")
        assert [hdu.name for hdu in opened] == ["PRIMARY", "VAR", "MASK", "ARC"]
        assert opened["ARC"].data.shape == (2, 50)
        stored = opened[0].header
        assert {key: stored[key] for key in meta if key not in ("", "HISTORY", "COMMENT")} == {
            key: meta[key] for key in meta if key not in ("", "HISTORY", "COMMENT")
        }
        assert list(stored["HISTORY"]) == list(meta["HISTORY"])
    assert path.stat().st_size % 2880 == 0
    with pytest.raises(FileExistsError):
        frame_io.write(Product(path.name, DataType.WAVELENGTH, spectrum), path)
    path.write_bytes(path.read_bytes()[:-2880])
    with refused(UnusableFrame, NoticeCode.PRODUCT_UNREADABLE, file="s.fits"):
        frame_io.read_product(path)


def test_another_file_is_no_product(raw: Path) -> None:
    with refused(UnusableFrame, NoticeCode.NOT_A_PRODUCT):
        frame_io.read_product(raw)


@pytest.mark.parametrize("exposure", [1 / 3, 1e-17, 240.0, -0.0])
def test_what_is_handed_over_equals_what_is_read(tmp_path: Path, exposure: float) -> None:
    cards = header(EXPTIME=exposure, OBJECT="it's 5'' off  ")
    image = reduced(np.full((12, 30), 90.0), RNG, made=cards)
    image.flags[3, 4] = PixelFlag.COSMIC_RAY
    flux = RNG.normal(100, 9, 30)
    spectrum = Spectrum(
        flux, flux**2, np.zeros(30, np.uint8), cards.copy(), flux / 3, None, flux[None].astype("f4")
    )
    for number, data in enumerate((image, spectrum)):
        product = Product("x.fits", DataType.REDUCED, data)
        path = tmp_path / f"{number}.fits"
        frame_io.write(product, path)
        read, handed = frame_io.read_product(path), frame_io.as_read(product)
        assert type(read) is type(handed)
        again = tmp_path / f"{number}_again.fits"
        frame_io.write(Product("x.fits", DataType.REDUCED, handed), again)
        assert again.read_bytes() == path.read_bytes()
        for name in ("flux", "variance", "mask", "sky", "wavelength", "arcs", "data", "flags"):
            if getattr(read, name, None) is not None:
                expected = getattr(read, name)
                np.testing.assert_array_equal(getattr(handed, name), expected)
                assert getattr(handed, name).dtype == expected.dtype
