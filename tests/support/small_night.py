"""Rows of a small night: two proposals, their people, and some files of each."""

from __future__ import annotations

from pathlib import Path

from db.models import File
from reduction.frames import DataType
from tests.support import builders


class SmallNight:
    """Two proposals, their people, and some files of each; of the products there are bytes."""

    def __init__(self, folder: Path) -> None:
        self.pi, self.collaborator = builders.person("pi"), builders.person("collaborator")
        self.other = builders.person("other")
        self.staff = builders.person("staff", is_staff=True)
        self.own = builders.proposal("SOAR2024A-001", self.pi, self.collaborator)
        self.foreign = builders.proposal("SOAR2024A-002", self.other)
        self.raw = builders.row("0001_a.fits", self.own, object="HZ 44", gain=1.4, exptime=60.0)
        self.second = builders.row("0002_b.fits", self.own, kind="flat", obstype="LAMPFLAT")
        self.secret = builders.row("0003_secret.fits", self.foreign, object="Secret")
        self.master = builders.row("master_bias.fits", data_type=DataType.MASTER, kind="bias")
        self.reduced = self.product("cfzst_0001_a.fits", self.raw, DataType.REDUCED, folder)
        self.extracted = self.product(
            "ecfzst_0001_a.fits", self.reduced, DataType.EXTRACTED, folder
        )

    def product(self, name: str, parent: File, kind: DataType, folder: Path) -> File:
        path = folder / name
        path.write_bytes(name.encode())
        return builders.row(
            name, parent.proposal, data_type=kind, parent=parent, full_path=str(path)
        )
