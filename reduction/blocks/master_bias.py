"""Build Master Bias: combine the bias frames of one read-out and night."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from reduction.detector import ccd, master_members, masters
from reduction.fits import frame_io, provenance, vocabulary
from reduction.frames import DataType, FrameKind, Product
from reduction.registry import BlockInputs, BlockSettings, Report, block
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
    """Combine `inputs.members`, 3 σ-clipped, into one frame of the full raw geometry.

    Raises
    ------
    MissingCalibration
        There are fewer members than the settings require.
    UnusableFrame
        The members differ in camera, binning, read-out or size.
    """
    report("Reading", 0.0)
    described = master_members.describe_members(inputs.members, settings.minimum, "master bias")
    report("Combining", 0.1)
    master = masters.master_bias(inputs.members, lambda f: report("Combining", 0.1 + 0.8 * f))
    names = tuple(path.name for path in inputs.members)
    file_name = master_bias_name(described[0])
    provenance.stamp(
        master.meta, parent=names[0], file_name=file_name, technique=described[0].technique
    )
    provenance.record_inputs(master.meta, names)
    overscan = ccd.overscan_level(master)
    section = provenance.NONE if overscan is None else str(overscan[1])
    provenance.put(master.meta, vocabulary.GSP_NMIN, settings.minimum, "fewest frames asked for")
    provenance.put(master.meta, vocabulary.GSP_OVER, section, "overscan region")
    variance = frame_io.variance_of(master)
    assert variance is not None  # a combined frame always has one
    quality: dict[str, float | int | str] = {
        "frames": len(names),
        "level_adu": round(float(np.median(master.data[:, ::4])), 3),
        "noise_adu": round(float(np.sqrt(np.median(variance[:, ::4]))), 3),
    }
    report("Done", 1.0)
    return [
        Product(
            file_name,
            DataType.MASTER,
            master,
            inputs=names,
            members=inputs.members,
            quality=quality,
        )
    ]
