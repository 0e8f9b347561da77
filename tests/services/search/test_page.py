"""The search page's queries: truth by counting rows one by one, for each role."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass

import pytest
from peewee import Database

from db.models import Event, File, Membership, Proposal, User
from reduction.frames import DataType, FrameKind
from services import access
from services.errors import Unacceptable
from services.files import file_list, rows
from services.search import page as search_page
from services.search.columns import FACETS
from services.search.filters import FileFilters
from tests.support import builders


@dataclass
class Archive:
    pi: User
    member: User
    other: User
    staff: User
    own: Proposal
    foreign: Proposal


@pytest.fixture
def archive(database: Database) -> Archive:
    """Two proposals; every setting of one has a value that only the other one's frames have."""
    pi, member, other = (builders.person(name) for name in ("pi", "member", "other"))
    staff = builders.person("staff", is_staff=True)
    own = builders.proposal("SOAR2024A-001", pi, member)
    foreign = builders.proposal("SOAR2024A-002", other)
    settings = itertools.product(("OBJECT", "COMP"), ("400_SYZY", "930_SYZY"), ("1.0", "3.0"))
    for number, (obstype, grating, slit) in enumerate(settings):
        for copy in range(number % 3 + 1):
            builders.row(
                f"{number}{copy}.fits",
                own,
                obstype=obstype,
                grating=grating,
                slit=slit,
                object=f"HZ {number}",
                filter="a,b" if number == 3 else "NO_FILTER",
            )
    builders.row("old.fits", own, state="superseded", slit="old")
    builders.row(
        "secret.fits",
        foreign,
        object="SECRET",
        **dict.fromkeys(
            ("obstype", "grating", "slit", "filter", "filter_2", "wavmode", "roi"), "SECRET"
        ),
    )
    builders.row("master_bias.fits", data_type=DataType.MASTER, kind="bias", obstype="BIAS")
    return Archive(pi, member, other, staff, own, foreign)


def counted(user: User, name: str) -> Counter[str]:
    seen = access.visible_files(user).where(File.state == "current")
    return Counter(str(getattr(file, name)) for file in seen)


@pytest.mark.parametrize("who", ["pi", "member", "other", "staff"])
def test_counts_are_those_of_the_rows_that_one_may_see(archive: Archive, who: str) -> None:
    user = getattr(archive, who)
    found = search_page.overview(user, FileFilters())
    assert found.count == file_list.page(user).count
    for name in FACETS:
        offered = {choice.value: choice.count for choice in found.choices[name]}
        assert offered == dict(counted(user, name)), name
    secret = any("SECRET" in str(choice) for choice in found.choices["slit"])
    assert secret == (who in ("other", "staff"))


@pytest.mark.parametrize(
    "wanted",
    [
        {"obstype": "COMP"},
        {"obstype": "COMP", "grating": "400_SYZY"},
        {"obstype": "COMP,OBJECT", "slit": "3.0"},
        {"filter": r"a\,b"},
        {"object_name": "hz 1", "slit": "3.0"},
        {"file_name": "1", "obstype": "OBJECT"},
        {"data_type": "0", "obstype": "OBJECT"},
        {"date_from": "2024-03-01", "date_to": "2024-03-31", "obstype": "BIAS"},
        {"date_to": "2024-03-01"},
        {"date_from": "20240301", "date": "20240310"},
        {"proposal_id": "SOAR2024A-001", "slit": "1.0"},
        {"slit": "SECRET"},
    ],
)
def test_filters_are_combined_and_leave_their_own_choices(
    archive: Archive, wanted: dict[str, str]
) -> None:
    found = search_page.overview(archive.pi, FileFilters(**wanted))
    assert found.count == file_list.page(archive.pi, FileFilters(**wanted)).count
    for name in FACETS:
        others = FileFilters(**{k: v for k, v in wanted.items() if k != name})
        shown = Counter(
            str(getattr(file, name))
            for file in file_list.page(archive.pi, others, page_size=100).rows
        )
        offered = {c.value: c.count for c in found.choices[name] if c.count}
        assert offered == dict(shown), name
    for name, value in wanted.items():
        if name in FACETS:
            chosen = {choice.value for choice in found.choices[name] if choice.selected}
            plain = {"20240310": {"2024-03-10"}, r"a\,b": {"a,b"}}
            assert chosen == plain.get(value, set(value.split(",")))


