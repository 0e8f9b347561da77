"""One pass over a file: complete or not, within limits, with the checksum of its bytes."""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from reduction.errors import HeaderError, ReductionError, UnusableFrame
from reduction.fits.examination.survey import ZeroRuns, survey
from reduction.notice_codes import NoticeCode
from tests.support import builders
from tests.support.notices import code_of, refused
from tests.support.paths import SHARED_DATA

ROWS, COLUMNS = 200, 2071
FRAMES = [
    path
    for folder in ("soar-blue-2014-12-18", "soar-blue-2018-02-04", "focus-arcs", "cases")
    for path in sorted((SHARED_DATA / folder).glob("*.fits*"))
]


def test_a_whole_frame_is_described_by_its_bytes(tmp_path: Path) -> None:
    path = builders.write_frame(tmp_path / "0001.fits")
    found = survey(path)
    assert (found.shape, found.unwritten) == ((24, 60), None)
    assert found.checksum == hashlib.sha256(path.read_bytes()).hexdigest()
    zipped = tmp_path / "0001.fits.gz"
    content = path.read_bytes()
    for packed in (
        gzip.compress(content),
        gzip.compress(content[:3000]) + gzip.compress(content[3000:]) + bytes(100),
    ):
        zipped.write_bytes(packed)
        found = survey(zipped)
        assert (found.shape, found.unwritten) == ((24, 60), None)
        assert found.checksum == hashlib.sha256(packed).hexdigest()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.2, 0.9, 0.9999])
def test_a_part_of_a_frame_is_refused(tmp_path: Path, share: float) -> None:
    content = builders.write_frame(tmp_path / "0001.fits").read_bytes()
    for name, bytes_ in (("part.fits", content), ("part.fits.gz", gzip.compress(content))):
        part = tmp_path / name
        part.write_bytes(bytes_[: int(share * len(bytes_))])
        with pytest.raises(UnusableFrame):
            survey(part)


@pytest.mark.parametrize("order", ["in order", "from the end", "at random"])
@pytest.mark.parametrize("piece", [4096, 65536, 262144])
def test_every_state_of_a_preallocated_copy_is_noticed(
    tmp_path: Path, order: str, piece: int
) -> None:
    pixels = np.random.default_rng(5).normal(1000, 5, (ROWS, COLUMNS)).astype("uint16")
    source = tmp_path / "whole.fits"
    fits.PrimaryHDU(pixels, builders.header()).writeto(source)
    content = source.read_bytes()
    starts = list(range(0, len(content), piece))
    if order == "from the end":
        starts.reverse()
    elif order == "at random":
        np.random.default_rng(7).shuffle(starts)
    path = tmp_path / "0001.fits"
    path.touch()
    os.truncate(path, len(content))
    taken = []
    with path.open("r+b") as copy:
        for start in starts:
            taken.append(_is_taken(path) and path.read_bytes() != content)
            copy.seek(start)
            copy.write(content[start : start + piece])
            copy.flush()
    assert not any(taken)
    assert _is_taken(path)


def _is_taken(path: Path) -> bool:
    try:
        return survey(path).unwritten is None
    except ReductionError:
        return False


