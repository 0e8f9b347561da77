from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.models import File, User
from reduction.frames import DataType
from services.errors import AccessDenied, Conflict, NotFound, ServiceError, Unacceptable
from services.files import actions, contents, deletion, file_list, lineage, lookup, serialization
from services.files.visualization import previews
from services.search.filters import FileFilters
from tests.support import builders

pytestmark = pytest.mark.usefixtures("site")


class Night:
    """Two proposals, their people, and some files of each."""

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


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return Night(tmp_path)


def names(user: User, **filters: object) -> list[str]:
    return [file.file_name for file in file_list.page(user, FileFilters(**filters)).rows]


def test_one_sees_the_own_proposals_and_every_master(night: Night) -> None:
    for user in (night.pi, night.collaborator):
        assert len(names(user)) == 5
        assert "0003_secret.fits" not in names(user)
        assert file_list.counts(user) == (2, 1)
    assert names(builders.person("nobody")) == ["master_bias.fits"]
    assert file_list.counts(night.staff) == (3, 1)
    assert file_list.counts(night.staff, night.foreign.id) == (1, 1)
    assert file_list.counts(night.pi, night.foreign.id) == (0, 1)
    assert file_list.page(night.pi, FileFilters(object="Secret")).count == 0


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"data_type": "0"}, {"0001_a.fits", "0002_b.fits"}),
        ({"data_type": "2,3"}, {"cfzst_0001_a.fits", "ecfzst_0001_a.fits"}),
        ({"obstype": "LAMPFLAT"}, {"0002_b.fits"}),
        ({"object": "HZ 44, M 31"}, {"0001_a.fits"}),
        ({"file_name": "CFZST"}, {"cfzst_0001_a.fits", "ecfzst_0001_a.fits"}),
        ({"file_name": "0002,master"}, {"0002_b.fits", "master_bias.fits"}),
        ({"file_name": "%"}, set()),
        ({"file_name": "_b."}, {"0002_b.fits"}),
        ({"proposal_id": "SOAR2024A-002"}, set()),
        ({"data_type": "0", "proposal_id": "SOAR2024A-001"}, {"0001_a.fits", "0002_b.fits"}),
        ({"date": "2024-03-11"}, set()),
        (
            {"date_from": "2024-03-10", "date_to": "2024-03-10", "data_type": 1},
            {"master_bias.fits"},
        ),
    ],
)
def test_filters(night: Night, filters: dict[str, object], found: set[str]) -> None:
    assert set(names(night.pi, **filters)) == found


def test_filters_by_lineage(night: Night) -> None:
    assert names(night.pi, parent_file_id=str(night.reduced.id)) == ["ecfzst_0001_a.fits"]
    assert len(names(night.pi, original_file_id=night.raw.id)) == 3
    assert names(night.pi, original_file_id=night.secret.id) == []


@pytest.mark.parametrize(
    "filters",
    [{"data_type": "6"}, {"date": "yesterday"}, {"parent_file_id": "-1"}, {"object": "a\0b"}],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(
    night: Night, filters: dict[str, str]
) -> None:
    with pytest.raises(Unacceptable) as refusal:
        file_list.page(night.pi, FileFilters(**filters))
    assert refusal.value.field in filters


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(sorted(FileFilters.model_fields)),
    value=st.text(max_size=30),
    ordering=st.one_of(st.just("-date"), st.text(max_size=12)),
)
def test_no_filter_value_is_a_crash(night: Night, name: str, value: str, ordering: str) -> None:
    try:
        page = file_list.page(night.pi, FileFilters(**{name: value}), ordering=ordering)
    except ServiceError:
        return
    assert "0003_secret.fits" not in [file.file_name for file in page.rows]


def test_pages_and_orders(night: Night) -> None:
    newest = file_list.page(night.pi, page_size=2)
    assert (newest.count, newest.page, newest.pages) == (5, 1, 3)
    assert [file.file_name for file in newest.rows] == ["ecfzst_0001_a.fits", "cfzst_0001_a.fits"]
    assert file_list.page(night.pi, page=4, page_size=2).rows == []
    ordered = file_list.page(night.pi, ordering="file_name").rows
    assert [file.file_name for file in ordered] == sorted(names(night.pi))
    for page, size in ((0, 20), (1, 0), (1, 1001)):
        with pytest.raises(Unacceptable):
            file_list.page(night.pi, page=page, page_size=size)
    with pytest.raises(Unacceptable, match="no column"):
        file_list.page(night.pi, ordering="password")


