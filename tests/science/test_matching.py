"""Which calibration fits, which is a degraded match, and what differs when none does."""

import datetime as dt
from dataclasses import replace

from reduction import matching
from reduction.differences import Difference, Effect, Quantity
from reduction.fits import headers
from reduction.frames import FrameDescription, FrameKind, Technique
from reduction.setups import master_bias_name, master_flat_name, mode_of
from tests.support.goodman_frames import OLD, header

SCIENCE = headers.describe(header(), (948, 2071), "science.fits")


def like(**changes: object) -> FrameDescription:
    return replace(SCIENCE, **changes)


def later(days: float) -> dt.datetime:
    return SCIENCE.date_obs + dt.timedelta(days=days)


def test_a_bias_matches_whatever_grating_is_in() -> None:
    found = matching.rank_bias(
        SCIENCE, [like(kind=FrameKind.BIAS, grating="1200_SYZY", cam_targ=1.0, slit="NO_MASK")]
    )
    assert found.best is not None
    assert not found.best.differences


def test_the_nearest_bias_in_time_comes_first_and_old_ones_are_refused() -> None:
    days = [3, -1, 29, 31]
    found = matching.rank_bias(SCIENCE, [like(date_obs=later(d)) for d in days])
    assert [m.index for m in found.matches] == [1, 0, 2]
    assert found.nearest is not None
    days_apart = found.nearest.differences[0]
    assert (days_apart.quantity, days_apart.found) == (Quantity.DAYS_APART, 31)
    assert days_apart.effect is Effect.ON_REQUEST


def test_a_bias_of_another_readout_is_refused_with_what_differs() -> None:
    fatal, on_request = Effect.FATAL, Effect.ON_REQUEST
    for change, quantity, effect in (
        ({"binning": (1, 1)}, Quantity.BINNING, fatal),
        ({"shape": (200, 2071)}, Quantity.SIZE, fatal),
        ({"shape": (1200, 2071)}, Quantity.SIZE, on_request),
        ({"gain": 3.48}, Quantity.GAIN, on_request),
        ({"rdnoise": 5.88}, Quantity.READ_NOISE, on_request),
        ({"camera": "Blue"}, Quantity.CAMERA, fatal),
        ({"roi": "Spectroscopic ZZ Ceti"}, Quantity.REGION, on_request),
    ):
        found = matching.rank_bias(SCIENCE, [like(**change)])
        assert found.best is None
        assert found.nearest is not None
        (difference,) = found.nearest.differences
        assert (difference.quantity, difference.effect) == (quantity, effect)
        assert bool(found.nearest.fatal) is (effect is fatal)


def test_a_master_with_a_row_less_is_a_degraded_match() -> None:
    found = matching.rank_bias(SCIENCE, [like(shape=(947, 2071)), like(date_obs=later(2))])
    assert [m.index for m in found.matches] == [1, 0]
    assert found.matches[1].is_degraded
    assert found.matches[1].differences[0].quantity is Quantity.SIZE


def test_a_flat_of_another_slit_is_a_degraded_match() -> None:
    flats = [like(slit="3.2_LONG_SLIT"), like(date_obs=later(2))]
    found = matching.rank_flats(SCIENCE, flats)
    assert [m.index for m in found.matches] == [1, 0]
    assert [match.is_degraded for match in found.matches] == [False, True]
    assert found.matches[1].differences == (
        Difference(Quantity.SLIT, "1.0_LONG_SLIT", "3.2_LONG_SLIT", Effect.USABLE),
    )


def test_a_flat_of_another_setup_is_refused() -> None:
    for change in (
        {"grating": "600_SYZY"},
        {"cam_targ": 16.2},
        {"filter_2": "NO_FILTER"},
        {"date_obs": later(8)},
        {"technique": Technique.IMAGING},
    ):
        assert matching.rank_flats(SCIENCE, [like(**change)]).best is None
    assert matching.rank_flats(SCIENCE, [like(cam_targ=16.15, wavmode="400_M1")]).best is not None


def test_an_image_flat_needs_the_filters_not_the_grating() -> None:
    image = like(technique=Technique.IMAGING, kind=FrameKind.IMAGE, filter="V")
    assert matching.rank_flats(image, [replace(image, cam_targ=0.0, slit="")]).best is not None
    assert matching.rank_flats(image, [replace(image, filter="B")]).best is None


def test_an_arc_may_have_another_binning_and_slit() -> None:
    arc = like(kind=FrameKind.ARC, binning=(1, 2), shape=(948, 4142), slit="0.45_LONG_SLIT")
    found = matching.rank_arcs(SCIENCE, [arc])
    assert found.best is not None
    assert not found.best.differences


