"""A night's rows and trends: what is told of each frame, to whom, and what leaves its limits."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from db.models import File, Proposal, User, utc_now
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services.night import frames, overview, trends
from services.night.quantities import QUANTITIES
from tests.support import builders
from tests.support.notices import code_of
from tests.support.paths import ROOT

pytestmark = pytest.mark.usefixtures("database")

REDUCED, EXTRACTED, WAVELENGTH = DataType.REDUCED, DataType.EXTRACTED, DataType.WAVELENGTH


@pytest.fixture
def pi(database: Any) -> User:
    return builders.person("pi")


@pytest.fixture
def owner(pi: User) -> Proposal:
    return builders.proposal("SOAR2024A-001", pi)


def product(parent: File, stage: DataType, name: str, run: Any, **facts: Any) -> File:
    return builders.row(
        name,
        parent.proposal,
        data_type=stage,
        parent=parent,
        run_id=run.id,
        **{"kind": parent.kind, "night": parent.night, "date_obs": parent.date_obs, **facts},
    )


def only(user: User, file: File) -> frames.NightRow:
    (row,) = frames.rows(user, [file.id])
    return row


def test_each_target_of_the_newest_version_is_told(pi: User, owner: Proposal) -> None:
    raw = builders.row("0001.fits", owner, exptime=60.0)
    first = builders.run(raw, state="done")
    reduced = product(raw, REDUCED, "r_0001.fits", first)
    old = builders.run(reduced, "extract", state="done")
    product(reduced, EXTRACTED, "er_0001_target_1.fits", old, quality={"target": 1})
    new = builders.run(reduced, "extract", state="done")
    one, two = (
        product(
            reduced,
            EXTRACTED,
            f"er_0001_target_{n}_v2.fits",
            new,
            quality={"target": n, "fwhm_arcsec": 2.5, "median_snr": 40.0},
        )
        for n in (1, 2)
    )
    done = builders.run(one, "wavelength", state="done")
    product(one, WAVELENGTH, "wer_0001_ws_1_v2.fits", done)
    failed = builders.run(two, "wavelength", state="failed", notice=FEW_LINES.to_json())
    row = only(pi, raw)
    extracted, calibrated = row.stages[1:]
    assert [name[:16] for _, name in extracted.files] == ["er_0001_target_1", "er_0001_target_2"]
    assert {number for number, _ in extracted.files} == {one.id, two.id}
    assert (extracted.state, extracted.versions) == ("done", 2)
    assert len(calibrated.files) == 1
    assert row.notice is not None and row.notice.code is NoticeCode.RUN_FAILED
    assert row.notice.params == {"block": "Calibrate Wavelength", "reason": FEW_LINES.to_json()}
    assert row.state == "failed"
    assert calibrated.run == failed.id
    assert row.values["seeing"].is_outside
    assert not row.values["snr"].is_outside


@pytest.mark.parametrize(("delay", "late"), [(2, False), (7200, True)])
def test_the_time_counts_from_the_shutter_or_from_a_late_arrival(
    pi: User, owner: Proposal, delay: int, late: bool
) -> None:
    closed = utc_now() - dt.timedelta(hours=3)
    raw = builders.row(
        "0001.fits",
        owner,
        date_obs=closed - dt.timedelta(seconds=60),
        exptime=60.0,
        kind="image",
        technique="Imaging",
    )
    raw.created = closed + dt.timedelta(seconds=delay)
    raw.save()
    reduced = product(raw, REDUCED, "r.fits", builders.run(raw, state="done"))
    reduced.created = raw.created + dt.timedelta(seconds=9)
    reduced.save()
    row = only(pi, raw)
    assert row.late is late
    assert row.seconds == pytest.approx(9 if late else delay + 9)


FEW_LINES = notice(NoticeCode.TOO_FEW_LINES, lamp="HgAr", found=3, needed=5)
MORE_BIASES = notice(NoticeCode.WAITING_FOR_FRAMES, role="master bias", found=7, needed=10)


def test_why_a_frame_is_not_further(pi: User, owner: Proposal) -> None:
    raw = builders.row("0001.fits", owner)
    run = builders.run(raw, state="waiting", notice=MORE_BIASES.to_json())
    row = only(pi, raw)
    assert row.state == "waiting"
    assert row.notice is not None
    assert row.notice.code is NoticeCode.RUN_WAITING
    assert row.notice.params["reason"] == MORE_BIASES.to_json()
    run.state, run.step, run.progress = "running", "Flatfielding", 0.4
    run.notice = None
    run.save()
    row = only(pi, raw)
    assert row.notice is not None
    assert row.notice.code is NoticeCode.RUN_UNDER_WAY
    assert (row.notice.params["step"], row.stages[0].progress) == ("Flatfielding", 0.4)


def test_a_bias_tells_of_its_master(pi: User, owner: Proposal) -> None:
    bias = builders.row("0002.fits", owner, kind="bias", series="bias|x")
    assert code_of(only(pi, bias).notice) is NoticeCode.NO_MASTER_YET
    builders.run(bias, "master_bias", proposal=None, state="waiting", notice=MORE_BIASES.to_json())
    assert code_of(only(pi, bias).notice) is NoticeCode.RUN_WAITING
    master = builders.row(
        "master_bias.fits", None, data_type=DataType.MASTER, kind="bias", series="bias|x"
    )
    (stage,) = only(pi, bias).stages
    assert (stage.state, stage.files) == ("done", ((master.id, "master_bias.fits"),))


def test_a_flux_is_a_step_where_there_is_one_and_may_come_hours_later(
    pi: User, owner: Proposal
) -> None:
    with builders.small_blocks():
        closed = utc_now() - dt.timedelta(hours=5)
        taken = closed - dt.timedelta(seconds=60)
        raw = builders.row("0001.fits", owner, exptime=60.0, date_obs=taken, night=taken.date())
        parent = raw
        for number, stage in enumerate((REDUCED, EXTRACTED, WAVELENGTH)):
            made = product(parent, stage, f"p{number}.fits", builders.run(parent, state="done"))
            made.created = closed + dt.timedelta(seconds=3 * number)
            made.save()
            parent = made
        raw.created = closed
        raw.save()
        row = only(pi, raw)
        assert [stage.data_type for stage in row.stages] == [REDUCED, EXTRACTED, WAVELENGTH]
        assert row.seconds == pytest.approx(6)
        flux = product(parent, DataType.FLUX, "x.fits", builders.run(parent, "flux", state="done"))
        flux.created = closed + dt.timedelta(hours=4)
        flux.save()
        row = only(pi, raw)
        assert row.stages[-1].files == ((flux.id, "x.fits"),)
        assert row.seconds == pytest.approx(6)


def test_only_ones_own_nights_and_frames(pi: User, owner: Proposal) -> None:
    stranger, staff = builders.person("stranger"), builders.person("staff", is_staff=True)
    dates = [dt.date(2024, 3, 9), dt.date(2024, 3, 9), dt.date(2024, 3, 11)]
    files = [builders.row(f"{i}.fits", owner, night=day) for i, day in enumerate(dates)]
    other = builders.proposal("SOAR2024A-002", stranger)
    builders.row("x.fits", other, night=dt.date(2024, 3, 12))
    assert [(n.date, n.frames) for n in overview.nights(pi)] == [(dates[2], 1), (dates[0], 2)]
    assert len(overview.nights(staff)) == 3
    assert [n.frames for n in overview.nights(pi, upto=dates[0])] == [2]
    assert overview.neighbours(pi, dates[0]) == (None, dates[2])
    assert overview.neighbours(pi, dates[2]) == (dates[0], None)
    assert overview.counts(pi, dates[0]) == {"spectrum": 2}
    assert overview.page(pi, dates[0]).count == 2
    assert overview.page(pi, dates[0], "arc").count == 0
    assert frames.rows(stranger, [file.id for file in files]) == []
    assert trends.of_night(stranger, dates[0])["seeing"] == []


def test_what_leaves_its_limits(pi: User, owner: Proposal) -> None:
    day = dt.date(2024, 3, 9)
    levels = [500.0, 501.0, 499.5, 530.0]
    for i, level in enumerate(levels):
        raw = builders.row(f"{i}.fits", owner, night=day, rotator=10.0 * i, elevation=60.0)
        product(
            raw,
            REDUCED,
            f"r{i}.fits",
            builders.run(raw, state="done"),
            night=day,
            rotator=raw.rotator,
            elevation=60.0,
            quality={"bias_level_adu": level, "read_noise_electron": 3.9 + 2 * (i == 0)},
        )
    found = trends.of_night(pi, day)
    assert [point.is_outside for point in found["bias"]] == [False, False, False, True]
    assert [point.is_outside for point in found["noise"]] == [True, False, False, False]
    assert [point.rotator for point in found["bias"]] == [0.0, 10.0, 20.0, 30.0]
    assert found["seeing"] == []


def test_lamps_are_compared_with_the_first_of_their_setup(pi: User, owner: Proposal) -> None:
    day, lines = dt.date(2024, 3, 9), [100.0, 250.5, 400.25, 601.0]
    for i, (moved, grating) in enumerate([(0.0, "400"), (1.8, "400"), (9.0, "930")]):
        raw = builders.row(f"{i}.fits", owner, kind="arc", night=day, grating=grating)
        reduced = product(raw, REDUCED, f"r{i}.fits", builders.run(raw, state="done"))
        product(
            reduced,
            EXTRACTED,
            f"er{i}.fits",
            builders.run(reduced, "extract"),
            night=day,
            grating=grating,
            quality={"line_positions_pixel": [x + moved for x in lines]},
        )
    found = trends.of_night(pi, day)["arc_shift"]
    assert [round(point.value, 3) for point in found] == [0.0, 1.8, 0.0]
    assert [point.is_outside for point in found] == [False, True, False]


def test_every_quantity_is_measured_and_said() -> None:
    assert set(trends.measure([], {})) == {quantity.name for quantity in QUANTITIES}
    assert all(quantity.label and quantity.meaning for quantity in QUANTITIES)


def test_the_manual_has_the_table_of_the_limits() -> None:
    manual = ROOT / "docs" / "user" / "tonight.md"
    lines = manual.read_text(encoding="utf-8").splitlines()
    for quantity in QUANTITIES:
        sides = ["" if side is None else f"{side:g}" for side in (quantity.low, quantity.high)]
        cells = [quantity.label, quantity.unit, *sides, str(quantity.against)]
        assert "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|" in lines