def test_missing_pixels_at_the_end_are_noticed(tmp_path: Path) -> None:
    path = builders.write_frame(tmp_path / "0001.fits")
    content = path.read_bytes()
    end = 2880 * (len(content) // 2880) - (-24 * 60 * 2 % 2880)
    path.write_bytes(content[: end - 100] + bytes(100) + content[end:])
    assert code_of(survey(path).unwritten) is NoticeCode.PIXELS_NOT_WRITTEN


def test_a_header_block_that_is_not_written_is_noticed(tmp_path: Path) -> None:
    header = builders.header()
    for number in range(60):
        header[f"PARAM{number}"] = number
    path = tmp_path / "0001.fits"
    noise = np.random.default_rng(1).normal(1000, 5, (24, 60)).astype("uint16")
    fits.PrimaryHDU(noise, header).writeto(path)
    content = path.read_bytes()
    path.write_bytes(content[:2880] + bytes(2880) + content[5760:])
    assert not _is_taken(path)


def test_a_frame_whose_sums_agree_may_have_rows_of_zeros(tmp_path: Path) -> None:
    pixels = np.full((24, 60), 32768, dtype="uint16")
    path = tmp_path / "0001.fits"
    fits.PrimaryHDU(pixels, builders.header()).writeto(path, checksum=True)
    assert survey(path).unwritten is None
    fits.PrimaryHDU(pixels, builders.header()).writeto(path, overwrite=True)
    assert survey(path).unwritten is not None


@pytest.mark.parametrize("keyword", ["DATASUM", "CHECKSUM"])
def test_sums_that_differ_are_refused(tmp_path: Path, keyword: str) -> None:
    path = builders.write_frame(tmp_path / "0001.fits")
    with fits.open(path) as opened:
        opened.writeto(tmp_path / "sum.fits", checksum=True)
    content = bytearray((tmp_path / "sum.fits").read_bytes())
    at = len(content) - 2000 if keyword == "DATASUM" else content.index(b"HZ 44")
    content[at] ^= 1
    path.write_bytes(content)
    with refused(UnusableFrame, NoticeCode.CHECKSUM_MISMATCH, keyword=keyword):
        survey(path)


def bomb(path: Path, *, cards: dict[str, Any], packed: bool) -> Path:
    """Write a header with other cards; packed, 400 MB of zeros follow in 400 kB."""
    header = fits.PrimaryHDU(np.zeros((2, 2), np.int16), builders.header()).header.copy()
    text = header.tostring(sep="", padding=False)
    parts = [text[i : i + 80] for i in range(0, len(text), 80)]
    kept = [card for card in parts if card[:8].strip() not in {*cards, "END"}]
    kept += [f"{name:<8}= {value:>20}".ljust(80) for name, value in cards.items()]
    raw = "".join([*kept, "END".ljust(80)])
    raw = raw.ljust(-(-len(raw) // 2880) * 2880)
    if packed:
        with gzip.open(path, "wb", compresslevel=9) as stream:
            stream.write(raw.encode("ascii"))
            for _ in range(400):
                stream.write(bytes(1 << 20))
    else:
        path.write_bytes(raw.encode("ascii") + bytes(2880))
    return path


@pytest.mark.parametrize("name", ["bomb.fits", "bomb.fits.gz"])
@pytest.mark.parametrize("cards", [{}, {"PCOUNT": 1 << 31}], ids=["plain", "huge PCOUNT"])
def test_a_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, name: str, cards: dict[str, Any]
) -> None:
    path = bomb(tmp_path / name, cards=cards, packed=True)
    assert path.stat().st_size < 1 << 20
    with refused(UnusableFrame, NoticeCode.GZIP_TOO_LARGE):
        survey(path)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("NAXIS", 10**17),
        ("NAXIS1", 10**18),
        ("NAXIS2", 10**59),
        ("BITPIX", 10**30),
        ("BITPIX", 24),
        ("PCOUNT", 10**60),
        ("GCOUNT", 10**18),
        ("TFIELDS", 10**9),
        ("ZNAXIS1", 10**18),
        ("ZTILE1", 10**12),
        ("THEAP", 10**20),
    ],
)
def test_absurd_numbers_are_refused_naming_the_card(
    tmp_path: Path, keyword: str, value: int
) -> None:
    path = bomb(tmp_path / "0001.fits", cards={keyword: value}, packed=False)
    with refused(HeaderError, NoticeCode.CARD_ABSURD, keyword=keyword):
        survey(path)


def test_many_cards_in_many_extensions_are_refused(tmp_path: Path) -> None:
    hdus = [fits.PrimaryHDU(np.ones((2, 2), np.int16), builders.header())]
    for _ in range(8):
        extension = fits.ImageHDU(np.ones((2, 2), np.int16))
        for number in range(1500):
            extension.header[f"K{number}"] = number
        hdus.append(extension)
    path = tmp_path / "0001.fits"
    fits.HDUList(hdus).writeto(path)
    with refused(UnusableFrame, NoticeCode.HEADER_TOO_LONG):
        survey(path)


@pytest.mark.parametrize("block", [8, 64, 4096])
def test_runs_of_zeros_are_measured_across_blocks(block: int) -> None:
    written = bytearray(np.full(4096, 7, np.uint8).tobytes())
    written[1000:3000] = bytes(2000)
    runs = ZeroRuns()
    for start in range(0, len(written), block):
        runs.add(bytes(written[start : start + block]))
    assert runs.longest == 2000 // 8 * 8
    assert runs.at_end == 0
    runs.add(bytes(80))
    assert runs.at_end == 80


@pytest.mark.skipif(not FRAMES, reason="no real frames on this machine")
def test_every_real_frame_is_whole() -> None:
    assert {path.name: found for path in FRAMES if (found := survey(path).unwritten)} == {}
