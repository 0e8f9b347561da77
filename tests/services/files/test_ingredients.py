"""Lineage is by row: what went into a product, and what a file went into."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from db.models import File, Ingredient, Proposal, Run, RunInput
from reduction import registry
from reduction.frames import DataType, Product
from services.files import deletion, ingredients, serialization
from services.files.ingredients import Role, SelectedBy
from services.monitoring import check
from services.runs import claiming, execution, read_models, requests
from tests.support import builders
from tests.support.builders import arrive

pytestmark = pytest.mark.usefixtures("site", "blocks")


def at(days: float, minute: int) -> str:
    taken = builders.NIGHT + dt.timedelta(days=days, minutes=minute)
    return taken.replace(tzinfo=None).isoformat(timespec="milliseconds")


def night(folder: Path, day: int) -> File:
    """Let a night arrive whose file names are those of every other; return its science frame."""
    here = folder / str(day)
    for i in range(3):
        arrive(here, f"000{i}_bias.fits", "BIAS", DATE_OBS=at(day, i))
    arrive(here, "0003_comp.fits", "COMP", DATE_OBS=at(day, 5))
    return arrive(here, "0004_sci.fits", DATE_OBS=at(day, 6))


def product(frame: File, data_type: DataType) -> File:
    query = File.select().where(File.original == frame, File.data_type == data_type)
    return query.order_by(File.id.desc()).get()


def only_input(made: File) -> File:
    (ingredient,) = ingredients.of(made)
    return ingredient.input


def test_two_nights_with_equal_names_do_not_mix(raw: Path) -> None:
    frames = [night(raw, 0), night(raw, 1)]
    builders.drain()
    names = [
        [
            file.file_name
            for file in File.select().where(File.night == frame.night).order_by(File.id)
        ]
        for frame in frames
    ]
    assert names[0] == names[1]
    for frame in frames:
        master = only_input(product(frame, DataType.REDUCED))
        assert {i.input.night for i in ingredients.of(master)} == {frame.night}
        arc = only_input(product(frame, DataType.WAVELENGTH))
        assert (arc.night, arc.data_type) == (frame.night, DataType.REDUCED)
        users = {file.night for file in ingredients.used_in(master)}
        assert users == {frame.night}
    assert check.violations() == []


def test_a_new_master_puts_only_its_own_night_out_of_date(raw: Path) -> None:
    frames = [night(raw, 0), night(raw, 1)]
    builders.drain()
    arrive(raw / "0", "0009_bias.fits", "BIAS", DATE_OBS=at(0, 20))
    builders.drain()
    made = [product(frame, DataType.REDUCED) for frame in frames]
    assert [file.out_of_date for file in made] == [True, False]


def test_a_master_tells_apart_members_with_one_name(raw: Path) -> None:
    """Two nights are too short for a master, and one borrows from the other."""
    first = arrive(raw / "0", "b0.fits", "BIAS", DATE_OBS=at(0, 0))
    second = arrive(raw / "0", "b1.fits", "BIAS", DATE_OBS=at(0, 1))
    own = arrive(raw / "1", "b0.fits", "BIAS", DATE_OBS=at(1, 0))
    real = registry._blocks["master_bias"]

    def without_the_first(inputs: Any, settings: Any, report: Any) -> list[Product]:
        (made,) = builders._small_master(inputs, settings, report)
        made.members = inputs.members[1:]
        return [made]

    values = {name: getattr(real, name) for name in real.__dataclass_fields__}
    registry._blocks["master_bias"] = registry.Block(**{**values, "run": without_the_first})
    builders.drain()
    (master,) = File.select().where(File.data_type == DataType.MASTER, File.night == own.night)
    assert [i.input for i in ingredients.of(master)] == [second, own]
    assert {i.role for i in ingredients.of(master)} == {Role.MEMBER}
    assert master.n_combined == 2
    assert master not in ingredients.used_in(first)
    given = RunInput.select().where(RunInput.run == master.run_id).order_by(RunInput.id)
    assert [one.input for one in given] == [first, second, own]


def test_what_used_a_master_and_what_the_api_lists(raw: Path) -> None:
    frame = night(raw, 0)
    builders.drain()
    made = product(frame, DataType.REDUCED)
    master = only_input(made)
    arc = File.get(File.kind == "arc", File.data_type == DataType.REDUCED)
    assert set(ingredients.used_in(master)) == {made, arc}
    assert list(ingredients.used_in(master, Role.MEMBER)) == []
    assert serialization.as_dict(made)["inputs"] == [master.file_name]
    assert read_models.view(Run.get_by_id(made.run_id)).inputs == [master.file_name]
    (ingredient,) = ingredients.of(made)
    assert (ingredient.selected_by, ingredient.differences) == (SelectedBy.AUTOMATIC, [])


def test_a_deleted_input_leaves_its_name(raw: Path) -> None:
    frame = night(raw, 0)
    builders.drain()
    made = product(frame, DataType.REDUCED)
    master = only_input(made)
    staff = builders.person("staff", is_staff=True)
    deletion.delete(staff, master.id)
    (ingredient,) = ingredients.of(File.get_by_id(made.id))
    assert (ingredient.input, ingredient.name) == (None, master.file_name)
    assert serialization.as_dict(File.get_by_id(made.id))["inputs"] == [master.file_name]
    assert read_models.view(Run.get_by_id(made.run_id)).inputs == [master.file_name]
    assert check.violations() == []


def test_a_deleted_product_takes_its_ingredients_with_it(raw: Path) -> None:
    frame = night(raw, 0)
    builders.drain()
    made = product(frame, DataType.REDUCED)
    kept = only_input(made)
    deletion.delete(builders.person("staff", is_staff=True), made.id)
    assert not Ingredient.select().where(Ingredient.product == made.id).exists()
    assert File.get_by_id(kept.id) == kept


def test_a_master_that_goes_while_a_run_uses_it_is_kept_by_name(raw: Path) -> None:
    night(raw, 0)
    real = registry._blocks["reduce"]
    gone: list[str] = []

    def lose_the_master(inputs: Any, settings: Any, report: Any) -> list[Product]:
        for master in File.select().where(File.data_type == DataType.MASTER):
            gone.append(master.file_name)
            master.delete_instance()
        return builders._small_reduce(inputs, settings, report)

    values = {name: getattr(real, name) for name in real.__dataclass_fields__}
    registry._blocks["reduce"] = registry.Block(**{**values, "run": lose_the_master})
    while (run := claiming.claim("test")) is not None and not gone:
        execution.execute(run)
    made = File.get(File.data_type == DataType.REDUCED)
    (ingredient,) = ingredients.of(made)
    assert (ingredient.input, [ingredient.name]) == (None, gone[:1])


def test_a_run_that_fails_keeps_what_it_was_given(raw: Path) -> None:
    for i in range(3):
        arrive(raw, f"b{i}.fits", "BIAS", DATE_OBS=at(0, i))
    builders.drain()
    frame = arrive(raw, "bright.fits", level=65000, DATE_OBS=at(0, 6))
    builders.drain()
    run = Run.get(Run.file == frame)
    (given,) = RunInput.select().where(RunInput.run == run)
    assert (run.state, given.role, given.input.data_type) == ("failed", Role.MASTER_BIAS, 1)
    Proposal.update(pi=builders.person("pi")).execute()
    requests.retry(Proposal.get().pi, run.id)
    builders.drain()
    assert RunInput.select().where(RunInput.run == run).count() == 1
