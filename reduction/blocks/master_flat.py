"""Build Master Flat: combine and normalise the flats of one setup and night."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from reduction.detector import flatfield, master_members, masters, member_selection
from reduction.detector.member_agreement import Misfit
from reduction.fits import provenance, shared_cards, vocabulary
from reduction.frames import DataType, FrameKind, Product, Technique
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from reduction.registry import BlockInputs, BlockSettings, CalibrationRole, Report, block
from reduction.setups import master_flat_name


class MasterFlatSettings(BlockSettings):
    """When a master flat is built, and how the lamp's colour is taken out of it."""

    minimum: int = Field(
        10,
        ge=1,
        le=200,
        title="Minimum Number of Flats",
        description="Minimum number of FLAT files required to trigger the build of a Master Flat",
    )
    saturation_threshold: float = Field(
        1.0,
        ge=0,
        le=100,
        title="Saturation Threshold (% of pixels)",
        description="Percentage of saturated pixels allowed. Default is 1. "
        "This filter is applied only to flat images.",
    )
    normalization: Literal["mean", "simple", "full"] = Field(
        "simple",
        title="Flat Normalization",
        description="'mean' will calculate an overall mean to the image and normalize by it. "
        "'simple' will calculate the median dispersion profile (collapses the spatial axis) and "
        "fit a Chebyshev polynomial of order 15 by default. 'full' fits every row by itself.",
    )
    order: int = Field(
        15,
        ge=1,
        le=60,
        title="Flat Normalization Order",
        description="Order of the Chebyshev model to fit to the dispersion axis in flat "
        "normalization.",
    )


@block(
    name="master_flat",
    label="Build Master Flat",
    accepts={DataType.RAW},
    kinds={FrameKind.FLAT},
    produces=DataType.MASTER,
    settings=MasterFlatSettings,
    calibration_roles=(CalibrationRole.MASTER_BIAS,),
)
def master_flat(inputs: BlockInputs, settings: MasterFlatSettings, report: Report) -> list[Product]:
    """Leave out flats that are saturated, dark or unlike the others; combine, trim, normalise.

    An imaging flat has no dispersion axis and is always normalised by its mean.

    Raises
    ------
    MissingCalibration
        There are fewer frames than the settings require, or the master bias does not fit.
    UnusableFrame
        All flats are saturated or dark, or most disagree.
    """
    report("Reading", 0.0)
    role = CalibrationRole.MASTER_FLAT
    given = member_selection.describe_members(
        inputs.members,
        settings.minimum,
        role,
        n_absent=inputs.n_absent,
        decided=inputs.decided,
    )
    report("Bias Subtract", 0.05)
    bias = inputs.master_bias
    if bias is not None:
        bias = master_members.bias_on_member(given.paths[0], bias)
    members, used = member_selection.judge_flats(given, bias, settings.saturation_threshold, role)
    first = members.described[0]
    n_saturated = sum(m is Misfit.SATURATED for m in members.left_out.values())
    report("Combining", 0.2)
    flat, section = masters.combine_flats(used, bias, lambda f: report("Combining", 0.2 + 0.6 * f))
    report("Normalizing", 0.85)
    method = settings.normalization if first.technique is not Technique.IMAGING else "mean"
    master = flatfield.normalize(flat, method, settings.order)
    names = tuple(path.name for path in members.paths)
    file_name = master_flat_name(first)
    provenance.stamp(master.meta, parent=None, file_name=file_name, technique=first.technique)
    shared_cards.record_members(master.meta, members.paths)
    bias_name = inputs.names.get(CalibrationRole.MASTER_BIAS, provenance.NONE)
    provenance.put(master.meta, vocabulary.GSP_NMIN, settings.minimum, "fewest frames asked for")
    provenance.put(master.meta, vocabulary.GSP_BIAS, bias_name, "master bias image")
    provenance.put(master.meta, vocabulary.GSP_TRIM, str(section), "trim section")
    provenance.put(master.meta, vocabulary.GSP_NORM, method, "flat normalization method")
    if method != "mean":
        provenance.put(
            master.meta, vocabulary.GSP_NORD, settings.order, "order of the normalization"
        )
    allowed = settings.saturation_threshold
    provenance.put(master.meta, vocabulary.GSP_STHR, allowed, "saturated pixels allowed, percent")
    good = master.data[~master.mask]
    quality: dict[str, float | int | str] = {
        "frames": len(used),
        "frames_given": members.total,
        "dropped_saturated": n_saturated,
        "level_adu": round(float(np.mean([m.level for m in used])), 1),
        "response_scatter": round(float(np.std(good)), 4) if good.size else 0.0,
        "slit_rows": f"{master.meta[vocabulary.GSP_SLO]}:{master.meta[vocabulary.GSP_SHI]}",
    }
    notices = [*inputs.notices, *members.notices(role)]
    if n_saturated:
        notices.append(
            notice(
                NoticeCode.FLATS_LEFT_OUT,
                count=n_saturated,
                total=members.total,
                allowed=settings.saturation_threshold,
            )
        )
    if inputs.master_bias is None:
        notices.append(notice(NoticeCode.MADE_WITHOUT, role=CalibrationRole.MASTER_BIAS))
    bias_inputs = (bias_name,) if inputs.master_bias is not None else ()
    report("Done", 1.0)
    return [
        Product(
            file_name,
            DataType.MASTER,
            master,
            inputs=names + bias_inputs,
            members=members.paths,
            left_out=members.left_out,
            quality=quality,
            notices=tuple(notices),
        )
    ]
