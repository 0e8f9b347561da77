"""The labels of the tabs of a frame's products."""

from __future__ import annotations

from typing import Any

from callbacks.data.drawing import tabs
from reduction.frames import DataType
from services.data_page.file_view import FamilyMember


def member(number: int, data_type: DataType, file_name: str) -> FamilyMember:
    values: dict[str, Any] = dict.fromkeys(FamilyMember.__dataclass_fields__)
    return FamilyMember(**values | {"id": number, "data_type": data_type, "file_name": file_name})


def test_the_image_of_residuals_is_no_second_version() -> None:
    family = [
        member(1, DataType.SKY_SUBTRACTED, "bcfzst_0034_X.fits"),
        member(2, DataType.SKY_SUBTRACTED, "bcfzst_0034_X_sigma.fits"),
        member(3, DataType.SKY_SUBTRACTED, "bcfzst_0034_X_sigma_v2.fits"),
    ]
    assert tabs.tab_labels(family) == {
        1: "Sky Subtracted",
        2: "Sky Subtracted (σ)",
        3: "Sky Subtracted (σ) v2",
    }
