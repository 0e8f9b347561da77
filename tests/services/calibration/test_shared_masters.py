"""What enters the masters that everybody uses, and what is said when a frame does not."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from db.models import File, LogEntry, Run
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from services.calibration import acceptance, master_selection, reclassify
from services.context import Site
from services.errors import AccessDenied, Conflict
from services.files import ingest, upload
from services.files.origin import Origin
from tests.support import builders
from tests.support.notices import codes, params

SHAPE = (24, 2071)
RNG = np.random.default_rng(5)
SOAR_ID = "SOAR2024A-001"


@pytest.fixture
def raw(site: Site, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(master_selection, "SETTLE", dt.timedelta(0))
    return site.raw_roots[0]


def frame(level: float = 0.0, *, strength: float = 0.0) -> np.ndarray:
    """Return a bias, with light of a level (ADU) or of a lamp of a strength."""
    counts = 494 + RNG.normal(0, 2.6, SHAPE)
    lit = np.zeros(SHAPE)
    lit[4:20, 25:2055] = level + strength * (8000 + 3000 * np.linspace(-1, 1, 2030))
    return np.asarray(counts + RNG.poisson(lit))


def put(  # noqa: PLR0917 (what a frame is, in the order of its header)
    folder: Path, name: str, obstype: str, counts: np.ndarray, minute: int, soar_id: str = SOAR_ID
) -> Path:
    taken = (builders.NIGHT + dt.timedelta(minutes=minute)).replace(tzinfo=None)
    cards = builders.header(obstype, DATE_OBS=taken.isoformat(), PROPID=soar_id)
    pixels = np.clip(counts, 0, 65535).round().astype(np.uint16)
    folder.mkdir(parents=True, exist_ok=True)
    fits.PrimaryHDU(pixels, cards).writeto(folder / name)
    return folder / name


def biases(raw: Path, n: int = 10) -> list[File]:
    return [ingest.ingest(put(raw, f"b{i:02d}.fits", "BIAS", frame(), i)).file for i in range(n)]


def master(kind: str = "bias") -> File:
    return File.get(File.data_type == DataType.MASTER, File.kind == kind, File.state == "current")


def poison(tmp_path: Path, name: str, soar_id: str = SOAR_ID, minute: int = 30) -> io.BytesIO:
    made = put(tmp_path / "sent", name, "BIAS", frame(20_000.0), minute, soar_id)
    return io.BytesIO(made.read_bytes())


class TestPoison:
    def test_an_upload_waits_until_staff_accept_it(self, raw: Path, tmp_path: Path) -> None:
        pi, staff = builders.person("pi"), builders.person("staff", is_staff=True)
        builders.proposal(SOAR_ID, pi)
        biases(raw)
        file, _ = upload.upload(pi, "u.fits", poison(tmp_path, "u.fits"))
        assert (file.origin, file.accepted_by) == (Origin.UPLOADED, None)
        assert NoticeCode.FRAME_NOT_ACCEPTED in codes(file.notices)
        builders.drain()
        assert master().n_given == 10
        assert master().quality["level_adu"] == pytest.approx(494, abs=1)
        with pytest.raises(AccessDenied):
            acceptance.accept(pi, file.id)
        accepted = acceptance.accept(staff, file.id)
        assert NoticeCode.FRAME_NOT_ACCEPTED not in codes(accepted.notices)
        with pytest.raises(Conflict):
            acceptance.accept(staff, file.id)
        builders.drain()
        # Staff may err: the frame disagrees with the others, and is left out all the same.
        assert (master().n_given, master().n_combined) == (11, 10)
        assert master().quality["level_adu"] == pytest.approx(494, abs=1)
        assert NoticeCode.MEMBERS_LEFT_OUT in codes(master().notices)
        told = LogEntry.get(LogEntry.file == file, LogEntry.notice.cast("TEXT").contains("misfit"))
        assert told.proposal == file.proposal

    def test_what_staff_upload_is_accepted(self, raw: Path, tmp_path: Path) -> None:
        staff = builders.person("staff", is_staff=True)
        biases(raw, 9)
        good = put(tmp_path / "sent", "u.fits", "BIAS", frame(), 30)
        file, _ = upload.upload(staff, "u.fits", io.BytesIO(good.read_bytes()))
        assert File.get_by_id(file.id).accepted_by == staff.id
        builders.drain()
        assert master().n_combined == 10

    def test_a_science_frame_that_a_collaborator_calls_bias_is_no_member(self, raw: Path) -> None:
        pi, staff = builders.person("pi"), builders.person("staff", is_staff=True)
        builders.proposal(SOAR_ID, pi)
        biases(raw)
        science = ingest.ingest(put(raw, "s.fits", "OBJECT", frame(20_000.0), 30)).file
        changed = reclassify.reclassify(pi, science.id, obstype="BIAS")
        assert NoticeCode.FRAME_NOT_ACCEPTED in codes(changed.notices)
        builders.drain()
        assert (master().n_given, master().quality["level_adu"]) == (10, pytest.approx(494, abs=1))
        back = reclassify.reclassify(pi, science.id)
        assert (back.kind, codes(back.notices)) == ("spectrum", [])
        again = reclassify.reclassify(staff, science.id, obstype="BIAS")
        assert again.accepted_by == staff.id

    @pytest.mark.usefixtures("raw")
    def test_uploads_alone_make_no_master(self, tmp_path: Path) -> None:
        pi = builders.person("pi")
        builders.proposal(SOAR_ID, pi)
        for n in range(11):
            upload.upload(pi, f"u{n}.fits", poison(tmp_path, f"u{n}.fits", minute=n))
        builders.drain()
        assert not Run.select().where(Run.block == "master_bias").exists()
        assert not File.select().where(File.data_type == DataType.MASTER).exists()


class TestLevel:
    def test_another_level_is_told_to_all_who_use_the_master(self, raw: Path) -> None:
        for soar_id in (SOAR_ID, "SOAR2024A-002", "SOAR2024A-003"):
            builders.proposal(soar_id)
        biases(raw)
        builders.drain()
        assert codes(master().notices) == []
        later = 24 * 60
        for i in range(10):
            ingest.ingest(put(raw, f"c{i}.fits", "BIAS", frame() + 60, later + i))
        for number, soar_id in ((1, "SOAR2024A-002"), (2, "SOAR2024A-002"), (3, "SOAR2024A-003")):
            counts = frame(500.0) + 60
            ingest.ingest(put(raw, f"s{number}.fits", "OBJECT", counts, later + 20, soar_id))
        builders.drain()
        newer = File.get(File.data_type == DataType.MASTER, File.file_name.contains("20240310"))
        changed = params(newer.notices, NoticeCode.LEVEL_CHANGED)
        assert changed["level"] - changed["previous"] == pytest.approx(60, abs=1)
        told = LogEntry.select().where(LogEntry.file == newer)
        assert sorted(entry.proposal.soar_id for entry in told) == [
            "SOAR2024A-002",
            "SOAR2024A-003",
        ]


class TestOneBadCalibration:
    def flats(self, raw: Path, bad: np.ndarray) -> list[File]:
        made = [frame(strength=1.0) for _ in range(9)]
        made.insert(4, bad)
        return [
            ingest.ingest(put(raw, f"f{i}.fits", "FLAT", counts, 20 + i)).file
            for i, counts in enumerate(made)
        ]

    def used_by_science(self, raw: Path) -> list[str]:
        ingest.ingest(put(raw, "s.fits", "OBJECT", frame(500.0), 40))
        builders.drain()
        reduced = File.get(File.data_type == DataType.REDUCED)
        return builders.input_names(reduced)

    @pytest.mark.parametrize("bad", ["dark", "saturated", "removed"])
    def test_nine_of_exactly_ten_flats_make_a_master_that_is_used(
        self, raw: Path, bad: str
    ) -> None:
        builders.proposal(SOAR_ID, builders.person("pi"))
        biases(raw)
        strength = {"dark": 0.0, "saturated": 9.0, "removed": 1.0}[bad]
        files = self.flats(raw, frame(strength=strength))
        if bad == "removed":
            Path(files[4].full_path).unlink()
        used = self.used_by_science(raw)
        assert (master("flat").n_given, master("flat").n_combined) == (10, 9)
        assert master("flat").file_name in used and master().file_name in used
        science = File.get(File.data_type == DataType.REDUCED)
        assert NoticeCode.MASTER_REMARK in codes(science.notices)

    def test_a_master_that_failed_is_named_to_the_frames_that_want_it(self, raw: Path) -> None:
        builders.proposal(SOAR_ID, builders.person("pi"))
        biases(raw)
        for i in range(10):
            ingest.ingest(put(raw, f"f{i}.fits", "FLAT", frame(), 20 + i))
        used = self.used_by_science(raw)
        assert used == [master().file_name]
        science = File.get(File.data_type == DataType.REDUCED)
        failed = params(science.notices, NoticeCode.MASTER_FAILED)
        assert failed["role"] == "master flat"
        assert failed["reason"]["code"] == NoticeCode.FLATS_WITHOUT_LIGHT