def test_a_collaborator_taken_away_counts_nothing_of_it(archive: Archive) -> None:
    before = search_page.overview(archive.member, FileFilters()).count
    Membership.delete().execute()
    after = search_page.overview(archive.member, FileFilters())
    assert before > after.count == 1
    assert [choice.value for choice in after.choices["obstype"]] == ["BIAS"]
    User.update(is_active=False).execute()
    assert search_page.overview(User.get_by_id(archive.pi.id), FileFilters()).count == 0


def test_what_comes_changes_or_goes_is_counted_at_once(archive: Archive) -> None:
    def comps() -> int:
        return search_page.overview(archive.staff, FileFilters(obstype="COMP")).count

    before = comps()
    file = builders.row("new.fits", archive.own, obstype="COMP")
    rows.file_event("file-added", file)
    assert comps() == before + 1
    File.update(state="superseded").where(File.id == file.id).execute()
    rows.file_event("file-changed", file)
    assert comps() == before
    File.update(state="current").where(File.id == file.id).execute()
    rows.file_event("file-changed", file)
    assert comps() == before + 1
    rows.file_event("file-deleted", file)
    file.delete_instance()
    assert comps() == before
    Event.delete().execute()  # forgotten: everything is counted anew
    assert comps() == before


@pytest.mark.parametrize("who", ["pi", "other", "staff"])
@pytest.mark.parametrize("ordering", ["-date", "date", "slit", "-proposal_id", "type", "file_name"])
def test_pages_are_parts_of_the_whole_list(archive: Archive, who: str, ordering: str) -> None:
    user = getattr(archive, who)
    count = search_page.overview(user, FileFilters()).count
    found = search_page.rows(user, FileFilters(), ordering, start=0, n_rows=100)
    whole = found.rows
    assert len(whole) == found.count == count
    if ordering != "-proposal_id":
        listed = [str(file.id) for file in file_list.page(user, None, ordering, page_size=100).rows]
        assert [row.id for row in whole] == listed
    pages = [
        search_page.rows(user, FileFilters(), ordering, start=start, n_rows=3).rows
        for start in range(0, count, 3)
    ]
    assert [row.id for page in pages for row in page] == [row.id for row in whole]
    assert ("secret.fits" in {row.file_name for row in whole}) == (who != "pi")


def test_proposals_are_ordered_by_the_name_that_is_shown(archive: Archive) -> None:
    builders.row("x.fits", builders.proposal("A first"))
    shown = search_page.rows(archive.staff, FileFilters(), "proposal_id", start=0, n_rows=100)
    names = [row.proposal_id for row in shown.rows]
    assert names == [*sorted(names[:-1]), ""]
    assert names[0] == "A first"


def test_a_value_that_makes_no_sense_is_named(archive: Archive) -> None:
    for wanted in ({"ra": "x", "dec": "1"}, {"ra": "10"}, {"date": "x"}, {"date_from": "soon"}):
        with pytest.raises(Unacceptable):
            search_page.overview(archive.pi, FileFilters(**wanted))


class TestActions:
    def test_a_process_is_offered_for_those_it_takes(self, archive: Archive) -> None:
        frame = builders.row("s.fits", archive.own)
        bias = builders.row("b.fits", archive.own, kind=str(FrameKind.BIAS))
        reduced = builders.row("r.fits", archive.own, data_type=DataType.REDUCED, parent=frame)
        offered = {
            action.block: action
            for action in search_page.actions(archive.member, [frame.id, bias.id, reduced.id])
        }
        assert offered["reduce"].files == (frame.id,)
        assert offered["extract"].files == (reduced.id,)
        assert offered["wavelength"].files == ()
        assert "none is selected" in offered["wavelength"].reason

    def test_nothing_is_offered_on_what_one_does_not_see(self, archive: Archive) -> None:
        secret = File.get(File.file_name == "secret.fits")
        assert not any(action.files for action in search_page.actions(archive.pi, [secret.id]))
        assert any(action.files for action in search_page.actions(archive.other, [secret.id]))