def test_a_page_costs_few_queries(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(30):
        builders.row(f"1{i:03d}.fits", night.own)
    asked: list[str] = []
    database = File._meta.database
    execute = database.execute_sql
    monkeypatch.setattr(
        database.obj, "execute_sql", lambda *a, **k: asked.append(a) or execute(*a, **k)
    )
    rows = file_list.page(night.pi, page_size=30).rows
    assert len([serialization.as_dict(file) for file in rows]) == 30
    assert 0 < len(asked) <= 5


def test_a_file_by_id_or_name(night: Night) -> None:
    assert lookup.get(night.pi, night.raw.id) == night.raw
    assert lookup.get(night.pi, "0001_a.fits") == night.raw
    for stranger, key in (
        (night.pi, night.secret.id),
        (night.pi, "0003_secret.fits"),
        (night.other, night.raw.id),
        (night.pi, "absent.fits"),
        (night.pi, 999),
        (night.pi, "a\0"),
    ):
        with pytest.raises(NotFound, match="No such file"):
            lookup.get(stranger, key)
    again = builders.row("0001_a.fits", night.own)
    with pytest.raises(Conflict) as several:
        lookup.get(night.pi, "0001_a.fits")
    assert several.value.detail == {"ids": [again.id, night.raw.id]}


def test_the_family_begins_with_the_furthest_stage(night: Night) -> None:
    family = [night.extracted, night.reduced, night.raw]
    for file in family:
        assert lineage.related(night.pi, file) == family
    assert lineage.related(night.other, night.master) == [night.master]
    with pytest.raises(NotFound):
        lineage.related(night.other, night.raw)


def test_the_api_types_a_file_as_the_manual_does(night: Night) -> None:
    shown = serialization.as_dict(lookup.get(night.pi, night.raw.id))
    assert shown["cam_targ"] == "16.1"
    assert shown["gain"] == "1.4"
    assert shown["data_type"] == "0"
    assert shown["type"] == "Observed Raw"
    assert shown["original_file_id"] == shown["parent_file_id"] == night.raw.id
    assert shown["original_file"] == shown["parent_file"] == "0001_a.fits"
    assert shown["proposal_id"] == "SOAR2024A-001"
    assert shown["directory_name"] + "/0001_a.fits" == shown["full_path"]
    assert shown["date"] == night.raw.date_obs.date().isoformat()
    assert dt.datetime.fromisoformat(shown["created"]).utcoffset() == dt.timedelta(0)
    File.update(saturation_value=69257, image_id="34304", block_id="b7").execute()
    shown = serialization.as_dict(lookup.get(night.pi, night.raw.id))
    assert (shown["saturation_value"], type(shown["saturation_value"])) == (69257, int)
    assert (shown["image_id"], shown["block_id"], shown["observation_id"]) == (34304, "b7", None)


class TestActions:
    def test_the_next_step_can_be_started(self, night: Night) -> None:
        (action,) = actions.of_file(night.pi, night.reduced)
        assert (action.block, action.label, action.enabled) == ("extract", "Extract Target", True)

    def test_the_reason_is_told_when_it_can_not(self, night: Night) -> None:
        (calibrate,) = actions.of_file(night.pi, night.extracted)
        assert not calibrate.enabled
        assert calibrate.reason.startswith("no arc lamp taken with this setup")
        (master,) = actions.of_file(night.pi, night.second)
        assert not master.enabled
        builders.run(night.reduced, "extract", state="running")
        (busy,) = actions.of_file(night.pi, night.reduced)
        assert busy.reason == "Extract Target is running."
        (forbidden,) = actions.of_file(night.other, night.raw)
        assert "role" in forbidden.reason


class TestDelete:
    def test_raw_files_stay_whoever_asks(self, night: Night) -> None:
        for user in (night.pi, night.staff, builders.person("root", is_superuser=True)):
            with pytest.raises(AccessDenied, match=r"^Raw files can't be deleted\.$"):
                deletion.delete(user, night.raw.id)

    def test_a_product_goes_with_its_descendants(self, night: Night) -> None:
        made = previews.folder(night.reduced)
        made.mkdir(parents=True)
        gone = deletion.delete(night.pi, night.reduced.id)
        assert gone == ["cfzst_0001_a.fits", "ecfzst_0001_a.fits"]
        assert File.select().where(File.data_type > 1).count() == 0
        assert not Path(night.reduced.full_path).exists()
        assert not made.exists()
        assert File.select().where(File.id == night.raw.id).exists()

    def test_a_collaborator_deletes_only_what_the_own_run_made(self, night: Night) -> None:
        with pytest.raises(AccessDenied):
            deletion.delete(night.collaborator, night.extracted.id)
        run = builders.run(night.reduced, "extract", user=night.collaborator, state="done")
        File.update(run_id=run.id).where(File.id == night.extracted.id).execute()
        assert deletion.delete(night.collaborator, night.extracted.id) == ["ecfzst_0001_a.fits"]

    def test_others_find_nothing_to_delete(self, night: Night) -> None:
        with pytest.raises(NotFound):
            deletion.delete(night.other, night.reduced.id)
        with pytest.raises(AccessDenied):
            deletion.delete(night.pi, night.master.id)


def test_header_and_preview_of_a_real_file(night: Night, tmp_path: Path) -> None:
    path = builders.write_frame(tmp_path / "0009.fits", OBJECT="<b>bold</b>")
    file = builders.row("0009.fits", night.own, full_path=str(path))
    cards = contents.header(night.pi, file)
    assert cards[0].keyword == "SIMPLE"
    assert ("OBJECT", "<b>bold</b>") in [(card.keyword, card.value) for card in cards]
    assert previews.find(night.pi, file.id) is None
    previews.build(file.id)
    previews.build(file.id)
    folder = previews.find(night.pi, file.id)
    assert (folder / "pyramid.json").is_file()
    for ask in (contents.header, lambda user, one: previews.find(user, one.id), contents.spectrum):
        with pytest.raises(NotFound):
            ask(night.other, file)
    with pytest.raises(Unacceptable, match="is an image"):
        contents.spectrum(night.pi, file)
