"""Build Master Bias: combine the bias frames of one read-out and night."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from reduction.detector import ccd, masters, member_selection, read_noise
from reduction.fits import frame_io, provenance, shared_cards, vocabulary
from reduction.frames import DataType, FrameKind, Product
from reduction.registry import BlockInputs, BlockSettings, CalibrationRole, Report, block
from reduction.setups import master_bias_name


class MasterBiasSettings(BlockSettings):
    """When a master bias is built."""

    minimum: int = Field(
        10,
        ge=1,
        le=200,
        title="Minimum Number of Bias",
        description="Minimum number of BIAS files required to trigger the build of a Master Bias",
    )


@block(
    name="master_bias",
    label="Build Master Bias",
    accepts={DataType.RAW},
    kinds={FrameKind.BIAS},
    produces=DataType.MASTER,
    settings=MasterBiasSettings,
)
def master_bias(inputs: BlockInputs, settings: MasterBiasSettings, report: Report) -> list[Product]:
    """Combine those of `inputs.members` that agree, 3 σ-clipped, in the full raw geometry.

    Raises
    ------
    MissingCalibration
        There are fewer frames than the settings require.
    UnusableFrame
        Most frames disagree.
    """
    report("Reading", 0.0)
    role = CalibrationRole.MASTER_BIAS
    given = member_selection.describe_members(
        inputs.members,
        settings.minimum,
        role,
        n_absent=inputs.n_absent,
        decided=inputs.decided,
    )
    members = member_selection.judge_biases(given, role)
    first = members.described[0]
    report("Combining", 0.1)
    master, levels = masters.master_bias(
        members.paths, lambda f: report("Combining", 0.1 + 0.8 * f), inputs.decided
    )
    file_name = master_bias_name(first)
    provenance.stamp(master.meta, parent=None, file_name=file_name, technique=first.technique)
    shared_cards.record_members(master.meta, members.paths)
    overscan = ccd.overscan_level(master)
    section = provenance.NONE if overscan is None else str(overscan[1])
    provenance.put(master.meta, vocabulary.GSP_NMIN, settings.minimum, "fewest frames asked for")
    provenance.put(master.meta, vocabulary.GSP_OVER, section, "overscan region")
    noise = read_noise.of_pairs(members.paths, first.gain)
    if noise is not None:
        comment = "read noise of pairs of frames, electron"
        provenance.put(master.meta, vocabulary.GSP_RNOI, round(noise, 3), comment)
    variance = frame_io.variance_of(master)
    assert variance is not None  # a combined frame always has one
    quality: dict[str, float | int | str] = {
        "frames": len(members.paths),
        "frames_given": members.total,
        "level_adu": round(float(np.median(master.data[:, ::4])), 3),
        "level_scatter_adu": round(float(np.std(levels)), 3),
        "noise_adu": round(float(np.sqrt(np.median(variance[:, ::4]))), 3),
    }
    if noise is not None:
        quality["read_noise_electron"] = round(noise, 2)
    report("Done", 1.0)
    return [
        Product(
            file_name,
            DataType.MASTER,
            master,
            inputs=tuple(path.name for path in members.paths),
            members=members.paths,
            left_out=members.left_out,
            quality=quality,
            notices=members.notices(role),
        )
    ]
