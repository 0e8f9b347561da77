"""What is shown with a spectrum: spectra to compare, and the arc of its wavelength calibration."""

from __future__ import annotations

from db.models import File, User
from reduction.frames import DataType, Spectrum
from reduction.wavelength.arc_report import ArcReport, arc_report
from services import access
from services.access import Action
from services.errors import Unacceptable
from services.files.contents import read_product

MOST_OFFERED = 20
_CALIBRATED = (DataType.WAVELENGTH, DataType.FLUX)


def comparable(user: User, file_id: int, text: str = "") -> list[File]:
    """Return spectra that can be drawn over another one: those with the same kind of axis.

    Parameters
    ----------
    user : User
        Only what this person may see is offered.
    file_id : int
        The spectrum on show.
    text : str
        Part of a file's or object's name. Without it the products of the same frame come first,
        then those of the same object, then the newest of the proposal.

    Raises
    ------
    NotFound
        The file is absent or another's.
    Unacceptable
        It is an image.
    """
    file = access.file_for(user, Action.VIEW, file_id)
    kinds = _CALIBRATED if file.data_type in _CALIBRATED else (DataType.EXTRACTED,)
    if file.data_type not in kinds:
        raise Unacceptable(f"{file.file_name} is an image, not a spectrum.", field="id")
    query = access.visible_files(user).where(
        File.state == "current", File.data_type.in_(kinds), File.id != file.id
    )
    text = text.strip().replace("\x00", "")
    if text:
        named = File.file_name.contains(text) | File.object.contains(text)
        return list(
            query.where(named).order_by(File.date_obs.desc(), File.id.desc()).limit(MOST_OFFERED)
        )
    offered: dict[int, File] = {}
    for relation in (
        File.original == file.original_id,
        (File.proposal == file.proposal_id) & (File.object == file.object),
        File.proposal == file.proposal_id,
    ):
        newest = query.where(relation).order_by(File.date_obs.desc(), File.id.desc())
        for row in newest.limit(MOST_OFFERED):
            offered.setdefault(row.id, row)
    return list(offered.values())[:MOST_OFFERED]


def arc_of(user: User, file_id: int) -> ArcReport:
    """Return the arc and the lines that a spectrum was calibrated with.

    Raises
    ------
    NotFound
        The file is absent or another's.
    Unacceptable
        It has no wavelength scale.
    Unavailable
        The file cannot be read now.
    """
    file = access.file_for(user, Action.VIEW, file_id)
    if file.data_type not in _CALIBRATED:
        raise Unacceptable(f"{file.file_name} is not wavelength calibrated.", field="id")
    product = read_product(file)
    report = arc_report(product) if isinstance(product, Spectrum) else None
    if report is None:
        raise Unacceptable(f"{file.file_name} keeps no wavelength solution.", field="id")
    return report
