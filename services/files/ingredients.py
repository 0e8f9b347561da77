"""What products were made from, by row: file names repeat across nights.

An `Ingredient` is a file that went into a product besides its parent; a `RunInput` is what a run
was given, whatever came of it. The FITS headers of products name the same files for people; no
decision reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from peewee import fn

from db import database
from db.models import File, Ingredient, Run, RunInput
from reduction import matching
from reduction.differences import Difference, Effect, Quantity
from reduction.frames import ArcSide, DataType, FrameKind, Product
from reduction.matching import ArcChoice
from reduction.notices import Notice
from reduction.registry import CalibrationRole, all_blocks
from services.calibration import masters
from services.calibration.outcomes import Inputs, Refusal, as_tried, none_refused
from services.files.rows import describe


class Role(StrEnum):
    """What an ingredient is to its product."""

    MEMBER = "member"
    MASTER_BIAS = "master_bias"
    MASTER_FLAT = "master_flat"
    ARC = "arc"
    SECOND_ARC = "second_arc"
    TRACE = "trace"
    ZERO_POINT = "zero_point"
    STANDARD = "standard"
    SENSITIVITY = "sensitivity"
    SITE_LIBRARY = "site_library"


class SelectedBy(StrEnum):
    """Who decided that an ingredient is used."""

    AUTOMATIC = "automatic"
    PERSON = "person"
    SETTINGS = "settings"


ROLES: Mapping[CalibrationRole, tuple[Role, ...]] = {
    CalibrationRole.MASTER_BIAS: (Role.MASTER_BIAS,),
    CalibrationRole.MASTER_FLAT: (Role.MASTER_FLAT,),
    CalibrationRole.ARC: (Role.ARC, Role.SECOND_ARC),
    CalibrationRole.SENSITIVITY: (Role.SENSITIVITY,),
    CalibrationRole.SITE_LIBRARY: (Role.SITE_LIBRARY,),
}
"""What may have served a calibration role of a block."""
_ROLE = {
    CalibrationRole.MASTER_BIAS: Role.MASTER_BIAS,
    CalibrationRole.MASTER_FLAT: Role.MASTER_FLAT,
    CalibrationRole.SENSITIVITY: Role.SENSITIVITY,
}
SIDES: Mapping[ArcSide, Role] = {
    ArcSide.FIRST: Role.ARC,
    ArcSide.SECOND: Role.SECOND_ARC,
    ArcSide.OTHER: Role.ARC,
}
"""The roles of arcs by the side that they were offered on."""
_RANKS = {
    Role.MASTER_BIAS: matching.rank_bias,
    Role.MASTER_FLAT: matching.rank_flats,
    Role.ARC: matching.rank_arcs,
    Role.SECOND_ARC: matching.rank_arcs,
    Role.SENSITIVITY: matching.rank_sensitivities,
}


@dataclass(frozen=True, slots=True)
class Given:
    """A file in its role, not bound to a product yet.

    `refused` is why it was tried and not used, None for what was used. `version` replaces the
    checksum of the file where something else tells whether another product would come of it.
    """

    file: File
    role: Role
    selected_by: SelectedBy = SelectedBy.AUTOMATIC
    refused: Notice | None = None
    version: str = ""

    @property
    def state(self) -> State:
        """What is compared to tell whether a product would be made of the same."""
        version = self.version or self.file.checksum
        return State(str(self.role), self.file.id, version, self.refused is not None)


class State(NamedTuple):
    """An ingredient as it was used: role, id and version of the file, whether it was refused."""

    role: str
    file: int | None
    version: str
    refused: bool


# --- writing ----------------------------------------------------------------------------------


def record_run(run: Run, given: Sequence[Given]) -> None:
    """Record what an attempt of a run is given, in place of what the last one was given.

    Called inside a transaction.
    """
    RunInput.delete().where(RunInput.run == run).execute()
    present = _present(given)
    rows = [
        {
            "run": run,
            "input": present.get(one.file.id),
            "name": one.file.file_name,
            "role": one.role,
            "version": one.state.version,
        }
        for one in given
        if one.role is not Role.STANDARD  # the file that the run is on
    ]
    if rows:
        RunInput.insert_many(rows).execute()


def record_trace(run: Run, lent: File | None) -> None:
    """Record which spectrum lent its trace to a run that asked for one, or that there was none.

    Called inside a transaction.
    """
    RunInput.create(
        run=run,
        input=None if lent is None else _present([Given(lent, Role.TRACE)]).get(lent.id),
        name="" if lent is None else lent.file_name,
        role=Role.TRACE,
        version="" if lent is None else lent.checksum,
    )


def record_product(
    file: File, run: Run, product: Product, inputs: Inputs, lent: File | None = None
) -> None:
    """Record what went into a product whose row has just been saved, inside that transaction.

    Parameters
    ----------
    file : File
        The product's row.
    run : Run
        The run that made it.
    product : Product
        The result of the block. When it names no `members`, all those of `inputs` were used.
    inputs : Inputs
        The inputs of the run.
    lent : File, optional
        The spectrum whose trace the product may have borrowed.
    """
    members = set(members_of(product, inputs))
    given = [
        one
        for one in given_to(run, inputs, as_tried(product.arcs))
        if one.role is not Role.MEMBER or one.file in members
    ]
    given += [
        Given(sibling, Role.ZERO_POINT)
        for sibling in inputs.siblings
        if sibling.file_name in product.siblings
    ]
    if lent is not None and product.borrows_trace:
        given.append(Given(lent, Role.TRACE))
    parent = inputs.anchor or run.file
    present = _present(given)
    rows = [
        {
            "product": file,
            "input": present.get(one.file.id),
            "name": one.file.file_name,
            "role": one.role,
            "selected_by": one.selected_by,
            "differences": [
                difference.to_json() for difference in differences(parent, one.file, one.role)
            ],
            "version": one.state.version,
            "refused": None if one.refused is None else one.refused.to_json(),
        }
        for one in given
    ]
    if rows:
        Ingredient.insert_many(rows).execute()


def forget(file: File) -> None:
    """Forget what a product was made of, whose row gets other bytes; inside that transaction."""
    Ingredient.delete().where(Ingredient.product == file).execute()


def _present(given: Iterable[Given]) -> dict[int, int]:
    """Return the ids of the files that still have a row, which they keep until the commit.

    A superseded master may be deleted while a run that it was given to is at work; SQLite gives its
    id to the next file, so the path is compared too.
    """
    paths = {one.file.id: one.file.full_path for one in given}
    query = File.select(File.id, File.full_path).where(File.id.in_(list(paths)))
    if database.for_update:  # SQLite has one writer at a time
        query = query.for_update("FOR KEY SHARE")
    return {number: number for number, path in query.tuples() if paths[number] == path}


def members_of(product: Product, inputs: Inputs) -> list[File]:
    """Return the raw frames that went into a master: those that the block used."""
    used = {str(path) for path in product.members}
    return [member for member in inputs.members if not used or member.full_path in used]


def given_to(run: Run, inputs: Inputs, refusal: Refusal = none_refused) -> list[Given]:
    """Return what a run is given, each with its role; of the arcs those that are tried.

    Parameters
    ----------
    run : Run
    inputs : Inputs
        As resolved.
    refusal : callable
        Tells which arcs are not used, and why.
    """
    given = [Given(member, Role.MEMBER) for member in inputs.members]
    fixed = run.settings.get("arc_choice") == ArcChoice.FIXED

    def selected_by(role: CalibrationRole) -> SelectedBy:
        if role in (run.calibrations or {}):
            return SelectedBy.PERSON
        by_name = fixed and role is CalibrationRole.ARC
        return SelectedBy.SETTINGS if by_name else SelectedBy.AUTOMATIC

    for role, file in inputs.given.items():
        if role not in (CalibrationRole.ARC, CalibrationRole.SECOND_ARC):
            given.append(Given(file, _ROLE[role], selected_by(role)))
    whose = selected_by(CalibrationRole.ARC)
    for side, arc, reason in inputs.walk(refusal):
        given.append(Given(arc.file, SIDES[side], whose, reason))
    block = all_blocks().get(run.block)
    if block is not None and block.produces is DataType.SENSITIVITY:
        given.append(Given(run.file, Role.STANDARD))
    # Of an earlier night only the response of its own star matters, which is that of its spectrum.
    given += [
        Given(one, Role.SITE_LIBRARY, version=one.parent_version) for one in inputs.site_library
    ]
    return given


def differences(frame: File, calibration: File, role: Role) -> list[Difference]:
    """Return in what a calibration differs from a frame."""
    rank = _RANKS.get(role)
    if rank is None:
        return []
    ranking = rank(describe(frame), [describe(calibration)])
    (match,) = (*ranking.matches, *ranking.refused)
    differing = list(match.differences)
    if calibration.data_type == masters.MASTER:
        minimum = masters.minimum_for(frame, masters.block_for(FrameKind(calibration.kind)))
        found = masters.combined(calibration)
        if found < minimum:
            differing.append(Difference(Quantity.FRAMES, minimum, found, Effect.ON_REQUEST))
    return differing


# --- reading ----------------------------------------------------------------------------------

_USED = Ingredient.refused.is_null()


def states(product: File) -> set[State]:
    """Return what a product was made from and what was refused, as it was then."""
    rows = Ingredient.select().where(Ingredient.product == product)
    return {State(one.role, one.input_id, one.version, one.refused is not None) for one in rows}


def used_in(file: File, *roles: Role) -> Any:
    """Return the query of the products that a file went into, in one of some roles, or in any."""
    products = Ingredient.select(Ingredient.product).where(Ingredient.input == file, _USED)
    if roles:
        products = products.where(Ingredient.role.in_(roles))
    return File.select().where(File.id.in_(products))


def has(*roles: Role, selected_by: SelectedBy | None = None) -> Any:
    """Return the condition for files that have an ingredient of a role which is still there."""
    query = Ingredient.select(Ingredient.id).where(
        Ingredient.product == File.id,
        Ingredient.role.in_(roles),
        Ingredient.input.is_null(False),
        _USED,
    )
    if selected_by is not None:
        query = query.where(Ingredient.selected_by == selected_by)
    return fn.EXISTS(query)


def of(product: File) -> list[Ingredient]:
    """Return the ingredients of a product, in the order in which they were given.

    What was tried and not used is none.
    """
    used = (ingredient for ingredient in product.ingredients if ingredient.refused is None)
    return sorted(used, key=lambda ingredient: int(ingredient.id))


def inputs_of(product: File, role: CalibrationRole) -> list[Ingredient]:
    """Return what served a calibration role of a product, with the files that are still there."""
    query = Ingredient.select(Ingredient, File).join(File, on=(Ingredient.input == File.id))
    query = query.where(Ingredient.product == product, Ingredient.role.in_(ROLES[role]), _USED)
    return list(query.order_by(Ingredient.id))


def refused_for(product: File, role: CalibrationRole) -> dict[int, Notice]:
    """Return what was tried in a role of a product and not used: id of the raw frame → reason."""
    query = Ingredient.select(Ingredient, File).join(File, on=(Ingredient.input == File.id))
    query = query.where(Ingredient.product == product, Ingredient.role.in_(ROLES[role]), ~_USED)
    return {one.input.original_id: Notice.from_json(one.refused) for one in query}


def input_ids(product: File) -> set[int]:
    """Return the ids of the files that a product was made from, apart from its parent."""
    query = Ingredient.select(Ingredient.input).where(
        Ingredient.product == product, Ingredient.input.is_null(False), _USED
    )
    return {number for (number,) in query.tuples()}


def attach(files: Sequence[File]) -> None:
    """Load the ingredients of files in one query instead of one a file; raw frames have none."""
    by_product: dict[int, list[Ingredient]] = {}
    products = [file.id for file in files if file.data_type != DataType.RAW]
    if products:
        query = Ingredient.select().where(Ingredient.product.in_(products))
        for ingredient in query.order_by(Ingredient.id):
            by_product.setdefault(ingredient.product_id, []).append(ingredient)
    for file in files:
        file.ingredients = by_product.get(file.id, [])


def source_of(product: File) -> File | None:
    """Return the file that the run of a product was on, None when it was deleted.

    A shared sensitivity has no parent: its standard star's spectrum belongs to a proposal.
    """
    if product.parent_id is not None or product.data_type != DataType.SENSITIVITY:
        parent: File | None = product.parent
        return parent
    query = Ingredient.select(Ingredient, File).join(File, on=(Ingredient.input == File.id))
    row = query.where(Ingredient.product == product, Ingredient.role == Role.STANDARD).first()
    return None if row is None else row.input