def test_the_arc_at_the_same_pointing_is_preferred_to_one_a_little_nearer() -> None:
    here = like(kind=FrameKind.ARC, date_obs=later(0.03))
    away = like(kind=FrameKind.ARC, date_obs=later(0.01), ra_deg=200.0, dec_deg=10.0)
    best = matching.rank_arcs(SCIENCE, [away, here]).best
    assert best is not None
    assert best.index == 1


def chosen(arcs: list[FrameDescription], choice: matching.ArcChoice) -> list[int]:
    return [match.index for match in matching.choose_arcs(SCIENCE, arcs, choice).chosen]


def test_bracketing_takes_the_nearest_arc_on_either_side_of_the_night() -> None:
    arcs = [like(kind=FrameKind.ARC, date_obs=later(d)) for d in (-0.08, -0.02, 0.04, 0.09)]
    bracketing = matching.ArcChoice.BRACKETING
    assert chosen(arcs, bracketing) == [1, 2]
    assert chosen(arcs[:2], bracketing) == [1]
    yesterday = [like(kind=FrameKind.ARC, date_obs=later(-0.9)), arcs[2]]
    assert chosen(yesterday, bracketing) == [1]
    assert chosen(arcs, matching.ArcChoice.NEAREST) == [1]
    assert matching.choose_arcs(SCIENCE, [like(grating="930_SYZY")], bracketing).chosen == ()


def test_each_side_has_its_own_substitutes_and_few_are_tried_in_all() -> None:
    days = (-0.08, -0.06, -0.04, -0.02, 0.03, 0.05, -0.9, -0.95)
    arcs = [like(kind=FrameKind.ARC, date_obs=later(d)) for d in days]
    found = matching.choose_arcs(SCIENCE, arcs, matching.ArcChoice.BRACKETING)
    assert [m.index for m in found.first] == [3, 2, 1]
    assert [m.index for m in found.second] == [4, 5]
    assert [m.index for m in found.other] == [0], "six in all"
    nearest = matching.choose_arcs(SCIENCE, arcs, matching.ArcChoice.NEAREST)
    assert [m.index for m in nearest.first] == [3, 4, 2, 5, 1, 0]
    assert nearest.second == nearest.other == ()


def test_arcs_as_far_before_as_after_have_one_order_whatever_that_of_the_list() -> None:
    arcs = [like(kind=FrameKind.ARC, date_obs=later(d)) for d in (-0.02, 0.02)]
    for listed in (arcs, arcs[::-1]):
        best = matching.rank_arcs(SCIENCE, listed).best
        assert best is not None
        assert listed[best.index] is arcs[0]


def test_an_arc_of_another_night_is_a_degraded_match() -> None:
    best = matching.rank_arcs(SCIENCE, [like(date_obs=later(3))]).best
    assert best is not None
    assert best.is_degraded
    assert best.differences == (Difference(Quantity.DAYS_APART, 1.0, 3.0, Effect.USABLE),)


def test_the_nearest_of_the_refused_arcs_differs_least() -> None:
    found = matching.rank_arcs(SCIENCE, [like(grating="930_SYZY", cam_targ=1.0), like(filter_2="")])
    assert found.best is None
    assert found.nearest is not None
    assert found.nearest.index == 1
    (difference,) = found.nearest.differences
    assert (difference.quantity, difference.found) == (Quantity.ORDER_FILTER, "")


def test_differences_are_stored_and_read_back() -> None:
    found = matching.rank_arcs(SCIENCE, [like(grating="930_SYZY", cam_targ=None, camera="Blue")])
    assert found.nearest is not None
    for difference in found.nearest.differences:
        assert Difference.from_json(difference.to_json()) == difference


def test_frames_of_one_master_share_a_key() -> None:
    bias = like(kind=FrameKind.BIAS)
    assert matching.group_key(bias) == matching.group_key(replace(bias, grating="x", slit="y"))
    assert matching.group_key(bias) != matching.group_key(replace(bias, date_obs=later(1)))
    flat = like(kind=FrameKind.FLAT)
    assert matching.group_key(flat) != matching.group_key(replace(flat, slit="3.2_LONG_SLIT"))
    assert matching.group_key(flat) == matching.group_key(replace(flat, wavmode="600_RED"))
    assert matching.group_key(SCIENCE) == ""


def test_master_names() -> None:
    night = "20260705"
    assert master_bias_name(SCIENCE) == f"master_bias_RED_SP_2x2_R03.89_G01.48_{night}.fits"
    assert master_flat_name(SCIENCE) == f"norm_master_flat_400_M2_GG455_S1.0_2x2_{night}.fits"
    stale = headers.describe(
        header(OLD, CAM_TARG=24.0, GRT_TARG=13.0, ROI="Spectroscopic ZZ Ceti"), (200, 2071), "x"
    )
    assert mode_of(stale) == "930_C24.0_G13.0"
    assert "400" not in master_flat_name(stale)
    other = replace(stale, shape=(400, 2071))
    assert master_flat_name(stale) != master_flat_name(other)
